package main

import (
	"context"
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
	"todo-chatbot/ci/helm"
	"todo-chatbot/ci/release"
)

const chartUsage = `works on the Helm chart

  todo-chatbot chart policy [--out FOLDER] CHART RENDERED   holds it against the rules of ci/chart; prints what breaks one and fails
  todo-chatbot chart package CHART FOLDER                   writes it there as an archive without a clock, with the helm on PATH
  todo-chatbot chart helm REFERENCE                         fails unless the helm on PATH, REFERENCE's, is one that this is written for
  todo-chatbot chart test --request FILE [--previous PACKAGE] [--only NAME] CHART
                                                            installs, tests and upgrades it on a cluster that ends with the run, with
                                                            the kubectl, helm and todo-chatbot on PATH, and the images of a request

CHART is the chart's folder. RENDERED has, for each set of values that is to be checked, what "helm template" printed with it,
under the name that the set has in CHART.`

// chartCommand is one verb of the chart.
func chartCommand(ctx context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "policy":
		return policyCommand(args[1:], out)
	case len(args) == 3 && args[0] == "package":
		_, err := chart.Package(ctx, args[1], args[2])
		return err
	case len(args) == 2 && args[0] == "helm":
		return helm.Check(ctx, args[1])
	case len(args) > 0 && args[0] == "test":
		return testCommand(ctx, args[1:], out)
	}
	return usageError{chartUsage}
}

func testCommand(ctx context.Context, args []string, out io.Writer) error {
	var trial chart.Trial
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	request := flags.String("request", "", "a JSON file of a release that names the images")
	flags.StringVar(&trial.Previous, "previous", "", "a packaged version of the chart to upgrade from; left out, it is this one")
	flags.StringVar(&trial.Only, "only", "", "one set of values alone: its file's name without -values.yaml")
	if err := parse(flags, args, chartUsage); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return usageError{chartUsage}
	}
	raw, err := os.ReadFile(*request)
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	asked, err := release.ParseRequest(raw)
	if err != nil {
		return err
	}
	trial.Chart = flags.Arg(0)
	if trial.Images, err = release.ImageValues(trial.Chart, asked.Images); err != nil {
		return err
	}
	return trial.Run(ctx, out)
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
