package kube

import (
	"slices"
	"strings"
	"time"
)

// placement tells why a pod has no node: no room, a rule that fits none, or a volume.
func (in *inspector) placement(pod Pod) *Diagnosis {
	c := conditionOf(pod.Status.Conditions, "PodScheduled")
	if pod.Spec.NodeName != "" && c == nil || c != nil && c.Status != "False" {
		return nil
	}
	d, awaited := in.claim(pod, c)
	if d != nil {
		return d
	}
	if awaited && (c == nil || causeOf(placementCauses[:1], c.Message).words == nil) {
		return nil
	}
	if c == nil {
		return in.unscheduled(pod)
	}
	d = &Diagnosis{Code: Unschedulable, Object: object("Pod", pod.Metadata), Reason: c.Reason, Message: c.Message,
		Events: in.events("Pod", pod.Metadata), Facts: in.nodeFacts()}
	switch c.Reason {
	case "SchedulingGated":
		d.Hint = "a scheduling gate keeps the pod from the scheduler; see spec.schedulingGates, and who should remove it"
		return in.after(d, c.LastTransitionTime, in.patience.NodeStart)
	case "Unschedulable":
		d.Hint = placementHint(c.Message)
	default:
		if d.Hint = placementHint(c.Message); d.Hint == "" {
			d.Hint = "the scheduler failed by itself and tries again; see its log: kubectl --namespace kube-system get pods"
		}
		return in.after(d, c.LastTransitionTime, in.patience.Mount)
	}
	if pod.Status.NominatedNodeName != "" && in.patience != (Patience{}) {
		return nil // other pods are being moved for it
	}
	room := causeOf(placementCauses[:1], c.Message)
	d.passing = room.words != nil
	from := in.unschedulableSince(pod, *c)
	grace := in.patience.Scheduling
	if len(in.Nodes) == 0 || slices.ContainsFunc(in.Nodes, Node.starting) {
		grace = max(grace, in.patience.NodeStart)
	}
	if causeOf(claimCauses, c.Message).words != nil {
		grace = max(grace, in.patience.Mount)
	}
	for _, n := range in.Nodes {
		if n.unschedulableReason() == "" && n.changed().After(from) {
			from = n.changed()
		}
	}
	for _, name := range claimNames(pod) {
		if made := in.latestEvent("PersistentVolumeClaim", Meta{Name: name}, "ProvisioningSucceeded"); made != nil {
			from = later(from, made.last())
		}
	}
	if up := in.latestEvent("Pod", pod.Metadata, "TriggeredScaleUp", "Nominated"); up != nil {
		if no := in.latestEvent("Pod", pod.Metadata, "NotTriggerScaleUp"); no == nil || !no.last().After(up.last()) {
			from, grace = up.last(), max(grace, in.patience.ScaleUp)
		}
	}
	return in.after(d, from, grace)
}

// after gives a diagnosis when its grace is over.
func (in *inspector) after(d *Diagnosis, from time.Time, grace time.Duration) *Diagnosis {
	if !in.past(from, grace) {
		return nil
	}
	return d
}

// unscheduled tells of a pod that no scheduler has said anything about.
func (in *inspector) unscheduled(pod Pod) *Diagnosis {
	if pod.Metadata.CreationTimestamp.IsZero() || pod.Status.Phase != "Pending" || len(pod.Status.ContainerStatuses) > 0 ||
		!in.past(pod.Metadata.CreationTimestamp, max(in.patience.NodeStart, 10*time.Second)) {
		return nil
	}
	return &Diagnosis{Code: Unschedulable, Object: object("Pod", pod.Metadata), Reason: "NotScheduled",
		Message: "no scheduler has placed the pod, nor said why not", Events: in.events("Pod", pod.Metadata), Facts: in.nodeFacts(),
		Hint: "see that the scheduler runs (kubectl --namespace kube-system get pods), and that schedulerName is one's"}
}

// placementHint has the next step for each cause in the scheduler's message, "" when none is known.
func placementHint(message string) string {
	var hints []string
	for _, c := range placementCauses {
		if c.words.MatchString(message) {
			hints = append(hints, c.hint)
		}
	}
	return strings.Join(hints, "; ")
}

// unschedulableSince is when the scheduler first gave the present causes.
func (in *inspector) unschedulableSince(pod Pod, c Condition) time.Time {
	since := time.Time{}
	for _, e := range in.Events {
		if e.Reason == "FailedScheduling" && e.about("Pod", pod.Metadata) && placementHint(e.Message) == placementHint(c.Message) &&
			(since.IsZero() || e.first().Before(since)) {
			since = e.first()
		}
	}
	if since.Before(c.LastTransitionTime) {
		return c.LastTransitionTime
	}
	return since
}
