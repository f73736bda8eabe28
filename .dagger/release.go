package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/release"

	"dagger/todo-chatbot/internal/dagger"
)

// Release is one release in a cluster of the user's.
type Release struct {
	// +private
	Deployment deployment
}

// A release in a cluster of yours: deploy it, look after it, remove it.
//
// The cluster is reached through the one service that is given, and nothing else.
//
// +cache="session"
func (m *TodoChatbot) Release(
	ctx context.Context,
	// The cluster's kubeconfig, whole: kubectl config view --raw --flatten --minify.
	kubeconfig *dagger.Secret,
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service,
	// The kubeconfig's context, when it has several.
	// +optional
	context string,
	// The release's name.
	// +default="todo-chatbot"
	name string,
	// +default="todo-chatbot"
	namespace string,
	// development, staging or production.
	// +default="development"
	environment string,
	// The origin under which browsers reach the application.
	// +default="http://localhost:3000"
	publicUrl string,
	// The address of a Postgres that the pods reach. Its scheme names the driver (docs/quickstart.md).
	// +optional
	databaseUrl *dagger.Secret,
	// Signs sessions: 32 characters or more.
	// +optional
	betterAuthSecret *dagger.Secret,
	// Without it, in development, a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
	// Give the release a Postgres of its own, for development.
	// +optional
	postgres bool,
	// Values of yours for the chart. Images, secrets and the address above go before them.
	// +optional
	values *dagger.File,
) (*Release, error) {
	c, err := m.Tools.existing(ctx, kubeconfig, cluster, context)
	if err != nil {
		return nil, err
	}
	d := deployment{Pipeline: m, Cluster: c, Values: values, Request: release.Request{
		Target:      release.Target{Release: name, Namespace: namespace, Cluster: c.Title},
		Environment: deploy.Environment(environment), PublicURL: publicUrl, Postgres: postgres,
	}}
	d.secret("database-url", databaseUrl, &d.Request.Secrets.DatabaseURL)
	d.secret("better-auth-secret", betterAuthSecret, &d.Request.Secrets.AuthSecret)
	d.secret("openai-api-key", openaiApiKey, &d.Request.Secrets.OpenAIKey)
	return &Release{Deployment: d}, d.timeout(defaultTimeout)
}

// Let the cluster pull the images from a registry.
//
// They are pushed there by digest, unless with-published names them. Without a registry they are sent through the API server.
// What the pods need to pull them goes into the chart's values, as imagePullSecrets.
func (r *Release) WithRegistry(
	// A host and a path, e.g. ghcr.io/somebody.
	address string,
	// Who may push there.
	// +optional
	username string,
	// +optional
	password *dagger.Secret,
	// The registry has no TLS. For a network that is trusted.
	// +optional
	plainHTTP bool,
) *Release {
	with := *r
	with.Deployment.Registry = r.Deployment.Pipeline.Registry(address, username, password, nil, plainHTTP)
	return &with
}

// Deploy the images of a published release in place of the checkout's.
//
// They are in the registry of with-registry, which comes before. Their signatures and provenance are verified before anything
// else. The chart is the checkout's.
func (r *Release) WithPublished(
	// The release's tag.
	tag string,
	// The public key that has to have signed.
	// +optional
	key *dagger.File,
	// In place of a key: the identity that has to have signed, e.g. https://github.com/…/pipeline.yml@refs/tags/v1.
	// +optional
	identity string,
	// Who vouches for the identity.
	// +default="https://token.actions.githubusercontent.com"
	issuer string,
	// The repository that they have to be built from, e.g. https://github.com/somebody/todo-chatbot.
	// +optional
	source string,
) (*Release, error) {
	switch {
	case r.Deployment.Registry == nil:
		return nil, errors.New("with-published: name the registry first: with-registry --address HOST/PATH with-published …")
	case tag == "":
		return nil, errors.New("with-published: name the release with --tag")
	case key == nil && identity == "":
		return nil, errors.New("with-published: say whose signature counts: --key cosign.pub, or --identity with the workflow's address")
	}
	with := *r
	with.Deployment.Published = tag
	with.Deployment.Trusted = trust{Key: key, Identity: identity, Issuer: issuer, Source: source}
	return &with, nil
}

// Deploy the checkout, or what was published, and test it.
//
// Inputs are refused before anything is built, and nothing goes to the cluster before the checks passed. A release that does
// not become ready, or fails its tests, is diagnosed, and then the last revision that passed is restored.
//
// +cache="never"
func (r *Release) Deploy(
	ctx context.Context,
	// What plan gave, saved with --output: exactly that is done, or nothing when it would be something else by now.
	// +optional
	plan *dagger.File,
	// How long each wait may take: for pods, and for another run.
	// +default="5m"
	timeout string,
	// Leave the checks out: tests, lints, types and scans of everything.
	// +optional
	skipChecks bool,
) (string, error) {
	d := r.Deployment
	d.Plan = plan
	// The checks are of the checkout, and what was published is not made from it.
	d.Checks = !skipChecks && d.Published == ""
	if err := d.timeout(timeout); err != nil {
		return "", err
	}
	run, err := d.deploy(ctx)
	return run.Text(), err
}

// Plan says what deploy would change, object by object and field by field.
//
// It is the server's own dry run. Nothing changes, and secrets are masked. Saved with --output, it is what deploy takes as
// its plan.
//
// +cache="never"
func (r *Release) Plan(ctx context.Context) (string, error) {
	d := r.Deployment
	if err := d.validate(ctx); err != nil {
		return "", err
	}
	if err := d.build(ctx); err != nil {
		return "", err
	}
	return d.run(ctx, d.engine(), "plan")
}

// Status of the release: its revisions, its pods and what they run.
//
// +cache="never"
func (r *Release) Status(ctx context.Context) (string, error) {
	return r.Deployment.printed(ctx, "status")
}

// Logs of the release's pods.
//
// +cache="never"
func (r *Release) Logs(
	ctx context.Context,
	// How many of the last lines of each container.
	// +default=50
	tail int,
	// Go on printing, until interrupted.
	// +optional
	follow bool,
) (string, error) {
	return r.Deployment.printed(ctx, "logs", "--tail", strconv.Itoa(tail), "--follow="+strconv.FormatBool(follow))
}

// Rollback returns the release to an earlier revision, and tests it.
//
// +cache="never"
func (r *Release) Rollback(
	ctx context.Context,
	// The revision; left out, the last that passed its tests and is not what runs now.
	// +optional
	revision int,
) (string, error) {
	run, err := r.Deployment.change(ctx, "rollback", "--revision", strconv.Itoa(revision))
	return run.Text(), err
}

// Uninstall removes what is the release's, and nothing else.
//
// +cache="never"
func (r *Release) Uninstall(
	ctx context.Context,
	// Remove the volume of the release's own Postgres too, with everything in it.
	// +optional
	deleteVolumes bool,
) (string, error) {
	run, err := r.Deployment.change(ctx, "uninstall", "--delete-volumes="+strconv.FormatBool(deleteVolumes))
	return run.Text(), err
}

// Report of a deploy, rollback or uninstall, as a page to look at.
//
// It does what it reports: report.html, and the same as report.md and report.json. A run that fails has a page too, which
// says so; the verb itself is the call that fails then.
//
// +cache="never"
func (r *Release) Report(
	ctx context.Context,
	// deploy, rollback or uninstall.
	// +default="deploy"
	of string,
) (*dagger.Directory, error) {
	d := r.Deployment
	switch of {
	case "deploy":
		d.Checks = d.Published == ""
		return pages(d.deploy(ctx))
	case "rollback", "uninstall":
		return pages(d.change(ctx, of))
	}
	return nil, fmt.Errorf("report: %q is none of deploy, rollback, uninstall", of)
}
