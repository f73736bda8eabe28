package kube

import "time"

// Pod is a pod as the API server gives it.
type Pod struct {
	Metadata Meta      `json:"metadata"`
	Spec     PodSpec   `json:"spec"`
	Status   PodStatus `json:"status"`
}

// PodSpec is what a pod asks for.
type PodSpec struct {
	NodeName       string              `json:"nodeName,omitempty"`
	NodeSelector   map[string]string   `json:"nodeSelector,omitempty"`
	Affinity       Affinity            `json:"affinity,omitzero"`
	InitContainers []Container         `json:"initContainers,omitempty"`
	Containers     []Container         `json:"containers"`
	Overhead       map[string]Quantity `json:"overhead,omitempty"`
	Resources      Requirements        `json:"resources,omitzero"`
	Volumes        []Volume            `json:"volumes,omitempty"`
}

// Affinity is what a pod asks of its node. Only that it has to be so is of interest.
type Affinity struct {
	NodeAffinity struct {
		Required *struct{} `json:"requiredDuringSchedulingIgnoredDuringExecution,omitempty"`
	} `json:"nodeAffinity,omitzero"`
}

// Volume is a pod's volume; only what has a claim is of interest.
type Volume struct {
	Name  string `json:"name"`
	Claim *struct {
		Name string `json:"claimName"`
	} `json:"persistentVolumeClaim,omitempty"`
	Ephemeral *struct{} `json:"ephemeral,omitempty"`
}

// Container is one container of a pod. An init container whose RestartPolicy is Always is a sidecar: it starts in order
// and keeps running.
type Container struct {
	Name            string       `json:"name"`
	Image           string       `json:"image,omitempty"`
	ImagePullPolicy string       `json:"imagePullPolicy,omitempty"`
	RestartPolicy   string       `json:"restartPolicy,omitempty"`
	Resources       Requirements `json:"resources,omitzero"`
	ReadinessProbe  *Probe       `json:"readinessProbe,omitempty"`
	StartupProbe    *Probe       `json:"startupProbe,omitempty"`
}

// Requirements are the requests and limits of a container or pod, as Kubernetes writes quantities.
type Requirements struct {
	Requests map[string]Quantity `json:"requests,omitempty"`
	Limits   map[string]Quantity `json:"limits,omitempty"`
}

// Probe is the timing of a probe; fields left out have Kubernetes' defaults.
type Probe struct {
	InitialDelaySeconds int `json:"initialDelaySeconds,omitempty"`
	PeriodSeconds       int `json:"periodSeconds,omitempty"`
	FailureThreshold    int `json:"failureThreshold,omitempty"`
}

// PodStatus is what the kubelet and the scheduler say about a pod.
type PodStatus struct {
	Phase                 string            `json:"phase,omitempty"`
	Reason                string            `json:"reason,omitempty"`
	Message               string            `json:"message,omitempty"`
	NominatedNodeName     string            `json:"nominatedNodeName,omitempty"`
	Conditions            []Condition       `json:"conditions,omitempty"`
	InitContainerStatuses []ContainerStatus `json:"initContainerStatuses,omitempty"`
	ContainerStatuses     []ContainerStatus `json:"containerStatuses,omitempty"`
}

// ContainerStatus is what the kubelet says about a container.
type ContainerStatus struct {
	Name         string         `json:"name"`
	Image        string         `json:"image,omitempty"`
	Ready        bool           `json:"ready"`
	Started      *bool          `json:"started,omitempty"`
	RestartCount int            `json:"restartCount"`
	State        ContainerState `json:"state,omitzero"`
	LastState    ContainerState `json:"lastState,omitzero"`
}

// ContainerState has at most one field set.
type ContainerState struct {
	Waiting    *Waiting    `json:"waiting,omitempty"`
	Running    *Running    `json:"running,omitempty"`
	Terminated *Terminated `json:"terminated,omitempty"`
}

// Waiting is a container that does not run yet.
type Waiting struct {
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Running is a container that runs.
type Running struct {
	StartedAt time.Time `json:"startedAt,omitzero"`
}

// Terminated is a container that has ended.
type Terminated struct {
	ExitCode   int       `json:"exitCode"`
	Signal     int       `json:"signal,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Message    string    `json:"message,omitempty"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
}

// statuses are those of all containers, init containers first.
func (p Pod) statuses() []ContainerStatus {
	return append(append([]ContainerStatus{}, p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...)
}

// ended is true for a pod that will run nothing any more.
func (p Pod) ended() bool { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }
