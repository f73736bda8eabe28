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

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/pins"
	registryaddress "todo-chatbot/ci/registry/address"

	"dagger/todo-chatbot/internal/dagger"
)

// Registry is where images and the chart are published.
type Registry struct {
	Pipeline *TodoChatbot // +private
	Access   access       // +private
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
	username string, // +optional
	password *dagger.Secret, // +optional
	// The registry, where it is a service of the caller's machine; the host in the address is then its name.
	service *dagger.Service, // +optional
	// The registry has no TLS. For a network that is trusted.
	plainHTTP bool, // +optional
) *Registry {
	return &Registry{Pipeline: m, Access: access{
		Address: registryaddress.Normalize(address), Username: username, Password: password, Service: service, PlainHTTP: plainHTTP,
	}}
}

// Sign with an identity in place of a key.
//
// +cache="session"
func (r *Registry) WithIdentity(
	// An OpenID Connect token that Sigstore takes, e.g. a GitHub workflow's. It names the builder of publish.
	token *dagger.Secret,
	// Who the token is from.
	issuer string, // +default="https://token.actions.githubusercontent.com"
) *Registry {
	with := *r
	with.Access.IdentityToken, with.Access.Issuer = token, issuer
	return &with
}

// Publish both images and the chart, scanned, signed and described.
//
// An image whose scan does not pass is not published. They are pushed by digest, described, signed and verified; only then do tags name them. Stopped at any point it leaves no tag
// on something unsigned, and it can be run again.
//
// +cache="never"
func (r *Registry) Publish(
	ctx context.Context,
	// The release's tag. It never moves to something else, unless it is latest, edge or main.
	tag string,
	// A cosign private key. What it signs is in no public log.
	key *dagger.Secret, // +optional
	// The private key's password.
	keyPassword *dagger.Secret, // +optional
	// Who builds, as a URI: with an identity, what it names, e.g. https://github.com/…/release.yml@refs/tags/v1.
	builder string, // +default="urn:todo-chatbot:builder:local"
	// The run's address.
	run string, // +optional
	// Publish changes that are not committed too; the provenance says so, and who verifies refuses it by default.
	uncommitted bool, // +optional
	// The platforms to build for, e.g. linux/amd64,linux/arm64: what is tagged is an index of both. Left out, it is one image.
	platforms []string, // +optional
) (string, error) {
	if (key == nil) == (r.Access.IdentityToken == nil) {
		return "", errors.New("publish: give what to sign with: --key, or with-identity --token before it and --builder")
	}
	if len(platforms) == 0 && r.Pipeline.Tools.foreign() {
		platforms = []string{r.Pipeline.Tools.Platform}
	}
	if err := r.Pipeline.Tools.pins().CheckBuild(platforms...); err != nil {
		return "", err
	}
	request, err := r.request(ctx, "--tag", tag, "--builder", builder, "--run", run, "--uncommitted="+strconv.FormatBool(uncommitted),
		"--platforms", strings.Join(platforms, ","))
	if err != nil {
		return "", err
	}
	artifacts, err := r.Pipeline.artifacts(ctx, platforms)
	if err != nil {
		return "", err
	}
	container := r.container().WithMountedDirectory(artifactsPath, artifacts).WithNewFile(requestPath, request)
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
	return r.run(ctx, container, "publish", append(args, requestPath)...)
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
	key *dagger.File, // +optional
	// In place of a key: the identity that has to have signed, e.g. https://github.com/…/release.yml@refs/tags/v1.
	identity string, // +optional
	// Who vouches for the identity.
	issuer string, // +default="https://token.actions.githubusercontent.com"
	// The repository that it has to be built from, e.g. https://github.com/somebody/todo-chatbot.
	source string, // +optional
	// The commit that it has to be built from, in full.
	commit string, // +optional
	// Let pass what was built from a checkout with changes.
	uncommitted bool, // +optional
) (string, error) {
	p := publication{Tag: tag, Key: key, Identity: identity, Issuer: issuer, Source: source, Commit: commit, Uncommitted: uncommitted}
	return r.verify(ctx, p, path.Base(backendRepository), path.Base(frontendRepository), chartName)
}

// publication is a published release: whose signature counts for it, and what it has to be built from.
type publication struct {
	Tag                              string
	Key                              *dagger.File
	Identity, Issuer, Source, Commit string
	Uncommitted                      bool
}

// Reproduce builds published images again, from nothing, and compares them.
//
// They are verified first. Call it from a checkout of the release's commit. It fails with the first file or field that differs.
//
// +cache="never"
func (r *Registry) Reproduce(
	ctx context.Context,
	// The release's tag.
	tag string,
	// The public key that has to have signed.
	key *dagger.File, // +optional
	// In place of a key: the identity that has to have signed, e.g. https://github.com/…/release.yml@refs/tags/v1.
	identity string, // +optional
	// Who vouches for the identity.
	issuer string, // +default="https://token.actions.githubusercontent.com"
) (string, error) {
	p := publication{Tag: tag, Key: key, Identity: identity, Issuer: issuer}
	found, err := r.published(ctx, p)
	if err != nil {
		return "", err
	}
	if err := r.Pipeline.Tools.pins().CheckBuild(found[0].Platforms...); err != nil {
		return "", err
	}
	var again []func(context.Context) (*Image, error)
	for _, platform := range found[0].Platforms {
		on := r.Pipeline.anew().on(platform)
		again = append(again, on.Backend().Image, on.Frontend().Image)
	}
	images, err := flow.Gather(ctx, again...)
	if err != nil {
		return "", err
	}
	container, args := r.container(), make([]string, len(images))
	for i, image := range images {
		at := fmt.Sprintf("/again/%d.tar", i)
		container, args[i] = container.WithMountedFile(at, image.Archive()), image.name()+"="+at
	}
	return r.trusting(ctx, container, "reproduce", p, args...)
}

// verify says what artifacts of a release are, once they are what they have to be.
func (r *Registry) verify(ctx context.Context, p publication, names ...string) (string, error) {
	return r.trusting(ctx, r.container(), "verify", p, names...)
}

// trusting runs a verb of "todo-chatbot registry" that verifies a publication.
func (r *Registry) trusting(ctx context.Context, container *dagger.Container, verb string, p publication, names ...string) (string, error) {
	args := []string{"--tag", p.Tag, "--identity", p.Identity, "--issuer", p.Issuer,
		"--source", p.Source, "--commit", p.Commit, "--uncommitted=" + strconv.FormatBool(p.Uncommitted)}
	if p.Key != nil {
		container, args = container.WithMountedFile("/run/trusted.pub", p.Key), append(args, "--key", "/run/trusted.pub")
	}
	return r.run(ctx, container, verb, append(args, names...)...)
}

// verified is a published image, with what it is for.
type verified struct {
	Reference string
	Platforms []string
}

// published are the images of a release, the backend's and the front end's, once both are verified.
func (r *Registry) published(ctx context.Context, p publication) ([]verified, error) {
	out, err := r.verify(ctx, p, "--json", path.Base(backendRepository), path.Base(frontendRepository))
	if err != nil {
		return nil, err
	}
	var found []verified
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 2 {
		return nil, fmt.Errorf("reading what was verified: %q", out)
	}
	return found, nil
}

// push puts images into the registry by the digests that pods name.
func (r *Registry) push(ctx context.Context, images []*delivery) error {
	container, named := withDeliveries(r.container(), images)
	_, err := r.run(ctx, container, "push", named...)
	return err
}

// repository is where the registry has an image, given by the repository that it was built under.
func (r *Registry) repository(local string) string { return r.Access.Address + "/" + path.Base(local) }

// run runs a verb of "todo-chatbot registry".
func (r *Registry) run(ctx context.Context, container *dagger.Container, verb string, args ...string) (string, error) {
	flags := []string{"registry", verb, "--registry", r.Access.Address, "--username", r.Access.Username,
		"--plain-http=" + strconv.FormatBool(r.Access.PlainHTTP)}
	if r.Access.Password != nil {
		flags = append(flags, "--password-file", passwordPath)
	}
	return program(ctx, container, append(flags, args...)...)
}

// container is cosign's image with ci/cmd/todo-chatbot in it, able to reach the registry. Nothing is asked yet.
func (r *Registry) container() *dagger.Container {
	container := r.Pipeline.Tools.withProgram(r.Pipeline.Tools.from(pins.Cosign)).
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

// request is a publication before anything is built, once its address and the checkout are as they have to be.
func (r *Registry) request(ctx context.Context, flags ...string) (string, error) {
	engine, err := dag.Version(ctx)
	if err != nil {
		return "", fmt.Errorf("asking the engine for its version: %w", err)
	}
	git := r.Pipeline.Tools.git(r.Pipeline.Source.WithDirectory("/", r.Pipeline.Git))
	args := append([]string{"registry", "request", "--registry", r.Access.Address, "--artifacts", artifactsPath, "--engine", engine}, flags...)
	return program(ctx, git, append(args, repositoryPath)...)
}

// artifacts is what a publication consists of: both images, scanned, with their bills of materials, in a folder for each of the platforms where
// some are named, and the chart.
func (m *TodoChatbot) artifacts(ctx context.Context, platforms []string) (*dagger.Directory, error) {
	asked := []func(context.Context) (*dagger.Directory, error){m.Chart().Package().Sync}
	add := func(m *TodoChatbot, folder string) {
		asked = append(asked, built(m.Backend().Image, described(folder)), built(m.Frontend().Image, described(folder)))
	}
	for _, platform := range platforms {
		add(m.on(platform), platform)
	}
	if len(platforms) == 0 {
		add(m, "/")
	}
	parts, err := flow.Gather(ctx, asked...)
	folder := dag.Directory().WithNewFile(pins.FileName, m.Tools.Pins)
	for _, part := range parts {
		folder = folder.WithDirectory("/", part)
	}
	return folder, programError(err)
}

// described puts an image with its bills of materials into a folder, once its scan has passed.
func described(folder string) func(context.Context, *Image) (*dagger.Directory, error) {
	return func(ctx context.Context, image *Image) (*dagger.Directory, error) {
		if _, err := image.Scan(ctx); err != nil {
			return nil, fmt.Errorf("%s for %s: %w", image.name(), image.Tools.Platform, err)
		}
		files := []*dagger.File{image.Archive(), image.listed("spdx"), image.listed("cyclonedx")}
		return dag.Directory().WithFiles(folder, files).Sync(ctx)
	}
}
