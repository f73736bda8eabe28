package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"

	"dagger/todo-chatbot/internal/dagger"
)

// artifact is one thing that is published.
type artifact struct {
	// kind is image or chart; name the repository's last part.
	kind, name string
	digest     string
	file       *dagger.File
	// call and bases are for the provenance.
	call  string
	bases []string
	// tags are those that it has besides the release's.
	tags []string
	// attestations are predicate files by the name that cosign has for their type.
	attestations map[string]*dagger.File
}

// artifacts are both images with their bills of materials, and the chart after them, since it names them.
func (m *TodoChatbot) artifacts(ctx context.Context) ([]artifact, error) {
	pins, err := image.ParsePins([]byte(m.Pins))
	if err != nil {
		return nil, err
	}
	all := make([]artifact, 3)
	group, ctx := errgroup.WithContext(ctx)
	add := func(at int, call string, bases []string, build func(context.Context) (archive, error)) {
		group.Go(func() error {
			made, err := build(ctx)
			if err != nil {
				return err
			}
			one := artifact{kind: "image", name: path.Base(made.repository), digest: made.digest, file: made.file, call: call, bases: bases,
				attestations: map[string]*dagger.File{}}
			for format, predicate := range map[string]string{"spdx": "spdxjson", "cyclonedx": "cyclonedx"} {
				if one.attestations[predicate], err = made.sbom(ctx, m.Pins, format); err != nil {
					return err
				}
			}
			all[at] = one
			return nil
		})
	}
	add(0, "backend archive", []string{pins.Reference(image.Python), pins.Reference(image.Uv)}, m.Backend().archive)
	add(1, "frontend archive", []string{pins.Reference(image.Node)}, m.Frontend().archive)
	group.Go(func() (err error) {
		all[2], err = m.packagedChart(ctx, []string{pins.Reference(image.Helm)})
		return err
	})
	return all, group.Wait()
}

// packagedChart is the chart, whose digest in a registry is known before it is there.
func (m *TodoChatbot) packagedChart(ctx context.Context, bases []string) (artifact, error) {
	local, err := m.Chart().packaged(ctx)
	if err != nil {
		return artifact{}, err
	}
	opened, version, err := registry.OpenChart(local)
	if err != nil {
		return artifact{}, err
	}
	digest, err := opened.Digest()
	return artifact{kind: "chart", name: chartName, digest: digest.String(), file: dag.CurrentModule().WorkdirFile(local), call: "chart package",
		bases: bases, tags: []string{version}, attestations: map[string]*dagger.File{}}, err
}

// publication is one release on its way into a registry.
type publication struct {
	*publisher
	*signer
	build  provenance.Build
	policy provenance.Policy
	tag    string
}

// publish takes every artifact through one step before any takes the next, so that tags come last for all.
func (r publication) publish(ctx context.Context, artifacts []artifact) (string, error) {
	for _, step := range []func(context.Context, artifact) error{r.checkTags, r.push, r.attestAndSign, r.tagAll} {
		for _, one := range artifacts {
			if err := step(ctx, one); err != nil {
				return "", err
			}
		}
	}
	lines := make([]string, len(artifacts))
	for i, one := range artifacts {
		lines[i] = fmt.Sprintf("%s:%s is %s", r.repository(one.name), r.tag, one.digest)
	}
	return strings.Join(append(lines, "each signed and verified, built from "+r.build.Source.URI()), "\n") + "\n", nil
}

func (r publication) reference(one artifact) string { return r.repository(one.name) + "@" + one.digest }

// tags are the release's and the artifact's own; a release that moves, such as main, claims no version.
func (r publication) tags(one artifact) []string {
	if registry.Moves(r.tag) {
		return []string{r.tag}
	}
	return append([]string{r.tag}, one.tags...)
}

func (r publication) checkTags(ctx context.Context, one artifact) error {
	for _, tag := range r.tags(one) {
		if _, err := r.step(ctx, r.publisher.container, "free", r.reference(one), tag); err != nil {
			return err
		}
	}
	return nil
}

func (r publication) push(ctx context.Context, one artifact) error {
	return r.send(ctx, one.kind, one.file, r.reference(one))
}

// attestAndSign attests and signs an artifact, unless that is done, and verifies it in either case.
func (r publication) attestAndSign(ctx context.Context, one artifact) error {
	if _, err := r.verify(ctx, r.reference(one), r.trust, r.policy); err == nil {
		return nil
	}
	build := r.build
	build.Call, build.Bases = one.call, one.bases
	statement, err := provenance.New(r.repository(one.name), one.digest, build)
	if err != nil {
		return err
	}
	predicate, err := statement.PredicateJSON()
	if err != nil {
		return err
	}
	file := dag.Directory().WithNewFile("predicate.json", string(predicate)).File("predicate.json")
	if err := r.attest(ctx, r.reference(one), "slsaprovenance1", file); err != nil {
		return err
	}
	for kind, file := range one.attestations {
		if err := r.attest(ctx, r.reference(one), kind, file); err != nil {
			return err
		}
	}
	if err := r.sign(ctx, r.reference(one)); err != nil {
		return err
	}
	_, err = r.verify(ctx, r.reference(one), r.trust, r.policy)
	return err
}

func (r publication) tagAll(ctx context.Context, one artifact) error {
	for _, tag := range r.tags(one) {
		if _, err := r.step(ctx, r.publisher.container, "tag", r.reference(one), tag); err != nil {
			return err
		}
	}
	return nil
}

// signer is cosign with something to sign with, and whom to trust afterwards.
type signer struct {
	publisher *publisher
	signing   *dagger.Container
	args      []string
	trust     trust
}

func (p *publisher) signer(ctx context.Context, key, password, token *dagger.Secret, by trust) (*signer, error) {
	if key == nil {
		return &signer{publisher: p, trust: by, signing: p.container.WithMountedSecret("/identity", token),
			args: []string{"--yes", "--identity-token", "/identity"}}, nil
	}
	if password == nil {
		password = dag.SetSecret("no-password", "")
	}
	signing := p.container.
		WithMountedSecret("/private.key", key).
		WithSecretVariable("COSIGN_PASSWORD", password)
	public, err := signing.WithExec([]string{"/ko-app/cosign", "public-key", "--key", "/private.key"}).Stdout(ctx)
	if err != nil {
		return nil, oneLine("reading the signing key; is --key-password its password?", err)
	}
	return &signer{publisher: p, signing: signing,
		trust: trust{key: dag.Directory().WithNewFile("trusted.pub", public).File("trusted.pub")},
		args:  []string{"--yes", "--key", "/private.key", "--use-signing-config=false", "--tlog-upload=false"}}, nil
}

func (s *signer) sign(ctx context.Context, reference string) error {
	_, err := s.signing.WithExec(append(s.publisher.cosign("sign", s.args...), reference)).Sync(ctx)
	return oneLine("signing "+reference, err)
}

func (s *signer) attest(ctx context.Context, reference, kind string, predicate *dagger.File) error {
	args := append(s.publisher.cosign("attest", s.args...), "--type", kind, "--predicate", "/predicate.json", reference)
	_, err := s.signing.WithMountedFile("/predicate.json", predicate).WithExec(args).Sync(ctx)
	return oneLine("attesting "+kind+" of "+reference, err)
}
