package chart

import (
	"fmt"
	"slices"
	"strings"
)

// checkTests wants the release to prove itself: pods for `helm test` (https://helm.sh/docs/topics/chart_tests) that end by
// themselves, can run again, and that nothing takes for a part of the product.
func checkTests(r *release, report reporter) {
	if !slices.ContainsFunc(r.pods, (*pod).isTest) {
		report(whole, "nothing is there for helm test to run", "render a pod with the annotation helm.sh/hook: test")
	}
	for _, p := range r.pods {
		if !p.isTest() {
			continue
		}
		if p.spec.RestartPolicy != "Never" {
			report(p.in("restartPolicy"), "a failure would be tried again without end", "set it to Never")
		}
		at := place{p.object, "metadata.annotations"}
		if policy := p.object.Metadata.Annotations["helm.sh/hook-delete-policy"]; policy != "" && !strings.Contains(policy, "before-hook-creation") {
			report(at.in("['helm.sh/hook-delete-policy']"), fmt.Sprintf("it is %s: a second run finds the first one's pod", policy), "use before-hook-creation")
		}
		if r.served(p) {
			report(p.place, "a Service sends users' requests to it", "give it a component of its own")
		}
	}
}
