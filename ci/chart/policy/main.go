// Command policy holds the rendered chart against the rules of ci/chart, without an engine.
//
//	go run ./ci/chart/policy [-sarif FILE] CHART RENDERED
//
// CHART is the chart's folder. RENDERED has, for each set of values that is to be checked, what `helm template` printed with
// it, under the name that the set has in CHART. It prints what breaks a rule and fails when something does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"todo-chatbot/ci/chart"
)

func main() {
	sarif := flag.String("sarif", "", "write the findings there as SARIF, for GitHub's code scanning")
	flag.Parse()
	if err := run(flag.Args(), *sarif); err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

func run(args []string, sarif string) error {
	if len(args) != 2 {
		return errors.New("needs the chart's folder and that of what was rendered")
	}
	sets, err := read(args[0], args[1])
	if err != nil {
		return err
	}
	findings, err := chart.Hold(sets)
	if err != nil {
		return err
	}
	fmt.Print(chart.Text(findings))
	if sarif != "" {
		raw, err := chart.Sarif("", "helm", findings)
		if err != nil {
			return err
		}
		if err := os.WriteFile(sarif, raw, 0o644); err != nil {
			return fmt.Errorf("writing the findings: %w", err)
		}
	}
	if len(findings) > 0 {
		return fmt.Errorf("the chart breaks rules in %d places", len(findings))
	}
	fmt.Printf("%d rules hold with %d sets of values\n", len(chart.Rules()), len(sets))
	return nil
}

// read gives the sets of values that were rendered.
func read(source, rendered string) ([]chart.Rendered, error) {
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
