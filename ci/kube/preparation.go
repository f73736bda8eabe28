package kube

// preparation tells why a placed pod has not started anything: a volume that does not mount, or no network.
func (in *inspector) preparation(pod Pod) *Diagnosis {
	for _, status := range pod.statuses() {
		w := status.State.Waiting
		if w == nil || (w.Reason != "ContainerCreating" && w.Reason != "PodInitializing") || status.RestartCount > 0 {
			return nil
		}
	}
	failed := in.preparationFailure(pod)
	if failed == nil {
		return nil
	}
	d := &Diagnosis{Code: VolumeMount, Object: object("Pod", pod.Metadata), Reason: failed.Reason, Message: failed.Message,
		Events: in.events("Pod", pod.Metadata)}
	causes := mountCauses
	if !mountFailures[failed.Reason] {
		d.Code, causes = PodNetwork, sandboxCauses
	}
	found := causeOf(causes, failed.Message)
	d.named(found)
	grace := in.patience.Mount
	if found.course == passing {
		grace = in.patience.NodeStart
	}
	return in.after(d, later(in.firstOf("Pod", pod.Metadata, failed, causes), scheduled(pod)), grace)
}

// mountFailures are the reasons of events about a volume, sandboxFailures those about what every container of a pod shares.
var (
	mountFailures   = map[string]bool{"FailedMount": true, "FailedAttachVolume": true, "FailedMapVolume": true}
	sandboxFailures = map[string]bool{"FailedCreatePodSandBox": true, "FailedCreatePodContainer": true, "NetworkNotReady": true}
)

// preparationFailure is the last event that stands: nothing after it says that it passed. The kubelet pulls an image only
// when the volumes and the network are there. What says more than that something timed out is preferred.
func (in *inspector) preparationFailure(pod Pod) *Event {
	begun := in.latestEvent("Pod", pod.Metadata, "Pulling", "Pulled", "Created", "Started")
	attached := in.latestEvent("Pod", pod.Metadata, "SuccessfulAttachVolume")
	var last *Event
	for i, e := range in.Events {
		if !mountFailures[e.Reason] && !sandboxFailures[e.Reason] || !e.about("Pod", pod.Metadata) {
			continue
		}
		if begun != nil && begun.last().After(e.last()) || e.Reason == "FailedAttachVolume" && attached != nil && attached.last().After(e.last()) {
			continue
		}
		if last == nil || summary.MatchString(last.Message) && !summary.MatchString(e.Message) ||
			e.last().After(last.last()) && (summary.MatchString(last.Message) || !summary.MatchString(e.Message)) {
			last = &in.Events[i]
		}
	}
	return last
}

// summary is the kubelet's message that volumes did not come, beside those that say why.
var summary = words(`^unable to attach or mount volumes`)
