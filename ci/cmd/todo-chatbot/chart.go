package main

import (
	"encoding/json"
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

const chartUsage = `works on the Helm chart

  todo-chatbot chart policy [--out FOLDER] CHART RENDERED   holds it against the rules of ci/chart; prints what breaks one and fails
  todo-chatbot chart repack IN OUT                          takes the clock out of what "helm package" wrote

CHART is the chart's folder. RENDERED has, for each set of values that is to be checked, what "helm template" printed with it,
under the name that the set has in CHART.`

// chartCommand is one verb of the chart.
func chartCommand(args []string, out io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "policy":
		return policyCommand(args[1:], out)
	case len(args) == 3 && args[0] == "repack":
		return chart.RepackFile(args[1], args[2])
	}
	return usageError{chartUsage}
}

func policyCommand(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("policy", flag.ContinueOnError)
	folder := flags.String("out", "", "write the findings there, as findings.txt, findings.json and findings.sarif, and do not fail on them")
	if err := parse(flags, args, chartUsage); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return usageError{chartUsage}
	}
	sets, err := renderedSets(flags.Arg(0), flags.Arg(1))
	if err != nil {
		return err
	}
	if len(sets) == 0 {
		return errors.New("nothing was rendered, so nothing was checked")
	}
	findings, err := chart.CheckSets(sets)
	if err != nil {
		return err
	}
	if *folder != "" {
		return writeFindings(*folder, findings)
	}
	if len(findings) > 0 {
		return fmt.Errorf("the chart breaks rules in %d places:\n%s", len(findings), chart.Text(findings))
	}
	_, err = fmt.Fprintf(out, "%d rules hold with %d sets of values\n", len(chart.Rules()), len(sets))
	return err
}

// writeFindings writes what breaks a rule, for people, for programs and for GitHub's code scanning.
func writeFindings(folder string, findings []chart.Finding) error {
	raw, err := json.MarshalIndent(findings, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the findings: %w", err)
	}
	sarif, err := chart.Sarif("", "helm", findings)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"findings.txt": chart.Text(findings), "findings.json": string(raw) + "\n", "findings.sarif": string(sarif) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing the findings: %w", err)
		}
	}
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
