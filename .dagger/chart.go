package main

import (
	"context"
	"errors"

	"todo-chatbot/ci/chart"

	"dagger/todo-chatbot/internal/dagger"
)

// chartName is the chart's, and its repository's in a registry.
const chartName = "todo-chatbot"

// Chart is the Helm chart in helm/todo-chatbot.
type Chart struct {
	// Pipeline has the chart's own tests, and the application that it installs.
	//
	// +private
	Pipeline *TodoChatbot
	// +private
	Source *dagger.Directory
}

// setsScript does something with every set of values that the chart has.
const setsScript = "/scripts/sets.sh"

// Lint the chart with every set of values.
//
// +check
func (c *Chart) Lint(ctx context.Context) error {
	return passes(ctx, c.checkout(), "chart lint", setsScript, "lint")
}

// Check what the chart renders against Kubernetes' own schemas.
//
// +check
func (c *Chart) Validate(ctx context.Context) error {
	checkout := c.checkout().WithMountedDirectory("/schemas", c.Pipeline.Source.Directory("ci/chart/schemas"))
	return passes(ctx, checkout, "chart validation", setsScript, "validate", "/schemas")
}

// Hold what the chart renders against the rules of ci/chart.
//
// With every set of values: the kubelet's classes, probes' budgets, keys and selectors that exist, policies that admit what
// is needed, and what else a schema cannot say.
//
// +check
func (c *Chart) Policy(ctx context.Context) error {
	_, err := c.rendered().WithExec([]string{programPath, "chart", "policy", ".", renderedPath}).Sync(ctx)
	return programError(err)
}

// What breaks a rule, as findings.txt, findings.json and findings.sarif.
//
// The last is for GitHub's code scanning. Findings are no failure here; policy is the call that fails then.
func (c *Chart) PolicyReport() *dagger.Directory {
	return c.rendered().
		WithDirectory("/tmp/findings", dag.Directory()).
		WithExec([]string{programPath, "chart", "policy", "--out", "/tmp/findings", ".", renderedPath}).
		Directory("/tmp/findings")
}

// renderedPath is where each set of values has what it renders.
const renderedPath = "/tmp/rendered"

func (c *Chart) rendered() *dagger.Container {
	return c.checkout().WithExec([]string{setsScript, "render", renderedPath})
}

// Check that the chart's README is what helm-docs makes of its values.
//
// +check
func (c *Chart) Docs(ctx context.Context) error {
	made, err := c.golang().
		WithExec([]string{"go", "tool", "-modfile=tools/go.mod", "helm-docs", "--chart-search-root", "helm/todo-chatbot",
			"--sort-values-order", "file", "--log-level", "warning"}).
		File("helm/todo-chatbot/README.md").
		Contents(ctx)
	if err != nil {
		return explain("chart docs", err)
	}
	has, err := c.Source.File("README.md").Contents(ctx)
	if err == nil && has != made {
		err = errors.New("the chart's README.md is not what its values say; run: hack/test chart")
	}
	return err
}

// Test the chart and the rules that it is held against.
//
// What is rendered with which values, and what is refused. The tests with Helm 3, which no pinned image has, are run by
// hack/test alone.
//
// +check
func (c *Chart) Unit(ctx context.Context) error {
	helm := c.checkout().WithExec([]string{"sh", "-c", `cp "$(command -v helm)" /tmp/helm`}).File("/tmp/helm")
	return passes(ctx, c.golang().WithMountedFile("/src/.bin/helm", helm), "chart unit",
		"go", "test", "-skip", "Helm3", "./ci/chart/...")
}

// Render the chart as Helm would install it in an environment.
//
// Secrets are named, not made: without values that bring or name them, the Secret is called as in the checks.
func (c *Chart) Render(
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
	container := c.checkout()
	given := []string{file}
	if values != nil {
		container = container.WithMountedFile("/run/values.yaml", values)
		given = append(given, "/run/values.yaml")
	}
	return container.
		WithEnvVariable("SECRET", chart.Placeholder).
		WithExec(append([]string{setsScript, "one", "/tmp/rendered.yaml"}, given...)).
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
// It is installed, tested, upgraded so that every pod rolls, and tested again, in a namespace that enforces Pod Security
// "restricted"; every pod has to be Guaranteed. It fails at the first set that does not hold, and shows what the namespace had.
//
// +cache="never"
func (c *Chart) Test(
	ctx context.Context,
	// A packaged version of the chart to upgrade from; left out, it is this one.
	// +optional
	previous *dagger.File,
	// One set alone: its file's name without -values.yaml, e.g. default.
	// +optional
	only string,
) (string, error) {
	d, err := c.Pipeline.embedded(nil, "http://localhost:3000")
	if err != nil {
		return "", err
	}
	if err := d.prepare(ctx); err != nil {
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
		Include: []string{"go.mod", "go.sum", "ci", "helm", "tools/go.mod", "tools/go.sum"},
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
