package main

import (
	"context"
	"errors"
	"fmt"

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

// setsScript does something with every set of values that the chart has.
const setsScript = "/scripts/sets.sh"

// Lint the chart with every set of values.
//
// +check
func (c *Chart) Lint(ctx context.Context) error {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return err
	}
	return passes(ctx, checkout, "chart lint", setsScript, "lint")
}

// Check what the chart renders against Kubernetes' own schemas.
//
// +check
func (c *Chart) Validate(ctx context.Context) error {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return err
	}
	return passes(ctx, checkout.WithMountedDirectory("/schemas", c.Schemas), "chart validation", setsScript, "validate", "/schemas")
}

// Hold what the chart renders against the rules of ci/chart.
//
// With every set of values: the kubelet's classes, probes' budgets, keys and selectors that exist, policies that admit what
// is needed, and what else a schema cannot say.
//
// +check
func (c *Chart) Policy(ctx context.Context) error {
	rendered, err := c.rendered(ctx)
	if err != nil {
		return err
	}
	_, err = rendered.WithExec([]string{programPath, "chart", "policy", ".", renderedPath}).Sync(ctx)
	return programError(err)
}

// What breaks a rule, as findings.txt, findings.json and findings.sarif.
//
// The last is for GitHub's code scanning. Findings are no failure here; policy is the call that fails then.
func (c *Chart) PolicyReport(ctx context.Context) (*dagger.Directory, error) {
	rendered, err := c.rendered(ctx)
	if err != nil {
		return nil, err
	}
	return rendered.
		WithDirectory("/tmp/findings", dag.Directory()).
		WithExec([]string{programPath, "chart", "policy", "--out", "/tmp/findings", ".", renderedPath}).
		Directory("/tmp/findings"), nil
}

// renderedPath is where each set of values has what it renders.
const renderedPath = "/tmp/rendered"

func (c *Chart) rendered(ctx context.Context) (*dagger.Container, error) {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return nil, err
	}
	return checkout.WithExec([]string{setsScript, "render", renderedPath}), nil
}

// Check that the chart's README is what helm-docs makes of its values.
//
// +check
func (c *Chart) Docs(ctx context.Context) error {
	made, err := c.goTools().
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
	checkout, err := c.checkout(ctx)
	if err != nil {
		return err
	}
	helm := checkout.WithExec([]string{"sh", "-c", `cp "$(command -v helm)" /tmp/helm`}).File("/tmp/helm")
	return passes(ctx, c.goTools().WithMountedFile("/src/.bin/helm", helm), "chart unit",
		"go", "test", "-skip", "Helm3", "./ci/chart/...")
}

// Render the chart as Helm would install it in an environment.
//
// Secrets are named, not made: without values that bring or name them, the Secret is called as in the checks.
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
func (c *Chart) Package(ctx context.Context) (*dagger.Directory, error) {
	file, err := c.packaged(ctx)
	if err != nil {
		return nil, err
	}
	name, err := file.Name(ctx)
	if err != nil {
		return nil, explain("packaging the chart", err)
	}
	return dag.Directory().WithFile(name, file), nil
}

func (c *Chart) packaged(ctx context.Context) (*dagger.File, error) {
	checkout, err := c.checkout(ctx)
	if err != nil {
		return nil, err
	}
	made := checkout.WithExec([]string{"helm", "package", ".", "--destination", "/tmp/package"})
	names, err := made.Directory("/tmp/package").Entries(ctx)
	if err != nil {
		return nil, explain("packaging the chart", err)
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("packaging the chart: helm package made %d files and not one: %v", len(names), names)
	}
	return made.WithExec([]string{programPath, "chart", "repack", "/tmp/package/" + names[0], "/tmp/" + names[0]}).File("/tmp/" + names[0]), nil
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
	return withProgram(withScripts(kubeTools(c.Pins), "/scripts", chart.Scripts()), program(c.Pins, c.Repository)).
		WithEnvVariable("KUBERNETES", pins.Kubernetes()).
		WithWorkdir("/chart").
		WithMountedDirectory("/chart", c.Source), nil
}
