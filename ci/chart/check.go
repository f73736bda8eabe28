// Package chart holds rendered manifests against rules that a schema cannot say: what goes together across fields and
// objects, what the kubelet makes of them, and what the project has decided.
//
// It reads what `helm template` prints, and knows neither Helm nor a cluster.
package chart

import (
	"fmt"
	"slices"
	"time"

	"todo-chatbot/ci/kube"
)

// Options says what the manifests themselves do not.
type Options struct {
	// ExistingSecrets are the Secrets that a release finds in its namespace, and the keys that each has.
	ExistingSecrets map[string][]string
	// Secrets are values that must not be seen outside of a Secret; those shorter than eight characters are passed over,
	// since they would be found anywhere.
	Secrets []string
	// Budget is what the release may ask for while it rolls; zero for no limit. See Development.
	Budget kube.Resources
	// Starts is how long a start was seen to take, by component. A startup probe has to allow for twice that.
	Starts map[string]time.Duration
	// Except names rules that are not held, because the cluster that the manifests are for lacks what they are about. A name
	// that no rule has is an error.
	Except []string
}

// Development is the budget of a development release: what a node of two CPUs and 4 GiB has left for it
// (requirement 4 of docs/requirements.md).
var Development = kube.Resources{MilliCPU: 1900, Memory: 4 << 30}

// Check holds rendered manifests (many YAML documents) against every rule, and gives what breaks them, the gravest first.
// Manifests that cannot be read, or that hold no object, are an error and never "no findings".
func Check(manifests []byte, o Options) ([]Finding, error) {
	r, err := parse(manifests)
	if err != nil {
		return nil, fmt.Errorf("checking the chart's manifests: %w", err)
	}
	for _, name := range o.Except {
		if !slices.ContainsFunc(rules, func(rule Rule) bool { return rule.ID == name }) {
			return nil, fmt.Errorf("checking the chart's manifests: no rule is called %q; see chart.Rules", name)
		}
	}
	r.options = o
	findings := []Finding{}
	for _, rule := range rules {
		if slices.Contains(o.Except, rule.ID) {
			continue
		}
		rule.check(r, func(at place, message, fix string) {
			findings = append(findings, Finding{Rule: rule.ID, Severity: rule.Severity, Object: at.object.reference(),
				Path: at.path, Template: at.object.source(), Message: message, Why: rule.Why, Fix: fix})
		})
	}
	slices.SortStableFunc(findings, Finding.compare)
	return slices.CompactFunc(findings, func(f, g Finding) bool { return f.compare(g) == 0 }), nil
}
