package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"todo-chatbot/ci/chart"
)

const chartUsage = `holds the rendered chart against the rules of ci/chart

  todo-chatbot chart policy [--sarif FILE] CHART RENDERED

CHART is the chart's folder. RENDERED has, for each set of values that is to be checked, what "helm template" printed with it,
under the name that the set has in CHART. It prints what breaks a rule and fails when something does.`

// chartCommand is "chart policy".
func chartCommand(args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "policy" {
		return usageError{chartUsage}
	}
	flags := flag.NewFlagSet("policy", flag.ContinueOnError)
	sarif := flags.String("sarif", "", "write the findings there as SARIF, for GitHub's code scanning")
	if err := parse(flags, args[1:], chartUsage); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return usageError{chartUsage}
	}
	sets, err := renderedSets(flags.Arg(0), flags.Arg(1))
	if err != nil {
		return err
	}
	findings, err := chart.Hold(sets)
	if err != nil {
		return err
	}
	fmt.Fprint(out, chart.Text(findings))
	if *sarif != "" {
		raw, err := chart.Sarif("", "helm", findings)
		if err != nil {
			return err
		}
		if err := os.WriteFile(*sarif, raw, 0o644); err != nil {
			return fmt.Errorf("writing the findings: %w", err)
		}
	}
	if len(findings) > 0 {
		return fmt.Errorf("the chart breaks rules in %d places", len(findings))
	}
	if len(sets) == 0 {
		return errors.New("nothing was rendered, so nothing was checked")
	}
	fmt.Fprintf(out, "%d rules hold with %d sets of values\n", len(chart.Rules()), len(sets))
	return nil
}

// renderedSets are the sets of values that were rendered.
func renderedSets(source, rendered string) ([]chart.Rendered, error) {
	var sets []chart.Rendered
	err := filepath.WalkDir(rendered, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		set := chart.Rendered{}
		if set.Values, err = filepath.Rel(rendered, path); err != nil {
			return err
		}
		if set.Content, err = os.ReadFile(filepath.Join(source, set.Values)); err != nil {
			return err
		}
		if set.Manifests, err = os.ReadFile(path); err != nil {
			return err
		}
		sets = append(sets, set)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was rendered: %w", err)
	}
	return sets, nil
}
