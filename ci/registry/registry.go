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

// Push puts an image's blobs and manifest into a repository, without a tag, and returns the reference by digest. What is
// there already is not sent again.
func (r Registry) Push(ctx context.Context, repository string, image v1.Image) (string, error) {
	digest, err := image.Digest()
	if err != nil {
		return "", fmt.Errorf("pushing to %s: %w", repository, err)
	}
	reference, err := r.digest(repository, digest.String())
	if err != nil {
		return "", err
	}
	if err := remote.Write(reference, image, r.options(ctx)...); err != nil {
		return "", explain("pushing to "+repository, err)
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
	reference, err := r.digest(repository, digest)
	if err != nil {
		return err
	}
	descriptor, err := remote.Get(reference, r.options(ctx)...)
	if err != nil {
		return explain("tagging "+repository+":"+tag, err)
	}
	target, err := name.NewTag(repository+":"+tag, r.naming()...)
	if err != nil {
		return fmt.Errorf("tagging %s: %w", repository, err)
	}
	return explain("tagging "+repository+":"+tag, remote.Tag(target, descriptor, r.options(ctx)...))
}

// NotThereError says that a repository has no such tag.
type NotThereError struct{ reference string }

// Error names the reference.
func (e NotThereError) Error() string { return e.reference + " is not there; publish it first" }

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
		return "", explain("asking for "+reference.String(), err)
	}
	return descriptor.Digest.String(), nil
}

func (r Registry) digest(repository, digest string) (name.Digest, error) {
	reference, err := name.NewDigest(repository+"@"+digest, r.naming()...)
	if err != nil {
		return reference, fmt.Errorf("%s@%s is no reference: %w", repository, digest, err)
	}
	return reference, nil
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
