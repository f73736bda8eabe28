package kube

import (
	"fmt"
	"regexp"
	"sort"
)

// passingRefusal are refusals that may pass by themselves: a webhook's server that starts, a service account that a
// controller is about to make.
var passingRefusal = regexp.MustCompile(`failed calling webhook|error looking up service account|timed out|etcdserver`)

var (
	quotaRefusal = regexp.MustCompile(`exceeded quota|failed quota|insufficient quota`)
	finalRefusal = regexp.MustCompile(`violates PodSecurity|denied the request|is forbidden`)
)

// creation tells why a workload's pods are not even made: a quota, or an admission plugin that refuses them.
func (in *inspector) creation(w Workload) *Diagnosis {
	source, failure := w, in.refusal(w)
	if failure == nil {
		return nil
	}
	d := &Diagnosis{Code: AdmissionDenied, Reason: failure.Reason, Message: failure.Message}
	over := in.past(failure.LastTransitionTime, in.patience.Admission)
	switch {
	case quotaRefusal.MatchString(failure.Message):
		d.Code, d.Facts = QuotaExceeded, in.quotaFacts()
		if !over || in.terminating() {
			return nil
		}
	case passingRefusal.MatchString(failure.Message), !finalRefusal.MatchString(failure.Message):
		if !over {
			return nil
		}
	}
	if set := in.newestSet(w); set != nil && w.Kind == "Deployment" {
		source = *set
	}
	d.Object, d.Events = object(source.Kind, source.Metadata), in.events(source.Kind, source.Metadata)
	return d
}

// refusal is the last failure to make a pod, nil when there is none. A ReplicaSet has a condition for it, a StatefulSet
// only events.
func (in *inspector) refusal(w Workload) *Condition {
	if w.Kind == "Deployment" {
		if set := in.newestSet(w); set != nil {
			return condition(set.Status.Conditions, "ReplicaFailure", "True")
		}
		return condition(w.Status.Conditions, "ReplicaFailure", "True")
	}
	if w.Status.Replicas >= replicas(w) {
		return nil
	}
	var last *Event
	for i, e := range in.Events {
		if e.Reason == "FailedCreate" && e.about(w.Kind, w.Metadata) && !e.last().Before(in.since) &&
			(last == nil || e.last().After(last.last())) {
			last = &in.Events[i]
		}
	}
	if last == nil {
		return nil
	}
	return &Condition{Reason: last.Reason, Message: last.Message, LastTransitionTime: last.first()}
}

// terminating is true while any pod of the namespace is on its way out, whose share of a quota comes back.
func (in *inspector) terminating() bool {
	for _, pod := range in.Pods {
		if pod.Metadata.DeletionTimestamp != nil {
			return true
		}
	}
	return false
}

// quotaFacts tells what of each quota is used.
func (in *inspector) quotaFacts() []string {
	var facts []string
	for _, q := range in.Quotas {
		for name, hard := range q.Status.Hard {
			facts = append(facts, fmt.Sprintf("resourcequota/%s %s: %s of %s used", q.Metadata.Name, name, q.Status.Used[name], hard))
		}
	}
	sort.Strings(facts)
	return facts
}
