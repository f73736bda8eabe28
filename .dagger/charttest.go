package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"todo-chatbot/ci/chart"

	"dagger/todo-chatbot/internal/dagger"
)

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
	sets, err := c.Source.Glob(ctx, "ci/*.yaml")
	if err != nil {
		return "", explain("reading the chart's values", err)
	}
	if only != "" {
		sets = []string{"ci/" + only + "-values.yaml"}
	}
	d, err := (&TodoChatbot{Source: c.Repository, Pins: c.Pins}).embedded(nil, "http://localhost:3000")
	if err != nil {
		return "", err
	}
	if err := d.prepare(ctx); err != nil {
		return "", err
	}
	images, err := json.Marshal(d.imageValues())
	if err != nil {
		return "", fmt.Errorf("writing the chart's values: %w", err)
	}
	tools := withProgram(withScripts(d.cluster.tools(), "/scripts", chart.Scripts()), d.module.program()).
		WithMountedDirectory(chartPath, c.Source).
		WithNewFile("/run/images.json", string(images)).
		WithEnvVariable("CLASS_COLUMNS", chart.ClassColumns)
	var said strings.Builder
	for _, values := range sets {
		args, with := []string{"/scripts/try.sh", strings.TrimSuffix(path.Base(values), "-values.yaml"), chartPath, chartPath + "/" + values, "/run/images.json"}, tools
		if previous != nil {
			if with, err = c.withPrevious(ctx, tools, previous, values); err != nil {
				return "", err
			}
			args = append(args, "/run/previous.tgz", "/run/known.json")
		}
		tried := with.WithExec(args)
		out, err := tried.Stdout(ctx)
		if err != nil {
			return "", explain(values, err)
		}
		classes, err := tried.File("/tmp/classes").Contents(ctx)
		if err != nil {
			return "", explain(values, err)
		}
		if err := chart.CheckClasses(classes); err != nil {
			return "", fmt.Errorf("%s: %w", values, err)
		}
		said.WriteString(out)
	}
	return said.String() + fmt.Sprintf("%d sets of values hold\n", len(sets)), nil
}

// withPrevious adds a packaged version of the chart, and a set of values as that version can be given it.
func (c *Chart) withPrevious(ctx context.Context, tools *dagger.Container, packaged *dagger.File, set string) (*dagger.Container, error) {
	tools = tools.WithMountedFile("/run/previous.tgz", packaged)
	schema, err := tools.WithExec([]string{"tar", "-xzOf", "/run/previous.tgz", "todo-chatbot/values.schema.json"}).Stdout(ctx)
	if err != nil {
		return nil, explain("reading the schema of the chart before", err)
	}
	values, err := c.Source.File(set).Contents(ctx)
	if err != nil {
		return nil, explain("reading the chart's values", err)
	}
	known, unknown, err := chart.Known([]byte(values), []byte(schema))
	if err != nil {
		return nil, err
	}
	for _, key := range unknown {
		fmt.Printf("%s: %s is new, and the chart before is installed without it\n", set, key)
	}
	return tools.WithNewFile("/run/known.json", string(known)), nil
}
