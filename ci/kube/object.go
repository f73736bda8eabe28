package kube

import (
	"encoding/json"
	"time"
)

// Meta is the part of an object's metadata that the rules read.
type Meta struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	Generation        int64             `json:"generation,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	CreationTimestamp time.Time         `json:"creationTimestamp,omitzero"`
	DeletionTimestamp *time.Time        `json:"deletionTimestamp,omitempty"`
	OwnerReferences   []Owner           `json:"ownerReferences,omitempty"`
}

// Owner is one of an object's owners.
type Owner struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// Condition is a condition of any kind of object.
type Condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason,omitempty"`
	Message            string    `json:"message,omitempty"`
	LastTransitionTime time.Time `json:"lastTransitionTime,omitzero"`
	LastUpdateTime     time.Time `json:"lastUpdateTime,omitzero"`
}

// Workload is a Deployment, StatefulSet, DaemonSet or ReplicaSet: what they share is all that the rules need.
type Workload struct {
	Kind     string         `json:"kind"`
	Metadata Meta           `json:"metadata"`
	Spec     WorkloadSpec   `json:"spec"`
	Status   WorkloadStatus `json:"status"`
}

// WorkloadSpec is what a workload asks for.
type WorkloadSpec struct {
	Replicas       *int        `json:"replicas,omitempty"`
	Paused         bool        `json:"paused,omitempty"`
	Strategy       Strategy    `json:"strategy,omitzero"`
	UpdateStrategy Strategy    `json:"updateStrategy,omitzero"`
	Template       PodTemplate `json:"template,omitzero"`
}

// Strategy is how a workload replaces its pods; numbers are kept as written, since they may be percentages.
type Strategy struct {
	Type          string `json:"type,omitempty"`
	RollingUpdate struct {
		MaxSurge       json.RawMessage `json:"maxSurge,omitempty"`
		MaxUnavailable json.RawMessage `json:"maxUnavailable,omitempty"`
		Partition      int             `json:"partition,omitempty"`
	} `json:"rollingUpdate,omitzero"`
}

// WorkloadStatus is what a workload's controller has seen.
type WorkloadStatus struct {
	ObservedGeneration int64  `json:"observedGeneration,omitempty"`
	Replicas           int    `json:"replicas,omitempty"`
	UpdatedReplicas    int    `json:"updatedReplicas,omitempty"`
	ReadyReplicas      int    `json:"readyReplicas,omitempty"`
	AvailableReplicas  int    `json:"availableReplicas,omitempty"`
	CurrentRevision    string `json:"currentRevision,omitempty"`
	UpdateRevision     string `json:"updateRevision,omitempty"`
	// A DaemonSet counts its pods by these.
	DesiredNumberScheduled int         `json:"desiredNumberScheduled,omitempty"`
	CurrentNumberScheduled int         `json:"currentNumberScheduled,omitempty"`
	UpdatedNumberScheduled int         `json:"updatedNumberScheduled,omitempty"`
	NumberReady            int         `json:"numberReady,omitempty"`
	NumberAvailable        int         `json:"numberAvailable,omitempty"`
	Conditions             []Condition `json:"conditions,omitempty"`
}

// desired is how many pods a workload asks for, one when it does not say.
func (w Workload) desired() int {
	switch {
	case w.Kind == "DaemonSet":
		return w.Status.DesiredNumberScheduled
	case w.Spec.Replicas == nil:
		return 1
	}
	return *w.Spec.Replicas
}

// pods is how many pods a workload has.
func (w Workload) pods() int {
	if w.Kind == "DaemonSet" {
		return w.Status.CurrentNumberScheduled
	}
	return w.Status.Replicas
}

// PodTemplate is the pod that a workload makes.
type PodTemplate struct {
	Metadata Meta    `json:"metadata,omitzero"`
	Spec     PodSpec `json:"spec"`
}

// Event is a core/v1 event, whichever of the two event APIs wrote it.
type Event struct {
	Metadata       Meta           `json:"metadata"`
	InvolvedObject InvolvedObject `json:"involvedObject"`
	Type           string         `json:"type,omitempty"`
	Reason         string         `json:"reason,omitempty"`
	Message        string         `json:"message,omitempty"`
	Count          int            `json:"count,omitempty"`
	FirstTimestamp time.Time      `json:"firstTimestamp,omitzero"`
	LastTimestamp  time.Time      `json:"lastTimestamp,omitzero"`
	EventTime      time.Time      `json:"eventTime,omitzero"`
	Series         *EventSeries   `json:"series,omitempty"`
}

// InvolvedObject is what an event is about; FieldPath names a container as spec.containers{name}.
type InvolvedObject struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	UID       string `json:"uid,omitempty"`
	FieldPath string `json:"fieldPath,omitempty"`
}

// EventSeries is how the events.k8s.io API counts repetitions.
type EventSeries struct {
	Count            int       `json:"count"`
	LastObservedTime time.Time `json:"lastObservedTime"`
}

// Node is a machine of the cluster.
type Node struct {
	Metadata Meta `json:"metadata"`
	Spec     struct {
		Unschedulable bool    `json:"unschedulable,omitempty"`
		ProviderID    string  `json:"providerID,omitempty"`
		Taints        []Taint `json:"taints,omitempty"`
	} `json:"spec"`
	Status struct {
		NodeInfo struct {
			OperatingSystem string `json:"operatingSystem,omitempty"`
			Architecture    string `json:"architecture,omitempty"`
		} `json:"nodeInfo,omitzero"`
		Allocatable map[string]Quantity `json:"allocatable,omitempty"`
		Conditions  []Condition         `json:"conditions,omitempty"`
		Images      []NodeImage         `json:"images,omitempty"`
	} `json:"status"`
}

// Taint keeps pods that do not tolerate it off a node.
type Taint struct {
	Key    string `json:"key"`
	Effect string `json:"effect"`
}

// Claim is a PersistentVolumeClaim.
type Claim struct {
	Metadata Meta `json:"metadata"`
	Spec     struct {
		StorageClassName *string `json:"storageClassName,omitempty"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase,omitempty"`
	} `json:"status"`
}

// Quota is a ResourceQuota.
type Quota struct {
	Metadata Meta `json:"metadata"`
	Status   struct {
		Hard map[string]Quantity `json:"hard,omitempty"`
		Used map[string]Quantity `json:"used,omitempty"`
	} `json:"status"`
}
