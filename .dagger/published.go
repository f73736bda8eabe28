package main

import (
	"context"
	"path"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/provenance"
)

// published is a release in a registry, and whose word counts for it.
type published struct {
	tag    string
	by     trust
	policy provenance.Policy
}

// vouched finds one artifact of a published release, and gives its reference by digest with the provenance that is trusted.
func (p *publisher) vouched(ctx context.Context, name string, r published) (string, provenance.Statement, error) {
	digest, err := p.step(ctx, p.container, "resolve", p.repository(name), r.tag)
	if err != nil {
		return "", provenance.Statement{}, err
	}
	reference := p.repository(name) + "@" + digest
	statement, err := p.verify(ctx, reference, r.by, r.policy)
	return reference, statement, err
}

// images are those of a published release, once both are vouched for.
func (p *publisher) images(ctx context.Context, r published) (there placed, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for local, reference := range map[string]*string{backendRepository: &there.backend, frontendRepository: &there.frontend} {
		group.Go(func() (err error) {
			*reference, _, err = p.vouched(ctx, path.Base(local), r)
			return err
		})
	}
	return there, group.Wait()
}

// use has the deployment go through a registry, "" for none, and take from there what was published under a tag, "" for the
// checkout's own: built from a source, "" for any, without changes.
func (d *deployment) use(ctx context.Context, access registryAccess, tag string, by trust, source string) (err error) {
	if access.at == "" {
		return nil
	}
	if d.registry, err = newPublisher(ctx, d.module.Pins, access); err != nil || tag == "" {
		return err
	}
	d.published = &published{tag: tag, by: by, policy: provenance.Policy{Source: source, Builder: by.identity}}
	return nil
}
