// Package registry puts what was built into an OCI registry: by digest first, and under a tag only when asked, so that
// signing and verifying have their place in between and no tag ever names something unsigned.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Registry reaches registries with the credentials of Docker's own file, which DOCKER_CONFIG names the folder of.
type Registry struct {
	// PlainHTTP is for a registry without TLS, on a network that is trusted.
	PlainHTTP bool
}

// moving are tags that a release may move; every other names one digest for good.
var moving = regexp.MustCompile(`^(latest|edge|main)$`)

// Moves says whether a tag may name something else tomorrow.
func Moves(tag string) bool { return moving.MatchString(tag) }

// Content is what a repository can hold: an image, or an index of several.
type Content interface {
	remote.Taggable
	Digest() (v1.Hash, error)
}

// Push puts an image or an index into a repository, with all that is in it and without a tag, and returns the reference by digest. What
// is there already is not sent again.
func (r Registry) Push(ctx context.Context, repository string, content Content) (string, error) {
	digest, err := content.Digest()
	if err != nil {
		return "", fmt.Errorf("pushing to %s: %w", repository, err)
	}
	reference, err := r.byDigest(repository + "@" + digest.String())
	if err != nil {
		return "", err
	}
	if err := remote.Push(reference, content, r.options(ctx)...); err != nil {
		return "", explain("pushing to "+repository, err, pushAgain)
	}
	return reference.String(), nil
}

// CheckTag fails unless a tag may name a digest: it is not taken, names it already, or is one that moves. The error says what a
// tag that is taken names.
func (r Registry) CheckTag(ctx context.Context, repository, tag, digest string) error {
	current, err := r.Resolve(ctx, repository, tag)
	var missing NotThereError
	switch {
	case errors.As(err, &missing):
		return nil
	case err != nil:
		return err
	case current == digest || Moves(tag):
		return nil
	}
	return fmt.Errorf("tagging %s:%s: it is %s, and a version never becomes something else; publish %s under another --tag",
		repository, tag, current, digest)
}

// Tag lets a tag name a manifest that is there, unless the tag is taken.
func (r Registry) Tag(ctx context.Context, repository, digest, tag string) error {
	if err := r.CheckTag(ctx, repository, tag, digest); err != nil {
		return err
	}
	reference, err := r.byDigest(repository + "@" + digest)
	if err != nil {
		return err
	}
	descriptor, err := remote.Get(reference, r.options(ctx)...)
	if err != nil {
		return explain("tagging "+repository+":"+tag, err, tagAgain)
	}
	target, err := name.NewTag(repository+":"+tag, r.naming()...)
	if err != nil {
		return fmt.Errorf("tagging %s: %w", repository, err)
	}
	return explain("tagging "+repository+":"+tag, remote.Tag(target, descriptor, r.options(ctx)...), tagAgain)
}

// NotThereError says that a repository has no such tag.
type NotThereError struct{ reference string }

// Error names the reference.
func (e NotThereError) Error() string {
	return e.reference + " is not there; name another tag, or publish it first"
}

// Resolve gives the digest that a tag names. It is a NotThereError when there is none.
func (r Registry) Resolve(ctx context.Context, repository, tag string) (string, error) {
	reference, err := name.NewTag(repository+":"+tag, r.naming()...)
	if err != nil {
		return "", fmt.Errorf("asking for %s:%s: %w", repository, tag, err)
	}
	descriptor, err := remote.Head(reference, r.options(ctx)...)
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return "", NotThereError{reference.String()}
	}
	if err != nil {
		return "", explain("asking for "+reference.String(), err, askAgain)
	}
	return descriptor.Digest.String(), nil
}

// Images gives the images that a reference by digest names: those of an index, or the one. Their layers are sent when they are read, and
// each is held against its digest.
func (r Registry) Images(ctx context.Context, reference string) ([]v1.Image, error) {
	parsed, err := r.byDigest(reference)
	if err != nil {
		return nil, err
	}
	images, err := imagesOf(remote.Get(parsed, r.options(ctx)...))
	return images, explain("asking for "+reference, err, askAgain)
}

func imagesOf(found *remote.Descriptor, err error) ([]v1.Image, error) {
	if err != nil {
		return nil, err
	}
	if !found.MediaType.IsIndex() {
		image, err := found.Image()
		return []v1.Image{image}, err
	}
	index, err := found.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	images := make([]v1.Image, len(manifest.Manifests))
	for i, one := range manifest.Manifests {
		if images[i], err = index.Image(one.Digest); err != nil {
			return nil, err
		}
	}
	return images, nil
}

func (r Registry) byDigest(reference string) (name.Digest, error) {
	parsed, err := name.NewDigest(reference, r.naming()...)
	if err != nil {
		return parsed, fmt.Errorf("%s is no reference: %w", reference, err)
	}
	return parsed, nil
}

func (r Registry) naming() []name.Option {
	if r.PlainHTTP {
		return []name.Option{name.StrictValidation, name.Insecure}
	}
	return []name.Option{name.StrictValidation}
}

func (r Registry) options(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
}
