package publish

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"
)

// Signer signs what is in a registry, by digest.
type Signer interface {
	Sign(ctx context.Context, reference string) error
	// Attest signs a statement about reference, whose predicate is in a file and has a type of cosign's.
	Attest(ctx context.Context, reference, predicateType, file string) error
}

// Publisher publishes to one registry.
type Publisher struct {
	Registry registry.Registry
	Signer   Signer
	// Verifier and Trust say whether what was signed is what a reader will accept.
	Verifier Verifier
	Trust    Trust
	// Progress gets a line for each step that is done.
	Progress io.Writer
}

// Publish takes every artifact through one step before any takes the next, so that tags come last for all. An index is signed as
// its images are, and tags name it alone. Stopped at any point it can be run again. It gives what was published, for people.
func (p *Publisher) Publish(ctx context.Context, r Request) (string, error) {
	artifacts := make([]opened, len(r.Artifacts))
	for i, a := range r.Artifacts {
		var err error
		if artifacts[i], err = r.open(a); err != nil {
			return "", err
		}
	}
	tags := r.tags(artifacts)
	for i := range artifacts {
		artifacts[i].tags = tags
	}
	for _, step := range []struct {
		done string
		do   func(context.Context, opened) error
	}{
		{"its tags may name it", p.checkTags},
		{"pushed", imagesFirst(p.push)},
		{"attested, signed and verified", imagesFirst(func(ctx context.Context, o opened) error { return p.sign(ctx, r.Build, o) })},
		{"tagged", p.tag},
	} {
		group, ctx := errgroup.WithContext(ctx)
		for _, o := range artifacts {
			group.Go(func() error {
				err := step.do(ctx, o)
				if err == nil {
					fmt.Fprintf(p.Progress, "%s: %s\n", o.Name, step.done)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return "", err
		}
	}
	var text strings.Builder
	for _, o := range artifacts {
		fmt.Fprintf(&text, "%s:%s is %s\n", o.repository, r.Tag, o.digest)
		for _, image := range o.images {
			fmt.Fprintf(&text, "  for %s %s\n", image.Platform, image.digest)
		}
	}
	fmt.Fprintf(&text, "each signed and verified, built from %s\n", r.Build.Source.URI())
	return text.String(), nil
}

// imagesFirst does something with the images of an index, and then with the index: what names others comes after them.
func imagesFirst(do func(context.Context, opened) error) func(context.Context, opened) error {
	return func(ctx context.Context, o opened) error {
		group, inner := errgroup.WithContext(ctx)
		for _, image := range o.images {
			group.Go(func() error { return do(inner, image) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		return do(ctx, o)
	}
}

func (p *Publisher) checkTags(ctx context.Context, o opened) error {
	for _, tag := range o.tags {
		if err := p.Registry.CheckTag(ctx, o.repository, tag, o.digest); err != nil {
			return err
		}
	}
	return nil
}

func (p *Publisher) push(ctx context.Context, o opened) error {
	_, err := p.Registry.Push(ctx, o.repository, o.content)
	return err
}

// sign attests and signs an artifact, unless that is done, and verifies it in either case.
func (p *Publisher) sign(ctx context.Context, build provenance.Build, o opened) error {
	policy := provenance.Policy{
		Source: build.Source.Repository, Commit: build.Source.Commit, Builder: build.Builder, Uncommitted: build.Source.Uncommitted,
	}
	if _, err := verify(ctx, p.Verifier, o.reference(), p.Trust, policy); err == nil {
		return nil
	}
	build.Call, build.Bases = o.Call, o.Bases
	statement, err := provenance.New(o.repository, o.digest, build)
	if err != nil {
		return err
	}
	predicate, err := statement.PredicateJSON()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "provenance-")
	if err != nil {
		return fmt.Errorf("writing the provenance of %s: %w", o.Name, err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // what is left there is no secret
	file := filepath.Join(folder, "predicate.json")
	if err := os.WriteFile(file, predicate, 0o600); err != nil {
		return fmt.Errorf("writing the provenance of %s: %w", o.Name, err)
	}
	if err := p.Signer.Attest(ctx, o.reference(), provenanceType, file); err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(o.Attestations)) {
		if err := p.Signer.Attest(ctx, o.reference(), kind, o.Attestations[kind]); err != nil {
			return err
		}
	}
	if err := p.Signer.Sign(ctx, o.reference()); err != nil {
		return err
	}
	_, err = verify(ctx, p.Verifier, o.reference(), p.Trust, policy)
	return err
}

func (p *Publisher) tag(ctx context.Context, o opened) error {
	for _, tag := range o.tags {
		if err := p.Registry.Tag(ctx, o.repository, o.digest, tag); err != nil {
			return err
		}
	}
	return nil
}
