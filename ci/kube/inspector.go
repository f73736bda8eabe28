package kube

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// The labels and annotation by which controllers mark revisions (k8s.io/api/apps/v1 and pkg/controller/deployment/util).
const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	templateHashLabel  = "pod-template-hash"
	setRevisionLabel   = "controller-revision-hash"

	templateGenerationAnnotation = "deprecated.daemonset.template.generation"
	templateGenerationLabel      = "pod-template-generation"
)

// inspector looks for what is wrong in one snapshot.
type inspector struct {
	Snapshot
	now, since time.Time
	patience   Patience
	gaveUp     bool
}

// overdue is that a workload has not moved within its deadline, nil while it may. A Deployment says so itself, and still says it
// of an earlier roll for a moment. The other kinds have no such condition: for them a pod that was made or became ready is a move.
func (in *inspector) overdue(w Workload) *Condition {
	const reason = "ProgressDeadlineExceeded"
	if w.Kind == "Deployment" {
		c := condition(w.Status.Conditions, "Progressing", "False")
		if c == nil || c.Reason != reason || !c.LastUpdateTime.IsZero() && c.LastUpdateTime.Before(in.since) {
			return nil
		}
		return c
	}
	moved := in.since
	for _, pod := range in.Pods {
		if !in.newest(w, pod) {
			continue
		}
		moved = later(moved, pod.Metadata.CreationTimestamp)
		if ready := condition(pod.Status.Conditions, "Ready", "True"); ready != nil {
			moved = later(moved, ready.LastTransitionTime)
		}
	}
	if moved.IsZero() || in.patience.Progress == 0 || !in.past(moved, in.patience.Progress) {
		return nil
	}
	return &Condition{Reason: reason, Message: fmt.Sprintf("no pod was made or became ready for %s", in.now.Sub(moved).Round(time.Second))}
}

// diagnose gives why a workload cannot succeed, nil while it may. Past the workload's own deadline nothing is passing any
// more, and what would have been left alone is named.
func (in *inspector) diagnose(w Workload) *Diagnosis {
	overdue := in.overdue(w)
	if overdue != nil || in.gaveUp {
		impatient := *in
		impatient.patience = Patience{}
		in = &impatient
	}
	worst := in.creation(w)
	if d := in.failed(w); d != nil && (worst == nil || d.Code.rank() < worst.Code.rank()) {
		worst = d
	}
	for _, pod := range in.pods(w) {
		if d := in.pod(pod); d != nil && (worst == nil || d.graver(*worst)) {
			worst = d
		}
	}
	if worst == nil && overdue != nil {
		worst = &Diagnosis{Code: ProgressDeadline, Object: object(w.Kind, w.Metadata), Reason: overdue.Reason,
			Message: overdue.Message, Events: in.events(w.Kind, w.Metadata)}
	}
	if worst != nil {
		worst.Workload = object(w.Kind, w.Metadata)
		if worst.Hint == "" {
			worst.Hint = worst.Code.hint()
		}
	}
	return worst
}

// pods gives those of a workload's pods that the roll depends on, by name: of the newest revision, not on their way out
// and not given up by their node. A StatefulSet replaces no pod while another is not ready, so there an older one that is
// not ready counts as well (Kubernetes documents it as "forced rollback").
func (in *inspector) pods(w Workload) []Pod {
	var list []Pod
	for _, pod := range in.Pods {
		if pod.Metadata.DeletionTimestamp != nil || pod.ended() {
			continue
		}
		if in.newest(w, pod) {
			list = append(list, pod)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Metadata.Name < list[j].Metadata.Name })
	return list
}

// newest is true for a pod that the workload's roll waits for.
func (in *inspector) newest(w Workload, pod Pod) bool {
	if w.Kind == "StatefulSet" {
		return owned(pod.Metadata, w) &&
			(pod.Metadata.Labels[setRevisionLabel] == w.Status.UpdateRevision || condition(pod.Status.Conditions, "Ready", "True") == nil)
	}
	if w.Kind == "DaemonSet" {
		generation, label := w.Metadata.Annotations[templateGenerationAnnotation], pod.Metadata.Labels[templateGenerationLabel]
		return owned(pod.Metadata, w) && (generation == "" || label == "" || generation == label)
	}
	set := in.newestSet(w)
	return set != nil && owned(pod.Metadata, *set)
}

// obstacles are the names of a StatefulSet's pods that keep it from going on to the revision that is wanted.
func (in *inspector) obstacles(w Workload) []string {
	if w.Kind != "StatefulSet" || w.Spec.UpdateStrategy.Type == "OnDelete" {
		return nil
	}
	var names []string
	for _, pod := range in.pods(w) {
		if pod.Metadata.Labels[setRevisionLabel] == w.Status.UpdateRevision {
			continue
		}
		// What is deleted on a node that is away stays there until it is back.
		if d := in.pod(pod); d != nil && d.Code != NodeNotReady {
			names = append(names, pod.Metadata.Name)
		}
	}
	return names
}

// newestSet is the ReplicaSet of a Deployment's present revision, nil when the snapshot has none.
func (in *inspector) newestSet(w Workload) *Workload {
	var newest *Workload
	highest := -1
	for i, set := range in.ReplicaSets {
		if !owned(set.Metadata, w) {
			continue
		}
		revision, _ := strconv.Atoi(set.Metadata.Annotations[revisionAnnotation])
		if revision > highest {
			newest, highest = &in.ReplicaSets[i], revision
		}
	}
	if newest != nil && newest.Metadata.Annotations[revisionAnnotation] != w.Metadata.Annotations[revisionAnnotation] {
		// The Deployment's annotation is written after the ReplicaSet's: in between neither is to be judged.
		return nil
	}
	return newest
}

// frees is true while a workload has old pods whose room its roll gives back.
func (in *inspector) frees(w Workload) bool {
	return w.Kind != "DaemonSet" && w.Status.Replicas > w.Status.UpdatedReplicas
}

// stands is true for a workload, given as kind/name, that has old pods and keeps them.
func (in *inspector) stands(name string) bool {
	for _, w := range workloads(in.Snapshot, "") {
		if object(w.Kind, w.Metadata) == name {
			return in.frees(w) && !in.advances(w)
		}
	}
	return false
}

// advances is true for a Deployment whose roll goes on although some of its new pods wait: another new one is about to be ready,
// or is, and an old one goes for it.
func (in *inspector) advances(w Workload) bool {
	if w.Kind != "Deployment" || !in.frees(w) {
		return false
	}
	if w.Status.AvailableReplicas > w.desired() {
		return true
	}
	return slices.ContainsFunc(in.pods(w), func(pod Pod) bool {
		return pod.Spec.NodeName != "" && condition(pod.Status.Conditions, "Ready", "True") == nil && in.pod(pod) == nil
	})
}

// owned is true for an object that has the workload as an owner.
func owned(m Meta, by Workload) bool {
	for _, o := range m.OwnerReferences {
		if o.Kind == by.Kind && o.Name == by.Metadata.Name && (o.UID == "" || by.Metadata.UID == "" || o.UID == by.Metadata.UID) {
			return true
		}
	}
	return false
}

// condition finds a condition of a type and status.
func condition(list []Condition, kind, status string) *Condition {
	for i := range list {
		if list[i].Type == kind && list[i].Status == status {
			return &list[i]
		}
	}
	return nil
}

// conditionOf finds a condition of a type, whatever its status.
func conditionOf(list []Condition, kind string) *Condition {
	for i := range list {
		if list[i].Type == kind {
			return &list[i]
		}
	}
	return nil
}

// object writes kind/name as kubectl does.
func object(kind string, m Meta) string { return strings.ToLower(kind) + "/" + m.Name }

// past is true when a grace that began at a moment is over. A moment that is not known gives no grace.
func (in *inspector) past(from time.Time, grace time.Duration) bool { return in.now.Sub(from) >= grace }
