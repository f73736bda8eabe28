package main

import (
	"context"
	"fmt"
	"strconv"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/plan"

	"dagger/todo-chatbot/internal/dagger"
)

// Plan says what deploy would change in a cluster of yours, object by object and field by field, from the server's own dry
// run. Nothing changes, and secrets are masked. Saved with --output, it is what `deploy --plan` holds itself to.
//
// +cache="never"
func (m *TodoChatbot) Plan(
	ctx context.Context,
	// The cluster's kubeconfig, with everything in it.
	kubeconfig *dagger.Secret,
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service,
	// Postgres, as postgresql+asyncpg://user:password@host:5432/database.
	// +optional
	databaseUrl *dagger.Secret,
	// Signs sessions: 32 characters or more.
	// +optional
	betterAuthSecret *dagger.Secret,
	// Without it, in development, a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
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
	// Values of yours for the chart, as deploy takes them.
	// +optional
	values *dagger.File,
	// The registry that deploy would push to, or take --published from. Nothing is pushed here.
	// +optional
	registry string,
	// Who may read there.
	// +optional
	registryUsername string,
	// +optional
	registryPassword *dagger.Secret,
	// That registry has no TLS. For a network that is trusted.
	// +optional
	registryPlainHTTP bool,
	// The release in that registry whose images deploy would take. They are verified here too, by what follows.
	// +optional
	published string,
	// +optional
	key *dagger.File,
	// +optional
	identity string,
	// +default="https://token.actions.githubusercontent.com"
	issuer string,
	// +optional
	source string,
) (string, error) {
	d, err := m.deployment(ctx, arguments{
		databaseURL: databaseUrl, authSecret: betterAuthSecret, openAIKey: openaiApiKey,
		kubeconfig: kubeconfig, cluster: cluster, context: context, postgres: postgres,
		environment: environment, release: release, namespace: namespace, publicURL: publicUrl, timeout: "5m",
		registry: registry, published: published, trusted: key != nil || identity != "",
	})
	if err != nil {
		return "", err
	}
	access := registryAccess{at: registry, username: registryUsername, password: registryPassword, plainHTTP: registryPlainHTTP}
	if err := d.use(ctx, access, published, trust{key: key, identity: identity, issuer: issuer}, source); err != nil {
		return "", err
	}
	d.extra = values
	images, _, err := d.build(ctx)
	if err != nil {
		return "", err
	}
	before, err := d.history(ctx)
	if err != nil {
		return "", err
	}
	found, err := d.plan(ctx, before.Last, images)
	return found.Text(), err
}

// plan compares what the release is at a revision, 0 for none, with what it would be.
func (d *deployment) plan(ctx context.Context, last int, images placed) (plan.Plan, error) {
	tools, given, err := d.chart(images)
	if err != nil {
		return plan.Plan{}, err
	}
	// The release's own Secret goes by its name alone. Helm writes as "helm" too, so that nothing looks taken
	// over, and adds three marks to every object, which a dry run in its name without them would take away.
	const script = `set -eu
release=$1 namespace=$2 secret=$3 last=$4; shift 4
mkdir /tmp/plan && cd /tmp/plan
version=$(kubectl version --output json | jq --raw-output .serverVersion.gitVersion)
kubectl get namespace kube-system --output jsonpath={.metadata.uid} >cluster
helm template "$release" /chart --namespace "$namespace" --kube-version "$version" --no-hooks "$@" >after
touch before live applied secret
[ "$last" = 0 ] || helm --namespace "$namespace" get manifest "$release" >before
[ -n "$(kubectl get namespace "$namespace" --ignore-not-found --output name)" ] || exit 0
{ cat before; echo ---; cat after; } >both
kubectl --namespace "$namespace" get --filename both --ignore-not-found --output json >live
kubectl --namespace "$namespace" get secret "$secret" --ignore-not-found --output name >secret
kubectl annotate --local --overwrite --filename after --output json "meta.helm.sh/release-name=$release" "meta.helm.sh/release-namespace=$namespace" |
  kubectl label --local --overwrite --filename - --output json app.kubernetes.io/managed-by=Helm >owned
kubectl --namespace "$namespace" apply --filename owned --server-side --force-conflicts --field-manager helm --dry-run=server --output json >applied`
	asked := tools.WithExec(append([]string{"sh", "-c", script, "plan", d.inputs.Release, d.inputs.Namespace,
		deploy.SecretName(d.inputs.Release, d.secrets), strconv.Itoa(last)}, given...)).Directory("/tmp/plan")
	answer := map[string]string{}
	for _, name := range []string{"cluster", "before", "after", "live", "applied", "secret"} {
		if answer[name], err = asked.File(name).Contents(ctx); err != nil {
			return plan.Plan{}, explain("asking the cluster what would change", err)
		}
	}
	from := "a first install"
	if last > 0 {
		from = fmt.Sprintf("from revision %d", last)
	}
	title := fmt.Sprintf("%s in namespace %s of cluster %s (%s), %s", d.inputs.Release, d.inputs.Namespace, answer["cluster"], d.cluster.title, from)
	found, err := plan.New(title, plan.Input{
		Before: answer["before"], After: answer["after"], Live: answer["live"], Applied: answer["applied"], Secrets: d.hidden(),
	})
	if err == nil && answer["secret"] == "" {
		found = found.With(plan.Object{Action: plan.Create, Name: "secret/" + deploy.SecretName(d.inputs.Release, d.secrets)})
	}
	return found, err
}

// asPlanned refuses a deployment that is not what a saved plan says.
func (d *deployment) asPlanned(ctx context.Context, images placed) error {
	if d.saved == nil {
		return nil
	}
	saved, err := d.saved.Contents(ctx)
	if err != nil {
		return fmt.Errorf("reading --plan: %w", err)
	}
	before, err := d.history(ctx)
	if err != nil {
		return err
	}
	now, err := d.plan(ctx, before.Last, images)
	if err != nil {
		return err
	}
	return now.Same(saved)
}
