package chart

import (
	"cmp"
	"fmt"
	"strings"

	"todo-chatbot/ci/sarif"
)

// Severity is a finding's weight, the lightest first.
type Severity int

// The severities. An Error keeps a release from working or from being safe; a Warning makes it harder to look after.
const (
	Warning Severity = iota
	Error
)

// String gives the severity's name.
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// MarshalText writes the severity by its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Object names a rendered object. It is empty for a finding about the release as a whole.
type Object struct {
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
}

// String writes the object as Kind/namespace/name, without a namespace that it does not have; "release" for the whole.
func (o Object) String() string {
	switch {
	case o.Kind == "":
		return "release"
	case o.Namespace == "":
		return o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + o.Namespace + "/" + o.Name
}

// Finding is one place where a rule is broken. It never holds a secret's value.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Object   Object   `json:"object,omitzero"`
	// Path is the place in the object as JSONPath has it, without the leading "$."; "" for the object as a whole.
	Path string `json:"path,omitempty"`
	// Template is the file that rendered the object, as Helm's comment names it; "" without one.
	Template string `json:"template,omitempty"`
	// Message is what is wrong, Why what comes of it, and Fix what to change.
	Message string `json:"message"`
	Why     string `json:"why"`
	Fix     string `json:"fix"`
	// Sets are the files of values with which it was found, when Hold found it.
	Sets []string `json:"sets,omitempty"`
}

// compare orders findings, the gravest first. The sets that show a finding are no part of what it is.
func (f Finding) compare(g Finding) int {
	return cmp.Or(cmp.Compare(g.Severity, f.Severity), cmp.Compare(f.Rule, g.Rule), cmp.Compare(f.Object.String(), g.Object.String()),
		cmp.Compare(f.Path, g.Path), cmp.Compare(f.Message, g.Message), cmp.Compare(f.Template, g.Template), cmp.Compare(f.Fix, g.Fix))
}

// Text gives findings for people: where each is, what is wrong, why it matters and how to mend it.
func Text(findings []Finding) string {
	if len(findings) == 0 {
		return "no findings\n"
	}
	var out strings.Builder
	for _, f := range findings {
		_, _ = fmt.Fprintf(&out, "%s  %s  %s\n", f.Severity, f.Rule, f.where())
		for _, line := range []struct{ label, text string }{
			{"what", f.Message}, {"why", f.Why}, {"fix", f.Fix}, {"in", f.Template}, {"with", strings.Join(f.Sets, ", ")},
		} {
			if line.text != "" {
				_, _ = fmt.Fprintf(&out, "  %-4s  %s\n", line.label, line.text)
			}
		}
	}
	return out.String()
}

// where is the finding's object, and the place in it.
func (f Finding) where() string { return strings.TrimSpace(f.Object.String() + " " + f.Path) }

// Sarif gives findings for GitHub's code scanning. $charts is the folder of charts in the checkout, e.g. helm: a finding
// points at the template that rendered its object, one without a template at $charts itself.
func Sarif(version, charts string, findings []Finding) ([]byte, error) {
	log := sarif.Log{Tool: "chart", Version: version}
	for _, rule := range rules {
		log.Rules = append(log.Rules, sarif.Rule{ID: rule.ID, Summary: rule.Summary, Help: rule.Why, URL: rule.Source})
	}
	for _, f := range findings {
		file, level := charts, sarif.Warning
		if f.Template != "" {
			file += "/" + f.Template
		}
		if f.Severity == Error {
			level = sarif.Error
		}
		log.Results = append(log.Results, sarif.Result{RuleID: f.Rule, Level: level, File: file,
			Message: fmt.Sprintf("%s: %s; %s", f.where(), f.Message, f.Fix)})
	}
	return log.JSON()
}
