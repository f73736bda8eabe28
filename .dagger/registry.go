package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/registry"

	"dagger/todo-chatbot/internal/dagger"
)

// Registry is where images and the chart are published.
type Registry struct {
	// +private
	Pipeline *TodoChatbot
	// +private
	Access access
}

// access is the way to a registry, and who goes it.
type access struct {
	Address, Username string
	Password          *dagger.Secret
	// Service is the registry where the caller's machine has it.
	Service   *dagger.Service
	PlainHTTP bool
	// IdentityToken signs in place of a key, and Issuer is who it is from.
	IdentityToken *dagger.Secret
	Issuer        string
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
	return &Registry{Pipeline: m, Access: access{
		Address: registry.NormalizeAddress(address), Username: username, Password: password, Service: service, PlainHTTP: plainHTTP,
	}}
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
	with.Access.IdentityToken, with.Access.Issuer = token, issuer
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
	if (key == nil) == (r.Access.IdentityToken == nil) {
		return "", errors.New("publish: give what to sign with: --key, or with-identity --token before it and --builder")
	}
	if err := publish.ValidRegistry(r.Access.Address); err != nil {
		return "", err
	}
	source, err := r.Pipeline.source(ctx, uncommitted)
	if err != nil {
		return "", err
	}
	engine, err := dag.Version(ctx)
	if err != nil {
		return "", fmt.Errorf("asking the engine for its version: %w", err)
	}
	artifacts, err := r.Pipeline.artifacts(ctx)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(publish.Request{
		Registry: r.Access.Address, Tag: tag, Folder: "/artifacts",
		Build: provenance.Build{Source: source, Engine: engine, Builder: builder, Run: run},
	})
	if err != nil {
		return "", fmt.Errorf("writing the publication: %w", err)
	}
	container := r.container().WithMountedDirectory("/artifacts", artifacts)
	args := []string{"--issuer", r.Access.Issuer}
	if key == nil {
		container = container.WithMountedSecret("/run/identity", r.Access.IdentityToken)
		args = append(args, "--identity-token", "/run/identity")
	} else {
		if keyPassword == nil {
			keyPassword = dag.SetSecret("no-password", "")
		}
		container = container.WithMountedSecret("/run/private.key", key).WithSecretVariable("COSIGN_PASSWORD", keyPassword)
		args = append(args, "--key", "/run/private.key")
	}
	return r.run(ctx, container.WithNewFile(requestPath, string(raw)), "publish", append(args, requestPath)...)
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
	t := trust{Key: key, Identity: identity, Issuer: issuer, Source: source, Commit: commit, Uncommitted: uncommitted}
	return r.verify(ctx, tag, t, false, path.Base(backendRepository), path.Base(frontendRepository), chartName)
}

// trust is whose signature counts, and what has to have been signed.
type trust struct {
	Key                              *dagger.File
	Identity, Issuer, Source, Commit string
	Uncommitted                      bool
}

// verify says what artifacts of a release are: for people, or as a list of their references in JSON.
func (r *Registry) verify(ctx context.Context, tag string, by trust, asJSON bool, names ...string) (string, error) {
	container := r.container()
	args := []string{"--tag", tag, "--identity", by.Identity, "--issuer", by.Issuer,
		"--source", by.Source, "--commit", by.Commit, "--uncommitted=" + strconv.FormatBool(by.Uncommitted), "--json=" + strconv.FormatBool(asJSON)}
	if by.Key != nil {
		container, args = container.WithMountedFile("/run/trusted.pub", by.Key), append(args, "--key", "/run/trusted.pub")
	}
	return r.run(ctx, container, "verify", append(args, names...)...)
}

// references are those of a published release's images, once both are verified.
func (r *Registry) references(ctx context.Context, tag string, by trust) (backend, frontend string, err error) {
	out, err := r.verify(ctx, tag, by, true, path.Base(backendRepository), path.Base(frontendRepository))
	if err != nil {
		return "", "", err
	}
	var found []string
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 2 {
		return "", "", fmt.Errorf("reading what was verified: %q", out)
	}
	return found[0], found[1], nil
}

// push puts images into the registry by the digests that pods name.
func (r *Registry) push(ctx context.Context, images []*delivery) error {
	container, named := withDeliveries(r.container(), images)
	_, err := r.run(ctx, container, "push", named...)
	return err
}

// repository is where the registry has an image, given by the repository that it was built under.
func (r *Registry) repository(local string) string {
	return r.Access.Address + "/" + path.Base(local)
}

// passwordPath is where a container has the registry's password, if there is one.
const passwordPath = "/run/password"

// run runs a verb of "todo-chatbot registry".
func (r *Registry) run(ctx context.Context, container *dagger.Container, verb string, args ...string) (string, error) {
	flags := []string{programPath, "registry", verb, "--registry", r.Access.Address, "--username", r.Access.Username,
		"--plain-http=" + strconv.FormatBool(r.Access.PlainHTTP)}
	if r.Access.Password != nil {
		flags = append(flags, "--password-file", passwordPath)
	}
	out, err := container.WithExec(append(flags, args...)).Stdout(ctx)
	return out, programError(err)
}

// container is cosign's image with ci/cmd/todo-chatbot in it, able to reach the registry. Nothing is asked yet.
func (r *Registry) container() *dagger.Container {
	container := r.Pipeline.Tools.withProgram(r.Pipeline.Tools.from(image.Cosign)).
		// The image is cosign and certificates: it has no user who may read a mounted secret, and no place to write to.
		WithNewFile("/etc/passwd", "root:x:0:0::/tmp:/sbin/nologin\n").
		WithNewFile("/etc/group", "root:x:0:\n").
		WithUser("root").
		// What is written there may be secret, and stays in no layer.
		WithMountedTemp("/tmp").
		WithEnvVariable("HOME", "/tmp").
		// What a registry has is never known from before.
		WithEnvVariable("NOW", rand.Text())
	if r.Access.Password != nil {
		container = container.WithMountedSecret(passwordPath, r.Access.Password)
	}
	if r.Access.Service != nil {
		host, _, _ := strings.Cut(r.Access.Address, "/")
		alias, _, _ := strings.Cut(host, ":")
		container = container.WithServiceBinding(alias, r.Access.Service)
	}
	return container
}

// source asks Git what is checked out.
func (m *TodoChatbot) source(ctx context.Context, uncommitted bool) (source provenance.Source, err error) {
	out, err := m.Tools.git(m.Source.WithDirectory("/", m.Git)).
		WithExec([]string{programPath, "registry", "source", "--uncommitted=" + strconv.FormatBool(uncommitted), repositoryPath}).
		Stdout(ctx)
	if err != nil {
		return source, programError(err)
	}
	return source, json.Unmarshal([]byte(out), &source)
}

// artifacts is what a publication consists of: both images with their bills of materials, and the chart.
func (m *TodoChatbot) artifacts(ctx context.Context) (*dagger.Directory, error) {
	described, err := sideBySide(ctx,
		func(ctx context.Context) (*dagger.Directory, error) { return described(ctx, m.Backend().Image) },
		func(ctx context.Context) (*dagger.Directory, error) { return described(ctx, m.Frontend().Image) },
		m.Chart().Package().Sync,
	)
	folder := dag.Directory().WithNewFile(publish.PinsFile, m.Tools.Pins)
	for _, part := range described {
		folder = folder.WithDirectory("/", part)
	}
	return folder, programError(err)
}

// described is an image, built first, with its bills of materials.
func described(ctx context.Context, build builder) (*dagger.Directory, error) {
	built, err := build(ctx)
	if err != nil {
		return nil, err
	}
	folder := dag.Directory().WithFile("/", built.Archive())
	for _, format := range []string{"spdx", "cyclonedx"} {
		folder = folder.WithFile("/", built.listed(format))
	}
	return folder.Sync(ctx)
}
