package chart

import (
	"errors"
	"fmt"
	"strings"

	"todo-chatbot/ci/kube"
)

// podPaths is where each kind has its pod.
var podPaths = map[string]string{
	"Pod": "", "Deployment": "spec.template", "StatefulSet": "spec.template", "DaemonSet": "spec.template",
	"ReplicaSet": "spec.template", "ReplicationController": "spec.template", "Job": "spec.template",
	"CronJob": "spec.jobTemplate.spec.template", "PodTemplate": "template",
}

// workload is an object that keeps pods running.
type workload struct {
	object *object
	spec   workloadSpec
	pod    *pod
}

// at is a place in the workload.
func (w workload) at(path string) place { return place{w.object, path} }

// pod is one that is rendered, or that a rendered object makes.
type pod struct {
	place
	meta metadata
	spec podSpec
	// containers are all of them, init containers last.
	containers []*container
}

// component is the part of the release that the pod is.
func (p *pod) component() string { return p.meta.Labels["app.kubernetes.io/component"] }

// isTest is true for a pod of `helm test`.
func (p *pod) isTest() bool { return p.object.isTest() }

// main is the container that the pod is for: the one named like the component, else the first.
func (p *pod) main() *container {
	for _, c := range p.containers {
		if c.Name == p.component() && !c.init {
			return c
		}
	}
	return p.containers[0]
}

// container is one of a pod's.
type container struct {
	containerSpec
	place
	pod *pod
	// init is true for one that ends before the pod runs; a sidecar does not.
	init bool
}

// addPods reads the pod of an object, whose part at path it is.
func (r *release) addPods(o *object, path string) error {
	var top struct {
		Spec     workloadSpec `json:"spec"`
		Template podTemplate  `json:"template"`
	}
	p := &pod{place: place{o, strings.TrimPrefix(path+".spec", ".")}}
	raw := o.Spec
	var err error
	switch o.Kind {
	case "Pod":
		p.meta = o.Metadata
		err = decode(raw, &p.spec)
	case "PodTemplate":
		return errors.New("no rule reads the kind; render a Deployment")
	default:
		err = decode(raw, &top.Spec)
		made := top.Spec.Template
		if o.Kind == "CronJob" {
			made = top.Spec.JobTemplate.Spec.Template
		}
		p.meta, p.spec = made.Metadata, made.Spec
	}
	if err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	p.meta.Namespace = o.Metadata.Namespace
	for i, c := range p.spec.Containers {
		p.containers = append(p.containers, &container{c, p.in("containers[%d]", i), p, false})
	}
	for i, c := range p.spec.InitContainers {
		p.containers = append(p.containers, &container{c, p.in("initContainers[%d]", i), p, c.RestartPolicy != "Always"})
	}
	if len(p.spec.Containers) == 0 {
		return errors.New("its pod has no container")
	}
	r.pods = append(r.pods, p)
	if o.Kind != "Pod" {
		r.workloads = append(r.workloads, workload{o, top.Spec, p})
	}
	return nil
}

// podsOf gives the pods of one component.
func (r *release) podsOf(component string) []*pod {
	var found []*pod
	for _, p := range r.pods {
		if p.component() == component {
			found = append(found, p)
		}
	}
	return found
}

// eachContainer calls for every container of every pod.
func (r *release) eachContainer(call func(c *container)) {
	for _, p := range r.pods {
		for _, c := range p.containers {
			call(c)
		}
	}
}

// workloadSpec is what rules read of a Deployment, StatefulSet, Job or CronJob.
type workloadSpec struct {
	Replicas *int     `json:"replicas"`
	Selector selector `json:"selector"`
	Strategy struct {
		Type          string `json:"type"`
		RollingUpdate struct {
			MaxUnavailable *amount `json:"maxUnavailable"`
			MaxSurge       *amount `json:"maxSurge"`
		} `json:"rollingUpdate"`
	} `json:"strategy"`
	ProgressDeadlineSeconds *int        `json:"progressDeadlineSeconds"`
	Template                podTemplate `json:"template"`
	JobTemplate             struct {
		Spec struct {
			Template podTemplate `json:"template"`
		} `json:"spec"`
	} `json:"jobTemplate"`
	VolumeClaimTemplates []struct {
		Metadata metadata `json:"metadata"`
	} `json:"volumeClaimTemplates"`
}

type podTemplate struct {
	Metadata metadata `json:"metadata"`
	Spec     podSpec  `json:"spec"`
}

// podSpec is what rules read of a pod.
type podSpec struct {
	InitContainers                []containerSpec     `json:"initContainers"`
	Containers                    []containerSpec     `json:"containers"`
	Resources                     *kube.Requirements  `json:"resources"`
	Volumes                       []map[string]any    `json:"volumes"`
	AutomountServiceAccountToken  *bool               `json:"automountServiceAccountToken"`
	ServiceAccountName            string              `json:"serviceAccountName"`
	TerminationGracePeriodSeconds *int                `json:"terminationGracePeriodSeconds"`
	RestartPolicy                 string              `json:"restartPolicy"`
	HostNetwork                   bool                `json:"hostNetwork"`
	HostPID                       bool                `json:"hostPID"`
	HostIPC                       bool                `json:"hostIPC"`
	SecurityContext               securityContext     `json:"securityContext"`
	TopologySpreadConstraints     []spreadConstraints `json:"topologySpreadConstraints"`
}

type spreadConstraints struct {
	LabelSelector selector `json:"labelSelector"`
}

// containerSpec is what rules read of a container.
type containerSpec struct {
	Name          string            `json:"name"`
	Image         string            `json:"image"`
	Command       []string          `json:"command"`
	Args          []string          `json:"args"`
	RestartPolicy string            `json:"restartPolicy"`
	Env           []variable        `json:"env"`
	EnvFrom       []variables       `json:"envFrom"`
	Resources     kube.Requirements `json:"resources"`
	Ports         []struct {
		Name          string `json:"name"`
		ContainerPort int    `json:"containerPort"`
		HostPort      int    `json:"hostPort"`
		Protocol      string `json:"protocol"`
	} `json:"ports"`
	VolumeMounts []struct {
		Name    string `json:"name"`
		SubPath string `json:"subPath"`
	} `json:"volumeMounts"`
	LivenessProbe   *probe          `json:"livenessProbe"`
	ReadinessProbe  *probe          `json:"readinessProbe"`
	StartupProbe    *probe          `json:"startupProbe"`
	SecurityContext securityContext `json:"securityContext"`
	Lifecycle       struct {
		PostStart *handler `json:"postStart"`
		PreStop   *handler `json:"preStop"`
	} `json:"lifecycle"`
}
