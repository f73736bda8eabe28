// Package scan reads scanners' reports strictly, and decides which of their findings a release may have.
package scan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Severity is a finding's weight, the lightest first.
type Severity int

// The severities, as Trivy names them.
const (
	Unknown Severity = iota
	Low
	Medium
	High
	Critical
)

var severities = []string{"UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

// String gives the severity's name in capitals.
func (s Severity) String() string { return severities[s] }

// MarshalText writes the severity by its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}

// ParseSeverity reads a severity's name; one that Trivy does not have is an error.
func ParseSeverity(name string) (Severity, error) {
	if at := slices.Index(severities, strings.ToUpper(name)); at >= 0 {
		return Severity(at), nil
	}
	return Unknown, fmt.Errorf("no severity is called %q; write one of %s", name, strings.Join(severities, ", "))
}

// Kind is what a finding is about.
type Kind string

// The kinds of findings.
const (
	Vulnerability    Kind = "vulnerability"
	Secret           Kind = "secret"
	Misconfiguration Kind = "misconfiguration"
	// EndOfSupport is of a base whose distribution or program gets no fixes any more.
	EndOfSupport Kind = "end-of-support"
)

// Finding is one thing that a scanner found. It never holds a secret's value.
type Finding struct {
	Kind     Kind     `json:"kind"`
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Target is the file or image that it was found in.
	Target string `json:"target"`
	// Package, Installed and Fixed are a vulnerability's; Fixed is "" when no version without it exists.
	Package   string `json:"package,omitempty"`
	Installed string `json:"installed,omitempty"`
	Fixed     string `json:"fixed,omitempty"`
	Title     string `json:"title"`
	URL       string `json:"url,omitempty"`
	// Line counts from 1; 0 when it is about the whole target.
	Line int `json:"line,omitempty"`
	// Base is the base image, by reference, in a layer of which it lies; "" for what is ours.
	Base string `json:"base,omitempty"`
	// Excepted is the reason of the exception that lets it pass, "" without one.
	Excepted string `json:"excepted,omitempty"`
}

// Fixable tells whether whoever reads it can do something: take another version, or change what is ours.
func (f Finding) Fixable() bool { return f.Kind != Vulnerability || f.Fixed != "" }

// Sort orders findings by weight, then by name, so that equal findings read equally.
func Sort(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Target, b.Target),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.Line, b.Line))
	})
}

// Table gives findings for people, a line each: what is ours first, then those of each base image.
func Table(findings []Finding) string {
	if len(findings) == 0 {
		return "no findings\n"
	}
	bases := map[string][]Finding{}
	for _, f := range findings {
		bases[f.Base] = append(bases[f.Base], f)
	}
	var out strings.Builder
	for _, base := range slices.Sorted(maps.Keys(bases)) {
		if base != "" {
			_, _ = fmt.Fprintf(&out, "in the base image %s, and not in what is added to it:\n", base)
		}
		out.WriteString(lines(bases[base]))
	}
	return out.String()
}

func lines(findings []Finding) string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "SEVERITY\tID\tWHERE\tINSTALLED\tFIXED IN\tWHAT")
	for _, f := range findings {
		what := f.Title
		if f.Excepted != "" {
			what = "excepted: " + f.Excepted
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Severity, f.ID, f.where(), f.Installed, f.Fixed, what)
	}
	_ = table.Flush()
	return out.String()
}

// Summary gives a table of the findings from a severity on and of those that nobody has rated yet and somebody can fix, and how many lighter
// ones there are.
func Summary(findings []Finding, from Severity) string {
	var shown []Finding
	for _, f := range findings {
		if f.Severity >= from || f.Severity == Unknown && f.Fixable() {
			shown = append(shown, f)
		}
	}
	lighter := len(findings) - len(shown)
	switch {
	case lighter == 0:
		return Table(shown)
	case len(shown) == 0:
		return fmt.Sprintf("%d findings, all below %s\n", lighter, from)
	}
	return Table(shown) + fmt.Sprintf("and %d below %s\n", lighter, from)
}

func (f Finding) where() string {
	switch {
	case f.Package != "":
		return f.Package
	case f.Line > 0:
		return fmt.Sprintf("%s:%d", f.Target, f.Line)
	}
	return f.Target
}
