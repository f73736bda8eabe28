package kube

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// creation tells why a workload's pods are not even made: a quota, or an admission plugin that refuses them.
func (in *inspector) creation(w Workload) *Diagnosis {
	source, failure := w, in.refusal(w)
	if failure == nil {
		return nil
	}
	found := causeOf(creationCauses, failure.Message)
	d := &Diagnosis{Code: AdmissionDenied, Reason: failure.Reason, Message: failure.Message}
	d.named(found)
	if d.Code == QuotaExceeded {
		d.Facts = in.quotaFacts()
		if named := resourceNames(failure.Message); strings.Contains(found.hint, "%s") {
			d.Hint = fmt.Sprintf(found.hint, named)
		}
	}
	if found.course != final && (!in.past(failure.LastTransitionTime, in.patience.Admission) || d.Code == QuotaExceeded && (in.terminating() || in.advances(w))) {
		return nil
	}
	if set := in.newestSet(w); set != nil && w.Kind == "Deployment" {
		source = *set
	}
	d.Object, d.Events = object(source.Kind, source.Metadata), in.events(source.Kind, source.Metadata)
	return d
}

var resourceName = regexp.MustCompile(`\b(?:limits|requests)\.[a-z0-9./-]*[a-z0-9]`)

// resourceNames lists what a quota wants to be said, as `limits.cpu and limits.memory`.
func resourceNames(message string) string {
	var names []string
	seen := map[string]bool{}
	_, after, _ := strings.Cut(message, "must specify")
	for _, name := range resourceName.FindAllString(after, -1) {
		if !seen[name] {
			names, seen[name] = append(names, name), true
		}
	}
	if len(names) == 0 {
		return "what it names"
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// refusal is the last failure to make a pod that stands, nil when there is none. A ReplicaSet has a condition for it, which
// keeps the words of the first; the events have those of the last. Other workloads have events alone.
func (in *inspector) refusal(w Workload) *Condition {
	source := w
	var stated *Condition
	if w.Kind == "Deployment" {
		stated = condition(w.Status.Conditions, "ReplicaFailure", "True")
		if c := condition(w.Status.Conditions, "Progressing", "False"); c != nil && c.Reason == "ReplicaSetCreateError" {
			stated = c
		}
		if set := in.newestSet(w); set != nil {
			source, stated = *set, condition(set.Status.Conditions, "ReplicaFailure", "True")
		}
		if stated == nil {
			return nil
		}
	} else if w.pods() >= w.desired() {
		return nil
	}
	last := in.latestEvent(source.Kind, source.Metadata, "FailedCreate")
	if last != nil && last.last().Before(in.since) {
		last = nil
	}
	made := in.latestEvent(source.Kind, source.Metadata, "SuccessfulCreate")
	switch {
	case last == nil:
		return stated
	case made != nil && made.last().After(last.last()):
		return nil
	case stated != nil && sameCause(creationCauses, stated.Message, last.Message):
		return stated
	}
	return &Condition{Reason: last.Reason, Message: last.Message,
		LastTransitionTime: in.firstOf(source.Kind, source.Metadata, last, creationCauses)}
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
