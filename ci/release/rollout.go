package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/report"
	"todo-chatbot/ci/secret"
)

// errStuck is a rollout that cannot succeed, with why.
type errStuck struct{ diagnoses []kube.Diagnosis }

// Error tells each diagnosis in full.
func (e *errStuck) Error() string {
	texts := make([]string, len(e.diagnoses))
	for i, d := range e.diagnoses {
		texts[i] = d.Text()
	}
	return "the pods cannot become ready\n" + strings.Join(texts, "\n\n")
}

// watch waits until every pod of the release is the new one and ready, and fails as soon as that cannot be. Pods that hold up a
// StatefulSet are deleted by who holds the Lease; to who only waits they are a rollout that cannot succeed.
func (r *run) watch(ctx context.Context) error {
	said := ""
	for limit := time.Now().Add(r.target.timeout()); ; {
		now, err := r.assess(ctx, r.began, false)
		if err != nil {
			return err
		}
		r.report.Workloads = now.Workloads
		if now.Done() {
			return nil
		}
		switch {
		case len(now.Obstacles) > 0 && r.facts.Held:
			if err := r.removeObstacles(ctx, now.Obstacles); err != nil {
				return err
			}
		case now.Stuck():
			return &errStuck{now.Diagnoses}
		}
		if waiting := waitingFor(now); waiting != said {
			r.say(waiting)
			said = waiting
		}
		if time.Now().After(limit) {
			return fmt.Errorf("it did not end within %s; raise the timeout if it was still moving:\n%s", r.target.timeout(), said)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// removeObstacles deletes pods of another revision that hold up a StatefulSet, which makes them anew. Their volumes stay.
func (r *run) removeObstacles(ctx context.Context, pods []string) error {
	r.say(fmt.Sprintf("deleting pods of another revision, which would never become ready: %s", strings.Join(pods, ", ")))
	err := r.writer.Delete(ctx, Query{Kinds: "pods", Names: pods, Namespace: r.target.Namespace})
	if err != nil {
		return fmt.Errorf("deleting pods that hold up their StatefulSet: %w", err)
	}
	return nil
}

// waitingFor has a line for each workload that is not done.
func waitingFor(a kube.Assessment) string {
	var lines []string
	for _, w := range a.Workloads {
		if !w.Done {
			lines = append(lines, w.Line())
		}
	}
	return strings.Join(lines, "\n")
}

// watchRemediation waits for the pods of the earlier revision.
func (r *run) watchRemediation(ctx context.Context) error {
	if err := r.watch(ctx); err != nil {
		return err
	}
	r.returned()
	return nil
}

// assess takes one look at the rollout that began at a moment; gaveUp names also what would have been left alone.
func (r *run) assess(ctx context.Context, began time.Time, gaveUp bool) (kube.Assessment, error) {
	raw, err := r.Cluster.Get(ctx, Query{Kinds: kube.SnapshotKinds, Namespace: r.target.Namespace})
	if err != nil {
		return kube.Assessment{}, fmt.Errorf("looking at the rollout: %w", err)
	}
	snapshot, err := kube.ParseSnapshot(raw)
	if err != nil {
		return kube.Assessment{}, err
	}
	return kube.Assess(snapshot, kube.AssessOptions{
		// The server's clock writes the events, and may be a little behind.
		Now: time.Now(), Since: began.Add(-2 * time.Second), Release: r.target.Release, GaveUp: gaveUp, Secrets: r.secretValues(),
	}), nil
}

// diagnose finds the causes of a failure, with the ends of the logs that tell of them.
func (r *run) diagnose(ctx context.Context) error {
	var stuck *errStuck
	known := errors.As(r.failure, &stuck)
	if !known {
		now, err := r.assess(ctx, r.began, true)
		if errors.Is(err, ErrUnreachable) {
			return err
		}
		// Whatever else keeps the causes from being found is no reason not to take the failure back.
		stuck = &errStuck{now.Diagnoses}
	}
	var texts []string
	for i := range stuck.diagnoses {
		d := &stuck.diagnoses[i]
		for _, wanted := range d.Wanted {
			var log bytes.Buffer
			if err := r.Cluster.Logs(ctx, logsOf(r.target.Namespace, wanted), &log); err == nil {
				d.AddLog(wanted, log.String(), r.secretValues())
			}
		}
		texts = append(texts, d.Text())
	}
	r.report.Diagnoses = stuck.diagnoses
	switch {
	case known: // now with the logs
		r.failure = fmt.Errorf("%s: %w", WatchRollout, stuck)
	case len(texts) > 0:
		r.failure = fmt.Errorf("%w\n%s", r.failure, strings.Join(texts, "\n\n"))
	}
	if !r.facts.Remediates {
		r.failure = fmt.Errorf("%w\n%s", r.failure, r.leftAs())
	}
	return nil
}

// leftAs says what becomes of a failed release that is not remediated.
func (r *run) leftAs() string {
	if r.desired != nil {
		return "The cluster ends with this run; nothing is left."
	}
	return "The release is left as it is; see: release status"
}

// logsOf is what a diagnosis asks for.
func logsOf(namespace string, wanted kube.LogRequest) Logs {
	return Logs{Namespace: namespace, Pod: wanted.Pod, Container: wanted.Container, Previous: wanted.Previous, Tail: kube.LogTail}
}

// test runs the chart's tests in the cluster. The todo chatbot's are the health of both parts, and a user's journey through them.
func (r *run) test(ctx context.Context) error {
	began := time.Now()
	failed := r.writer.Test(ctx, r.target.Namespace, r.target.Release)
	if errors.Is(failed, ErrUnreachable) || errors.Is(failed, errLeaseExpired) {
		return failed
	}
	history, err := r.readHistory(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	tests := history.Last().tests
	if len(tests) == 0 {
		r.warn("the chart has no tests (pods or Jobs with the annotation helm.sh/hook: test): that its pods are ready is all that was shown")
	}
	var said, unread error
	for _, one := range tests {
		journey := strings.HasSuffix(one.name, journeySuffix)
		if one.started.Before(began) || failed == nil && !journey {
			continue // Helm ends at the first that fails; what is there of those after it is of an earlier run
		}
		text, found, err := r.testLog(ctx, one)
		switch {
		case err != nil:
			unread = errors.Join(unread, err)
		case found && journey:
			said = errors.Join(said, r.readJourney(text))
		case found:
			said = errors.Join(said, fmt.Errorf("the test %s printed:\n%s", one.name, strings.TrimSpace(text)))
		}
	}
	return errors.Join(said, failed, unread)
}

// journeySuffix ends the name of a test whose log is a user's journey: report.ParseJourney says how one is written.
const journeySuffix = "-test-journey"

// readJourney puts a user's journey into the report, and fails where that did.
func (r *run) readJourney(text string) error {
	checks, err := report.ParseJourney(text)
	r.report.Journey = checks
	for _, check := range checks {
		if check.Failure != "" {
			err = errors.Join(err, fmt.Errorf("the user's journey failed at %q: %s", check.Name, check.Failure))
		}
	}
	return err
}

// testLog is the end of what a test printed, without secrets; a journey is shorter than that. None is found where the chart had the test
// removed as soon as it ended.
func (r *run) testLog(ctx context.Context, of releaseTest) (text string, found bool, err error) {
	wanted := Logs{Namespace: r.target.Namespace, Pod: of.name, Tail: kube.LogTail}
	if of.kind == "Job" {
		wanted.Pod = "job/" + of.name
	}
	var log bytes.Buffer
	if failed := r.Cluster.Logs(ctx, wanted, &log); failed != nil {
		there, err := r.exists(ctx, Query{Kinds: strings.ToLower(of.kind), Names: []string{of.name}, Namespace: r.target.Namespace})
		if err == nil && !there {
			return "", false, nil
		}
		return "", false, fmt.Errorf("reading the log of the test %s: %w", of.name, errors.Join(failed, err))
	}
	return secret.Redact(log.String(), r.secretValues()), true, nil
}
