package release

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/report"
	"todo-chatbot/ci/secret"
)

const (
	// parting is how long giving the Lease back may take.
	parting = 10 * time.Second
	// hastyParting is how long it may take a run that was told to end, which has two seconds in all.
	hastyParting = 800 * time.Millisecond
)

// finish gives the Lease back and tells how the run ended.
func (r *run) finish(ctx context.Context, s State) (report.Run, error) {
	r.part(ctx, s)
	switch s {
	case Succeeded, InSync, Absent:
		r.report.Outcome = report.Passed
	case RolledBack:
		r.report.Outcome = report.RolledBack
	default:
		r.report.Outcome = report.Failed
	}
	if (s == Succeeded || s == InSync) && r.desired != nil {
		r.report.Reach = r.accessHints(ctx)
	}
	if s == Succeeded && r.desired != nil && !r.desired.request.Ephemeral {
		r.report.Facts = r.withoutMetrics(ctx)
	}
	r.report.Took = report.Duration(time.Since(r.report.Started))
	return r.ended(redacted(r.failure, r.secretValues()))
}

// ended puts the failure, nil for none, into the report too.
func (r *run) ended(failure error) (report.Run, error) {
	if failure != nil {
		r.report.Failure = failure.Error()
		r.report.Next = AfterFailure(r.desired != nil && r.desired.request.Ephemeral,
			fmt.Sprintf("todo-chatbot release status --name %s --namespace %s", r.target.Release, r.target.Namespace))
	}
	return r.report, failure
}

// AfterRefusal is what to do after a run that failed before it came to a cluster's release.
const AfterRefusal = "mend that, and call again: no cluster was changed"

// AfterFailure is what to do after a run that failed later. The call that shows the release is of no use where the cluster ends with the run.
func AfterFailure(ephemeral bool, status string) string {
	if ephemeral {
		return "mend that, and call again: the cluster ended with this run"
	}
	return status + " shows what runs; mend that, and call again"
}

// part gives the Lease back, unless it may be another run's.
func (r *run) part(ctx context.Context, s State) {
	if !r.facts.Held {
		return
	}
	r.lease.close()
	if s == LeaseLost || s == Unreachable || r.facts.Interrupted {
		return
	}
	patience := parting
	if s == Cancelled {
		patience = hastyParting
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := r.lease.giveBack(ctx, r.gone); err != nil {
		r.warn(fmt.Sprintf("giving the lease back: %s; the next run waits %s for it", err, LeaseDuration))
	}
}

// accessHints say how to get to what runs.
func (r *run) accessHints(ctx context.Context) []string {
	todo := r.desired.request.TodoChatbot
	switch {
	case r.desired.request.Ephemeral:
		return nil
	case todo == nil:
		return r.forwards(ctx)
	}
	return []string{reach(todo.PublicURL, r.target.Namespace, r.desired.fullname)}
}

// forwards are a way to each Service of a release that has an address, or, without one, the way to its pods.
func (r *run) forwards(ctx context.Context) []string {
	var list struct {
		Items []struct {
			Metadata kube.Meta `json:"metadata"`
			Spec     struct {
				ClusterIP string `json:"clusterIP"`
				Ports     []struct {
					Port     int    `json:"port"`
					Protocol string `json:"protocol"`
				} `json:"ports"`
			} `json:"spec"`
		} `json:"items"`
	}
	raw, err := r.Cluster.Get(ctx, Query{Kinds: "services", Selector: r.target.selector(), Namespace: r.target.Namespace})
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		list.Items = nil // whoever may not read them is told of the pods
	}
	var ways []string
	for _, service := range list.Items {
		if service.Spec.ClusterIP == "None" {
			continue
		}
		for _, at := range service.Spec.Ports {
			// A port-forward is of TCP, and needs no right of a machine's owner above 1023.
			if cmp.Or(at.Protocol, "TCP") != "TCP" {
				continue
			}
			local := at.Port
			if local < firstFree {
				local += 8000
			}
			ways = append(ways, fmt.Sprintf("kubectl --namespace %s port-forward service/%s %d:%d", r.target.Namespace, service.Metadata.Name, local, at.Port))
		}
	}
	if len(ways) == 0 {
		return []string{fmt.Sprintf("kubectl --namespace %s get all --selector %s", r.target.Namespace, r.target.selector())}
	}
	return ways
}

// firstFree is the first port that any user of a machine may listen on.
const firstFree = 1024

// reach says how a browser gets to the public URL. Of this machine's own it takes a way there, any other one is the caller's.
func reach(publicURL, namespace, fullname string) string {
	at, err := url.Parse(publicURL)
	if err != nil || at.Hostname() != "localhost" && !strings.HasPrefix(at.Hostname(), "127.") {
		return publicURL
	}
	forward := fmt.Sprintf("kubectl --namespace %s port-forward service/%s-frontend ", namespace, fullname)
	if at.Scheme == "https" {
		return forward + "3000:3000   behind what serves " + publicURL + " and passes it to port 3000: a port-forward has no TLS"
	}
	local := cmp.Or(at.Port(), "80")
	if number, err := strconv.Atoi(local); err == nil && number < firstFree {
		forward = "sudo --preserve-env " + forward
	}
	return forward + local + ":3000   then " + publicURL
}

// withoutMetrics tells of a cluster that serves no metrics for the release's autoscalers. Whoever may not read that is not told.
func (r *run) withoutMetrics(ctx context.Context) []string {
	autoscalers, err := r.autoscalers(ctx)
	if err != nil {
		return nil
	}
	services, err := r.Cluster.Get(ctx, Query{Kinds: "apiservices", Names: []string{kube.MetricsAPI}})
	if err != nil {
		return nil
	}
	facts, _ := kube.WithoutMetrics(autoscalers, services)
	return facts
}

// redactedError is an error whose text has no secret in it.
type redactedError struct {
	error
	text string
}

// Error is the text without secrets.
func (e redactedError) Error() string { return e.text }

// Unwrap lets errors.Is see what happened.
func (e redactedError) Unwrap() error { return e.error }

func redacted(err error, secrets []string) error {
	if err == nil {
		return nil
	}
	return redactedError{err, strings.TrimSpace(secret.Redact(err.Error(), secrets))}
}
