package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"todo-chatbot/ci/chart"

	"dagger/todo-chatbot/internal/dagger"
)

// Hold what the chart renders against the rules of ci/chart.
//
// With every set of values: the kubelet's classes, probes' budgets, keys and selectors that exist, policies that admit what
// is needed, and what else a schema cannot say.
//
// +check
func (c *Chart) Policy(ctx context.Context) error {
	findings, err := c.findings(ctx)
	if err != nil {
		return err
	}
	fmt.Print(chart.Text(findings))
	if len(findings) > 0 {
		return fmt.Errorf("the chart breaks rules in %d places:\n%s", len(findings), chart.Text(findings))
	}
	return nil
}

// What breaks a rule, as findings.txt, findings.json and findings.sarif.
//
// The last is for GitHub's code scanning. Findings are no failure here; policy is the call that fails then.
func (c *Chart) PolicyReport(ctx context.Context) (*dagger.Directory, error) {
	findings, err := c.findings(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(findings, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the findings: %w", err)
	}
	sarif, err := chart.Sarif("", "helm", findings)
	if err != nil {
		return nil, err
	}
	return dag.Directory().
		WithNewFile("findings.txt", chart.Text(findings)).
		WithNewFile("findings.json", string(raw)+"\n").
		WithNewFile("findings.sarif", string(sarif)+"\n"), nil
}

func (c *Chart) findings(ctx context.Context) ([]chart.Finding, error) {
	const out = "/tmp/rendered"
	checkout, err := c.checkout(ctx)
	if err != nil {
		return nil, err
	}
	rendered := checkout.
		WithExec([]string{setsScript, "render", out}).
		Directory(out)
	names, err := rendered.Glob(ctx, "**/*.yaml")
	if err != nil {
		return nil, explain("rendering the chart", err)
	}
	var sets []chart.Rendered
	for _, name := range names {
		values, valuesErr := c.Source.File(name).Contents(ctx)
		manifests, manifestsErr := rendered.File(name).Contents(ctx)
		if err := errors.Join(valuesErr, manifestsErr); err != nil {
			return nil, explain("rendering the chart", err)
		}
		sets = append(sets, chart.Rendered{Values: name, Content: []byte(values), Manifests: []byte(manifests)})
	}
	return chart.Hold(sets)
}
