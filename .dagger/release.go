package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/release"

	"dagger/todo-chatbot/internal/dagger"
)

// Release is one release in a cluster of the user's.
type Release struct {
	Deployment deployment // +private
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
	context string, // +optional
	// The release's name.
	name string, // +default="todo-chatbot"
	namespace string, // +default="todo-chatbot"
	// development, staging or production.
	environment string, // +default="development"
	// The origin under which browsers reach the application.
	publicUrl string, // +default="http://localhost:3000"
	// The address of a Postgres that the pods reach. Its scheme names the driver (docs/quickstart.md).
	databaseUrl *dagger.Secret, // +optional
	// Signs sessions: 32 characters or more.
	betterAuthSecret *dagger.Secret, // +optional
	// Without it, in development, a small parser of commands answers.
	openaiApiKey *dagger.Secret, // +optional
	// Give the release a Postgres of its own, for development.
	postgres bool, // +optional
	// Files of values of yours for the chart; of what several say, the last counts. Images, secrets and the address above go before them.
	values []*dagger.File, // +optional
) (*Release, error) {
	c, err := m.Tools.existing(ctx, kubeconfig, cluster, context)
	if err != nil {
		return nil, err
	}
	todo := &release.TodoChatbot{Environment: deploy.Environment(environment), PublicURL: publicUrl, Postgres: postgres}
	d := m.deployment(c, name, namespace, todo)
	d.Values = values
	d.secret("database-url", databaseUrl, &todo.Secrets.DatabaseURL)
	d.secret("better-auth-secret", betterAuthSecret, &todo.Secrets.AuthSecret)
	d.secret("openai-api-key", openaiApiKey, &todo.Secrets.OpenAIKey)
	return &Release{Deployment: *d}, nil
}

// A release on a one-node Kubernetes of its own, which ends with the call.
//
// +cache="session"
func (m *TodoChatbot) EphemeralRelease(
	// The release's name, and its namespace's.
	name string, // +default="todo-chatbot"
) (*Release, error) {
	d, err := m.embedded(nil, "http://localhost:3000")
	if err != nil {
		return nil, err
	}
	d.Request.Release, d.Request.Namespace = name, name
	return &Release{Deployment: *d}, nil
}

// Deliver another application: its chart in place of the todo chatbot's.
//
// Its workloads have to have Helm's recommended labels, and its Helm tests prove the release. It is told nothing but its
// images and --values; no check runs.
//
// +cache="session"
func (r *Release) WithChart(chart *dagger.Directory) (*Release, error) {
	if r.Deployment.Published.Tag != "" {
		return nil, errors.New("with-chart: what with-published names is the todo chatbot's; leave one of them out")
	}
	with := *r
	d := &with.Deployment
	// What the todo chatbot alone is told is told to nobody else.
	d.Chart, d.Parts, d.Secrets, d.Request.TodoChatbot = chart, map[string]*dagger.Container{}, nil, nil
	return &with, nil
}

// Give the chart of with-chart an image.
//
// +cache="session"
func (r *Release) WithImage(
	// The part of the chart's values that names it: NAME.image, or image where the chart has no such part.
	name string,
	image *dagger.Container,
) (*Release, error) {
	if r.Deployment.ofTodoChatbot() {
		return nil, errors.New("with-image: name the chart first: with-chart --chart FOLDER with-image …")
	}
	for other := range r.Deployment.Parts {
		if other != name && strings.EqualFold(other, name) {
			return nil, fmt.Errorf("with-image: %q and %q differ by capitals alone, and their images would have one name", other, name)
		}
	}
	with := *r
	with.Deployment.Parts = maps.Clone(r.Deployment.Parts)
	with.Deployment.Parts[name] = image
	return &with, nil
}

// Let the cluster pull the images from a registry.
//
// They are pushed there by digest, unless with-published names them. Without it they are sent through the API server. What
// pods need to pull them goes into the chart's values, as imagePullSecrets.
//
// +cache="session"
func (r *Release) WithRegistry(
	// A host and a path, e.g. ghcr.io/somebody.
	address string,
	// Who may push there.
	username string, // +optional
	password *dagger.Secret, // +optional
	// The registry has no TLS. For a network that is trusted.
	plainHTTP bool, // +optional
) *Release {
	with := *r
	with.Deployment.Registry = r.Deployment.Pipeline.Registry(address, username, password, nil, plainHTTP)
	return &with
}

// Deploy into a cluster that adds nodes by itself.
//
// Karpenter, GKE Autopilot and cluster-autoscaler add one for a pod that has no room; it pulls the images from the registry of
// with-registry. Whether what is asked for fits the nodes that are there is told then, and decides nothing.
//
// +cache="session"
func (r *Release) WithNodesOnDemand() *Release {
	with := *r
	with.Deployment.Request.NodesOnDemand = true
	return &with
}

// Deploy the images of a published release in place of the checkout's.
//
// They are in the registry of with-registry, which comes before, and are verified first. The chart is the checkout's.
//
// +cache="session"
func (r *Release) WithPublished(
	// The release's tag.
	tag string,
	// The public key that has to have signed.
	key *dagger.File, // +optional
	// In place of a key: the identity that has to have signed, e.g. https://github.com/…/release.yml@refs/tags/v1.
	identity string, // +optional
	// Who vouches for the identity.
	issuer string, // +default="https://token.actions.githubusercontent.com"
	// The repository that they have to be built from, e.g. https://github.com/somebody/todo-chatbot.
	source string, // +optional
) (*Release, error) {
	switch {
	case r.Deployment.Registry == nil:
		return nil, errors.New("with-published: name the registry first: with-registry --address HOST/PATH with-published …")
	case tag == "":
		return nil, errors.New("with-published: name the release with --tag")
	case !r.Deployment.ofTodoChatbot():
		return nil, errors.New("with-published: it takes the todo chatbot's images, which the chart of with-chart has no use for")
	}
	with := *r
	with.Deployment.Published = publication{Tag: tag, Key: key, Identity: identity, Issuer: issuer, Source: source}
	return &with, nil
}

// Deploy the checkout, or what was published, and test it.
//
// Nothing goes to the cluster before the checks passed. A release that does not become ready, or fails its tests, is
// diagnosed, and then the last revision that passed is restored.
//
// +cache="never"
func (r *Release) Deploy(
	ctx context.Context,
	// What plan gave, saved with --output: exactly that is done, or nothing when it would be something else by now.
	plan *dagger.File, // +optional
	// How long each wait may take: for pods, for the tests, and for another run.
	timeout string, // +default="5m"
	// Leave the checks out: tests, lints, types and scans of everything.
	skipChecks bool, // +optional
) (string, error) {
	d := r.Deployment
	d.Plan = plan
	d.Checks = !skipChecks && d.ofCheckout()
	return d.deployWithin(ctx, timeout)
}

// Plan says what deploy would change, object by object and field by field.
//
// It is the server's own dry run, with secrets masked. Saved with --output, it is what deploy takes as its plan.
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
	tail int, // +default=50
	// Go on printing, until interrupted.
	follow bool, // +optional
) (string, error) {
	return r.Deployment.printed(ctx, "logs", "--tail", strconv.Itoa(tail), "--follow="+strconv.FormatBool(follow))
}

// Rollback returns the release to an earlier revision, and tests it.
//
// +cache="never"
func (r *Release) Rollback(
	ctx context.Context,
	// The revision; left out, the last that passed its tests and is not what runs now.
	revision int, // +optional
	// How long each wait may take: for pods, for the tests, and for another run.
	timeout string, // +default="5m"
) (string, error) {
	d := r.Deployment
	return d.changeWithin(ctx, timeout, "rollback", "--revision", strconv.Itoa(revision))
}

// Uninstall removes what is the release's, and nothing else.
//
// +cache="never"
func (r *Release) Uninstall(
	ctx context.Context,
	// Remove the volume of the release's own Postgres too, with everything in it.
	deleteVolumes bool, // +optional
	// How long each wait may take: for what is removed, and for another run.
	timeout string, // +default="5m"
) (string, error) {
	d := r.Deployment
	return d.changeWithin(ctx, timeout, "uninstall", "--delete-volumes="+strconv.FormatBool(deleteVolumes))
}

// Report of a deploy, rollback or uninstall, as a page to look at.
//
// It does what it reports. It is report.html, report.md and report.json. A run that fails has them too: the verb itself is
// the call that fails then.
//
// +cache="never"
func (r *Release) Report(
	ctx context.Context,
	// deploy, rollback or uninstall.
	of string, // +default="deploy"
	// The report.json of the last run; what differs since is told.
	lastReport *dagger.File, // +optional
	// How long each wait may take: for pods, for the tests, and for another run.
	timeout string, // +default="5m"
) (*dagger.Directory, error) {
	d := r.Deployment
	if err := d.within(timeout); err != nil {
		return nil, err
	}
	switch of {
	case "deploy":
		d.Checks = d.ofCheckout()
		run, err := d.deploy(ctx)
		return d.pages(ctx, lastReport, run, err)
	case "rollback", "uninstall":
		run, err := d.change(ctx, of)
		return d.pages(ctx, lastReport, run, err)
	}
	return nil, fmt.Errorf("report: %q is none of deploy, rollback, uninstall", of)
}
