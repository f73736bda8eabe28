package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"todo-chatbot/ci/chart"
	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// Test the chart on a cluster of its own: for each set of values under helm/todo-chatbot/ci it is installed, tested, upgraded
// so that every pod rolls, and tested again, in a namespace that enforces Pod Security "restricted"; every pod has to be
// Guaranteed. Fails at the first set that does not hold, with a diagnosis.
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
	sets, err := c.Source.Glob(ctx, "ci/*.yaml")
	if err != nil {
		return "", explain("reading the chart's values", err)
	}
	if only != "" {
		sets = []string{"ci/" + only + "-values.yaml"}
	}
	cluster, err := newEmbedded(c.Pins)
	if err != nil {
		return "", err
	}
	d := newDeployment(&TodoChatbot{Source: c.Repository, Pins: c.Pins}, deploy.Inputs{
		Environment: deploy.Development, Release: "todo-chatbot", Namespace: "todo-chatbot", Timeout: 5 * time.Minute,
	}, cluster)
	d.report.Name = "chart test"
	err = d.try(ctx, sets, previous)
	d.report.Took = report.Duration(time.Since(d.report.Started))
	return d.report.Text(), err
}

// try boots the cluster and takes it through each set of values.
func (d *deployment) try(ctx context.Context, sets []string, previous *dagger.File) error {
	images, _, err := d.prepare(ctx)
	if err != nil {
		return err
	}
	for _, values := range sets {
		if err := d.trial(values, images, previous).run(ctx); err != nil {
			return err
		}
	}
	d.report.Outcome = report.Passed
	return nil
}

// trial is the chart with one set of values, in a namespace of its own.
type trial struct {
	*deployment
	name, values string
	images       placed
	previous     *dagger.File
}

func (d *deployment) trial(values string, images placed, previous *dagger.File) *trial {
	name := strings.TrimSuffix(path.Base(values), "-values.yaml")
	inputs := d.inputs
	inputs.Namespace = "chart-" + name
	return &trial{
		deployment: &deployment{module: d.module, inputs: inputs, cluster: d.cluster, report: d.report},
		name:       name, values: values, images: images, previous: previous,
	}
}

func (t *trial) run(ctx context.Context) error {
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"install", func(ctx context.Context) error { return t.apply(ctx, t.previous, "installed") }},
		{"test", t.test},
		{"upgrade", func(ctx context.Context) error { return t.apply(ctx, nil, "upgraded") }},
		{"test again", t.test},
		{"classes", t.classes},
		{"remove", t.remove},
	} {
		if err := t.step(ctx, t.name+": "+part.name, part.do); err != nil {
			return fmt.Errorf("%s: %s: %w", t.values, part.name, err)
		}
	}
	return nil
}

// apply installs or upgrades the release, from a package or from the checkout, and waits until every pod is that of $mark.
func (t *trial) apply(ctx context.Context, packaged *dagger.File, mark string) error {
	values, err := t.overrides(mark)
	if err != nil {
		return err
	}
	began := time.Now()
	tools := t.cluster.tools().WithMountedDirectory("/chart", t.module.Chart().Source).WithNewFile("/run/values.json", values)
	from, set := "/chart", "/chart/"+t.values
	if packaged != nil {
		from, set = "/run/previous.tgz", "/run/known.json"
		tools = tools.WithMountedFile(from, packaged)
		known, err := t.known(ctx, tools, from)
		if err != nil {
			return err
		}
		tools = tools.WithNewFile(set, known)
	}
	const namespace = `kubectl get namespace "$1" >/dev/null 2>&1 || {
  kubectl create namespace "$1" && kubectl label namespace "$1" pod-security.kubernetes.io/enforce=restricted
}`
	_, err = tools.
		WithExec([]string{"sh", "-c", namespace, "namespace", t.inputs.Namespace}).
		WithExec(t.applied("upgrade", t.inputs.Release, from, "--install", "--values", set, "--values", "/run/values.json")).
		Sync(ctx)
	if err != nil {
		return explain("applying the chart", err)
	}
	return t.roll(ctx, began)
}

// known is the set of values as a packaged version can be given it.
func (t *trial) known(ctx context.Context, tools *dagger.Container, packaged string) (string, error) {
	schema, err := tools.WithExec([]string{"tar", "-xzOf", packaged, "todo-chatbot/values.schema.json"}).Stdout(ctx)
	if err != nil {
		return "", explain("reading the schema of the chart before", err)
	}
	values, err := t.module.Chart().Source.File(t.values).Contents(ctx)
	if err != nil {
		return "", explain("reading the chart's values", err)
	}
	known, unknown, err := chart.Known([]byte(values), []byte(schema))
	if err != nil {
		return "", err
	}
	for _, key := range unknown {
		fmt.Printf("%s: %s is new, and the chart before is installed without it\n", t.values, key)
	}
	return string(known), nil
}

// overrides are the images that the cluster has, and an annotation that makes every pod of a component roll when it changes.
func (t *trial) overrides(mark string) (string, error) {
	component := func(image string) map[string]any {
		return map[string]any{"image": pinned(image), "podAnnotations": map[string]string{"chart-test": mark}}
	}
	raw, err := json.Marshal(map[string]any{
		"backend": component(t.images.backend), "frontend": component(t.images.frontend),
		"postgres": map[string]any{"image": pinned(t.images.postgres)},
	})
	if err != nil {
		return "", fmt.Errorf("writing the chart's values: %w", err)
	}
	return string(raw), nil
}

// test runs the chart's own tests, and tells what their pods said when they fail.
func (t *trial) test(ctx context.Context) error {
	_, failed := t.cluster.tools().WithExec(t.helm("test", t.inputs.Release, "--timeout", "3m")).Sync(ctx)
	if failed == nil {
		return nil
	}
	said, err := t.cluster.ask(ctx, t.kubectl("logs", "--selector", "app.kubernetes.io/component=test", "--prefix", "--tail", "20")...)
	return errors.Join(explain("helm test", failed), explain("reading what the tests said", err), errors.New(said))
}

// classes asks for every pod's class of service, those of the tests among them.
func (t *trial) classes(ctx context.Context) error {
	listing, err := t.cluster.ask(ctx, t.kubectl("get", "pods", "--output", chart.ClassColumns, "--no-headers")...)
	if err != nil {
		return explain("asking for the pods' classes", err)
	}
	fmt.Print(listing)
	return chart.CheckClasses(listing)
}

// remove leaves the cluster to the next set.
func (t *trial) remove(ctx context.Context) error {
	_, err := t.cluster.tools().
		WithExec(t.helm("uninstall", t.inputs.Release, "--wait", "--timeout", "3m")).
		WithExec([]string{"kubectl", "delete", "namespace", t.inputs.Namespace, "--timeout", "3m"}).
		Sync(ctx)
	return explain("removing the release", err)
}
