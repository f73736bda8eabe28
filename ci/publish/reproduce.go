package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"
)

// Rebuilt is an image that was built again: its name in the registry, and the path of its archive. Of an index each image is one.
type Rebuilt struct{ Name, Archive string }

// Reproduce verifies images of a release, and holds each against the one for the same platform that was built again. It gives a line for
// each, or fails with the first file or field in which one differs, and with the commit that it was published from. An image that was not
// built again is an error.
func Reproduce(ctx context.Context, in registry.Registry, verifier Verifier, r Release, rebuilt ...Rebuilt) (string, error) {
	var names []string
	again := map[string][]v1.Image{}
	for _, one := range rebuilt {
		opened, err := image.Open(one.Archive)
		if err != nil {
			return "", err
		}
		if !slices.Contains(names, one.Name) {
			names = append(names, one.Name)
		}
		again[one.Name] = append(again[one.Name], opened)
	}
	verified, err := Verify(ctx, in, verifier, r, names...)
	if err != nil {
		return "", err
	}
	var same strings.Builder
	var differences []error
	for i, one := range verified {
		text, err := one.reproduced(again[names[i]])
		same.WriteString(text)
		differences = append(differences, err)
	}
	return same.String(), errors.Join(differences...)
}

// reproduced holds each image against the one that was built again for its platform, and tells of those that are the same.
func (v Verified) reproduced(again []v1.Image) (string, error) {
	var same strings.Builder
	var differences []error
	for _, published := range v.images {
		platform, err := image.PlatformOf(published)
		if err != nil {
			return "", fmt.Errorf("reading what %s is for: %w", v.Reference, err)
		}
		named := v.Reference
		if len(v.images) > 1 {
			named += " for " + platform
		}
		difference, err := differs(published, platform, again)
		switch {
		case err != nil:
			differences = append(differences, fmt.Errorf("comparing %s with what was built again: %w", named, err))
		case difference != "":
			source := v.Statement.Predicate.BuildDefinition.ExternalParameters.Source
			_, commit := provenance.SplitSource(source)
			differences = append(differences, fmt.Errorf("%s is not what was built again: %s\nIt was published from %s. Build from that commit: "+
				"git checkout %s, and --created $(git log -1 --format=%%ct) if that was given", named, difference, source, commit))
		case len(v.images) > 1:
			fmt.Fprintf(&same, "  %s built again, and the same bit for bit\n", platform)
		default:
			same.WriteString("  built again, and the same bit for bit\n")
		}
	}
	if same.Len() == 0 {
		return "", errors.Join(differences...)
	}
	return v.Text() + same.String(), errors.Join(differences...)
}

// differs gives the first difference between a published image and the one that was built again for its platform, "" when there is none.
func differs(published v1.Image, platform string, again []v1.Image) (string, error) {
	for _, one := range again {
		built, err := image.PlatformOf(one)
		if err != nil {
			return "", err
		}
		if built != platform {
			continue
		}
		difference, err := image.Diff(published, one)
		if err != nil || difference == nil {
			return "", err
		}
		return difference.String(), nil
	}
	return "", fmt.Errorf("nothing was built for %s; build it for that too, from the commit that the release names, and compare again", platform)
}
