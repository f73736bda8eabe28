package kube

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	// pullRefused is a registry's definite no, as containerd and CRI-O word it.
	pullRefused = regexp.MustCompile(`(?i)not found|manifest unknown|NotFound|pull access denied|unauthorized|authorization failed|403 Forbidden|no match for platform|denied`)
	// startRefused is an image's: what it is told to run is not there, or not for this machine.
	startRefused = regexp.MustCompile(`executable file not found|no such file or directory|permission denied|exec format error|not a directory`)
)

// pod tells why a pod of the newest revision cannot become ready, nil while it may. Init containers come first: nothing
// after the one that fails has run.
func (in *inspector) pod(pod Pod) *Diagnosis {
	if d := in.placement(pod); d != nil {
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
	ready := true
	switch w.Reason {
	case "InvalidImageName":
		d.Code = ImageName
	case "ErrImageNeverPull":
		d.Code = ImageNeverPull
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		d.Code = ImagePull
		ready = in.pullOver(pod, status.Name, d)
	case "CreateContainerConfigError":
		d.Code = ContainerConfig
		ready = in.past(scheduled(pod), in.patience.Config)
	case "CreateContainerError", "RunContainerError", "PostStartHookError":
		d.Code = CannotStart
		ready = startRefused.MatchString(w.Message) || status.RestartCount >= in.patience.Restarts && in.past(scheduled(pod), in.patience.Config)
	case "CrashLoopBackOff":
		if t := status.LastState.Terminated; t != nil {
			return in.crash(pod, status, *t, w.Reason, init)
		}
		return in.crash(pod, status, Terminated{Message: w.Message}, w.Reason, init)
	default:
		return nil
	}
	if !ready {
		return nil
	}
	return d
}

// pullOver is true when an image has been tried often enough, and fills in the registry's answer when the kubelet's
// back-off hides it.
func (in *inspector) pullOver(pod Pod, container string, d *Diagnosis) bool {
	failure := in.lastMessage(pod, container, "Failed", "Failed to pull image")
	if failure != "" && d.Reason == "ImagePullBackOff" {
		d.Message = failure
	}
	tries := in.count(pod, container, "Failed", "Failed to pull image")
	if tries == 0 {
		return in.past(scheduled(pod), in.patience.Pull)
	}
	needed := in.patience.Pulls
	if pullRefused.MatchString(d.Message) {
		needed--
	}
	return tries >= needed
}

// crash tells why a container that has ended keeps ending.
func (in *inspector) crash(pod Pod, status ContainerStatus, t Terminated, reason string, init bool) *Diagnosis {
	d := &Diagnosis{Code: CrashLoop, Reason: reason, Message: ended(t, status.RestartCount)}
	allowed := in.patience.Restarts
	switch {
	case t.Reason == "OOMKilled":
		d.Code, allowed = OOMKilled, in.patience.OOMKills
	case t.Reason == "StartError" || t.Reason == "ContainerCannotRun":
		d.Code = CannotStart
		if startRefused.MatchString(t.Message) {
			allowed = 0
		}
	case init && strings.Contains(status.Name, "migrat"):
		d.Code = MigrationFailed
	case init:
		d.Code = InitFailed
	default:
		if code, message := in.killer(pod, status.Name); code != "" {
			d.Code, allowed, d.Message = code, in.patience.ProbeKills, message+"; "+d.Message
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
	if t := status.LastState.Terminated; t != nil && t.Reason == "OOMKilled" && status.RestartCount >= in.patience.OOMKills {
		return &Diagnosis{Code: OOMKilled, Reason: t.Reason, Message: ended(*t, status.RestartCount), Wanted: wanted(pod, status, true)}
	}
	if code, message := in.killer(pod, status.Name); code != "" && status.RestartCount >= max(in.patience.ProbeKills, 1) {
		return &Diagnosis{Code: code, Reason: "Unhealthy", Message: fmt.Sprintf("%s; restarted %d times", message, status.RestartCount),
			Wanted: wanted(pod, status, true)}
	}
	if status.Started != nil && !*status.Started {
		return nil // its startup probe has a limit of its own
	}
	since := status.State.Running.StartedAt
	if c := condition(pod.Status.Conditions, "Ready", "False"); c != nil && c.LastTransitionTime.After(since) {
		since = c.LastTransitionTime
	}
	if !in.past(since, in.patience.Readiness+allowance(pod, status.Name)) {
		return nil
	}
	message := in.lastMessage(pod, status.Name, "Unhealthy", "Readiness probe")
	if message == "" {
		message = "the container runs and is not ready"
	}
	return &Diagnosis{Code: ReadinessProbe, Reason: "Unhealthy",
		Message: fmt.Sprintf("%s; not ready for %s", message, in.now.Sub(since).Round(time.Second)), Wanted: wanted(pod, status, false)}
}

// killer tells which probe, if any, had a container killed, and what the probe got.
func (in *inspector) killer(pod Pod, container string) (Code, string) {
	for _, probe := range []struct {
		code Code
		name string
	}{{StartupProbe, "Startup probe"}, {LivenessProbe, "Liveness probe"}} {
		if in.count(pod, container, "Killing", "failed "+strings.ToLower(probe.name)) == 0 {
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
	for _, c := range pod.Spec.Containers {
		if c.Name != container || c.ReadinessProbe == nil {
			continue
		}
		p := *c.ReadinessProbe
		if p.PeriodSeconds == 0 {
			p.PeriodSeconds = 10
		}
		if p.FailureThreshold == 0 {
			p.FailureThreshold = 3
		}
		return time.Duration(p.InitialDelaySeconds+p.PeriodSeconds*p.FailureThreshold) * time.Second
	}
	return 0
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
