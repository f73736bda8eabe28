package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
)

// Checks are the figures of a run's checks, all of which passed.
type Checks struct {
	Tests []Tests `json:"tests"`
	// Findings are those of the scan, each by its id and where it is.
	Findings []string `json:"findings"`
}

// Tests are the counts of one part's tests.
type Tests struct {
	// Name is whose they are, e.g. "backend".
	Name    string `json:"name"`
	Passed  int    `json:"passed"`
	Skipped int    `json:"skipped"`
}

// ParseChecks reads the figures: what each half's tests wrote in JUnit's form, and a scan's findings.json.
func ParseChecks(backend, frontend, findings string) (*Checks, error) {
	backends, failure := parseTests("backend", backend)
	frontends, err := parseTests("front end", frontend)
	found, unread := parseFindings(findings)
	if err := errors.Join(failure, err, unread); err != nil {
		return nil, err
	}
	return &Checks{Tests: []Tests{backends, frontends}, Findings: found}, nil
}

// parseTests counts the tests in a file of JUnit's form, as pytest and Vitest write it.
func parseTests(name, junit string) (Tests, error) {
	var suites struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(junit), &suites); err != nil {
		return Tests{}, fmt.Errorf("counting the tests of %s: %w", name, err)
	}
	counted := Tests{Name: name}
	for _, s := range suites.Suites {
		counted.Passed += s.Tests - s.Failures - s.Errors - s.Skipped
		counted.Skipped += s.Skipped
	}
	return counted, nil
}

func parseFindings(raw string) ([]string, error) {
	var findings []struct{ ID, Target, Package string }
	if err := json.Unmarshal([]byte(raw), &findings); err != nil {
		return nil, fmt.Errorf("counting the findings: %w", err)
	}
	named := []string{}
	for _, f := range findings {
		where := f.Package
		if where == "" {
			where = f.Target
		}
		named = append(named, f.ID+" in "+where)
	}
	slices.Sort(named)
	return slices.Compact(named), nil
}

// Lines tell the figures to people.
func (c *Checks) Lines() []string {
	if c == nil {
		return nil
	}
	var lines []string
	for _, t := range c.Tests {
		lines = append(lines, fmt.Sprintf("%s: %d tests passed, %d skipped", t.Name, t.Passed, t.Skipped))
	}
	return append(lines, fmt.Sprintf("findings: %d, none of which fails a scan (dagger call findings lists them)", len(c.Findings)))
}
