package main

import (
	"context"

	"todo-chatbot/ci/chart"

	"dagger/todo-chatbot/internal/dagger"
)

// chartName is the chart's, and its repository's in a registry.
const chartName = "todo-chatbot"

// Chart is the Helm chart in helm/todo-chatbot.
type Chart struct {
	// Pipeline has the chart's own tests, and the application that it installs.
	Pipeline *TodoChatbot      // +private
	Source   *dagger.Directory // +private
}

// setsScript does something with every set of values that the chart has.
const setsScript = "/scripts/sets.sh"

// Lint the chart with every set of values.
//
// +check
func (c *Chart) Lint(ctx context.Context) error {
	return passes(ctx, c.checkout(), "dagger call chart lint", setsScript, "lint")
}

// Check what the chart renders against Kubernetes' own schemas.
//
// +check
func (c *Chart) Validate(ctx context.Context) error {
	checkout := c.checkout().WithMountedDirectory("/schemas", c.Pipeline.Source.Directory("ci/chart/schemas"))
	return passes(ctx, checkout, "dagger call chart validate", setsScript, "validate", "/schemas")
}

// Hold what the chart renders against the rules of ci/chart.
//
// With every set of values, for what a schema cannot say: the kubelet's classes, probes' budgets, selectors, policies.
//
// +check
func (c *Chart) Policy(ctx context.Context) error {
	_, err := program(ctx, c.rendered(), "chart", "policy", ".", renderedPath)
	return named("chart policy", err)
}

// What breaks a rule, as findings.txt, findings.json and findings.sarif.
//
// The last is for GitHub's code scanning. Findings are no failure here: policy is the call that fails.
func (c *Chart) PolicyReport() *dagger.Directory {
	return c.rendered().
		WithDirectory("/tmp/findings", dag.Directory()).
		WithExec([]string{programPath, "chart", "policy", "--out", "/tmp/findings", ".", renderedPath}).
		Directory("/tmp/findings")
}

// rendered has what each set of values renders.
func (c *Chart) rendered() *dagger.Container {
	return c.checkout().WithExec([]string{setsScript, "render", renderedPath})
}

// Test the chart and the rules that it is held against.
//
// The tests with Helm 3, which no pinned image has, are run by hack/test alone.
//
// +check
func (c *Chart) Unit(ctx context.Context) error {
	helm := c.checkout().WithExec([]string{"sh", "-c", `cp "$(command -v helm)" /tmp/helm`}).File("/tmp/helm")
	return passes(ctx, c.golang().WithMountedFile("/src/.bin/helm", helm), "dagger call chart unit",
		"go", "test", "-skip", "Helm3", "./ci/chart/...")
}

// Render the chart as Helm would install it in an environment, without its tests.
//
// Secrets are named, not made: without values that bring or name them, the Secret is called as in the checks. So is the address
// of users outside development: https://todo.example.com.
func (c *Chart) Render(
	// development, staging or production: values-dev.yaml, values-staging.yaml or values-prod.yaml.
	environment string, // +default="development"
	// Files of values of yours, over the environment's; of what several say, the last counts.
	values []*dagger.File, // +optional
) (*dagger.File, error) {
	file, err := chart.ValuesOf(environment)
	if err != nil {
		return nil, err
	}
	container, own := withValues(c.checkout(), values)
	return container.
		WithEnvVariable("SECRET", chart.Placeholder).
		WithExec(append([]string{setsScript, "one", "/tmp/rendered.yaml", file}, own...)).
		File("/tmp/rendered.yaml"), nil
}

// Package the chart as an archive that Helm installs.
//
// It is the same bytes from the same chart, wherever and whenever.
func (c *Chart) Package() *dagger.Directory {
	return c.checkout().
		WithDirectory("/tmp/package", dag.Directory()).
		WithExec([]string{programPath, "chart", "package", ".", "/tmp/package"}).
		Directory("/tmp/package")
}

// Test the chart on a cluster of its own, with each set of values.
//
// It is installed, tested, upgraded so that every pod rolls, and tested again. The namespace enforces Pod Security
// "restricted", and every pod has to be Guaranteed. It fails at the first set that does not hold.
//
// +cache="never"
func (c *Chart) Test(
	ctx context.Context,
	// A packaged version of the chart to upgrade from; left out, it is this one.
	previous *dagger.File, // +optional
	// One set alone: its file's name without -values.yaml, e.g. default.
	only string, // +optional
) (string, error) {
	d, err := c.Pipeline.embedded(nil, "http://localhost:3000")
	if err == nil {
		err = d.prepare(ctx)
	}
	if err != nil {
		return "", err
	}
	container := d.withRequest(d.Cluster.tools())
	args := []string{programPath, "chart", "test", "--request", requestPath, "--only", only}
	if previous != nil {
		container, args = container.WithMountedFile("/run/previous.tgz", previous), append(args, "--previous", "/run/previous.tgz")
	}
	out, err := container.
		WithMountedDirectory(chartPath, c.Source).
		WithExec(append(args, chartPath)).
		Stdout(ctx)
	return out, explain("testing the chart", err)
}

// golang has Go, and the parts of the repository that the chart's tests are made of.
func (c *Chart) golang() *dagger.Container {
	return c.Pipeline.Tools.golang(c.Pipeline.Source.Filter(dagger.DirectoryFilterOpts{
		Include: []string{"go.mod", "go.sum", "ci", "helm", "docs/contracts", "tools/go.mod", "tools/go.sum"},
	}))
}

// checkout is the chart with the tools that read it.
func (c *Chart) checkout() *dagger.Container {
	return c.Pipeline.Tools.kubernetes().
		WithDirectory("/scripts", c.Pipeline.Tools.Scripts.Directory("chart")).
		WithEnvVariable("KUBERNETES", c.Pipeline.Tools.pins().Kubernetes()).
		WithWorkdir("/chart").
		WithMountedDirectory("/chart", c.Source)
}
