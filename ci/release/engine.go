package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"todo-chatbot/ci/report"
	"todo-chatbot/ci/secret"
)

const (
	// pause is the time between two looks at what is awaited.
	pause = time.Second
	// Outage is how long an API server may not answer: what restarts needs less.
	Outage = 2 * time.Minute
	// firstOutage is how long it may not answer a run that it never answered: its address may be wrong.
	firstOutage = 15 * time.Second
	// mostOutages is how often it may go away in one run.
	mostOutages = 10
)

// Deliverer puts a release's images where the nodes find them. It may be called again after it was broken off.
type Deliverer func(ctx context.Context) error

// Engine does what is asked of releases in one cluster.
type Engine struct {
	Cluster Cluster
	// Progress is told what happens, a line for each thing, as it happens.
	Progress io.Writer
	// Deliver is nil where nodes have the images or pull them.
	Deliver Deliverer
	// Secrets are values that no output may show, besides those of a request to deploy.
	Secrets []string

	// trace is told of every step from one state to another, nil when nobody listens.
	trace func(from, to State)
}

// run is one verb on one release.
type run struct {
	*Engine
	target Target
	facts  Facts
	lease  *lease
	writer Writer
	report report.Run
	// desired is what a deployment wants, nil for the other verbs.
	desired *desired
	// revision is the one to roll back to, 0 for the previous one, and volumes are removed with the release.
	revision int
	volumes  bool

	// history is what Helm knew at the last look, and before what it knew when this run had changed nothing.
	history, before History
	version         string
	// good is the revision that a failure was returned to.
	good Revision
	// base is the newest revision before the change, and began when it began.
	base  int
	began time.Time
	// failure is what the run ends with.
	failure error
	// away is since when the API server has not answered, and outages how often that was.
	away    time.Time
	outages int
	// gone is true when nothing is left of the release.
	gone bool
}

func (e *Engine) start(v Verb, t Target, d *desired) *run {
	r := &run{
		Engine: e, target: t, desired: d,
		facts: Facts{Verb: v, Delivered: v != Deploy || e.Deliver == nil, Secret: d == nil || d.secret == ""},
		report: report.Run{
			Name: string(v), Release: t.Release, Namespace: t.Namespace, Cluster: t.Cluster, Started: time.Now(),
			Outcome: report.Failed,
		},
	}
	r.facts.Remediates = d != nil && !d.request.Ephemeral
	r.lease = newLease(e.Cluster, t, v, r.say)
	r.writer = guarded{e.Cluster, r.lease}
	return r
}

// execute goes from state to state until there is nothing more to do.
func (r *run) execute(ctx context.Context) (report.Run, error) {
	for from := Unobserved; ; {
		to := r.facts.State()
		if from != to && !Leads(from, to) {
			panic(fmt.Sprintf("release: the machine has no way from %s to %s", from, to))
		}
		if r.trace != nil {
			r.trace(from, to)
		}
		action := Next(to)
		if action == Finish {
			return r.finish(ctx, to)
		}
		r.step(ctx, action)
		from = to
	}
}

// step does one action, times it for the report, and takes its outcome into account.
func (r *run) step(ctx context.Context, a Action) {
	working := ctx
	if r.facts.Held && a != Reconnect {
		working = r.lease.context()
	}
	step := report.Step{Name: r.name(a), Started: time.Now(), Outcome: report.Passed}
	result, err := r.do(working, a)
	step.Took, step.Result = report.Duration(time.Since(step.Started)), result
	if err != nil {
		step.Outcome = report.Failed
	}
	if a != Reconnect || err != nil {
		r.report.Steps = append(r.report.Steps, step)
	}
	r.say(fmt.Sprintf("%s: %s in %s%s", step.Name, step.Outcome, step.Took, remark(result)))
	if err != nil {
		r.failed(ctx, working, a, err)
		return
	}
	r.facts.done(a)
}

func remark(result string) string {
	if result == "" {
		return ""
	}
	return ": " + result
}

// do gives an action's result in a few words.
func (r *run) do(ctx context.Context, a Action) (string, error) {
	switch a {
	case Observe:
		return r.observe(ctx)
	case CreateNamespace:
		return "", r.createNamespace(ctx)
	case AcquireLease:
		return "", r.lease.acquire(ctx, r.target.timeout())
	case DeliverImages:
		return "", r.Deliver(ctx)
	case ApplySecret:
		return "", r.writer.Apply(ctx, r.desired.manifest)
	case Repair:
		return r.repair(ctx)
	case Change:
		return "", r.change(ctx)
	case Remove:
		return r.remove(ctx)
	case WatchRollout:
		return "", r.watch(ctx)
	case WatchRemediation:
		return "", r.watchRemediation(ctx)
	case Test:
		return "", r.test(ctx)
	case RecordSuccess:
		return "", r.recordSuccess(ctx)
	case CleanUp:
		return r.cleanUp(ctx)
	case Diagnose:
		return "", r.diagnose(ctx)
	case Remediate:
		return r.remediate(ctx)
	case Reconnect:
		return "", r.reconnect(ctx)
	case Finish:
	}
	return "", fmt.Errorf("release: %q is nothing to do", a)
}

// failed takes the failure of an action into account.
func (r *run) failed(ctx, working context.Context, a Action, err error) {
	cause, name := context.Cause(working), r.name(a)
	switch {
	case ctx.Err() != nil:
		r.end(Cancelled, fmt.Errorf("%s: the run was told to end: %w", name, context.Cause(ctx)))
	case errors.Is(err, ErrLeaseLost):
		r.over(LeaseLost, err)
	case errors.Is(cause, ErrLeaseLost):
		r.over(LeaseLost, cause)
	case a == Reconnect:
		r.over(Unreachable, err)
	case errors.Is(cause, errLeaseExpired), errors.Is(err, errLeaseExpired), errors.Is(err, ErrUnreachable):
		r.interrupted(err)
	case a == RecordSuccess, a == CleanUp:
		// The release is live and has passed its test.
		r.warn(fmt.Sprintf("%s: %s", name, err))
		r.facts.done(a)
	case r.facts.Changing && !r.facts.Failed:
		r.failure, r.facts.Failed = fmt.Errorf("%s: %w", name, err), true
	case a == Remediate, a == WatchRemediation:
		r.end(Stalled, fmt.Errorf("%w\n%s: %w\nThe release is left as it is; see: release status", r.failure, name, err))
	case a == Remove:
		r.end(Stalled, fmt.Errorf("%s: %w\nCall uninstall again: it goes on from here", name, err))
	default:
		r.end(Refused, fmt.Errorf("%s: %w\nNothing of the release was changed", name, err))
	}
}

// interrupted lets the run reconnect, unless it had to do so too often: then something else is wrong.
func (r *run) interrupted(err error) {
	if r.outages++; r.outages > mostOutages {
		r.over(Unreachable, fmt.Errorf("the API server went away more than %d times; %s\n%w", mostOutages, r.next(), err))
		return
	}
	r.facts.Interrupted, r.away = true, time.Now()
	r.say("the API server does not answer, or the lease has run out; trying again")
}

// over ends a run that may or can do nothing more. A release that has passed its test is live all the same.
func (r *run) over(s State, err error) {
	if r.facts.Tested {
		r.warn(fmt.Sprintf("the release passed its test, and was not recorded as proven: %s", err))
		s, err = Succeeded, nil
	}
	if r.failure != nil && err != nil {
		err = fmt.Errorf("%w\n%w", r.failure, err)
	}
	r.end(s, err)
}

func (r *run) end(s State, err error) { r.facts.Ended, r.failure = s, err }

// reconnect waits until the API server answers, and takes the Lease up again where it had been acquired.
func (r *run) reconnect(ctx context.Context) error {
	patience := Outage
	if r.version == "" {
		patience = firstOutage
	}
	for {
		err := r.answers(ctx)
		switch {
		case err == nil || !errors.Is(err, ErrUnreachable):
			return err
		case time.Since(r.away) >= patience:
			if failed, ok := errors.AsType[*CommandError](err); ok && r.version != "" {
				// It has answered before, so its address is no question.
				err = fmt.Errorf("%w\n%s", ErrUnreachable, failed.said())
			}
			return fmt.Errorf("no answer for %s; %s\n%w", patience, r.next(), err)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// next says what to do when the API server stays away.
func (r *run) next() string {
	if r.version == "" {
		return "nothing was changed; see that \"kubectl get nodes\" works"
	}
	return "nothing more was changed; when it is back, call again: the run goes on from what it finds"
}

// answers is nil when the run can go on.
func (r *run) answers(ctx context.Context) error {
	if _, err := r.Cluster.Version(ctx); err != nil {
		return err
	}
	if !r.facts.Held {
		return nil
	}
	return r.lease.reacquire(ctx)
}

// say tells one thing.
func (r *run) say(what string) { fmt.Fprintln(r.Progress, secret.Redact(what, r.secretValues())) }

// warn tells what does not fail the run.
func (r *run) warn(what string) {
	what = secret.Redact(what, r.secretValues())
	r.report.Warnings = append(r.report.Warnings, what)
	fmt.Fprintln(r.Progress, "warning: "+what)
}

// secretValues are the values that no output may show.
func (r *run) secretValues() []string {
	if r.desired == nil {
		return r.Secrets
	}
	return slices.Concat(r.Secrets, r.desired.hidden)
}
