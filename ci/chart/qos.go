package chart

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"todo-chatbot/ci/kube"
)

// qosClass is a pod's quality of service, as the kubelet computes it (k8s.io/kubernetes
// pkg/apis/core/v1/helper/qos/qos.go, ComputePodQOS): resources of the pod itself count alone; otherwise those of every
// container and init container. Amounts of nothing count as none. It comes after the API server's defaulting, which makes a
// limit without a request a request of as much.
func (p *pod) qosClass() (string, error) {
	parts := []kube.Requirements{}
	if p.spec.Resources != nil {
		parts = append(parts, *p.spec.Resources)
	} else {
		for _, c := range p.containers {
			parts = append(parts, c.Resources)
		}
	}
	requests, limits, limited := amounts{}, amounts{}, true
	for _, part := range parts {
		partLimits := amounts{}
		if err := partLimits.add(part.Limits); err != nil {
			return "", err
		}
		limited = limited && len(partLimits) == len(computed)
		if err := limits.add(part.Limits); err != nil {
			return "", err
		}
		if err := requests.add(withDefaults(part)); err != nil {
			return "", err
		}
	}
	if len(requests) == 0 && len(limits) == 0 {
		return "BestEffort", nil
	}
	for _, name := range computed {
		limited = limited && requests[name] == limits[name]
	}
	if limited {
		return "Guaranteed", nil
	}
	return "Burstable", nil
}

// computed are the resources that a class is made from.
var computed = []string{"cpu", "memory"}

// amounts are thousandths of each resource.
type amounts map[string]int64

func (a amounts) add(list map[string]kube.Quantity) error {
	for _, name := range computed {
		amount, err := list[name].Milli()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if amount > math.MaxInt64-a[name] {
			return fmt.Errorf("%s: too much to count", name)
		}
		if amount > 0 {
			a[name] += amount
		}
	}
	return nil
}

// withDefaults are the requests after the API server's defaulting.
func withDefaults(r kube.Requirements) map[string]kube.Quantity {
	merged := map[string]kube.Quantity{}
	for _, name := range computed {
		if limit, given := r.Limits[name]; given {
			merged[name] = limit
		}
		if request, given := r.Requests[name]; given {
			merged[name] = request
		}
	}
	return merged
}

// ClassColumns is the `--output` with which kubectl lists pods for CheckClasses.
const ClassColumns = "custom-columns=NAME:.metadata.name,CLASS:.status.qosClass"

// CheckClasses reads what kubectl lists of the pods of a release, a name and a class on each line, and is an error unless
// there is one and each is Guaranteed: what a cluster computed, where the rule qos-guaranteed computes from what is rendered.
func CheckClasses(listing string) error {
	lines := strings.Split(strings.TrimSpace(listing), "\n")
	var problems []error
	for _, line := range lines {
		if fields := strings.Fields(line); len(fields) != 2 || fields[1] != "Guaranteed" {
			problems = append(problems, fmt.Errorf("pod %q is not Guaranteed; see the rule requests-equal-limits", strings.TrimSpace(line)))
		}
	}
	return errors.Join(problems...)
}

// checkQoS wants every pod Guaranteed. The pod of a test may be Burstable, for its CPU: it lives for seconds, and takes what is idle.
func checkQoS(r *release, report reporter) {
	for _, p := range r.pods {
		class, err := p.qosClass()
		if err != nil {
			report(p.place, "its class cannot be computed: "+err.Error(), "write amounts as Kubernetes does: 500m, 512Mi")
		} else if class != "Guaranteed" && (class != "Burstable" || !p.isTest()) {
			report(p.place, "the pod is "+class, "give every container and init container limits of CPU and memory, and requests of as much")
		}
	}
}

// checkResources wants requests and limits, of the same amount, on each container. A test may ask for less CPU than it is limited to.
func checkResources(r *release, report reporter) {
	r.eachContainer(func(c *container) {
		for _, name := range computed {
			request, limit := c.Resources.Requests[name], c.Resources.Limits[name]
			at := c.in("resources")
			switch asked, errAsked := request.Milli(); {
			case request == "" || limit == "":
				report(at, fmt.Sprintf("container %s has no %s", c.Name, missing(name, request, limit)), "set both, to the same amount")
			case errAsked != nil:
				report(at.in("requests.%s", name), errAsked.Error(), "write amounts as Kubernetes does: 500m, 512Mi")
			default:
				allowed, err := limit.Milli()
				if err != nil {
					report(at.in("limits.%s", name), err.Error(), "write amounts as Kubernetes does: 500m, 512Mi")
				} else if asked != allowed && (name != "cpu" || !c.pod.isTest() || asked > allowed) {
					report(at, fmt.Sprintf("container %s requests %s %s and is limited to %s", c.Name, request, name, limit),
						"set both to the same amount")
				}
			}
		}
	})
}

func missing(name string, request, limit kube.Quantity) string {
	switch {
	case request == "" && limit == "":
		return "request and no limit of " + name
	case request == "":
		return "request of " + name
	}
	return "limit of " + name
}

// checkBudget holds what the release asks for while it rolls (its pods, the largest one beside them, an init container that
// needs more than what runs after it) against the budget.
func checkBudget(r *release, report reporter) {
	budget := r.options.Budget
	if budget == (kube.Resources{}) {
		return
	}
	demand, err := kube.ParseDemand(r.manifests)
	if err != nil {
		report(whole, err.Error(), "write amounts as Kubernetes does: 500m, 512Mi")
		return
	}
	if total := demand.Total(); total.MilliCPU > budget.MilliCPU || total.Memory > budget.Memory {
		report(whole, fmt.Sprintf("the release asks for %s while it rolls, more than %s", total, budget), "lower requests or replicas")
	}
}
