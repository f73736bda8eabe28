package chart

import "fmt"

// autoscalerSpec is what rules read of a HorizontalPodAutoscaler, version 2.
type autoscalerSpec struct {
	ScaleTargetRef struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Name       string `json:"name"`
	} `json:"scaleTargetRef"`
	MinReplicas *int `json:"minReplicas"`
	MaxReplicas int  `json:"maxReplicas"`
	Metrics     []struct {
		Type     string `json:"type"`
		Resource struct {
			Name   string `json:"name"`
			Target struct {
				Type               string `json:"type"`
				AverageUtilization int    `json:"averageUtilization"`
			} `json:"target"`
		} `json:"resource"`
	} `json:"metrics"`
}

// least is how many pods an autoscaler keeps at least; Kubernetes' default is one.
func (s autoscalerSpec) least() int {
	if s.MinReplicas == nil {
		return 1
	}
	return *s.MinReplicas
}

// scales is true for the workload that an autoscaler is about.
func scales(a of[autoscalerSpec], o *object) bool {
	to := a.spec.ScaleTargetRef
	return o.Kind == to.Kind && o.Metadata.Name == to.Name && o.APIVersion == to.APIVersion && o.Metadata.Namespace == a.object.Metadata.Namespace
}

// replicas is how many pods a workload has at least.
func (r *release) replicas(o *object) int {
	for _, a := range r.autoscalers {
		if scales(a, o) {
			return a.spec.least()
		}
	}
	for _, w := range r.workloads {
		if w.object == o && w.spec.Replicas != nil {
			return *w.spec.Replicas
		}
	}
	return 1
}

// checkAutoscalers wants an autoscaler's target to be rendered and to leave the number of pods to it.
func checkAutoscalers(r *release, report reporter) {
	for _, a := range r.autoscalers {
		var target *workload
		for i := range r.workloads {
			if scales(a, r.workloads[i].object) {
				target = &r.workloads[i]
			}
		}
		to := a.spec.ScaleTargetRef
		if target == nil {
			report(a.at("spec.scaleTargetRef"), fmt.Sprintf("%s %s %s is not there", to.APIVersion, to.Kind, to.Name), "name a workload of the release")
		} else if target.spec.Replicas != nil {
			report(target.at("spec.replicas"), fmt.Sprintf("it is %d, and an autoscaler has the say", *target.spec.Replicas), "leave replicas out")
		}
		if a.spec.least() > a.spec.MaxReplicas {
			report(a.at("spec.minReplicas"), fmt.Sprintf("it is %d, above maxReplicas, %d", a.spec.least(), a.spec.MaxReplicas), "lower it")
		}
	}
}

// checkScaling wants requirement 8 of docs/requirements.md: the backend alone, by CPU at 70 %, from 2 to 5 pods.
func checkScaling(r *release, report reporter) {
	const fix = "write the autoscaler as requirement 8 of docs/requirements.md has it"
	for _, a := range r.autoscalers {
		for _, w := range r.workloads {
			if scales(a, w.object) && w.pod.component() != "backend" {
				report(a.at("spec.scaleTargetRef"), fmt.Sprintf("it scales the %s, which needs none", w.pod.component()), fix)
			}
		}
		if a.object.APIVersion != "autoscaling/v2" {
			report(a.at("apiVersion"), "it is "+a.object.APIVersion+", not autoscaling/v2", fix)
		}
		if a.spec.least() != 2 || a.spec.MaxReplicas != 5 {
			report(a.at("spec"), fmt.Sprintf("it keeps %d to %d pods, not 2 to 5", a.spec.least(), a.spec.MaxReplicas), fix)
		}
		if m := a.spec.Metrics; len(m) != 1 || m[0].Type != "Resource" || m[0].Resource.Name != "cpu" ||
			m[0].Resource.Target.Type != "Utilization" || m[0].Resource.Target.AverageUtilization != 70 {
			report(a.at("spec.metrics"), "it does not go by CPU at 70 % alone", fix)
		}
	}
}
