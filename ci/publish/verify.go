package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"
	"todo-chatbot/ci/registry/address"
)

// provenanceType is what cosign calls SLSA's provenance, version 1.
const provenanceType = "slsaprovenance1"

// Trust is whose signature counts: a key's, or that of an identity that an issuer vouches for.
type Trust struct {
	// Key is the path of a public key.
	Key string
	// Identity is what the certificate names, e.g. a workflow; Issuer is who issued the token for it.
	Identity, Issuer string
}

// Check fails when nobody is named, or two are.
func (t Trust) Check() error {
	if (t.Key == "") == (t.Identity == "") || (t.Identity != "" && t.Issuer == "") {
		return errors.New("verifying: give whom to trust: the public key as --key, or --identity and --issuer")
	}
	return nil
}

// Verifier says whether a signature counts.
type Verifier interface {
	// Verify fails unless somebody who is trusted signed reference.
	Verify(ctx context.Context, reference string, by Trust) error
	// Provenance gives the statements of SLSA's provenance about reference that somebody who is trusted signed.
	Provenance(ctx context.Context, reference string, by Trust) ([]provenance.Statement, error)
}

// Verified is one artifact of a release that may be trusted.
type Verified struct {
	// Reference names it by digest.
	Reference string `json:"reference"`
	// Platforms are those that its images are for, e.g. linux/arm64: several of an index, none of a chart.
	Platforms []string             `json:"platforms"`
	Statement provenance.Statement `json:"-"`

	images []v1.Image
}

// Text is for people.
func (v Verified) Text() string {
	var platforms string
	if len(v.Platforms) > 0 {
		platforms = "  for " + strings.Join(v.Platforms, ", ") + "\n"
	}
	return fmt.Sprintf("%s\n  signed; %s, by %s\n%s", v.Reference, v.Statement.Predicate.BuildDefinition.ExternalParameters.Source,
		v.Statement.Predicate.RunDetails.Builder.ID, platforms)
}

// Release is a published release and what its reader asks of it.
type Release struct {
	// Registry is a host and a path; Tag is the release's.
	Registry, Tag string
	Trust         Trust
	Policy        provenance.Policy
}

// Verify finds each artifact of a release by its name, and gives it once its signature and its provenance hold.
func Verify(ctx context.Context, in registry.Registry, verifier Verifier, r Release, names ...string) ([]Verified, error) {
	if err := errors.Join(address.Validate(r.Registry), r.Trust.Check()); err != nil {
		return nil, err
	}
	all := make([]Verified, len(names))
	group, inner := errgroup.WithContext(ctx)
	for i, name := range names {
		group.Go(func() error {
			repository := r.Registry + "/" + name
			digest, err := in.Resolve(inner, repository, r.Tag)
			if err != nil {
				return err
			}
			all[i].Reference = repository + "@" + digest
			if all[i].Statement, err = verify(inner, verifier, all[i].Reference, r.Trust, r.Policy); err != nil {
				return err
			}
			// Their layers may be read later, when the group has ended.
			return all[i].read(ctx, in)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

// read finds the images that a reference names, and what they are for. What is signed names them by their digests.
func (v *Verified) read(ctx context.Context, in registry.Registry) (err error) {
	if v.images, err = in.Images(ctx, v.Reference); err != nil {
		return err
	}
	for _, one := range v.images {
		platform, err := image.PlatformOf(one)
		if err != nil {
			return fmt.Errorf("reading what %s is for: %w", v.Reference, err)
		}
		if platform != "" {
			v.Platforms = append(v.Platforms, platform)
		}
	}
	return nil
}

// verify holds one reference by digest against whom is trusted and what is expected, and gives the statement that counts.
func verify(ctx context.Context, verifier Verifier, reference string, by Trust, policy provenance.Policy) (provenance.Statement, error) {
	if err := verifier.Verify(ctx, reference, by); err != nil {
		return provenance.Statement{}, fmt.Errorf("the signature of %s is refused: %w", reference, err)
	}
	statements, err := verifier.Provenance(ctx, reference, by)
	if err != nil {
		return provenance.Statement{}, fmt.Errorf("the provenance of %s is refused: %w", reference, err)
	}
	_, digest, _ := strings.Cut(reference, "@")
	statement, err := policy.Any(statements, digest)
	if err != nil {
		return provenance.Statement{}, fmt.Errorf("%s: %w", reference, err)
	}
	return statement, nil
}
