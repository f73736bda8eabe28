package chart

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Rendered is the chart with one set of values.
type Rendered struct {
	// Values is the set's file in the chart, e.g. ci/default-values.yaml, and Content what is in it.
	Values  string
	Content []byte
	// Manifests are what `helm template` printed with it.
	Manifests []byte
}

// Placeholder is the Secret that a set of values is rendered with when it brings no secrets and names none.
const Placeholder = "named"

// environments are the values files of the chart, by what `environment` is called in them.
var environments = map[string]string{"development": "values-dev.yaml", "staging": "values-staging.yaml", "production": "values-prod.yaml"}

// ValuesOf gives the chart's values file for an environment; an error for one that there is not.
func ValuesOf(environment string) (string, error) {
	file, known := environments[environment]
	if !known {
		return "", fmt.Errorf("environment %q is not known; use one of %s", environment, strings.Join(sorted(environments), ", "))
	}
	return file, nil
}

// secretKeys are those that a Secret of existingSecret has (values.yaml, secrets).
var secretKeys = []string{"DATABASE_URL", "BETTER_AUTH_SECRET", "OPENAI_API_KEY", "POSTGRES_PASSWORD", "SMTP_USER", "SMTP_PASSWORD"}

// exception is a comment of a values file that takes a rule away, with the reason.
var exception = regexp.MustCompile(`(?m)^# except ([a-z-]+): \S.*$`)

// CheckSets checks the chart with every set of values, and gives what breaks rules, each finding once with the sets that show it.
//
// A set for development is held against the Development budget. A set may be excepted from a rule by a comment in its file,
// `# except RULE: REASON`; an exception that nothing needs is an error, as is the lack of any set.
func CheckSets(sets []Rendered) ([]Finding, error) {
	if len(sets) == 0 {
		return nil, errors.New("checking the chart: there is no set of values; pass those in ci/, examples/ and values-*.yaml")
	}
	all := []Finding{}
	for _, set := range sets {
		findings, err := set.check()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", set.Values, err)
		}
		for _, f := range findings {
			same := slices.IndexFunc(all, func(g Finding) bool { return f.compare(g) == 0 })
			if same < 0 {
				same = len(all)
				all = append(all, f)
			}
			all[same].Sets = append(all[same].Sets, set.Values)
		}
	}
	slices.SortStableFunc(all, Finding.compare)
	return all, nil
}

// check holds one set against every rule that its file does not except.
func (s Rendered) check() ([]Finding, error) {
	var values struct {
		Environment    string `json:"environment"`
		ExistingSecret string `json:"existingSecret"`
	}
	if err := yaml.Unmarshal(s.Content, &values); err != nil {
		// The parser's own message may repeat a secret.
		return nil, errors.New("the values are not valid YAML, or environment or existingSecret is no text")
	}
	o := Options{ExistingSecrets: map[string][]string{cmp.Or(values.ExistingSecret, Placeholder): secretKeys}}
	if cmp.Or(values.Environment, "development") == "development" {
		o.Budget = Development
	}
	findings, err := Check(s.Manifests, o)
	if err != nil {
		return nil, err
	}
	excepted := map[string]bool{}
	for _, found := range exception.FindAllSubmatch(s.Content, -1) {
		excepted[string(found[1])] = false
	}
	findings = slices.DeleteFunc(findings, func(f Finding) bool {
		_, named := excepted[f.Rule]
		if named {
			excepted[f.Rule] = true
		}
		return named
	})
	for _, rule := range slices.Sorted(maps.Keys(excepted)) {
		if !excepted[rule] {
			return nil, fmt.Errorf("the exception from %s excepts nothing; take the comment away, or mend the rule's name (see chart.Rules)", rule)
		}
	}
	return findings, nil
}
