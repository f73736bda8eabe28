package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/secret"
)

// Status is what a release is at a moment.
type Status struct {
	Target
	// Revisions are the newest last, none when the release is not installed.
	Revisions History `json:"revisions"`
	// Holder is the run that is at work on it, "" when none is.
	Holder      string           `json:"holder,omitempty"`
	Workloads   []kube.Progress  `json:"workloads,omitempty"`
	Autoscalers []Autoscaler     `json:"autoscalers,omitempty"`
	Diagnoses   []kube.Diagnosis `json:"diagnoses,omitempty"`
}

// Autoscaler is one of the release's.
type Autoscaler struct {
	Name    string `json:"name"`
	Min     int    `json:"min"`
	Max     int    `json:"max"`
	Current int    `json:"current"`
	Desired int    `json:"desired"`
}

// Status reads what a release is.
func (e *Engine) Status(ctx context.Context, target Target) (Status, error) {
	s := Status{Target: target}
	if err := target.checkTarget(); err != nil {
		return s, err
	}
	r := e.start(Uninstall, target, nil)
	if err := r.look(ctx); err != nil || !r.facts.Namespace {
		return s, err
	}
	s.Revisions = r.history
	held, err := r.lease.read(ctx)
	if err != nil {
		return s, err
	}
	if held.holder != "" {
		s.Holder = held.String()
	}
	// Long enough ago for every event to count.
	now, err := r.assess(ctx, time.Now().Add(-time.Hour), false)
	if err != nil {
		return s, err
	}
	s.Workloads, s.Diagnoses = now.Workloads, now.Diagnoses
	autoscalers, err := r.autoscalers(ctx)
	for _, a := range autoscalers {
		s.Autoscalers = append(s.Autoscalers, Autoscaler{
			a.Metadata.Name, a.Spec.MinReplicas, a.Spec.MaxReplicas, a.Status.CurrentReplicas, a.Status.DesiredReplicas,
		})
	}
	return s, err
}

// Wait waits until every pod of a release is the new one and ready. It fails as soon as that cannot be, and says why.
func (e *Engine) Wait(ctx context.Context, target Target) error {
	if err := target.checkTarget(); err != nil {
		return err
	}
	r := e.start(Deploy, target, nil)
	r.began = time.Now()
	if r.failure = r.watch(ctx); r.failure == nil || ctx.Err() != nil {
		return r.failure
	}
	if err := r.diagnose(ctx); err != nil {
		return errors.Join(r.failure, err)
	}
	return r.failure
}

// autoscalers reads those of the release.
func (r *run) autoscalers(ctx context.Context) ([]kube.Autoscaler, error) {
	raw, err := r.Cluster.Get(ctx, Query{Kinds: kube.AutoscalerKinds, Selector: r.target.selector(), Namespace: r.target.Namespace})
	if err != nil {
		return nil, fmt.Errorf("reading the autoscalers: %w", err)
	}
	return kube.ParseAutoscalers(raw)
}

// Text is the status for people.
func (s Status) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in namespace %s", s.Release, s.Namespace)
	if s.Cluster != "" {
		fmt.Fprintf(&b, " of %s", s.Cluster)
	}
	if len(s.Revisions) == 0 {
		b.WriteString(": not installed\n")
		return b.String()
	}
	b.WriteString("\n\nrevisions\n")
	for _, revision := range s.Revisions {
		fmt.Fprintf(&b, "  %d  %s", revision.Number, revision.Status)
		if revision.Proven {
			b.WriteString(", proven")
		}
		b.WriteString("\n")
	}
	if s.Holder != "" {
		fmt.Fprintf(&b, "\na run is at work: %s\n", s.Holder)
	}
	b.WriteString("\nworkloads\n")
	for _, w := range s.Workloads {
		fmt.Fprintf(&b, "  %s\n", w.Line())
		for _, image := range w.Images {
			fmt.Fprintf(&b, "    %s\n", image)
		}
	}
	for _, a := range s.Autoscalers {
		fmt.Fprintf(&b, "  autoscaler/%s %d of %d to %d, wants %d\n", a.Name, a.Current, a.Min, a.Max, a.Desired)
	}
	for _, d := range s.Diagnoses {
		fmt.Fprintf(&b, "\n%s", d.Text())
	}
	return b.String()
}

// Logs writes the logs of a release's pods, their last lines or, to follow, all that comes until the context ends.
func (e *Engine) Logs(ctx context.Context, target Target, tail int, follow bool, to io.Writer) error {
	if err := target.checkTarget(); err != nil {
		return err
	}
	masked := secret.NewWriter(to, e.Secrets)
	err := e.Cluster.Logs(ctx, Logs{Namespace: target.Namespace, Selector: target.selector(), Tail: tail, Follow: follow}, masked)
	err = errors.Join(err, masked.Close())
	if err != nil && follow && ctx.Err() != nil {
		return nil //nolint:nilerr // whoever follows ends it when they have seen enough
	}
	return err
}
