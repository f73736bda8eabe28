package scan

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// systemPackages is how Trivy names the licences of the distribution's packages.
const systemPackages = "OS Packages"

// License is a finding about a licence that the policy does not allow.
const License Kind = "license"

// Policy is the set of licences that a package may have, by their SPDX identifiers in lower case.
type Policy map[string]bool

// spdx is a licence identifier of the SPDX list, or a reference to one that is not on it.
var spdx = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+-]*$`)

// ParsePolicy reads an allow list: one SPDX identifier on each line, or one WITH an exception, # before a comment. An empty list is an error.
func ParsePolicy(raw []byte) (Policy, error) {
	policy := Policy{}
	var problems []error
	for i, line := range strings.Split(string(raw), "\n") {
		line, _, _ = strings.Cut(line, "#")
		name := strings.TrimSpace(line)
		switch {
		case name == "":
		case !isLicense(name):
			problems = append(problems, fmt.Errorf("licence policy: line %d: %q is no SPDX identifier, e.g. MIT, nor one WITH an exception", i+1, name))
		case policy[normal(name)]:
			problems = append(problems, fmt.Errorf("licence policy: line %d: %s is given twice", i+1, name))
		default:
			policy[normal(name)] = true
		}
	}
	if len(policy) == 0 && len(problems) == 0 {
		return nil, errors.New("licence policy: it allows nothing; write one SPDX identifier on each line, e.g. MIT")
	}
	return policy, errors.Join(problems...)
}

// isLicense is true for an identifier, or for one WITH an exception.
func isLicense(name string) bool {
	words := strings.Fields(name)
	return len(words) == 1 && spdx.MatchString(words[0]) ||
		len(words) == 3 && spdx.MatchString(words[0]) && strings.EqualFold(words[1], "WITH") && spdx.MatchString(words[2])
}

// normal is how a policy keeps a licence.
func normal(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// unnamedExceptions are those of SPDX's list whose names do not say that they are one.
var unnamedExceptions = []string{"linux-syscall-note", "gpl-cc-1.0", "shl-2.0", "shl-2.1"}

// givesRights is true for an exception as SPDX lists them, which only ever gives more rights. Others are written after WITH
// that take some away, as the Commons Clause.
func givesRights(exception string) bool {
	exception = strings.ToLower(exception)
	return strings.Contains(exception, "exception") || slices.Contains(unnamedExceptions, exception)
}

// Allows tells whether a licence expression can be kept with allowed licences alone: all of what AND joins, one of what
// OR joins. What has an exception is allowed when the licence is and the exception gives rights, or when the policy has both
// together. What is no expression is not allowed.
func (p Policy) Allows(expression string) bool {
	for _, mark := range []string{"(", ")"} {
		expression = strings.ReplaceAll(expression, mark, " "+mark+" ")
	}
	words := &words{all: strings.Fields(expression)}
	allowed, ok := p.any(words, 0)
	return allowed && ok && words.next() == ""
}

// with is what either policy allows.
func (p Policy) with(other Policy) Policy {
	both := maps.Clone(p)
	maps.Copy(both, other)
	return both
}

// maxNesting is how deep parentheses may go: nobody's licence needs as many.
const maxNesting = 50

type words struct{ all []string }

func (w *words) next() string {
	if len(w.all) == 0 {
		return ""
	}
	return strings.ToUpper(w.all[0])
}

func (w *words) take() string {
	word := w.all[0]
	w.all = w.all[1:]
	return word
}

func (p Policy) any(w *words, depth int) (allowed, ok bool) {
	allowed, ok = p.all(w, depth)
	for ok && w.next() == "OR" {
		w.take()
		var other bool
		other, ok = p.all(w, depth)
		allowed = allowed || other
	}
	return allowed, ok
}

func (p Policy) all(w *words, depth int) (allowed, ok bool) {
	allowed, ok = p.one(w, depth)
	for ok && w.next() == "AND" {
		w.take()
		var other bool
		other, ok = p.one(w, depth)
		allowed = allowed && other
	}
	return allowed, ok
}

func (p Policy) one(w *words, depth int) (allowed, ok bool) {
	switch w.next() {
	case "", ")", "AND", "OR", "WITH":
		return false, false
	case "(":
		w.take()
		if depth == maxNesting {
			return false, false
		}
		allowed, ok = p.any(w, depth+1)
		if !ok || w.next() != ")" {
			return false, false
		}
		w.take()
		return allowed, true
	}
	license := w.take()
	if w.next() != "WITH" {
		return p[normal(license)], true
	}
	w.take()
	if !spdx.MatchString(w.next()) {
		return false, false
	}
	exception := w.take()
	return p[normal(license)] && givesRights(exception) || p[normal(license+" WITH "+exception)], true
}

// ParseLicenses reads the licences of a report that Trivy wrote with --scanners license, and gives those that the policy
// does not allow: each is a finding of high severity, whose ID is the licence. A report that names no licence at all is an
// error: the packages were not installed where it looked, or the scanner was not asked. The packages of the base image's
// distribution are left out.
func ParseLicenses(raw []byte, policy Policy) ([]Finding, error) {
	report, err := parseReport(raw)
	if err != nil {
		return nil, err
	}
	return report.licenses(nobodys, policy, nil)
}

// licenses holds what a base brings beside its distribution against what either policy allows.
func (report trivyReport) licenses(base layers, policy, ofBases Policy) ([]Finding, error) {
	// A licence has no layer in a report; its package has.
	of := map[string]string{}
	for _, r := range report.Results {
		for _, p := range r.Packages {
			of[p.Name+"\x00"+p.FilePath] = base(p.Layer.DiffID)
		}
	}
	var findings []Finding
	seen, named := map[string]bool{}, 0
	for _, r := range report.Results {
		if r.Target == systemPackages {
			continue
		}
		for _, l := range r.Licenses {
			named++
			subject := l.PkgName
			if subject == "" {
				subject = l.FilePath
			}
			if l.Name == "" || subject == "" || r.Target == "" {
				return nil, fmt.Errorf("trivy report: licence %q of %q in %q is not complete", l.Name, subject, r.Target)
			}
			from := of[l.PkgName+"\x00"+l.FilePath]
			if policy.Allows(l.Name) || from != "" && policy.with(ofBases).Allows(l.Name) {
				continue
			}
			if key := l.Name + "\x00" + subject + "\x00" + from; !seen[key] {
				seen[key] = true
				findings = append(findings, Finding{Kind: License, ID: l.Name, Severity: High, Target: r.Target, Package: subject, Base: from,
					Title: "its licence is not on the list of allowed ones"})
			}
		}
	}
	if named == 0 {
		return nil, errors.New("trivy report: it names no licence; scan where the packages are installed, with --scanners license")
	}
	Sort(findings)
	return findings, nil
}
