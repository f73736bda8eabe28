package report

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Checks are the figures of a run's checks, all of which passed.
type Checks struct {
	Tests []Tests `json:"tests"`
	// Findings are those of the scan, each by its id and where it is.
	Findings []string `json:"findings"`
	// Slowest are the ten tests that took longest, the slowest first.
	Slowest []Test `json:"slowest,omitempty"`
	// Sizes are what the images take of their budgets.
	Sizes []Size `json:"sizes,omitempty"`
}

// Test is one test of a part.
type Test struct {
	// Of is whose it is, e.g. "backend".
	Of   string   `json:"of"`
	Name string   `json:"name"`
	Took Duration `json:"tookMilliseconds"`
}

// Size is what an image takes of one limit of ci/image/budget.txt, in bytes.
type Size struct {
	Image string `json:"image"`
	Of    string `json:"of"`
	Bytes int64  `json:"bytes"`
	Limit int64  `json:"limit"`
}

// Row is the size for people: of what it is, what it is, its limit, and the share of that.
func (s Size) Row() []string {
	return []string{s.Image + " " + s.Of, megabytes(s.Bytes), megabytes(s.Limit), fmt.Sprintf("%.0f %%", 100*float64(s.Bytes)/float64(max(s.Limit, 1)))}
}

// Tests are the counts of one part's tests.
type Tests struct {
	// Name is whose they are, e.g. "backend".
	Name    string `json:"name"`
	Passed  int    `json:"passed"`
	Skipped int    `json:"skipped"`
}

// ParseChecks reads the figures: what each half's tests wrote in JUnit's form, a scan's findings.json, and what the inspection of each
// image wrote.
func ParseChecks(backend, frontend, findings string, sizes ...string) (*Checks, error) {
	backends, slow, failure := parseTests("backend", backend)
	frontends, more, err := parseTests("front end", frontend)
	found, unread := parseFindings(findings)
	checks := &Checks{Tests: []Tests{backends, frontends}, Findings: found, Slowest: slowest(append(slow, more...))}
	problems := []error{failure, err, unread}
	for _, raw := range sizes {
		var read []Size
		if err := json.Unmarshal([]byte(raw), &read); err != nil {
			problems = append(problems, fmt.Errorf("reading the sizes of an image: %w", err))
		}
		checks.Sizes = append(checks.Sizes, read...)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return checks, nil
}

// slowest are the ten tests that took longest.
func slowest(tests []Test) []Test {
	slices.SortStableFunc(tests, func(a, b Test) int { return cmp.Compare(b.Took, a.Took) })
	return tests[:min(10, len(tests))]
}

// parseTests counts the tests in a file of JUnit's form, as pytest and Vitest write it, and gives each with its time.
func parseTests(name, junit string) (Tests, []Test, error) {
	var suites struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Class string  `xml:"classname,attr"`
				Name  string  `xml:"name,attr"`
				Time  float64 `xml:"time,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(junit), &suites); err != nil {
		return Tests{}, nil, fmt.Errorf("counting the tests of %s: %w", name, err)
	}
	var tests []Test
	counted := Tests{Name: name}
	for _, s := range suites.Suites {
		counted.Passed += s.Tests - s.Failures - s.Errors - s.Skipped
		counted.Skipped += s.Skipped
		for _, c := range s.Cases {
			tests = append(tests, Test{name, strings.TrimSpace(c.Class + " " + c.Name), Duration(c.Time * float64(time.Second))})
		}
	}
	return counted, tests, nil
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

// Lines tell the counts to people.
func (c Checks) Lines() []string {
	var lines []string
	for _, t := range c.Tests {
		lines = append(lines, fmt.Sprintf("%s: %d tests passed, %d skipped", t.Name, t.Passed, t.Skipped))
	}
	return append(lines, fmt.Sprintf("findings: %d, none of which fails a scan (dagger call findings lists them)", len(c.Findings)))
}
