package chart

import (
	"fmt"
	"regexp"
	"strings"
)

// digest is a SHA-256 or SHA-512 digest (https://github.com/opencontainers/image-spec/blob/main/descriptor.md).
var digest = regexp.MustCompile(`^sha256:[a-f0-9]{64}$|^sha512:[a-f0-9]{128}$`)

// checkImages wants each image to say by tag or digest, and by one of them alone, what is run.
func checkImages(r *release, report reporter) {
	r.eachContainer(func(c *container) {
		at := c.in("image")
		name, sum, byDigest := strings.Cut(c.Image, "@")
		last := name[strings.LastIndex(name, "/")+1:]
		repository, tag, byTag := strings.Cut(last, ":")
		switch {
		case repository == "":
			report(at, fmt.Sprintf("container %s has no image", c.Name), "name one, by digest or tag")
		case byDigest && !digest.MatchString(sum):
			report(at, fmt.Sprintf("the digest of %s is none", c.Image), "write it as sha256: and 64 hexadecimal digits")
		case byDigest && byTag:
			report(at, fmt.Sprintf("%s has a tag and a digest; the digest wins and the tag may lie", c.Image), "keep the digest alone")
		case byDigest:
		case tag == "":
			report(at, fmt.Sprintf("%s has neither tag nor digest, which means latest", c.Image), "name a digest or a version")
		case tag == "latest":
			report(at, fmt.Sprintf("%s changes under the release", c.Image), "name a digest or a version")
		}
	})
}
