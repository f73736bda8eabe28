package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"

	"dagger/todo-chatbot/internal/dagger"
)

// registryAccess is how to reach a registry.
type registryAccess struct {
	// at is the host and the path under which the images and the chart are.
	at        string
	username  string
	password  *dagger.Secret
	service   *dagger.Service
	plainHTTP bool
}

// trust is whose signature counts: a key's, or that of an identity that an issuer vouches for.
type trust struct {
	key              *dagger.File
	identity, issuer string
}

// publisher is cosign's image with the module's own program in it, able to reach one registry.
type publisher struct {
	access    registryAccess
	container *dagger.Container
}

// newPublisher checks nothing yet: the first step that talks to the registry does.
func newPublisher(ctx context.Context, pins string, access registryAccess) (*publisher, error) {
	access.at = registry.Place(access.at)
	host, path, _ := strings.Cut(access.at, "/")
	if host == "" || path == "" || strings.Contains(access.at, "://") {
		return nil, fmt.Errorf("registry %q: write a host and a path, e.g. ghcr.io/somebody", access.at)
	}
	password := ""
	if access.password != nil {
		var err error
		if password, err = access.password.Plaintext(ctx); err != nil {
			return nil, errors.New("reading the registry's password: the secret given as --password cannot be read")
		}
	}
	config, err := registry.Config(host, access.username, strings.TrimSpace(password))
	if err != nil {
		return nil, fmt.Errorf("writing the registry's credentials: %w", err)
	}
	plain := "0"
	if access.plainHTTP {
		plain = "1"
	}
	container, err := withTool(from(pins, image.Cosign), registry.ToolName)
	if err != nil {
		return nil, err
	}
	container = container.
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
	if access.service != nil {
		alias, _, _ := strings.Cut(host, ":")
		container = container.WithServiceBinding(alias, access.service)
	}
	return &publisher{access: access, container: container}, nil
}

// repository is where an artifact is, by the last part of its name.
func (p *publisher) repository(name string) string { return p.access.at + "/" + name }

// step runs the module's own program on the registry, with what it needs mounted.
func (p *publisher) step(ctx context.Context, with *dagger.Container, args ...string) (string, error) {
	out, err := with.WithExec(append([]string{toolPath(registry.ToolName)}, args...)).Stdout(ctx)
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
	if p.access.plainHTTP {
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

// oneLine makes one line of what a tool said when it failed: that of cosign that says what it was, or the last.
func oneLine(what string, err error) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		if err != nil && what != "" {
			return fmt.Errorf("%s: %w", what, err)
		}
		return err
	}
	if strings.TrimSpace(failed.Stderr) == "" {
		return explain(what, err)
	}
	lines := strings.Split(strings.TrimSpace(failed.Stderr), "\n")
	said := lines[len(lines)-1]
	for _, line := range lines {
		if after, is := strings.CutPrefix(line, "Error: "); is {
			said = after
			break
		}
	}
	if what == "" {
		return errors.New(said)
	}
	return fmt.Errorf("%s: %s", what, said)
}

// source asks Git what is checked out.
func (m *TodoChatbot) source(ctx context.Context, git *dagger.Directory) (provenance.Source, error) {
	container := withGit(m.Pins, m.Source.WithDirectory(".git", git))
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
