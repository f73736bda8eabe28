package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"todo-chatbot/ci/deploy"
)

// name says what an action is for a verb.
func (r *run) name(a Action) string {
	switch {
	case a == Change && r.facts.Verb == Rollback:
		return "return to revision " + strconv.Itoa(r.revision)
	case a == Change:
		return "upgrade the release"
	}
	return string(a)
}

// change makes the new revision. It does not wait for its pods.
func (r *run) change(ctx context.Context) error {
	r.facts.Changing = true
	r.base, r.began = r.history.Last().Number, time.Now()
	if r.facts.Verb == Rollback {
		return r.writer.Rollback(ctx, r.target.Namespace, r.target.Release, r.revision)
	}
	chart := r.desired.chart()
	chart.Labels = map[string]string{numberLabel: strconv.Itoa(r.base + 1)}
	if err := r.writer.Upgrade(ctx, chart); err != nil || r.base != 0 {
		return err
	}
	r.scaleToMinimum(ctx)
	return nil
}

// scaleToMinimum does for a first install what its autoscalers would do at their next look, 15 s later at most. One that fails is
// left to them.
func (r *run) scaleToMinimum(ctx context.Context) {
	// None are given with an error.
	autoscalers, _ := r.autoscalers(ctx)
	for _, a := range autoscalers {
		if to := a.Spec.ScaleTargetRef; a.Spec.MinReplicas > 1 {
			_ = r.writer.Scale(ctx, r.target.Namespace, to.Kind, to.Name, 1, a.Spec.MinReplicas)
		}
	}
}

// repair makes a pending release one that can be upgraded: back to its last good revision, or, without one, gone. The run
// that left it is dead, since this one holds the Lease; observe refuses a release that would be gone and is somebody else's.
func (r *run) repair(ctx context.Context) (string, error) {
	r.facts.Changing, r.base, r.began = true, never, time.Now()
	good := r.history.Good()
	if good.Number == 0 {
		return "removed, nothing of it was ever deployed", r.writer.Uninstall(ctx, r.target.Namespace, r.target.Release)
	}
	return fmt.Sprintf("returned to revision %d", good.Number),
		r.writer.Rollback(ctx, r.target.Namespace, r.target.Release, good.Number)
}

// never is a base above every revision: what is deployed then is not this run's.
const never = -1

// remediate returns to the last good revision, or removes a first install.
func (r *run) remediate(ctx context.Context) (string, error) {
	r.began = time.Now()
	// Read anew: Helm may have forgotten the one that was found, a repair has made another of the same objects, and somebody
	// else's Helm may have been at work.
	history, err := r.readHistory(ctx)
	if err != nil {
		return "", err
	}
	if r.before.Good().Number == 0 {
		if !history.Own() {
			return "", errors.New("Helm calls no earlier revision deployed, so there is none to return to, and this pipeline did not make all " +
				"of them, so nothing was removed: return to one that ran with rollback --revision, or remove the release with uninstall")
		}
		if err := r.uninstall(ctx); err != nil {
			return "", err
		}
		r.facts.Returned, r.gone = true, true
		r.failure = fmt.Errorf("%w\nRemoved: this was the release's first install.", r.failure)
		return "removed: this was the release's first install", nil
	}
	if r.good = history.goodBefore(r.before.Last().Number); r.good.Number == 0 {
		return "", errors.New("no revision to return to is left; see: release status")
	}
	return fmt.Sprintf("rolled back to revision %d", r.good.Number),
		r.writer.Rollback(ctx, r.target.Namespace, r.target.Release, r.good.Number)
}

// returned tells of a release that runs again as it was.
func (r *run) returned() {
	what := "no revision was proven before"
	if r.good.Proven {
		what = "the last that was proven"
	}
	r.failure = fmt.Errorf("%w\nRolled back to revision %d: %s.", r.failure, r.good.Number, what)
}

// uninstall removes what is the release's: Helm's objects, and what Helm leaves, which are the pods of its tests and the
// Secrets that it did not make.
func (r *run) uninstall(ctx context.Context) error {
	err := r.writer.Uninstall(ctx, r.target.Namespace, r.target.Release)
	for _, rest := range []Query{
		{Kinds: "pods", Selector: r.target.selector()},
		{Kinds: "secrets", Selector: deploy.SecretSelector(r.target.Release)},
	} {
		if err == nil {
			rest.Namespace = r.target.Namespace
			err = r.writer.Delete(ctx, rest)
		}
	}
	return err
}

// remove is the verb uninstall: the volumes of the release's own Postgres stay unless told.
func (r *run) remove(ctx context.Context) (string, error) {
	if err := r.uninstall(ctx); err != nil {
		return "", err
	}
	claims := Query{Kinds: "persistentvolumeclaims", Selector: r.target.selector(), Namespace: r.target.Namespace}
	found, err := r.names(ctx, claims)
	if err == nil && r.volumes && len(found) > 0 {
		found, err = nil, r.writer.Delete(ctx, claims)
	}
	if err != nil {
		return "", err
	}
	r.gone = true
	if len(found) == 0 {
		return "", nil
	}
	return fmt.Sprintf("persistentvolumeclaims %q stay, and the data in them; --delete-volumes removes them", found), nil
}

// recordTries is how often a label is tried.
const recordTries = 3

// recordSuccess labels the revision that passed its test.
func (r *run) recordSuccess(ctx context.Context) error {
	for try := 1; ; try++ {
		err := r.label(ctx)
		if err == nil || errors.Is(err, ErrUnreachable) || try == recordTries {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// label marks the present revision as proven.
func (r *run) label(ctx context.Context) error {
	history, err := r.readHistory(ctx)
	if err != nil {
		return err
	}
	last := history.Last()
	if last.Status != "deployed" {
		return fmt.Errorf("the newest revision is %d, and is %s: somebody else's Helm was at work; call deploy again, which mends that",
			last.Number, last.Status)
	}
	content := last.Content // a rollback has it from the revision that it returned to
	if r.desired != nil {
		content = r.desired.content
	}
	return r.writer.Label(ctx, r.target.Namespace, "secret", last.secret, map[string]string{provenLabel: last.proof(content)})
}

// cleanUp removes the release's Secrets that no revision names any more.
func (r *run) cleanUp(ctx context.Context) (string, error) {
	history, err := r.readHistory(ctx)
	if err != nil {
		return "", err
	}
	all, err := r.names(ctx, Query{Kinds: "secrets", Selector: deploy.SecretSelector(r.target.Release), Namespace: r.target.Namespace})
	if err != nil {
		return "", err
	}
	unused := deploy.UnusedSecrets(all, history.manifests())
	if len(history) == 0 || len(unused) == 0 {
		return "", nil
	}
	return fmt.Sprintf("%d of %d", len(unused), len(all)),
		r.writer.Delete(ctx, Query{Kinds: "secrets", Names: unused, Namespace: r.target.Namespace})
}
