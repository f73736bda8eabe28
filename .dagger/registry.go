package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"
	"todo-chatbot/ci/release"

	"dagger/todo-chatbot/internal/dagger"
)

// Registry is where images and the chart are published.
type Registry struct {
	// +private
	Pipeline *TodoChatbot
	// +private
	Address string
	// +private
	Username string
	// +private
	Password *dagger.Secret
	// +private
	Service *dagger.Service
	// +private
	PlainHTTP bool
	// +private
	IdentityToken *dagger.Secret
	// +private
	Issuer string
}

// A registry to publish to, and to verify what was published there.
//
// +cache="session"
func (m *TodoChatbot) Registry(
	// A host and a path, e.g. ghcr.io/somebody. The images and the chart get a repository each below it.
	address string,
	// Who may push, where that is asked for.
	// +optional
	username string,
	// +optional
	password *dagger.Secret,
	// The registry, where it is a service of the caller's machine; the host in the address is then its name.
	// +optional
	service *dagger.Service,
	// The registry has no TLS. For a network that is trusted.
	// +optional
	plainHTTP bool,
) *Registry {
	return &Registry{Pipeline: m, Address: address, Username: username, Password: password, Service: service, PlainHTTP: plainHTTP}
}

// Sign with an identity in place of a key.
func (r *Registry) WithIdentity(
	// An OpenID Connect token that Sigstore takes, e.g. a GitHub workflow's. It names the builder of publish.
	token *dagger.Secret,
	// Who the token is from.
	// +default="https://token.actions.githubusercontent.com"
	issuer string,
) *Registry {
	with := *r
	with.IdentityToken, with.Issuer = token, issuer
	return &with
}

// Publish both images and the chart, signed and described.
//
// They are pushed by digest, get their bills of materials and their provenance, are signed, and verified; only then do tags
// name them. Stopped at any point it leaves no tag on something unsigned, and it can be run again.
//
// +cache="never"
func (r *Registry) Publish(
	ctx context.Context,
	// The release's tag. It never moves to something else, unless it is latest, edge or main.
	tag string,
	// A cosign private key. What it signs is in no public log.
	// +optional
	key *dagger.Secret,
	// The private key's password.
	// +optional
	keyPassword *dagger.Secret,
	// Who builds, as a URI: with an identity, what it names, e.g. https://github.com/…/pipeline.yml@refs/heads/main.
	// +default="urn:todo-chatbot:builder:local"
	builder string,
	// The run's address.
	// +optional
	run string,
	// Publish changes that are not committed too; the provenance says so, and who verifies refuses it by default.
	// +optional
	uncommitted bool,
) (string, error) {
	if (key == nil) == (r.IdentityToken == nil) {
		return "", errors.New("publish: give what to sign with: --key, or with-identity --token before it and --builder")
	}
	m := r.Pipeline
	source, err := m.source(ctx)
	if err != nil {
		return "", err
	}
	if source.Uncommitted && !uncommitted {
		return "", errors.New("publish: the checkout has changes that are not committed; commit them, or allow it with --uncommitted")
	}
	engine, err := dag.Version(ctx)
	if err != nil {
		return "", fmt.Errorf("asking the engine for its version: %w", err)
	}
	p, err := r.publisher(ctx)
	if err != nil {
		return "", err
	}
	s, err := p.signer(ctx, key, keyPassword, r.IdentityToken, trust{identity: builder, issuer: r.Issuer})
	if err != nil {
		return "", err
	}
	artifacts, err := m.artifacts(ctx)
	if err != nil {
		return "", err
	}
	build := provenance.Build{Source: source, Engine: engine, Builder: builder, Run: run}
	publication := publication{publisher: p, signer: s, build: build, tag: tag, policy: provenance.Policy{
		Source: source.Repository, Commit: source.Commit, Builder: builder, Uncommitted: uncommitted}}
	return publication.publish(ctx, artifacts)
}

// Verify says what a published release is, and who signed it.
//
// Both images and the chart have to be signed by whom is trusted, and their provenance has to be what is expected.
//
// +cache="never"
func (r *Registry) Verify(
	ctx context.Context,
	// The release's tag.
	tag string,
	// The public key that has to have signed.
	// +optional
	key *dagger.File,
	// In place of a key: the identity that has to have signed, e.g. https://github.com/…/pipeline.yml@refs/heads/main.
	// +optional
	identity string,
	// Who vouches for the identity.
	// +default="https://token.actions.githubusercontent.com"
	issuer string,
	// The repository that it has to be built from, e.g. https://github.com/somebody/todo-chatbot.
	// +optional
	source string,
	// The commit that it has to be built from, in full.
	// +optional
	commit string,
	// Let pass what was built from a checkout with changes.
	// +optional
	uncommitted bool,
) (string, error) {
	p, err := r.publisher(ctx)
	if err != nil {
		return "", err
	}
	release := published{tag: tag, by: trust{key: key, identity: identity, issuer: issuer},
		policy: provenance.Policy{Source: source, Commit: commit, Builder: identity, Uncommitted: uncommitted}}
	var text strings.Builder
	for _, name := range []string{path.Base(backendRepository), path.Base(frontendRepository), chartName} {
		reference, statement, err := p.verified(ctx, name, release)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(&text, "%s\n  signed; %s, by %s\n", reference, statement.Predicate.BuildDefinition.ExternalParameters.Source,
			statement.Predicate.RunDetails.Builder.ID)
	}
	return text.String(), nil
}

// trust is whose signature counts: a key's, or that of an identity that an issuer vouches for.
type trust struct {
	key              *dagger.File
	identity, issuer string
}

// publisher is cosign's image with ci/cmd/todo-chatbot in it, able to reach one registry.
type publisher struct {
	access    *Registry
	address   string
	container *dagger.Container
}

// publisher checks nothing yet: the first step that talks to the registry does.
func (r *Registry) publisher(ctx context.Context) (*publisher, error) {
	address := registry.Place(r.Address)
	host, repository, _ := strings.Cut(address, "/")
	if host == "" || repository == "" || strings.Contains(address, "://") {
		return nil, fmt.Errorf("registry %q: write a host and a path, e.g. ghcr.io/somebody", address)
	}
	password := ""
	if r.Password != nil {
		var err error
		if password, err = r.Password.Plaintext(ctx); err != nil {
			return nil, errors.New("reading the registry's password: the secret given as --password cannot be read")
		}
	}
	config, err := registry.Config(host, r.Username, strings.TrimSpace(password))
	if err != nil {
		return nil, fmt.Errorf("writing the registry's credentials: %w", err)
	}
	plain := "0"
	if r.PlainHTTP {
		plain = "1"
	}
	container := withProgram(from(r.Pipeline.Pins, image.Cosign), r.Pipeline.program()).
		// The image is cosign and certificates: it has no user who may read a mounted secret, and no place to write to.
		WithNewFile("/etc/passwd", "root:x:0:0::/tmp:/sbin/nologin\n").
		WithNewFile("/etc/group", "root:x:0:\n").
		WithUser("root").
		WithDirectory("/tmp", dag.Directory()).
		WithEnvVariable("HOME", "/tmp").
		WithEnvVariable("DOCKER_CONFIG", "/credentials").
		WithMountedSecret("/credentials/config.json", dag.SetSecret("registry-"+rand.Text(), string(config))).
		WithEnvVariable("REGISTRY_PLAIN_HTTP", plain).
		// What a registry has is never known from before.
		WithEnvVariable("NOW", rand.Text())
	if r.Service != nil {
		alias, _, _ := strings.Cut(host, ":")
		container = container.WithServiceBinding(alias, r.Service)
	}
	return &publisher{access: r, address: address, container: container}, nil
}

// repository is where an artifact is, by the last part of its name.
func (p *publisher) repository(name string) string { return p.address + "/" + name }

// step runs a subcommand of "todo-chatbot registry", with what it needs mounted.
func (p *publisher) step(ctx context.Context, with *dagger.Container, args ...string) (string, error) {
	out, err := with.WithExec(append([]string{programPath, "registry"}, args...)).Stdout(ctx)
	return out, oneLine("", err)
}

// send puts an image or a chart into the registry, and sees to it that what is there then is what was built.
func (p *publisher) send(ctx context.Context, kind string, file *dagger.File, reference string) error {
	repository, _, _ := strings.Cut(reference, "@")
	there, err := p.step(ctx, p.container.WithMountedFile("/artifact", file), "push", kind, "/artifact", repository)
	if err == nil && there != reference {
		err = fmt.Errorf("pushing %s: the registry has %s", reference, there)
	}
	return err
}

func (p *publisher) cosign(command string, args ...string) []string {
	line := []string{"/ko-app/cosign", command}
	if p.access.PlainHTTP {
		line = append(line, "--allow-http-registry")
	}
	return append(line, args...)
}

// verify says who vouches for a reference by digest: its signature counts, and its signed provenance is what the policy
// asks for. It is what a deployment from a registry calls before anything else.
func (p *publisher) verify(ctx context.Context, reference string, by trust, policy provenance.Policy) (provenance.Statement, error) {
	container, args, err := by.arguments(p.container)
	if err != nil {
		return provenance.Statement{}, err
	}
	_, digest, _ := strings.Cut(reference, "@")
	if _, err := container.WithExec(append(p.cosign("verify", args...), reference)).Sync(ctx); err != nil {
		return provenance.Statement{}, oneLine("the signature of "+reference+" is refused", err)
	}
	out, err := container.WithExec(append(p.cosign("verify-attestation", append(args, "--type", "slsaprovenance1")...), reference)).Stdout(ctx)
	if err != nil {
		return provenance.Statement{}, oneLine("the provenance of "+reference+" is refused", err)
	}
	statements, err := provenance.ParseVerified([]byte(out))
	if err != nil {
		return provenance.Statement{}, fmt.Errorf("%s: %w", reference, err)
	}
	statement, err := policy.Any(statements, digest)
	if err != nil {
		return provenance.Statement{}, fmt.Errorf("%s: %w", reference, err)
	}
	return statement, nil
}

func (t trust) arguments(container *dagger.Container) (*dagger.Container, []string, error) {
	switch {
	case t.key != nil:
		// What a key signs is in no public log: docs/decisions/0056.
		return container.WithMountedFile("/trusted.pub", t.key), []string{"--key", "/trusted.pub", "--private-infrastructure"}, nil
	case t.identity != "" && t.issuer != "":
		return container, []string{"--certificate-identity", t.identity, "--certificate-oidc-issuer", t.issuer}, nil
	}
	return nil, nil, errors.New("verifying: give whom to trust: the public key as --key, or --identity and --issuer")
}

// sendAll puts images into the registry, side by side, by the digests that pods name.
func (p *publisher) sendAll(ctx context.Context, archives []archive) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, a := range archives {
		group.Go(func() error { return p.send(ctx, "image", a.file, a.name()) })
	}
	return group.Wait()
}

// mirrored is where the registry has an image, given by the repository that it was built under.
func (p *publisher) mirrored(local string) string {
	if local == "" {
		return ""
	}
	return p.repository(path.Base(local))
}

// published is a release in a registry, and whose word counts for it.
type published struct {
	tag    string
	by     trust
	policy provenance.Policy
}

// verified finds one artifact of a published release, and gives its reference by digest with the provenance that is trusted.
func (p *publisher) verified(ctx context.Context, name string, r published) (string, provenance.Statement, error) {
	digest, err := p.step(ctx, p.container, "resolve", p.repository(name), r.tag)
	if err != nil {
		return "", provenance.Statement{}, err
	}
	reference := p.repository(name) + "@" + digest
	statement, err := p.verify(ctx, reference, r.by, r.policy)
	return reference, statement, err
}

// images are those of a published release, once both are verified.
func (p *publisher) images(ctx context.Context, r published) (images release.Images, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for local, reference := range map[string]*string{backendRepository: &images.Backend, frontendRepository: &images.Frontend} {
		group.Go(func() (err error) {
			*reference, _, err = p.verified(ctx, path.Base(local), r)
			return err
		})
	}
	return images, group.Wait()
}

// source asks Git what is checked out.
func (m *TodoChatbot) source(ctx context.Context) (provenance.Source, error) {
	if err := cloned(ctx, m.Git); err != nil {
		return provenance.Source{}, fmt.Errorf("asking Git what is checked out: %w", err)
	}
	container := withGit(m.Pins, m.Source.WithDirectory("/", m.Git))
	var answers [3]string
	for i, question := range [][]string{{"rev-parse", "HEAD"}, {"config", "--default", "", "--get", "remote.origin.url"}, {"status", "--porcelain"}} {
		var err error
		answers[i], err = container.WithExec(append([]string{"git", "-C", "/repository"}, question...)).Stdout(ctx)
		if err != nil {
			return provenance.Source{}, explain("asking Git what is checked out", err)
		}
	}
	return provenance.ParseSource(answers[0], answers[1], answers[2])
}
