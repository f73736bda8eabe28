package kube

import (
	"fmt"
	"sort"
	"strings"
)

// failed tells of pods of the newest revision that their node has ended or never taken. A controller makes a new one each
// time, which alone tells nothing of it.
func (in *inspector) failed(w Workload) *Diagnosis {
	type failure struct {
		pod             Meta
		reason, message string
		times           int
	}
	var list []failure
	for _, pod := range in.Pods {
		if !pod.ended() || pod.Metadata.DeletionTimestamp != nil || !in.newest(w, pod) || pod.Metadata.CreationTimestamp.Before(in.since) {
			continue
		}
		f := failure{pod.Metadata, pod.Status.Reason, pod.Status.Message, 1}
		// One whose containers obey when it is evicted ends as Succeeded, and its status does not say why.
		if e := in.latestEvent("Pod", pod.Metadata, "Evicted", "Preempted"); f.reason == "" && e != nil {
			f.reason, f.message = e.Reason, e.Message
		}
		list = append(list, f)
	}
	sort.SliceStable(list, func(i, j int) bool {
		return list[i].pod.CreationTimestamp.Before(list[j].pod.CreationTimestamp)
	})
	if len(list) == 0 {
		for _, e := range in.Events {
			if (e.Reason == "Evicted" || e.Reason == "Preempted") && e.InvolvedObject.Kind == "Pod" && !e.last().Before(in.since) &&
				strings.HasPrefix(e.InvolvedObject.Name, in.podPrefix(w)) {
				list = append(list, failure{Meta{Name: e.InvolvedObject.Name}, e.Reason, e.Message, e.times()})
			}
		}
	}
	times := 0
	for _, f := range list {
		times += f.times
	}
	if times < max(in.patience.Failures, 1) {
		return nil
	}
	last := list[len(list)-1]
	d := &Diagnosis{Code: PodFailed, Object: object("Pod", last.pod), Reason: last.reason, Message: last.message,
		Events: in.events("Pod", last.pod), Facts: in.nodeFacts()}
	if d.Reason == "" {
		d.Reason = "Failed"
	}
	if times > 1 {
		d.Message = fmt.Sprintf("%s; %d pods of this revision failed", strings.TrimSpace(last.message), times)
	}
	d.named(causeOf(failureCauses, last.reason+": "+last.message))
	return d
}

// podPrefix is how the names of a workload's newest pods begin.
func (in *inspector) podPrefix(w Workload) string {
	if w.Kind == "Deployment" {
		if set := in.newestSet(w); set != nil {
			return set.Metadata.Name + "-"
		}
		return "\x00"
	}
	return w.Metadata.Name + "-"
}
