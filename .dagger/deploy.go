package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/registry"

	"dagger/todo-chatbot/internal/dagger"
)

// Deploy takes the checkout to a proven release and says what runs where.
//
// With no argument it starts a one-node Kubernetes of its own, which ends with the call. With --kubeconfig and
// --cluster it deploys into a cluster of yours, reached through that one service alone.
//
// Inputs are refused before anything is built. A release that does not become ready, or fails its proof, is diagnosed,
// taken back and reported as a failure.
//
// +cache="never"
func (m *TodoChatbot) Deploy(
	ctx context.Context,
	// Postgres, as postgresql+asyncpg://user:password@host:5432/database. Left out, an embedded cluster gets its own.
	// +optional
	databaseUrl *dagger.Secret,
	// Signs sessions: 32 characters or more. Left out, an embedded cluster gets a new one.
	// +optional
	betterAuthSecret *dagger.Secret,
	// Without it, in development, a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
	// A cluster of yours: its kubeconfig, with everything in it (kubectl config view --raw --flatten --minify).
	// +optional
	kubeconfig *dagger.Secret,
	// The way to that cluster's API server: tcp://localhost:PORT.
	// +optional
	cluster *dagger.Service,
	// The kubeconfig's context, when it has several.
	// +optional
	context string,
	// Give the release a Postgres of its own in that cluster, for development.
	// +optional
	postgres bool,
	// development, staging or production.
	// +default="development"
	environment string,
	// +default="todo-chatbot"
	release string,
	// +default="todo-chatbot"
	namespace string,
	// The origin under which browsers reach the application.
	// +default="http://localhost:3000"
	publicUrl string,
	// Values of yours for the chart, as `helm --values` takes them. Images, secrets and the address above go before them.
	// +optional
	values *dagger.File,
	// What `dagger call --output FILE plan` saved: exactly that is done, or nothing when it would be something else by now.
	// +optional
	plan *dagger.File,
	// Let the cluster pull the images from a registry: a host and a path, e.g. ghcr.io/somebody. They are pushed there by
	// digest, unless --published names them. Left out, they are sent through the API server. What the pods need to pull them goes into --values, as
	// imagePullSecrets.
	// +optional
	registry string,
	// Who may push there.
	// +optional
	registryUsername string,
	// +optional
	registryPassword *dagger.Secret,
	// That registry has no TLS. For a network that is trusted.
	// +optional
	registryPlainHTTP bool,
	// Deploy the images of this release, which "publish" put into --registry, in place of the checkout's. Their signatures
	// and provenance are verified before anything else; --key or --identity says whose count. The chart is the checkout's.
	// +optional
	published string,
	// The public key that has to have signed them.
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
	// How long the roll may take.
	// +default="5m"
	timeout string,
	// Leave the checks out: tests, lints and types of everything.
	// +optional
	skipChecks bool,
) (string, error) {
	d, err := m.deployment(ctx, arguments{
		databaseURL: databaseUrl, authSecret: betterAuthSecret, openAIKey: openaiApiKey,
		kubeconfig: kubeconfig, cluster: cluster, context: context, postgres: postgres,
		environment: environment, release: release, namespace: namespace, publicURL: publicUrl, timeout: timeout,
		registry: registry, published: published, trusted: key != nil || identity != "",
	})
	if err != nil {
		return "", err
	}
	access := registryAccess{at: registry, username: registryUsername, password: registryPassword, plainHTTP: registryPlainHTTP}
	if err := d.use(ctx, access, published, trust{key: key, identity: identity, issuer: issuer}, source); err != nil {
		return "", err
	}
	// The checks are of the checkout, and what was published is not made from it.
	d.checks, d.extra, d.saved = !skipChecks && d.published == nil, values, plan
	err = d.run(ctx)
	return d.report.Text(), err
}

// Serve the application on port 3000, on a cluster of its own, until interrupted: `dagger up`, or
// `dagger call serve up --ports 3000:3000`.
//
// `dagger up` asks for the service twice, once to compare its ports with others': a session has one cluster.
//
// +up
// +cache="session"
func (m *TodoChatbot) Serve(
	ctx context.Context,
	// Without it a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
	// The origin under which browsers reach the application.
	// +default="http://localhost:3000"
	publicUrl string,
) (*dagger.Service, error) {
	d, err := m.deployment(ctx, arguments{
		openAIKey: openaiApiKey, environment: string(deploy.Development),
		release: "todo-chatbot", namespace: "todo-chatbot", publicURL: publicUrl, timeout: "5m",
	})
	if err != nil {
		return nil, err
	}
	if err := d.run(ctx); err != nil {
		return nil, err
	}
	return d.forward(), nil
}

// Report runs the pipeline on a cluster of its own and gives the run as a page to look at: report.html, and the same as
// report.md and report.json. A run that fails has a page too, which says so; deploy is the call that fails then.
//
// +cache="never"
func (m *TodoChatbot) Report(ctx context.Context) (*dagger.Directory, error) {
	d, err := m.deployment(ctx, arguments{
		environment: string(deploy.Development),
		release:     "todo-chatbot", namespace: "todo-chatbot", publicURL: "http://localhost:3000", timeout: "5m",
	})
	if err != nil {
		return nil, err
	}
	d.checks = true
	if err := d.run(ctx); err != nil {
		fmt.Println(err)
	}
	page, err := d.report.HTML()
	if err != nil {
		return nil, err
	}
	raw, err := d.report.JSON()
	if err != nil {
		return nil, err
	}
	return dag.Directory().
		WithNewFile("report.html", page).
		WithNewFile("report.md", d.report.Markdown()).
		WithNewFile("report.json", string(raw)), nil
}

// arguments is what a caller gave, before anything is checked.
type arguments struct {
	databaseURL, authSecret, openAIKey, kubeconfig *dagger.Secret
	cluster                                        *dagger.Service
	context                                        string
	postgres                                       bool
	environment, release, namespace                string
	publicURL, timeout, registry, published        string
	// trusted says that somebody's signature counts for what was published.
	trusted bool
}

// deployment checks everything that was given, all at once, and describes the deployment. Nothing is built or started.
func (m *TodoChatbot) deployment(ctx context.Context, a arguments) (*deployment, error) {
	timeout, err := time.ParseDuration(a.timeout)
	var malformed error
	if err != nil {
		malformed = fmt.Errorf("timeout: %q is no duration; write one as 5m or 90s", a.timeout)
		timeout = time.Minute // whatever it was, the other inputs are checked as well
	}
	inputs := deploy.Inputs{
		Environment: deploy.Environment(a.environment), Release: a.release, Namespace: a.namespace,
		PublicURL: a.publicURL, Postgres: a.postgres, Timeout: timeout, Registry: registry.Place(a.registry),
		Published: a.published, Trusted: a.trusted,
		HasKubeconfig: a.kubeconfig != nil, HasCluster: a.cluster != nil,
	}
	for _, secret := range []struct {
		from *dagger.Secret
		to   *string
	}{{a.databaseURL, &inputs.DatabaseURL}, {a.authSecret, &inputs.AuthSecret}, {a.openAIKey, &inputs.OpenAIKey}} {
		if secret.from == nil {
			continue
		}
		value, err := secret.from.Plaintext(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading a secret that was given: %w", err)
		}
		*secret.to = deploy.Given(value)
	}
	if err := errors.Join(inputs.Validate(), malformed); err != nil {
		return nil, err
	}
	var c *cluster
	if inputs.Embedded() {
		c, err = newEmbedded(m.Pins)
	} else {
		c, err = newExisting(ctx, m.Pins, a.kubeconfig, a.cluster, a.context)
	}
	if err != nil {
		return nil, err
	}
	return newDeployment(m, inputs, c), nil
}
