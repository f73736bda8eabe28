package kube

import (
	"fmt"
	"time"
)

// claimNames are the claims of a pod's volumes; an ephemeral volume's is named after both.
func claimNames(pod Pod) []string {
	var names []string
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.Claim != nil:
			names = append(names, v.Claim.Name)
		case v.Ephemeral != nil:
			names = append(names, pod.Metadata.Name+"-"+v.Name)
		}
	}
	return names
}

// claim tells which of a pod's claims keeps it from a node, and whether one is still awaited. The pod's condition is nil while
// the scheduler waits for the volume: only the claim's events tell then.
func (in *inspector) claim(pod Pod, c *Condition) (d *Diagnosis, awaited bool) {
	scheduler := Condition{LastTransitionTime: pod.Metadata.CreationTimestamp}
	if c != nil {
		scheduler = *c
		if c.Reason == "Unschedulable" {
			scheduler.LastTransitionTime = in.unschedulableSince(pod, *c)
		}
	}
	for _, name := range claimNames(pod) {
		claim := in.claimNamed(name)
		if claim == nil {
			missing := causeOf(claimCauses, scheduler.Message)
			if missing.words == nil || !words(`persistentvolumeclaim "`+name+`"`).MatchString(scheduler.Message) {
				continue
			}
			claim = &Claim{Metadata: Meta{Name: name}}
			claim.Status.Phase = "missing"
		}
		found, over := in.claimDiagnosis(*claim, scheduler)
		if found != nil && over {
			if found.Hint != "" && pod.Metadata.Labels["app.kubernetes.io/component"] == "postgres" {
				found.Hint += ownPostgres
			}
			return found, false
		}
		awaited = awaited || found != nil
	}
	return nil, awaited
}

func (in *inspector) claimNamed(name string) *Claim {
	for i := range in.Claims {
		if in.Claims[i].Metadata.Name == name {
			return &in.Claims[i]
		}
	}
	return nil
}

// claimDiagnosis tells why a claim is not bound, by the last event that says so, else by what the scheduler says; and whether
// its time is over.
func (in *inspector) claimDiagnosis(claim Claim, scheduler Condition) (*Diagnosis, bool) {
	if claim.Status.Phase == "Bound" {
		return nil, false
	}
	d := &Diagnosis{Code: VolumePending, Object: object("PersistentVolumeClaim", claim.Metadata), Reason: scheduler.Reason,
		Message: scheduler.Message, Events: in.events("PersistentVolumeClaim", claim.Metadata), Facts: []string{storageFact(claim)}}
	about := func(reasons ...string) *Event {
		return in.latestEvent("PersistentVolumeClaim", claim.Metadata, reasons...)
	}
	passed := about("ProvisioningSucceeded")
	stands := func(e *Event) bool { return e != nil && (passed == nil || !passed.last().After(e.last())) }
	if lost := about("ClaimLost", "ClaimMisbound"); stands(lost) || claim.Status.Phase == "Lost" {
		if lost != nil {
			d.Reason, d.Message = lost.Reason, lost.Message
		}
		return d, true
	}
	from, grace := scheduler.LastTransitionTime, in.patience.Mount
	named := causeOf(claimCauses, scheduler.Message)
	switch failed, waits := about("ProvisioningFailed", "FailedBinding", "VolumeBindingFailed"), about("ExternalProvisioning"); {
	case stands(failed):
		d.Reason, d.Message = failed.Reason, failed.Message
		named = causeOf(claimCauses, failed.Message)
		from = later(in.firstOf("PersistentVolumeClaim", claim.Metadata, failed, claimCauses), from)
		if named.course == final {
			grace = in.patience.Scheduling
		}
	case stands(waits):
		d.Reason, d.Message = waits.Reason, waits.Message
		named = causeOf(claimCauses, waits.Message)
		from, grace = waits.first(), in.patience.Provisioning
	case named.words == nil && !words(`unbound immediate PersistentVolumeClaims|binding volumes|VolumeBinding`).MatchString(scheduler.Message), passed != nil:
		return nil, false // it waits for its first consumer, as many storage classes have it
	}
	d.Hint = named.hint
	return d, in.past(from, grace)
}

// firstOf is when an object first had an event of the same reason and cause as a given one.
func (in *inspector) firstOf(kind string, m Meta, like *Event, causes []cause) time.Time {
	first := like.first()
	for _, e := range in.Events {
		if e.Reason == like.Reason && e.about(kind, m) && sameCause(causes, e.Message, like.Message) && e.first().Before(first) {
			first = e.first()
		}
	}
	return first
}

func storageFact(claim Claim) string {
	class := "the cluster's default storage class"
	if name := claim.Spec.StorageClassName; name != nil {
		class = fmt.Sprintf("storage class %q", *name)
	}
	return fmt.Sprintf("persistentvolumeclaim/%s asks for %s and is %s", claim.Metadata.Name, class, claim.Status.Phase)
}

// later gives the later of two moments.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
