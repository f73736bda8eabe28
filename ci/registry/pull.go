package registry

import (
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Pull gives the image that a reference by digest names, for one platform of its index, from a registry that asks for no
// credentials. Its layers are sent when they are read, and each is held against its digest, up to that in the reference.
func Pull(reference string, platform v1.Platform) (v1.Image, error) {
	parsed, err := name.NewDigest(reference)
	if err != nil {
		return nil, fmt.Errorf("%s is no reference by digest: %w", reference, err)
	}
	image, err := remote.Image(parsed, remote.WithPlatform(platform))
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %s", reference, line(err.Error()))
	}
	return image, nil
}
