package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/image"
	"todo-chatbot/ci/node"
	"todo-chatbot/ci/registry"
	"todo-chatbot/ci/release"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// Where the container of the release engine has what it is given.
const (
	requestPath    = "/run/request.json"
	kubeconfigPath = "/run/kubeconfig"
	chartPath      = "/run/chart"
	valuesPath     = "/run/values.yaml"
	planPath       = "/run/plan.txt"
	reportPath     = "/out/report"
)

// deployment is one call for a release of one cluster. What happens to the release is ci/release's: it runs in a container
// that reaches that cluster.
type deployment struct {
	module  *TodoChatbot
	cluster *cluster
	request release.Request
	// secrets are mounted under their paths.
	secrets map[string]*dagger.Secret
	// values are the caller's own for the chart, and plan a saved one to hold to; nil when there are none.
	values, plan *dagger.File
	// registry is where the cluster pulls the images from, nil where they are sent through its API server.
	registry *Registry
	// published is the tag of the release to take from that registry, "" where the checkout's images are built. trusted says
	// whose word counts for it.
	published string
	trusted   trust
	checks    bool
	archives  []archive
	report    report.Run

	recording sync.Mutex
}

// secret has the release engine read one, nil for none, from a file.
func (d *deployment) secret(name string, from *dagger.Secret, to *string) {
	if from == nil {
		return
	}
	*to = "/run/secrets/" + name
	if d.secrets == nil {
		d.secrets = map[string]*dagger.Secret{}
	}
	d.secrets[*to] = from
}

// timeout sets how long each wait may take.
func (d *deployment) timeout(text string) error {
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("timeout: %q is no duration; write one as 5m or 90s", text)
	}
	d.request.Timeout = release.Duration(parsed)
	return nil
}

// validate gives every problem of the request at once, before anything is built.
func (d *deployment) validate(ctx context.Context) error {
	r := d.request
	inputs := deploy.Inputs{
		Environment: r.Environment, Release: r.Release, Namespace: r.Namespace, PublicURL: r.PublicURL, Postgres: r.Postgres,
		Embedded: r.Ephemeral, Timeout: time.Duration(r.Timeout),
	}
	if d.registry != nil {
		inputs.Registry = registry.NormalizeAddress(d.registry.Address)
	}
	for path, to := range map[string]*string{
		r.Secrets.DatabaseURL: &inputs.DatabaseURL, r.Secrets.AuthSecret: &inputs.AuthSecret, r.Secrets.OpenAIKey: &inputs.OpenAIKey,
	} {
		if path == "" {
			continue
		}
		value, err := d.secrets[path].Plaintext(ctx)
		if err != nil {
			return fmt.Errorf("reading a secret that was given: %w", err)
		}
		*to = deploy.TrimNewline(value)
	}
	return inputs.Validate()
}

// deploy builds, checks, and takes the release to what it shall be, side by side where nothing waits for the other.
func (d *deployment) deploy(ctx context.Context) error {
	if err := d.validate(ctx); err != nil {
		return err
	}
	started := time.Now()
	d.report = report.Run{
		Name: "deploy", Release: d.request.Release, Namespace: d.request.Namespace, Cluster: d.cluster.title, Started: started,
		Outcome: report.Failed,
	}
	err := d.deployed(ctx)
	d.report.Took = report.Duration(time.Since(started))
	if err != nil {
		d.report.Outcome, d.report.Failure = worse(d.report.Outcome), err.Error()
	}
	return err
}

// worse is how a run ended that failed.
func worse(outcome report.Outcome) report.Outcome {
	if outcome == report.RolledBack {
		return outcome
	}
	return report.Failed
}

func (d *deployment) deployed(ctx context.Context) error {
	group, together := errgroup.WithContext(ctx)
	// Nothing unchecked gets into a cluster of the user's. One that ends with the run may have it meanwhile:
	// docs/decisions/embedded-cluster.md.
	if d.cluster.embedded != nil {
		group.Go(func() error { return d.check(together) })
	}
	group.Go(func() error {
		if err := d.prepare(together); err != nil {
			return err
		}
		return d.install(together)
	})
	return group.Wait()
}

// prepare builds, while an embedded cluster boots, which gets its images then, or the checks of what a user's cluster will get
// run.
func (d *deployment) prepare(ctx context.Context) error {
	embedded := d.cluster.embedded
	group, ctx := errgroup.WithContext(ctx)
	if embedded != nil {
		group.Go(func() error { return d.step(ctx, "boot the cluster", embedded.start) })
	} else {
		group.Go(func() error { return d.check(ctx) })
	}
	group.Go(func() error {
		if err := d.build(ctx); err != nil {
			return err
		}
		if embedded == nil {
			return d.preflight(ctx)
		}
		return d.step(ctx, "load the images", func(ctx context.Context) error { return embedded.load(ctx, d.archives...) })
	})
	return group.Wait()
}

// preflight fails early where the deployment would be refused: nobody waits for the checks to hear that a cluster has no room.
func (d *deployment) preflight(ctx context.Context) error {
	if !d.checks {
		return nil
	}
	_, err := d.run(ctx, d.engine(), "preflight")
	return err
}

// install has the release engine take the release along. The images go to the cluster while it holds the release, or into the
// registry before.
func (d *deployment) install(ctx context.Context) error {
	container := d.engine()
	switch {
	case d.cluster.embedded != nil || len(d.archives) == 0:
	case d.pushes():
		err := d.step(ctx, "push the images", func(ctx context.Context) error { return d.registry.push(ctx, d.archives) })
		if err != nil {
			return err
		}
	default:
		var paths []string
		container, paths = withArchives(withNodeFiles(container), d.archives)
		d.request.Deliver = append([]string{node.Home + "/send.sh", d.request.Namespace + "/" + d.request.Release}, named(d.archives, paths)...)
	}
	return d.reported(ctx, container, "deploy")
}

// pushes says whether the cluster pulls what is built here from the registry. A published release is there already, and who
// deploys it may have no right to push: what else is needed goes through the API server.
func (d *deployment) pushes() bool { return d.registry != nil && d.published == "" }

// reported runs a verb that gives a report, and adds that to the deployment's.
func (d *deployment) reported(ctx context.Context, container *dagger.Container, verb string, flags ...string) error {
	raw, failure := d.run(ctx, container, verb, flags...)
	var run report.Run
	if err := json.Unmarshal([]byte(raw), &run); raw != "" && err != nil {
		return errors.Join(failure, fmt.Errorf("reading the report of the release: %w", err))
	}
	if raw != "" {
		d.recording.Lock()
		defer d.recording.Unlock()
		started, steps := d.report.Started, d.report.Steps
		d.report = run
		if !started.IsZero() {
			d.report.Started = started
		}
		d.report.Steps = append(steps, run.Steps...)
	}
	if d.cluster.embedded != nil && failure == nil {
		d.report.Reach = []string{"dagger call serve up --ports 3000:3000   (this run's cluster ends with it)"}
	}
	return failure
}

// run runs a verb of the release engine and gives what it wrote into its report, whether it failed or not.
func (d *deployment) run(ctx context.Context, container *dagger.Container, verb string, flags ...string) (string, error) {
	request, err := json.Marshal(d.request)
	if err != nil {
		return "", fmt.Errorf("writing the request: %w", err)
	}
	args := append([]string{programPath, "release", verb, "--request", requestPath, "--kubeconfig", kubeconfigPath, "--report", reportPath}, flags...)
	ran := container.
		WithNewFile(requestPath, string(request)).
		// There is one before it runs, so that there is one to read whatever becomes of the run.
		WithNewFile(reportPath, "").
		WithExec(args, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	code, err := ran.ExitCode(ctx)
	if err != nil {
		return "", explain("release "+verb, err)
	}
	raw, err := ran.File(reportPath).Contents(ctx)
	if err != nil || code == 0 {
		return raw, err
	}
	said, err := ran.Stderr(ctx)
	if err != nil {
		return raw, err
	}
	return raw, errors.New(strings.TrimSpace(said))
}

// engine is a container with the release engine, and what a request names by its paths.
func (d *deployment) engine() *dagger.Container {
	container := withProgram(d.cluster.tools(), d.module.program()).
		WithMountedDirectory(chartPath, d.module.Chart().Source)
	d.request.Chart = chartPath
	for path, secret := range d.secrets {
		container = container.WithMountedSecret(path, secret)
	}
	if d.values != nil {
		d.request.Values = []string{valuesPath}
		container = container.WithMountedFile(valuesPath, d.values)
	}
	if d.plan != nil {
		d.request.Plan = planPath
		container = container.WithMountedFile(planPath, d.plan)
	}
	return container
}

// check runs what "dagger check" runs, unless it is not wanted.
func (d *deployment) check(ctx context.Context) error {
	if !d.checks {
		return nil
	}
	return d.step(ctx, "check", d.module.runChecks)
}

// step times one part of the run for the report.
func (d *deployment) step(ctx context.Context, name string, do func(context.Context) error) error {
	started := time.Now()
	err := do(ctx)
	outcome := report.Passed
	if err != nil {
		outcome = report.Failed
	}
	d.recording.Lock()
	defer d.recording.Unlock()
	d.report.Steps = append(d.report.Steps, report.Step{
		Name: name, Started: started, Took: report.Duration(time.Since(started)), Outcome: outcome,
	})
	return err
}

// build makes both images, or verifies those that were published, and what else the cluster is given: a database of the
// release's own, metrics for an embedded one.
func (d *deployment) build(ctx context.Context) error {
	var backend, frontend, postgres, metrics archive
	m, embedded := d.module, d.cluster.embedded != nil
	ownPostgres := d.request.Secrets.DatabaseURL == "" && (d.request.Postgres || embedded)
	group, ctx := errgroup.WithContext(ctx)
	made := func(name string, to *archive, build func(context.Context) (archive, error)) {
		group.Go(func() error {
			return d.step(ctx, name, func(ctx context.Context) (err error) {
				*to, err = build(ctx)
				return err
			})
		})
	}
	if !embedded {
		// Meanwhile: nobody waits for a build to hear that their cluster is not there.
		group.Go(func() error { return d.cluster.reached(ctx) })
	}
	if d.published == "" {
		made("build the backend", &backend, m.Backend().archive)
		made("build the front end", &frontend, m.Frontend().archive)
	} else {
		group.Go(func() error {
			return d.step(ctx, "verify what was published", func(ctx context.Context) (err error) {
				d.request.Images, err = d.registry.images(ctx, d.published, d.trusted)
				return err
			})
		})
	}
	if ownPostgres {
		group.Go(func() (err error) {
			postgres, err = pulled(ctx, m.program(), m.Pins, image.Postgres)
			return err
		})
	}
	if embedded {
		group.Go(func() (err error) {
			metrics, err = pulled(ctx, m.program(), m.Pins, image.MetricsServer)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if d.published == "" {
		d.archives = append(d.archives, backend, frontend)
	}
	if ownPostgres {
		d.archives = append(d.archives, postgres)
	}
	if d.pushes() {
		for i := range d.archives {
			d.archives[i].repository = d.registry.repository(d.archives[i].repository)
		}
	}
	images := []*string{&d.request.Images.Backend, &d.request.Images.Frontend, &d.request.Images.Postgres}
	if d.published != "" {
		images = images[2:]
	}
	for i, a := range d.archives {
		*images[i] = a.name()
	}
	if embedded {
		d.archives = append(d.archives, metrics)
	}
	return nil
}

// imageValues are the images of a release, as the chart's values have them.
func (d *deployment) imageValues() map[string]any {
	value := func(reference string) map[string]any {
		repository, digest, _ := strings.Cut(reference, "@")
		return map[string]any{"image": map[string]any{"repository": repository, "digest": digest, "tag": ""}}
	}
	images := d.request.Images
	return map[string]any{"backend": value(images.Backend), "frontend": value(images.Frontend), "postgres": value(images.Postgres)}
}

// pages is a run as a page to look at, for people and for programs.
func pages(run report.Run) (*dagger.Directory, error) {
	page, err := run.HTML()
	if err != nil {
		return nil, err
	}
	raw, err := run.JSON()
	if err != nil {
		return nil, err
	}
	return dag.Directory().
		WithNewFile("report.html", page).
		WithNewFile("report.md", run.Markdown()).
		WithNewFile("report.json", string(raw)), nil
}
