package kube

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"todo-chatbot/ci/registry/address"
)

// pod tells why a pod of the newest revision cannot become ready, nil while it may. Init containers come first: nothing
// after the one that fails has run.
func (in *inspector) pod(pod Pod) *Diagnosis {
	if d := in.placement(pod); d != nil {
		return d
	}
	if d, silent := in.silentNode(pod); silent {
		return d
	}
	for _, status := range pod.Status.InitContainerStatuses {
		if d := in.container(pod, status, !sidecar(pod, status.Name)); d != nil {
			return d
		}
	}
	for _, status := range pod.Status.ContainerStatuses {
		if d := in.container(pod, status, false); d != nil {
			return d
		}
	}
	if d := in.readinessGate(pod); d != nil {
		return d
	}
	return in.preparation(pod)
}

// sidecar is true for an init container that keeps running.
func sidecar(pod Pod, name string) bool {
	for _, c := range pod.Spec.InitContainers {
		if c.Name == name {
			return c.RestartPolicy == "Always"
		}
	}
	return false
}

// container tells what keeps one container from running and being ready.
func (in *inspector) container(pod Pod, status ContainerStatus, init bool) *Diagnosis {
	var d *Diagnosis
	if w := status.State.Waiting; w != nil {
		d = in.waiting(pod, status, *w, init)
	} else if status.State.Running != nil && !status.Ready && !init {
		d = in.unready(pod, status)
	} else if t := status.State.Terminated; t != nil && (!init || t.ExitCode != 0) {
		d = in.crash(pod, status, *t, t.Reason, init)
	}
	if d != nil {
		d.Object, d.Container = object("Pod", pod.Metadata), status.Name
		d.Events = in.events("Pod", pod.Metadata)
	}
	return d
}

// waiting goes by the kubelet's reason (k8s.io/kubernetes pkg/kubelet/images/types.go and kuberuntime).
func (in *inspector) waiting(pod Pod, status ContainerStatus, w Waiting, init bool) *Diagnosis {
	d := &Diagnosis{Reason: w.Reason, Message: w.Message}
	switch w.Reason {
	case "InvalidImageName":
		d.Code = ImageName
	case "ErrImageNeverPull":
		d.Code = ImageNeverPull
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		d.Code = ImagePull
		return in.pull(pod, status.Name, d)
	case "CreateContainerConfigError":
		d.Code = ContainerConfig
		return in.configuration(pod, status.Name, d)
	case "CreateContainerError", "RunContainerError", "PreStartHookError", "PreCreateHookError", "PostStartHookError":
		d.Code = CannotStart
		return in.start(pod, status, d)
	case "CrashLoopBackOff":
		if t := status.LastState.Terminated; t != nil {
			return in.crash(pod, status, *t, w.Reason, init)
		}
		return in.crash(pod, status, Terminated{Message: w.Message}, w.Reason, init)
	default:
		return nil
	}
	return d
}

// pull tells why an image does not come, when it has been tried often enough. A back-off hides the registry's answer: its
// event has it. A try that is under way may be the one that succeeds.
func (in *inspector) pull(pod Pod, container string, d *Diagnosis) *Diagnosis {
	const failed = "Failed to pull image"
	failure := in.lastEvent(pod, container, "Failed", failed)
	if failure != nil && strings.HasSuffix(d.Reason, "BackOff") {
		d.Message = failure.Message
	}
	found := causeOf(pullCauses, d.Message)
	d.named(found)
	if who := address.Readers(d.Message); d.Hint == mayNotRead && who != "" {
		d.Hint += "; at this registry: " + who
	}
	if others := in.otherNames(pod, container); len(others) > 0 {
		d.Hint = "the node has this image, but its kubelet lets pods have it only by the name that it pulled it under (Kubernetes 1.35 and later): " +
			strings.Join(others, ", ") + "; deploy from that registry again (release … with-registry), or to a node without the image"
	}
	if d.Code == ImageName {
		return d
	}
	if d.Reason == "SignatureValidationFailed" && d.Hint == "" {
		d.named(causeOf(pullCauses, "signature validation failed"))
	}
	tries, needed := in.count(pod, container, "Failed", failed), in.patience.Pulls
	if again := in.lastEvent(pod, container, "Pulling", ""); failure != nil && again != nil && again.last().After(failure.last()) && needed > 0 {
		return nil
	}
	switch {
	case found.course == passing, tries == 0:
		return in.after(d, in.begun(pod, container), in.patience.Pull)
	case found.course == final:
		needed--
	}
	if tries < needed {
		return nil
	}
	return d
}

// configuration tells why a container cannot be put together.
func (in *inspector) configuration(pod Pod, container string, d *Diagnosis) *Diagnosis {
	found := causeOf(configCauses, d.Message)
	d.named(found)
	from, _ := in.failingSince(pod, container, configCauses, d.Message)
	switch found.course {
	case final:
		return d
	case passing:
		return in.after(d, from, in.patience.Mount)
	default:
		return in.after(d, from, in.patience.Config)
	}
}

// start tells why a container cannot be made or started. One that was never made is never counted as restarted, so its tries
// are those that the events tell of.
func (in *inspector) start(pod Pod, status ContainerStatus, d *Diagnosis) *Diagnosis {
	found := causeOf(startCauses, d.Message)
	d.named(found)
	if found.course == final {
		return d
	}
	from, tries := in.failingSince(pod, status.Name, startCauses, d.Message)
	if found.course == passing {
		return in.after(d, from, in.patience.NodeStart)
	}
	if max(tries, status.RestartCount) < in.patience.Restarts && !in.past(from, in.patience.Mount) {
		return nil
	}
	return in.after(d, from, in.patience.Config)
}

// failingSince is since when, and how often, a container has failed for the present cause: by its events, or, where they are
// gone, since what comes before it was done.
func (in *inspector) failingSince(pod Pod, container string, causes []cause, message string) (time.Time, int) {
	from, tries := time.Time{}, 0
	started := in.lastEvent(pod, container, "Started", "")
	for _, e := range in.Events {
		if e.Reason != "Failed" || !e.about("Pod", pod.Metadata) || !e.of(container) || !sameCause(causes, e.Message, message) ||
			strings.HasPrefix(e.Message, "Failed to pull image") || started != nil && started.last().After(e.last()) {
			continue
		}
		tries += e.times()
		if from.IsZero() || e.first().Before(from) {
			from = e.first()
		}
	}
	if from.IsZero() {
		from = in.begun(pod, container)
	}
	return from, tries
}

// begun is when a container's turn came: the pod had a node, the init containers were through, and the image was there.
func (in *inspector) begun(pod Pod, container string) time.Time {
	from := scheduled(pod)
	for _, init := range pod.Status.InitContainerStatuses {
		if init.Name == container {
			break
		}
		if t := init.State.Terminated; t != nil {
			from = later(from, t.FinishedAt)
		}
	}
	if pulled := in.lastEvent(pod, container, "Pulled", ""); pulled != nil {
		from = later(from, pulled.first())
	}
	return from
}

// crash tells why a container that has ended keeps ending.
func (in *inspector) crash(pod Pod, status ContainerStatus, t Terminated, reason string, init bool) *Diagnosis {
	d := &Diagnosis{Code: CrashLoop, Reason: reason, Message: ended(t, status.RestartCount)}
	allowed := in.patience.Restarts
	switch {
	case t.Reason == "StartError" || t.Reason == "ContainerCannotRun":
		found := causeOf(startCauses, t.Message)
		d.Code = CannotStart
		d.named(found)
		switch {
		case d.Code == OOMKilled:
			allowed = in.patience.OOMKills
		case found.course == final:
			allowed = 0
		}
	case t.Reason == "OOMKilled" || t.Reason == "Error" && memoryTooLow.words.MatchString(t.Message):
		d.Code, allowed = OOMKilled, in.patience.OOMKills
	case init && strings.Contains(status.Name, "migrat"):
		d.Code = MigrationFailed
	case init:
		d.Code = InitFailed
	default:
		d.Hint = exitCauses[t.ExitCode]
		if code, message := in.killer(pod, status.Name, status.RestartCount+1); code != "" {
			d.Code, d.Hint, allowed, d.Message = code, "", in.patience.ProbeKills, message+"; "+d.Message
		}
	}
	if status.RestartCount < allowed {
		return nil
	}
	d.Wanted = wanted(pod, status, true)
	return d
}

// unready tells why a running container is not ready: it was killed too often, or its readiness probe fails for too long.
func (in *inspector) unready(pod Pod, status ContainerStatus) *Diagnosis {
	if t := status.LastState.Terminated; t != nil && !in.outlived(pod, status) {
		if t.Reason == "OOMKilled" && status.RestartCount >= in.patience.OOMKills {
			return &Diagnosis{Code: OOMKilled, Reason: t.Reason, Message: ended(*t, status.RestartCount), Wanted: wanted(pod, status, true)}
		}
		if code, message := in.killer(pod, status.Name, status.RestartCount); code != "" && status.RestartCount >= max(in.patience.ProbeKills, 1) {
			return &Diagnosis{Code: code, Reason: "Unhealthy", Message: fmt.Sprintf("%s; restarted %d times", message, status.RestartCount),
				Wanted: wanted(pod, status, true)}
		}
	}
	if status.Started != nil && !*status.Started {
		return nil // its startup probe has a limit of its own
	}
	since := status.State.Running.StartedAt
	if n := in.nodeOf(pod); n != nil {
		since = later(since, n.changed()) // nobody asked it while the node was away
	}
	said := conditionOf(pod.Status.Conditions, "Ready")
	if said != nil && said.Status == "False" {
		since = later(since, said.LastTransitionTime)
	}
	if !in.past(since, in.patience.Readiness+allowance(pod, status.Name)) {
		return nil
	}
	d := &Diagnosis{Code: ReadinessProbe, Reason: "Unhealthy", Wanted: wanted(pod, status, false)}
	message := in.lastMessage(pod, status.Name, "Unhealthy", "Readiness probe")
	if message == "" && said != nil && said.Message != "" {
		d.Reason, message = said.Reason, said.Message
	}
	if message == "" {
		message = "the container runs and is not ready"
	}
	d.Message = fmt.Sprintf("%s; not ready for %s", message, in.now.Sub(since).Round(time.Second))
	return d
}

// outlived is true once a container's present run has lasted longer than the one before it, which was killed, and long enough
// to become ready.
func (in *inspector) outlived(pod Pod, status ContainerStatus) bool {
	run, last := status.State.Running, status.LastState.Terminated
	if kill := in.lastEvent(pod, status.Name, "Killing", ""); kill != nil && kill.last().After(run.StartedAt) {
		return false
	}
	return !run.StartedAt.IsZero() && !last.StartedAt.IsZero() &&
		in.now.Sub(run.StartedAt) > max(last.FinishedAt.Sub(last.StartedAt), in.patience.Readiness)
}

// readinessGate tells that all containers are ready and the pod is not, because something outside of it does not say so.
func (in *inspector) readinessGate(pod Pod) *Diagnosis {
	ready, said := condition(pod.Status.Conditions, "ContainersReady", "True"), condition(pod.Status.Conditions, "Ready", "False")
	if ready == nil || said == nil || !in.past(later(ready.LastTransitionTime, said.LastTransitionTime), in.patience.ReadinessGate) {
		return nil
	}
	return &Diagnosis{Code: ReadinessGate, Object: object("Pod", pod.Metadata), Reason: said.Reason, Message: said.Message,
		Events: in.events("Pod", pod.Metadata)}
}

// killer tells which probe, if any, had a container killed in most of the runs that have ended, and what the probe got. A
// container that ends by itself is killed now and then too: the kubelet goes on counting failures of its startup probe from
// one run to the next (pkg/kubelet/prober/worker.go).
func (in *inspector) killer(pod Pod, container string, ended int) (Code, string) {
	for _, probe := range []struct {
		code Code
		name string
	}{{StartupProbe, "Startup probe"}, {LivenessProbe, "Liveness probe"}} {
		if 2*in.count(pod, container, "Killing", "failed "+strings.ToLower(probe.name)) <= ended {
			continue
		}
		if message := in.lastMessage(pod, container, "Unhealthy", probe.name); message != "" {
			return probe.code, message
		}
		return probe.code, "the " + strings.ToLower(probe.name) + " failed"
	}
	return "", ""
}

// allowance is what a container's readiness probe itself allows for, with Kubernetes' defaults of 10 s and 3 failures.
func allowance(pod Pod, container string) time.Duration {
	probe := Probe{}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name == container && c.ReadinessProbe != nil {
			probe = *c.ReadinessProbe
		}
	}
	if probe.PeriodSeconds == 0 {
		probe.PeriodSeconds = 10
	}
	if probe.FailureThreshold == 0 {
		probe.FailureThreshold = 3
	}
	return time.Duration(probe.InitialDelaySeconds+probe.PeriodSeconds*probe.FailureThreshold) * time.Second
}

// ended writes how a container ended.
func ended(t Terminated, restarts int) string {
	text := fmt.Sprintf("exit code %d", t.ExitCode)
	if t.Reason != "" {
		text += " (" + t.Reason + ")"
	}
	if t.Message != "" {
		text += ", " + strings.TrimSpace(t.Message)
	}
	if restarts == 0 {
		return text
	}
	return fmt.Sprintf("%s; restarted %d times", text, restarts)
}

// wanted lists the logs worth reading: of init containers that have failed, then of the container itself.
func wanted(pod Pod, status ContainerStatus, ended bool) []LogRequest {
	var list []LogRequest
	for _, init := range pod.Status.InitContainerStatuses {
		t := init.LastState.Terminated
		if init.Name != status.Name && t != nil && t.ExitCode != 0 {
			list = append(list, LogRequest{Pod: pod.Metadata.Name, Container: init.Name, Previous: true})
		}
	}
	// A container that ended and was not started again has its log in the present run.
	previous := ended && status.State.Terminated == nil
	return append(list, LogRequest{Pod: pod.Metadata.Name, Container: status.Name, Previous: previous})
}

// scheduled is when a pod got its node, or was made if that is not told.
func scheduled(pod Pod) time.Time {
	if c := condition(pod.Status.Conditions, "PodScheduled", "True"); c != nil && !c.LastTransitionTime.IsZero() {
		return c.LastTransitionTime
	}
	return pod.Metadata.CreationTimestamp
}
