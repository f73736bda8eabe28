package kube

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

var (
	nodeStarts   = regexp.MustCompile(`node\.kubernetes\.io/(not-ready|unreachable|network-unavailable)|node\.cloudprovider\.kubernetes\.io/uninitialized|no nodes available`)
	claimMissing = regexp.MustCompile(`unbound immediate PersistentVolumeClaims|persistentvolumeclaim "[^"]*" (not found|is being deleted)|binding volumes`)
	lacksRoom    = regexp.MustCompile(`Insufficient |Too many pods|didn't have free ports`)
	// claimRefused are the events of a claim that nothing will bind.
	claimRefused = regexp.MustCompile(`storageclass\S* "[^"]*" not found|no storage class is set`)
)

// placement tells why a pod has no node: no room, a rule that fits none, or a volume.
func (in *inspector) placement(pod Pod) *Diagnosis {
	c := condition(pod.Status.Conditions, "PodScheduled", "False")
	if c == nil || c.Reason != "Unschedulable" {
		return nil
	}
	if d := in.claim(pod, *c); d != nil {
		return d
	}
	grace := in.patience.Scheduling
	if nodeStarts.MatchString(c.Message) || in.seen(pod, "TriggeredScaleUp") {
		grace = max(grace, in.patience.NodeStart)
	}
	if claimMissing.MatchString(c.Message) {
		grace = max(grace, in.patience.Mount)
	}
	if !in.past(c.LastTransitionTime, grace) {
		return nil
	}
	return &Diagnosis{Code: Unschedulable, Object: object("Pod", pod.Metadata), Reason: c.Reason, Message: c.Message,
		Events: in.events("Pod", pod.Metadata), Facts: in.nodeFacts(), passing: lacksRoom.MatchString(c.Message)}
}

// claim tells which of a pod's claims keeps it from a node.
func (in *inspector) claim(pod Pod, c Condition) *Diagnosis {
	for _, volume := range pod.Spec.Volumes {
		if volume.Claim == nil {
			continue
		}
		for _, claim := range in.Claims {
			if claim.Metadata.Name != volume.Claim.Name || claim.Status.Phase == "Bound" {
				continue
			}
			failure := in.claimFailure(claim)
			if failure == nil && !claimMissing.MatchString(c.Message) {
				continue // it waits for its first consumer, as many storage classes have it
			}
			grace := in.patience.Mount
			d := &Diagnosis{Code: VolumePending, Object: object("PersistentVolumeClaim", claim.Metadata), Reason: c.Reason,
				Message: c.Message, Events: in.events("PersistentVolumeClaim", claim.Metadata), Facts: []string{storageFact(claim)}}
			if failure != nil {
				d.Reason, d.Message = failure.Reason, failure.Message
				if claimRefused.MatchString(failure.Message) {
					grace = in.patience.Scheduling
				}
			}
			if in.past(c.LastTransitionTime, grace) {
				return d
			}
		}
	}
	return nil
}

// claimFailure is the last warning about a claim.
func (in *inspector) claimFailure(claim Claim) *Event {
	var last *Event
	for i, e := range in.Events {
		refused := e.Reason == "ProvisioningFailed" || e.Reason == "FailedBinding"
		if refused && e.about("PersistentVolumeClaim", claim.Metadata) && (last == nil || e.last().After(last.last())) {
			last = &in.Events[i]
		}
	}
	return last
}

func storageFact(claim Claim) string {
	class := "the cluster's default storage class"
	if name := claim.Spec.StorageClassName; name != nil {
		class = fmt.Sprintf("storage class %q", *name)
	}
	return fmt.Sprintf("persistentvolumeclaim/%s asks for %s and is %s", claim.Metadata.Name, class, claim.Status.Phase)
}

// nodeFacts tells what each node has and what keeps pods off it.
func (in *inspector) nodeFacts() []string {
	var facts []string
	for _, n := range in.Nodes {
		fact := fmt.Sprintf("node/%s: allocatable cpu %s, memory %s, pods %s", n.Metadata.Name,
			n.Status.Allocatable["cpu"], n.Status.Allocatable["memory"], n.Status.Allocatable["pods"])
		if why := n.closed(); why != "" {
			fact += "; " + why
		}
		facts = append(facts, fact)
	}
	sort.Strings(facts)
	return facts
}

// closed says why ordinary pods are not placed on a node, "" when they are.
func (n Node) closed() string {
	var why []string
	if condition(n.Status.Conditions, "Ready", "True") == nil {
		why = append(why, "not ready")
	}
	if n.Spec.Unschedulable {
		why = append(why, "cordoned")
	}
	for _, taint := range n.Spec.Taints {
		if taint.Effect == "NoSchedule" || taint.Effect == "NoExecute" {
			why = append(why, "taint "+taint.Key)
		}
	}
	return strings.Join(why, ", ")
}

// starting is true for a node that nobody has closed and that is not ready, or has not lost the taint for it yet.
func (n Node) starting() bool {
	notReady := condition(n.Status.Conditions, "Ready", "True") == nil
	for _, taint := range n.Spec.Taints {
		notReady = notReady || taint.Key == "node.kubernetes.io/not-ready" || taint.Key == "node.kubernetes.io/unreachable"
	}
	return notReady && !n.Spec.Unschedulable
}

// preparation tells why a placed pod has not started anything: a volume that does not mount, or no network.
func (in *inspector) preparation(pod Pod) *Diagnosis {
	for _, status := range append(append([]ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
		w := status.State.Waiting
		if w == nil || (w.Reason != "ContainerCreating" && w.Reason != "PodInitializing") || status.RestartCount > 0 {
			return nil
		}
	}
	codes := map[string]Code{"FailedMount": VolumeMount, "FailedAttachVolume": VolumeMount, "FailedCreatePodSandBox": PodNetwork}
	var last *Event
	for i, e := range in.Events {
		if codes[e.Reason] != "" && e.about("Pod", pod.Metadata) && (last == nil || e.last().After(last.last())) {
			last = &in.Events[i]
		}
	}
	if last == nil || !in.past(scheduled(pod), in.patience.Mount) {
		return nil
	}
	return &Diagnosis{Code: codes[last.Reason], Object: object("Pod", pod.Metadata), Reason: last.Reason,
		Message: last.Message, Events: in.events("Pod", pod.Metadata)}
}
