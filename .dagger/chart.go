package main

import (
	"context"
	"fmt"
	"os"
	"path"

	"todo-chatbot/ci/chart"
	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// chartName is the chart's, and its repository's in a registry.
const chartName = "todo-chatbot"

// Chart is the Helm chart in helm/todo-chatbot.
type Chart struct {
	// +private
	Source *dagger.Directory
	// +private
	Schemas *dagger.Directory
	// Repository is the whole checkout: the chart's own tests, and the application that it installs, are elsewhere in it.
	//
	// +private
	Repository *dagger.Directory
	// +private
	Pins string
}

// eachValues runs a command for every set of values that the chart has. $given are the arguments: a set that brings no
// secrets wants the name of a Secret.
func eachValues(command string) string {
	return `set -eu
for values in ci/*.yaml examples/*.yaml values-*.yaml; do
  echo "$values"
  given="--values $values"
  grep -qE '^(secrets|existingSecret):' "$values" || given="$given --set existingSecret=named"
` + command + `
done`
}

// Lint the chart with every set of values under ci/.
//
// +check
func (c *Chart) Lint(ctx context.Context) error {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return err
	}
	return passes(ctx, checkout, "chart lint", "sh", "-c",
		eachValues(`  helm lint --strict --quiet . --kube-version "$KUBERNETES" $given`))
}

// Check what the chart renders against Kubernetes' own schemas.
//
// +check
func (c *Chart) Validate(ctx context.Context) error {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return err
	}
	return passes(ctx, checkout.WithMountedDirectory("/schemas", c.Schemas), "chart validation", "sh", "-c",
		eachValues(`  for schemas in /schemas/v*; do
    helm template todo-chatbot . --namespace todo-chatbot --kube-version "${schemas##*/}" $given >/tmp/rendered.yaml
    kubeconform -strict -summary -schema-location "$schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" \
      -schema-location "/schemas/crds/{{ .ResourceKind }}{{ .KindSuffix }}.json" /tmp/rendered.yaml
  done`))
}

// Check that the chart's README is what helm-docs makes of its values.
//
// +check
func (c *Chart) Docs(ctx context.Context) error {
	const script = `set -eu
cp helm/todo-chatbot/README.md /tmp/README.md
go tool -modfile=tools/go.mod helm-docs --chart-search-root helm/todo-chatbot --sort-values-order file --log-level warning
diff -u /tmp/README.md helm/todo-chatbot/README.md || { echo "README.md is not what its values say; run: hack/test chart"; exit 1; }`
	return passes(ctx, c.goTools(), "chart docs", "sh", "-c", script)
}

// Test the chart and the rules that it is held against: what is rendered with which values, and what is refused. Those with
// Helm 3, which no pinned image has, are run by hack/test alone.
//
// +check
func (c *Chart) Unit(ctx context.Context) error {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return err
	}
	helm := checkout.WithExec([]string{"sh", "-c", `cp "$(command -v helm)" /tmp/helm`}).File("/tmp/helm")
	return passes(ctx, c.goTools().WithMountedFile("/src/.bin/helm", helm), "chart unit",
		"go", "test", "-skip", "Helm3", "./ci/chart/...")
}

// Render the chart as Helm would install it in an environment. Secrets are named, not made: without values that bring or
// name them, the Secret is called as in the checks.
func (c *Chart) Render(
	ctx context.Context,
	// development, staging or production: values-dev.yaml, values-staging.yaml or values-prod.yaml.
	// +default="development"
	environment string,
	// Values of yours, over the environment's.
	// +optional
	values *dagger.File,
) (*dagger.File, error) {
	file, err := chart.ValuesOf(environment)
	if err != nil {
		return nil, err
	}
	container, err := c.checkout(ctx)
	if err != nil {
		return nil, err
	}
	container = container.WithNewFile("/run/values.yaml", "{}\n")
	if values != nil {
		container = container.WithMountedFile("/run/values.yaml", values)
	}
	const script = `set -eu
given="--values $1 --values /run/values.yaml"
grep -qE '^(secrets|existingSecret):' /run/values.yaml || given="$given --set existingSecret=` + chart.Placeholder + `"
# Into a file at once: what is rendered may hold secrets, and a log is not the place for them.
exec helm template todo-chatbot . --namespace todo-chatbot --kube-version "$KUBERNETES" $given >/tmp/rendered.yaml`
	return container.
		WithExec([]string{"sh", "-c", script, "render", file}).
		File("/tmp/rendered.yaml"), nil
}

// Package the chart as an archive that Helm installs: the same bytes from the same chart, wherever and whenever.
func (c *Chart) Package(ctx context.Context) (*dagger.Directory, error) {
	local, err := c.packaged(ctx)
	if err != nil {
		return nil, err
	}
	return dag.Directory().WithFile(path.Base(local), dag.CurrentModule().WorkdirFile(local)), nil
}

// packaged is the path of the package in the working directory.
func (c *Chart) packaged(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp(".", "chart-")
	if err != nil {
		return "", fmt.Errorf("packaging the chart: %w", err)
	}
	checkout, err := c.checkout(ctx)
	if err != nil {
		return "", err
	}
	made := checkout.
		WithExec([]string{"helm", "package", ".", "--destination", "/tmp/package"}).
		Directory("/tmp/package")
	names, err := made.Entries(ctx)
	if err != nil {
		return "", explain("packaging the chart", err)
	}
	if len(names) != 1 {
		return "", fmt.Errorf("packaging the chart: helm package made %d files and not one: %v", len(names), names)
	}
	clocked := path.Join(dir, "helm.tgz")
	if _, err := made.File(names[0]).Export(ctx, clocked); err != nil {
		return "", explain("packaging the chart", err)
	}
	local := path.Join(dir, names[0])
	return local, chart.RepackFile(clocked, local)
}

// goTools has Go, and the parts of the repository that the chart's tests are made of.
func (c *Chart) goTools() *dagger.Container {
	return goTools(c.Pins, c.Repository.Filter(dagger.DirectoryFilterOpts{
		Include: []string{"go.mod", "go.sum", "ci", "helm", "tools/go.mod", "tools/go.sum"},
	}))
}

// checkout is the chart with the tools that read it.
func (c *Chart) checkout(ctx context.Context) (*dagger.Container, error) {
	if err := supportedHelm(ctx, c.Pins); err != nil {
		return nil, err
	}
	pins, err := image.ParsePins([]byte(c.Pins))
	if err != nil {
		return nil, err
	}
	return kubeTools(c.Pins).
		WithEnvVariable("KUBERNETES", pins.Kubernetes()).
		WithWorkdir("/chart").
		WithMountedDirectory("/chart", c.Source), nil
}
