package chart

import (
	"fmt"
	"slices"
)

// budgetSpec is what rules read of a PodDisruptionBudget.
type budgetSpec struct {
	Selector       selector `json:"selector"`
	MinAvailable   *amount  `json:"minAvailable"`
	MaxUnavailable *amount  `json:"maxUnavailable"`
}

// checkDisruption wants each budget to let a node be drained, and each component of several pods to have one.
func checkDisruption(r *release, report reporter) {
	for _, b := range r.budgets {
		least, most := b.spec.MinAvailable, b.spec.MaxUnavailable
		if most != nil && most.isNone() {
			report(b.at("spec.maxUnavailable"), "no pod may go, so no node can be drained", "allow for 1")
		}
		if least == nil {
			continue
		}
		for _, p := range r.selected(b.object.Metadata.Namespace, b.spec.Selector) {
			if n := r.replicas(p.object); least.of(n) >= n {
				report(b.at("spec.minAvailable"), fmt.Sprintf("it is %s of %d pods, so no node can be drained", least, n), "use maxUnavailable: 1")
			}
		}
	}
	for _, w := range r.workloads {
		n := r.replicas(w.object)
		if w.object.Kind != "Deployment" || n < 2 {
			continue
		}
		if !slices.ContainsFunc(r.budgets, func(b of[budgetSpec]) bool {
			return b.object.Metadata.Namespace == w.object.Metadata.Namespace && b.spec.Selector.matches(w.pod.meta.Labels)
		}) {
			report(w.at(""), fmt.Sprintf("its %d pods have no PodDisruptionBudget", n), "add one with maxUnavailable: 1")
		}
	}
}
