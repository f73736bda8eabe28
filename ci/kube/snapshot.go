package kube

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Snapshot is what one look at a cluster gave.
type Snapshot struct {
	Deployments  []Workload
	StatefulSets []Workload
	DaemonSets   []Workload
	ReplicaSets  []Workload
	Pods         []Pod
	Events       []Event
	Quotas       []Quota
	Claims       []Claim
	Nodes        []Node
}

// SnapshotKinds is the resource argument of the kubectl call whose output ParseSnapshot reads: `kubectl --namespace N get
// <SnapshotKinds> --output json`. Nodes belong to no namespace and come along all the same.
const SnapshotKinds = "deployments,statefulsets,daemonsets,replicasets,pods,events,resourcequotas,persistentvolumeclaims,nodes"

// CapacityKinds is the resource argument of the call that CheckCapacity needs: `kubectl get <CapacityKinds> --all-namespaces --output json`.
const CapacityKinds = "nodes,pods"

// ParseSnapshot reads the JSON List that kubectl prints. Objects of other kinds are passed over; what is no List is an
// error, so that an error page or a truncated answer is never taken for an empty cluster.
func ParseSnapshot(raw []byte) (Snapshot, error) {
	var list struct {
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return Snapshot{}, fmt.Errorf("reading the cluster's objects: kubectl's output is not JSON (%w)", err)
	}
	if list.Kind != "List" {
		return Snapshot{}, fmt.Errorf("reading the cluster's objects: kubectl printed a %q, not a List; "+
			"ask for %s with --output json", list.Kind, SnapshotKinds)
	}
	var s Snapshot
	var errs []error
	for i, item := range list.Items {
		if err := s.add(item); err != nil {
			errs = append(errs, fmt.Errorf("reading the cluster's objects: item %d: %w", i, err))
		}
	}
	return s, errors.Join(errs...)
}

// add decodes one object into the field of its kind.
func (s *Snapshot) add(item json.RawMessage) error {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(item, &kind); err != nil {
		return err
	}
	switch kind.Kind {
	case "Deployment":
		return collect(&s.Deployments, item)
	case "StatefulSet":
		return collect(&s.StatefulSets, item)
	case "DaemonSet":
		return collect(&s.DaemonSets, item)
	case "ReplicaSet":
		return collect(&s.ReplicaSets, item)
	case "Pod":
		return collect(&s.Pods, item)
	case "Event":
		return collect(&s.Events, item)
	case "ResourceQuota":
		return collect(&s.Quotas, item)
	case "PersistentVolumeClaim":
		return collect(&s.Claims, item)
	case "Node":
		return collect(&s.Nodes, item)
	}
	return nil
}

// collect decodes raw as one more element of a list.
func collect[T any](list *[]T, raw json.RawMessage) error {
	var object T
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	*list = append(*list, object)
	return nil
}
