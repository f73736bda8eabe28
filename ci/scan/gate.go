package scan

import (
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/yaml"
)

// Exception lets one finding pass until a day.
type Exception struct {
	// ID is the finding's; Package its package, or its target when it has none.
	ID      string `json:"id"`
	Package string `json:"package"`
	// Reason is why it may pass, for whoever reads it next.
	Reason string `json:"reason"`
	// Expires is the last day on which it may, as 2026-12-31 in UTC.
	Expires string `json:"expires"`

	last time.Time
}

// ParseExceptions reads a YAML list of exceptions, and gives every one that is not complete. An unknown field is an
// error, since a misspelt one would be silently without effect.
func ParseExceptions(raw []byte) ([]Exception, error) {
	var exceptions []Exception
	if err := yaml.UnmarshalStrict(raw, &exceptions); err != nil {
		return nil, fmt.Errorf("scan exceptions: %w", err)
	}
	var problems []error
	seen := map[string]bool{}
	for i := range exceptions {
		e := &exceptions[i]
		var err error
		e.last, err = time.Parse(time.DateOnly, e.Expires)
		key := e.ID + "\x00" + e.Package
		switch {
		case e.ID == "" || e.Package == "":
			problems = append(problems, fmt.Errorf("scan exceptions: entry %d: write the id and the package of a finding", i+1))
		case e.Reason == "":
			problems = append(problems, fmt.Errorf("scan exceptions: %s in %s: write a reason", e.ID, e.Package))
		case err != nil:
			problems = append(problems, fmt.Errorf("scan exceptions: %s in %s: expires %q is no day such as 2026-12-31", e.ID, e.Package, e.Expires))
		case seen[key]:
			problems = append(problems, fmt.Errorf("scan exceptions: %s in %s is given twice", e.ID, e.Package))
		}
		seen[key] = true
	}
	return exceptions, errors.Join(problems...)
}

// Gate decides which findings may pass.
type Gate struct {
	// Threshold is the lightest severity that fails.
	Threshold  Severity
	Exceptions []Exception
	// Now is the moment that exceptions are held against.
	Now time.Time
	// Part says that the findings are of a part of what the exceptions are for, so that one may be unused.
	Part bool
}

// Check marks the findings that an exception lets pass, and returns one error for each fixable finding at or above the
// threshold, each exception that has expired and each that no finding needs. Findings are those of the whole run: an
// exception is unused only when nothing in it wants it.
func (g Gate) Check(findings []Finding) error {
	var problems []error
	used := make([]bool, len(g.Exceptions))
	for i := range findings {
		f := &findings[i]
		f.Excepted = g.excuse(*f, used)
		if f.Excepted == "" && f.Severity >= g.Threshold && f.Fixable() {
			problems = append(problems, fmt.Errorf("%s %s in %s: %s", f.Severity, f.ID, f.where(), f.remedy()))
		}
	}
	for i, e := range g.Exceptions {
		switch {
		case e.expired(g.Now):
			problems = append(problems, fmt.Errorf("exception %s in %s expired on %s; fix the finding, or decide again", e.ID, e.Package, e.Expires))
		case !used[i] && !g.Part:
			problems = append(problems, fmt.Errorf("exception %s in %s is not needed; remove it", e.ID, e.Package))
		}
	}
	return errors.Join(problems...)
}

func (g Gate) excuse(f Finding, used []bool) string {
	subject := f.Package
	if subject == "" {
		subject = f.Target
	}
	for i, e := range g.Exceptions {
		if e.ID == f.ID && e.Package == subject && !e.expired(g.Now) {
			used[i] = true
			return e.Reason
		}
	}
	return ""
}

func (e Exception) expired(now time.Time) bool { return !now.Before(e.last.AddDate(0, 0, 1)) }

// remedy says what to do. What lies in a base is its publisher's to mend: a newer digest may have it, and until one does, only an
// exception lets it pass.
func (f Finding) remedy() string {
	if f.Base == "" {
		return f.ours()
	}
	return fmt.Sprintf("%s; it is in the base image %s and not in what is added to it: move that pin, or, while no digest is without it, "+
		"except it until a day in ci/scan/exceptions.yaml", f.ours(), f.Base)
}

func (f Finding) ours() string {
	switch f.Kind {
	case Vulnerability:
		return fmt.Sprintf("installed %s, fixed in %s", f.Installed, f.Fixed)
	case EndOfSupport:
		return f.Title
	case License:
		return "allow the licence, except the package, or use another"
	case Secret:
		return "revoke it, then remove it"
	case Misconfiguration:
	}
	return f.Title
}
