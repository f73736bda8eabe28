package kube

import (
	"fmt"
	"strings"
)

// Progress is how far one workload has rolled.
type Progress struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Desired is how many pods it shall have; Updated, Ready and Available count those of the newest revision, ready
	// ones of any revision, and those ready for long enough.
	Desired   int `json:"desired"`
	Updated   int `json:"updated"`
	Ready     int `json:"ready"`
	Available int `json:"available"`
	// Done is true when every pod is of the newest revision and available, and no older one is left.
	Done bool `json:"done"`
	// Waiting says what is awaited while it is not done, "" when it is.
	Waiting string `json:"waiting,omitempty"`
	// Images are the images of its pod template, in the order of its containers.
	Images []string `json:"images,omitempty"`

	// unobserved is true while the controller has not seen the newest template: its status is that of the one before.
	unobserved bool
}

// Line is the workload's progress in one line: `deployment/todo-chatbot-backend 1 of 2 updated, 1 ready: …`.
func (p Progress) Line() string {
	line := fmt.Sprintf("%s/%s %d of %d updated, %d ready", strings.ToLower(p.Kind), p.Name, p.Updated, p.Desired, p.Ready)
	if p.Waiting != "" {
		line += ": " + p.Waiting
	}
	return line
}

// progressOf applies the rules of `kubectl rollout status` (k8s.io/kubectl pkg/polymorphichelpers/rollout_status.go).
func progressOf(w Workload) Progress {
	p := Progress{
		Kind: w.Kind, Name: w.Metadata.Name, Desired: w.desired(), Updated: w.Status.UpdatedReplicas,
		Ready: w.Status.ReadyReplicas, Available: w.Status.AvailableReplicas,
	}
	if w.Kind == "DaemonSet" {
		p.Updated, p.Ready, p.Available = w.Status.UpdatedNumberScheduled, w.Status.NumberReady, w.Status.NumberAvailable
	}
	for _, c := range w.Spec.Template.Spec.Containers {
		p.Images = append(p.Images, c.Image)
	}
	if w.Status.ObservedGeneration < w.Metadata.Generation {
		p.unobserved = true
		p.Waiting = "its controller has not seen the change yet"
		return p
	}
	switch w.Kind {
	case "StatefulSet":
		p.Waiting = statefulSetWaits(w)
	case "DaemonSet":
		p.Waiting = daemonSetWaits(w)
	default:
		p.Waiting = deploymentWaits(w)
	}
	p.Done = p.Waiting == ""
	return p
}

// deploymentWaits says what a Deployment waits for.
func deploymentWaits(w Workload) string {
	desired, status := w.desired(), w.Status
	switch {
	case w.Spec.Paused:
		return "it is paused; run: kubectl rollout resume deployment/" + w.Metadata.Name
	case status.UpdatedReplicas < desired:
		return pods(desired-status.UpdatedReplicas, "new pod") + " to be made"
	case status.Replicas > status.UpdatedReplicas:
		return pods(status.Replicas-status.UpdatedReplicas, "old pod") + " to go"
	case status.AvailableReplicas < status.UpdatedReplicas:
		return pods(status.UpdatedReplicas-status.AvailableReplicas, "new pod") + " to become available"
	}
	return ""
}

// statefulSetWaits says what a StatefulSet waits for. With OnDelete its pods are replaced by hand: nothing is awaited.
func statefulSetWaits(w Workload) string {
	desired, status := w.desired(), w.Status
	update := w.Spec.UpdateStrategy
	switch {
	case status.ReadyReplicas < desired:
		return pods(desired-status.ReadyReplicas, "pod") + " to become ready"
	case update.Type == "OnDelete":
		return ""
	case update.RollingUpdate.Partition > 0:
		if rest := desired - update.RollingUpdate.Partition - status.UpdatedReplicas; rest > 0 {
			return pods(rest, "pod") + " to be updated"
		}
	case status.UpdateRevision != status.CurrentRevision:
		return pods(desired-status.UpdatedReplicas, "pod") + " to be updated"
	}
	return ""
}

// daemonSetWaits says what a DaemonSet waits for. With OnDelete its pods are replaced by hand: nothing is awaited.
func daemonSetWaits(w Workload) string {
	desired, status := w.desired(), w.Status
	switch {
	case w.Spec.UpdateStrategy.Type == "OnDelete":
		return ""
	case status.UpdatedNumberScheduled < desired:
		return pods(desired-status.UpdatedNumberScheduled, "new pod") + " to be made"
	case status.NumberAvailable < desired:
		return pods(desired-status.NumberAvailable, "pod") + " to become available"
	}
	return ""
}

// pods counts pods in words: "1 new pod", "2 new pods".
func pods(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
