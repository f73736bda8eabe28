package kube

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// startingTaints are put on a node by Kubernetes, a cloud or a node's own agents, and go by themselves when it is ready.
var startingTaints = []string{
	"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/network-unavailable",
	"node.cloudprovider.kubernetes.io/uninitialized", "karpenter.sh/unregistered",
}

// agentTaint is how a network's or a storage's agent keeps pods off a node until it runs there: node.cilium.io/agent-not-ready.
const agentTaint = "/agent-not-ready"

func (t Taint) starting() bool {
	return slices.Contains(startingTaints, t.Key) || strings.HasSuffix(t.Key, agentTaint)
}

// keepsOff is true for a taint that a pod must tolerate.
func (t Taint) keepsOff() bool { return t.Effect == "NoSchedule" || t.Effect == "NoExecute" }

func (n Node) ready() bool { return condition(n.Status.Conditions, "Ready", "True") != nil }

// starting is true for a node that nobody has closed and that is not ready, or has not lost the taint for it yet.
func (n Node) starting() bool {
	return !n.Spec.Unschedulable && (!n.ready() || slices.ContainsFunc(n.Spec.Taints, Taint.starting))
}

// unschedulableReason says why ordinary pods are not placed on a node, "" when they are.
func (n Node) unschedulableReason() string {
	var why []string
	if !n.ready() {
		why = append(why, "not ready")
	}
	if n.Spec.Unschedulable {
		why = append(why, "cordoned")
	}
	for _, taint := range n.Spec.Taints {
		if taint.keepsOff() {
			why = append(why, "taint "+taint.Key)
		}
	}
	return strings.Join(why, ", ")
}

// changed is when a node last became ready or ceased to be, or was made.
func (n Node) changed() time.Time {
	latest := n.Metadata.CreationTimestamp
	for _, c := range n.Status.Conditions {
		if c.Type == "Ready" && c.LastTransitionTime.After(latest) {
			latest = c.LastTransitionTime
		}
	}
	return latest
}

// nodeOf is the node that a pod is on, nil where it is not known.
func (in *inspector) nodeOf(pod Pod) *Node {
	for i := range in.Nodes {
		if in.Nodes[i].Metadata.Name == pod.Spec.NodeName {
			return &in.Nodes[i]
		}
	}
	return nil
}

// silentNode tells of a pod whose node does not answer: what the kubelet last said of the pod is then of no worth. It is silent while
// that may pass, and for a moment after the node is back, until the kubelet has looked at each pod.
func (in *inspector) silentNode(pod Pod) (d *Diagnosis, silent bool) {
	n := in.nodeOf(pod)
	switch {
	case n == nil:
		return nil, false
	case n.ready():
		return nil, !in.past(n.changed(), in.patience.NodeReturn)
	}
	d = &Diagnosis{Code: NodeNotReady, Object: object("Pod", pod.Metadata), Reason: "NodeNotReady", Message: "node " + n.Metadata.Name + " is not ready",
		Events: in.events("Pod", pod.Metadata), Facts: in.nodeFacts()}
	if c := conditionOf(n.Status.Conditions, "Ready"); c != nil && c.Message != "" {
		d.Message += ": " + c.Message
	}
	return in.after(d, n.changed(), in.patience.NodeStart), true
}

// nodeFacts tells what each node has and what keeps pods off it.
func (s Snapshot) nodeFacts() []string {
	var facts []string
	for _, n := range s.Nodes {
		fact := fmt.Sprintf("node/%s: allocatable cpu %s, memory %s, pods %s", n.Metadata.Name,
			n.Status.Allocatable["cpu"], n.Status.Allocatable["memory"], n.Status.Allocatable["pods"])
		if reason := n.unschedulableReason(); reason != "" {
			fact += "; " + reason
		}
		facts = append(facts, fact)
	}
	sort.Strings(facts)
	return facts
}
