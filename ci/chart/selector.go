package chart

import (
	"fmt"
	"slices"
	"strings"
)

// selector selects objects by their labels.
type selector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

// matches follows k8s.io/apimachinery pkg/apis/meta/v1 LabelSelectorAsSelector: all parts have to match, none at all matches
// everything, and an operator that does not exist matches nothing.
func (s selector) matches(labels map[string]string) bool {
	for key, value := range s.MatchLabels {
		if got, set := labels[key]; !set || got != value {
			return false
		}
	}
	for _, e := range s.MatchExpressions {
		value, set := labels[e.Key]
		ok := false
		switch e.Operator {
		case "In":
			ok = set && slices.Contains(e.Values, value)
		case "NotIn":
			ok = !set || !slices.Contains(e.Values, value)
		case "Exists":
			ok = set
		case "DoesNotExist":
			ok = !set
		}
		if !ok {
			return false
		}
	}
	return true
}

// String writes the selector as kubectl does.
func (s selector) String() string {
	var parts []string
	for _, key := range sorted(s.MatchLabels) {
		parts = append(parts, key+"="+s.MatchLabels[key])
	}
	for _, e := range s.MatchExpressions {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Key, e.Operator, strings.Join(e.Values, ","))))
	}
	return strings.Join(parts, ",")
}

// selected are the pods of a namespace that a selector matches.
func (r *release) selected(namespace string, s selector) []*pod {
	var found []*pod
	for _, p := range r.pods {
		if p.meta.Namespace == namespace && s.matches(p.meta.Labels) {
			found = append(found, p)
		}
	}
	return found
}

// monitorSpec is what rules read of a ServiceMonitor.
type monitorSpec struct {
	Selector  selector `json:"selector"`
	Endpoints []struct {
		Port string `json:"port"`
	} `json:"endpoints"`
}

// checkSelectors wants every selector to match a pod that is rendered, a workload's its own.
func checkSelectors(r *release, report reporter) {
	const fix = "make the selector and the pods' labels the same"
	for _, w := range r.workloads {
		if slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, w.object.Kind) {
			if w.spec.Selector.String() == "" || !w.spec.Selector.matches(w.pod.meta.Labels) {
				report(w.at("spec.selector"), fmt.Sprintf("%q does not match the pods that it makes", w.spec.Selector), fix)
			}
		}
		for i, spread := range w.pod.spec.TopologySpreadConstraints {
			if !spread.LabelSelector.matches(w.pod.meta.Labels) {
				report(w.pod.in("topologySpreadConstraints[%d].labelSelector", i), fmt.Sprintf("%q does not match the pods that it spreads",
					spread.LabelSelector), fix)
			}
		}
	}
	some := func(o *object, path string, s selector) {
		if len(r.selected(o.Metadata.Namespace, s)) == 0 {
			report(place{o, path}, fmt.Sprintf("%q matches no pod", s), fix)
		}
	}
	for _, s := range r.services {
		if len(s.spec.Selector) > 0 {
			some(s.object, "spec.selector", selector{MatchLabels: s.spec.Selector})
		}
	}
	for _, b := range r.budgets {
		some(b.object, "spec.selector", b.spec.Selector)
	}
	for _, p := range r.policies {
		some(p.object, "spec.podSelector", p.spec.PodSelector)
		for i, rule := range p.spec.Ingress {
			somePeers(rule.From, p.at(fmt.Sprintf("spec.ingress[%d].from", i)), some)
		}
		for i, rule := range p.spec.Egress {
			somePeers(rule.To, p.at(fmt.Sprintf("spec.egress[%d].to", i)), some)
		}
	}
	for _, m := range r.monitors {
		if !slices.ContainsFunc(r.services, func(s of[serviceSpec]) bool { return m.spec.Selector.matches(s.object.Metadata.Labels) }) {
			report(m.at("spec.selector"), fmt.Sprintf("%q matches no Service", m.spec.Selector), "make the selector and the Service's labels the same")
		}
	}
}

// somePeers wants each peer of the policy's own namespace to be a pod that is rendered.
func somePeers(peers []peer, at place, some func(*object, string, selector)) {
	for i, p := range peers {
		if p.PodSelector != nil && p.NamespaceSelector == nil {
			some(at.object, at.in("[%d].podSelector", i).path, *p.PodSelector)
		}
	}
}
