package chart

import (
	"fmt"
	"strings"
	"text/tabwriter"

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
}

// Text gives findings for people: a table, and what each asks for.
func Text(findings []Finding) string {
	if len(findings) == 0 {
		return "no findings\n"
	}
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "SEVERITY\tRULE\tOBJECT\tPATH\tWHAT\tFIX")
	for _, f := range findings {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Severity, f.Rule, f.Object, f.Path, f.Message, f.Fix)
	}
	_ = table.Flush()
	return out.String()
}

// Sarif gives findings for GitHub's code scanning. $charts is the folder of charts in the checkout, e.g. helm: a finding
// points at the template that rendered its object, one without a template at $charts itself.
func Sarif(version, charts string, findings []Finding) ([]byte, error) {
	log := sarif.Log{Tool: "chart", Version: version}
	for _, rule := range rules {
		log.Rules = append(log.Rules, sarif.Rule{ID: rule.ID, Summary: rule.Summary, Help: rule.Why, URL: rule.Source})
	}
	for _, f := range findings {
		file, where, level := charts, strings.TrimSpace(f.Object.String()+" "+f.Path), sarif.Warning
		if f.Template != "" {
			file += "/" + f.Template
		}
		if f.Severity == Error {
			level = sarif.Error
		}
		log.Results = append(log.Results, sarif.Result{RuleID: f.Rule, Level: level, File: file,
			Message: fmt.Sprintf("%s: %s; %s", where, f.Message, f.Fix)})
	}
	return log.JSON()
}
