package main

import (
	"context"

	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// Chart is the Helm chart in helm/todo-chatbot.
type Chart struct {
	// +private
	Source *dagger.Directory
	// +private
	Schemas *dagger.Directory
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
	return passes(ctx, c.checkout(), "chart lint", "sh", "-c",
		eachValues(`  helm lint --strict --quiet . --kube-version v1.34.4 $given`))
}

// Check what the chart renders against Kubernetes' own schemas.
//
// +check
func (c *Chart) Validate(ctx context.Context) error {
	return passes(ctx, c.checkout().WithMountedDirectory("/schemas", c.Schemas), "chart validation", "sh", "-c",
		eachValues(`  for schemas in /schemas/v*; do
    helm template todo-chatbot . --namespace todo-chatbot --kube-version "${schemas##*/}" $given >/tmp/rendered.yaml
    kubeconform -strict -summary -schema-location "$schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" \
      -schema-location "/schemas/crds/{{ .ResourceKind }}{{ .KindSuffix }}.json" /tmp/rendered.yaml
  done`))
}

// Render the chart as Helm would install it.
func (c *Chart) Render(
	// A set of values: the name of a file under helm/todo-chatbot/ci, without its ending.
	// +default="dev-values"
	values string,
) *dagger.File {
	return c.checkout().
		WithExec([]string{"helm", "template", "todo-chatbot", ".", "--namespace", "todo-chatbot", "--values", "ci/" + values + ".yaml"},
			dagger.ContainerWithExecOpts{RedirectStdout: "/tmp/rendered.yaml"}).
		File("/tmp/rendered.yaml")
}

// Package the chart as an archive that Helm installs.
func (c *Chart) Package() *dagger.Directory {
	return c.checkout().
		WithExec([]string{"helm", "package", ".", "--destination", "/tmp/package"}).
		Directory("/tmp/package")
}

func (c *Chart) checkout() *dagger.Container {
	return from(c.Pins, image.KubeTools).
		WithWorkdir("/chart").
		WithMountedDirectory("/chart", c.Source)
}
