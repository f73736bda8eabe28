package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// named is the name of a blob in an archive: its SHA-256, however the archive's writer dresses it.
var named = regexp.MustCompile(`^(?:sha256:)?([0-9a-f]{64})(?:\.tar\.gz)?$`)

// verify reads an image archive once and says which blob, if any, is not what its name promises. The archive comes from
// an engine's cache, and a cache may be damaged.
func verify(opened archive) error {
	for reader := tar.NewReader(opened.all()); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return truncated(err)
		}
		if header.Size > opened.size {
			return fmt.Errorf("%s claims %d bytes, more than the archive has", header.Name, header.Size)
		}
		match := named.FindStringSubmatch(path.Base(header.Name))
		if header.Typeflag != tar.TypeReg || match == nil {
			continue
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, reader); err != nil {
			return fmt.Errorf("it is truncated in %s: %w; build it again", header.Name, err)
		}
		if actual := hex.EncodeToString(sum.Sum(nil)); actual != match[1] {
			return fmt.Errorf("%s has another digest than its name, sha256:%s; build it again",
				strings.TrimPrefix(header.Name, "./"), actual)
		}
	}
}
