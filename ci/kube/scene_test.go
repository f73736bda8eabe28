package kube

import (
	"time"
)

// A scene is a made-up cluster: one workload whose roll began five minutes before now. Moments are seconds before now.

func ago(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }

// deploymentScene is a Deployment, its one ReplicaSet and the pods that are given.
func deploymentScene(pods ...Pod) Snapshot {
	w := Workload{Kind: "Deployment", Metadata: Meta{Name: "shop", UID: "deployment", Generation: 1,
		Annotations: map[string]string{revisionAnnotation: "1"}}}
	w.Status = WorkloadStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1}
	set := Workload{Kind: "ReplicaSet", Metadata: Meta{Name: "shop-5c6d", UID: "set", Annotations: map[string]string{revisionAnnotation: "1"},
		OwnerReferences: []Owner{{Kind: "Deployment", Name: "shop", UID: "deployment"}}}}
	for i := range pods {
		pods[i].Metadata.OwnerReferences = []Owner{{Kind: "ReplicaSet", Name: "shop-5c6d", UID: "set"}}
	}
	return Snapshot{Deployments: []Workload{w}, ReplicaSets: []Workload{set}, Pods: pods}
}

// statefulSetScene is a StatefulSet and the pods that are given.
func statefulSetScene(pods ...Pod) Snapshot {
	w := Workload{Kind: "StatefulSet", Metadata: Meta{Name: "ledger", UID: "statefulset", Generation: 1}}
	w.Status = WorkloadStatus{ObservedGeneration: 1, Replicas: 1, CurrentRevision: "v1", UpdateRevision: "v1"}
	for i := range pods {
		pods[i].Metadata.Labels = map[string]string{setRevisionLabel: "v1"}
		pods[i].Metadata.OwnerReferences = []Owner{{Kind: "StatefulSet", Name: "ledger", UID: "statefulset"}}
	}
	return Snapshot{StatefulSets: []Workload{w}, Pods: pods}
}

// daemonSetScene is a DaemonSet for one node and the pods that are given.
func daemonSetScene(pods ...Pod) Snapshot {
	w := Workload{Kind: "DaemonSet", Metadata: Meta{Name: "agent", UID: "daemonset", Generation: 1,
		Annotations: map[string]string{templateGenerationAnnotation: "1"}}}
	w.Status = WorkloadStatus{ObservedGeneration: 1, DesiredNumberScheduled: 1, CurrentNumberScheduled: 1, UpdatedNumberScheduled: 1}
	for i := range pods {
		pods[i].Metadata.Labels = map[string]string{templateGenerationLabel: "1"}
		pods[i].Metadata.OwnerReferences = []Owner{{Kind: "DaemonSet", Name: "agent", UID: "daemonset"}}
	}
	return Snapshot{DaemonSets: []Workload{w}, Pods: pods}
}

// podScene is a pod with one container, placed when it was made.
func podScene(name string, age int, changes ...func(*Pod)) Pod {
	p := Pod{Metadata: Meta{Name: name, Namespace: "market", UID: "uid-" + name, CreationTimestamp: ago(age)},
		Spec: PodSpec{Containers: []Container{{Name: "api"}}}, Status: PodStatus{Phase: "Pending"}}
	setCondition(&p, Condition{Type: "PodScheduled", Status: "True", LastTransitionTime: ago(age)})
	for _, change := range changes {
		change(&p)
	}
	return p
}

func setCondition(p *Pod, c Condition) {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == c.Type {
			p.Status.Conditions[i] = c
			return
		}
	}
	p.Status.Conditions = append(p.Status.Conditions, c)
}

// waiting is a container that has not started.
func waiting(reason, message string) func(*Pod) {
	return func(p *Pod) {
		p.Status.ContainerStatuses = []ContainerStatus{{Name: "api", State: ContainerState{Waiting: &Waiting{reason, message}}}}
	}
}

// running is a container that has run for a time and is not ready.
func running(seconds int) func(*Pod) {
	return func(p *Pod) {
		started := true
		p.Status.Phase = "Running"
		p.Status.ContainerStatuses = []ContainerStatus{{Name: "api", Started: &started, State: ContainerState{Running: &Running{ago(seconds)}}}}
	}
}

// ended adds how a container's last run ended, how long it had lasted, and how often the container was restarted.
func endedBefore(restarts, began, finished int, t Terminated) func(*Pod) {
	return func(p *Pod) {
		t.StartedAt, t.FinishedAt = ago(began), ago(finished)
		p.Status.ContainerStatuses[0].LastState.Terminated = &t
		p.Status.ContainerStatuses[0].RestartCount = restarts
	}
}

// unplaced is a pod that has no node.
func unplaced(reason, message string, since int) func(*Pod) {
	return func(p *Pod) {
		setCondition(p, Condition{Type: "PodScheduled", Status: "False", Reason: reason, Message: message, LastTransitionTime: ago(since)})
	}
}

// failedPod is a pod that its node has given up.
func failedPod(reason, message string) func(*Pod) {
	return func(p *Pod) {
		p.Status = PodStatus{Phase: "Failed", Reason: reason, Message: message}
	}
}

// claims gives a pod a volume of a claim.
func claims(name string) func(*Pod) {
	return func(p *Pod) {
		v := Volume{Name: "data"}
		v.Claim = &struct {
			Name string `json:"claimName"`
		}{name}
		p.Spec.Volumes = append(p.Spec.Volumes, v)
	}
}

// claimScene is a claim in a phase.
func claimScene(name, phase string) Claim {
	class := "disk"
	c := Claim{Metadata: Meta{Name: name, UID: "uid-" + name}}
	c.Spec.StorageClassName = &class
	c.Status.Phase = phase
	return c
}

// eventScene is what happened to an object between two moments, so many times.
func eventScene(kind, name, reason, message string, first, last, count int) Event {
	return Event{InvolvedObject: InvolvedObject{Kind: kind, Name: name}, Reason: reason, Message: message, Count: count,
		FirstTimestamp: ago(first), LastTimestamp: ago(last)}
}

// containerEvent is one of the only container of the pod shop-a.
func containerEvent(reason, message string, first, last, count int) Event {
	e := eventScene("Pod", "shop-a", reason, message, first, last, count)
	e.InvolvedObject.FieldPath = "spec.containers{api}"
	return e
}

// nodeScene is a node that is ready, changed.
func nodeScene(changes ...func(*Node)) Node {
	n := Node{Metadata: Meta{Name: "alpha"}}
	n.Status.Allocatable = map[string]Quantity{"cpu": "4", "memory": "8Gi", "pods": "110"}
	n.Status.Conditions = []Condition{{Type: "Ready", Status: "True"}}
	for _, change := range changes {
		change(&n)
	}
	return n
}

// away is a node whose kubelet has been silent for some seconds.
func away(n int) func(*Node) {
	return func(node *Node) {
		node.Status.Conditions = []Condition{{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status.", LastTransitionTime: ago(n)}}
	}
}

// onAlpha has a pod on nodeScene's node.
func onAlpha(p *Pod) { p.Spec.NodeName = "alpha" }

func tainted(key string) func(*Node) {
	return func(n *Node) { n.Spec.Taints = append(n.Spec.Taints, Taint{Key: key, Effect: "NoSchedule"}) }
}

// with adds to a snapshot.
func with(s Snapshot, more ...any) Snapshot {
	for _, one := range more {
		switch one := one.(type) {
		case Event:
			s.Events = append(s.Events, one)
		case Node:
			s.Nodes = append(s.Nodes, one)
		case Claim:
			s.Claims = append(s.Claims, one)
		case func(*Snapshot):
			one(&s)
		default:
			panic("a scene has events, nodes, claims and changes")
		}
	}
	return s
}

// verdict assesses a scene.
func verdict(s Snapshot) Assessment {
	return Assess(s, AssessOptions{Now: now, Since: began})
}
