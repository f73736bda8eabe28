package release

import (
	"context"
	"maps"
	"slices"
	"strings"

	"todo-chatbot/ci/plan"
	"todo-chatbot/ci/report"
)

// Deploy takes a release to what the request asks for, and gives the run's report, whether it failed or not.
//
// What is refused leaves no trace. A failure is diagnosed first and then remediated: the release returns to its last proven
// revision, or is removed if this was its first install.
func (e *Engine) Deploy(ctx context.Context, request Request) (report.Run, error) {
	d, err := desire(request)
	r := e.start(Deploy, request.Target, d)
	if err != nil {
		return r.ended(err)
	}
	for _, part := range slices.Sorted(maps.Keys(request.Images)) {
		name, digest, _ := strings.Cut(request.Images[part], "@")
		r.report.Images = append(r.report.Images, report.Image{Name: name, Digest: digest})
	}
	return r.execute(ctx)
}

// Rollback returns a release to a revision, 0 for the newest proven one that is another than the present, and tests it.
func (e *Engine) Rollback(ctx context.Context, target Target, revision int) (report.Run, error) {
	r := e.start(Rollback, target, nil)
	if err := target.checkTarget(); err != nil {
		return r.ended(err)
	}
	r.revision = revision
	return r.execute(ctx)
}

// Uninstall removes what is the release's, and nothing else. The volumes of its own Postgres stay unless told.
func (e *Engine) Uninstall(ctx context.Context, target Target, deleteVolumes bool) (report.Run, error) {
	r := e.start(Uninstall, target, nil)
	if err := target.checkTarget(); err != nil {
		return r.ended(err)
	}
	r.volumes = deleteVolumes
	return r.execute(ctx)
}

// Preflight fails where Deploy would be refused: the cluster is not what the request's plan was made for, or has no room. Nothing
// changes. Before its images are built only a first deployment is judged, and its room: what changes of one that is there depends
// on them.
func (e *Engine) Preflight(ctx context.Context, request Request) error {
	d, err := desire(request)
	if err != nil {
		return err
	}
	r := e.start(Deploy, request.Target, d)
	if !request.unbuilt() {
		_, err = r.observe(ctx)
	} else if err = r.look(ctx); err == nil && len(r.history) == 0 {
		err = r.capacity(ctx)
	}
	return redacted(err, r.secretValues())
}

// Plan says what Deploy would change. Nothing is.
func (e *Engine) Plan(ctx context.Context, request Request) (plan.Plan, error) {
	d, err := desire(request)
	if err != nil {
		return plan.Plan{}, err
	}
	r := e.start(Deploy, request.Target, d)
	if err := r.look(ctx); err != nil {
		return plan.Plan{}, redacted(err, r.secretValues())
	}
	found, err := r.plan(ctx)
	return found, redacted(err, r.secretValues())
}
