package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Demand is what a release asks of a cluster when it rolls.
type Demand struct {
	// Pods are those that stand when the roll is done.
	Pods []PodDemand
	// Extra are those of which one at a time stands beside them: a workload's surge, the pod of a Helm hook or test.
	// Surges of two workloads need no room side by side, since one that waits gets that of the one that is done.
	Extra []PodDemand
}

// PodDemand is what one pod asks for.
type PodDemand struct {
	// Name says which pod it is: `deployment/todo-chatbot-backend 2 of 2`, or `… surge`.
	Name      string
	Resources Resources
	// EachNode is true for a DaemonSet's pod, of which every node has one that NodeSelector and Affinity do not keep it off.
	EachNode bool
	// NodeSelector are the labels that its nodes have.
	NodeSelector map[string]string
	// Affinity is true where a required node affinity chooses its nodes.
	Affinity bool
}

// takes says whether a node has the labels that the pod asks for.
func (p PodDemand) takes(n nodeCapacity) bool {
	for key, value := range p.NodeSelector {
		if label, found := n.labels[key]; !found || label != value {
			return false
		}
	}
	return true
}

// Total is what all pods and the largest of the extra ones ask for, DaemonSets counted once.
func (a Demand) Total() Resources {
	var total, extra Resources
	for _, p := range a.Pods {
		total = total.plus(p.Resources)
	}
	for _, p := range a.Extra {
		extra = extra.larger(p.Resources)
	}
	return total.plus(extra)
}

// manifest is an object as a chart renders it.
type manifest struct {
	Kind     string `json:"kind"`
	Metadata Meta   `json:"metadata"`
	Spec     struct {
		WorkloadSpec
		// A Pod's spec is its own.
		PodSpec
		// A CronJob's pod is that of the Jobs that it makes.
		JobTemplate struct {
			Spec struct {
				Template PodTemplate `json:"template"`
			} `json:"spec"`
		} `json:"jobTemplate"`
		Parallelism    *int `json:"parallelism"`
		MinReplicas    *int `json:"minReplicas"`
		ScaleTargetRef struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"scaleTargetRef"`
	} `json:"spec"`
}

// pod is what an object's pods are made from, nothing where it has none.
func (m manifest) pod() PodSpec {
	switch m.Kind {
	case "Pod":
		return m.Spec.PodSpec
	case "CronJob":
		return m.Spec.JobTemplate.Spec.Template.Spec
	}
	return m.Spec.Template.Spec
}

// ParseDemand reads rendered manifests (`helm template`, many YAML documents) and counts what they ask for. A CronJob asks for
// nothing: its pods are not there when a release rolls. When their time comes they wait for room, and no rollout waits for them.
// What it does not know the pods of, such as a custom resource, asks for nothing either.
func ParseDemand(manifests []byte) (Demand, error) {
	objects, err := parseManifests(manifests)
	if err != nil {
		return Demand{}, fmt.Errorf("counting what the release asks for: %w", err)
	}
	least := map[string]int{}
	for _, m := range objects {
		if m.Kind == "HorizontalPodAutoscaler" {
			// Its default is one (autoscaling/v2).
			n := 1
			if m.Spec.MinReplicas != nil {
				n = *m.Spec.MinReplicas
			}
			least[m.Spec.ScaleTargetRef.Kind+"/"+m.Spec.ScaleTargetRef.Name] = n
		}
	}
	var demand Demand
	var errs []error
	for _, m := range objects {
		if err := demand.add(m, least[m.Kind+"/"+m.Metadata.Name]); err != nil {
			errs = append(errs, fmt.Errorf("counting what the release asks for: %s: %w", object(m.Kind, m.Metadata), err))
		}
	}
	return demand, errors.Join(errs...)
}

// parseManifests decodes the objects of rendered manifests that are read.
func parseManifests(manifests []byte) ([]manifest, error) {
	objects, err := Objects(manifests)
	if err != nil {
		return nil, err
	}
	var list []manifest
	for i, raw := range objects {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := decodeJSON(raw, &head); err != nil {
			return nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		if want, known := counted[head.Kind]; !known || head.APIVersion != "" && Group(head.APIVersion) != want {
			continue // a custom resource may have the name of a kind of Kubernetes
		}
		var m manifest
		if err := decodeJSON(raw, &m); err != nil {
			return nil, fmt.Errorf("object %d, a %s: %w", i+1, head.Kind, err)
		}
		list = append(list, m)
	}
	return list, nil
}

// counted are the kinds that are read, and the API group of each.
var counted = map[string]string{"Deployment": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "Job": "batch", "CronJob": "batch",
	"Pod": "", "HorizontalPodAutoscaler": "autoscaling"}

// mostPods is how many pods of one object are counted: a hundred full nodes of them.
const mostPods = 11000

// add counts one object; least is the minimum of its autoscaler, 0 without one.
func (a *Demand) add(m manifest, least int) error {
	if m.Kind == "HorizontalPodAutoscaler" || m.Kind == "CronJob" {
		return nil
	}
	spec := m.pod()
	each, err := spec.requests()
	if err != nil {
		return err
	}
	pod := PodDemand{Name: object(m.Kind, m.Metadata), Resources: each, EachNode: m.Kind == "DaemonSet", NodeSelector: spec.NodeSelector,
		Affinity: spec.Affinity.NodeAffinity.Required != nil}
	if m.Metadata.Annotations["helm.sh/hook"] != "" {
		a.Extra = append(a.Extra, pod)
		return nil
	}
	count := 1
	switch {
	case m.Kind == "Job" && m.Spec.Parallelism != nil:
		count = *m.Spec.Parallelism
	case m.Spec.Replicas != nil:
		count = max(*m.Spec.Replicas, least)
	default:
		count = max(count, least)
	}
	if count > mostPods {
		return fmt.Errorf("%d pods are more than can be counted, which is %d", count, mostPods)
	}
	for i := range count {
		numbered := pod
		if count > 1 {
			numbered.Name += fmt.Sprintf(" %d of %d", i+1, count)
		}
		a.Pods = append(a.Pods, numbered)
	}
	surge, err := surgeOf(m, count)
	if surge > 0 {
		pod.Name += " surge"
		a.Extra = append(a.Extra, pod)
	}
	return err
}

// surgeOf is how many pods beside its replicas a Deployment has to have when it rolls (k8s.io/api/apps/v1 RollingUpdateDeployment): none
// where old ones may go first, since they leave their room to new ones. A maxSurge is rounded up and a maxUnavailable down; both are
// 25 % when left out.
func surgeOf(m manifest, replicas int) (int, error) {
	strategy := m.Spec.Strategy
	if m.Kind != "Deployment" || strategy.Type == "Recreate" {
		return 0, nil
	}
	surge, err := shareOf(replicas, strategy.RollingUpdate.MaxSurge, math.Ceil)
	if err != nil {
		return 0, fmt.Errorf("maxSurge: %w", err)
	}
	gone, err := shareOf(replicas, strategy.RollingUpdate.MaxUnavailable, math.Floor)
	if err != nil {
		return 0, fmt.Errorf("maxUnavailable: %w", err)
	}
	if gone > 0 {
		return 0, nil
	}
	return surge, nil
}

// shareOf is a number, or a percentage of the replicas as it is rounded.
func shareOf(replicas int, written json.RawMessage, rounded func(float64) float64) (int, error) {
	raw := strings.Trim(string(written), `"`)
	if raw == "" || raw == "null" {
		raw = "25%"
	}
	number, percent := strings.CutSuffix(raw, "%")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is neither a number nor a percentage", raw)
	}
	if percent {
		return int(rounded(float64(replicas) * float64(n) / 100)), nil
	}
	return n, nil
}
