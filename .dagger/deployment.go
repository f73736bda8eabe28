package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/node"
	"todo-chatbot/ci/release"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// Where the container of the release engine has what it is given.
const (
	requestPath = "/run/request.json"
	chartPath   = "/run/chart"
	valuesPath  = "/run/values.yaml"
	planPath    = "/run/plan.txt"
	reportPath  = "/out/report"
)

// deployment is what a release of one cluster shall be. What happens to the release is ci/release's: it runs in a container
// that reaches that cluster.
type deployment struct {
	Pipeline *TodoChatbot
	Cluster  cluster
	Request  release.Request
	// Secrets are mounted under their paths.
	Secrets map[string]*dagger.Secret
	// Values are the caller's own for the chart, and Plan a saved one to hold to; nil when there are none.
	Values, Plan *dagger.File
	// Registry is where the cluster pulls the images from, nil where they are sent through its API server.
	Registry *Registry
	// Published is the tag of the release to take from that registry, "" where the checkout's images are built. Trusted says
	// whose word counts for it.
	Published string
	Trusted   trust
	Checks    bool

	images   []*delivery
	recorder *report.Recorder
}

// secret has the release engine read one, nil for none, from a file.
func (d *deployment) secret(name string, from *dagger.Secret, to *string) {
	if from == nil {
		return
	}
	*to = "/run/secrets/" + name
	if d.Secrets == nil {
		d.Secrets = map[string]*dagger.Secret{}
	}
	d.Secrets[*to] = from
}

// timeout sets how long each wait may take.
func (d *deployment) timeout(text string) error {
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("timeout: %q is no duration; write one as 5m or 90s", text)
	}
	d.Request.Timeout = release.Duration(parsed)
	return nil
}

// validate gives every problem of the request at once, before anything is built.
func (d *deployment) validate(ctx context.Context) error {
	address := ""
	if d.Registry != nil {
		address = d.Registry.Access.Address
	}
	return d.Request.Validate(address, func(path string) (string, error) { return d.Secrets[path].Plaintext(ctx) })
}

// record begins the report of a verb.
func (d *deployment) record(verb string) {
	d.recorder = report.Start(report.Run{
		Name: verb, Release: d.Request.Release, Namespace: d.Request.Namespace, Cluster: d.Cluster.Title,
	})
}

// deploy builds, checks, and takes the release to what it shall be. A run that was refused before it began has no report.
func (d *deployment) deploy(ctx context.Context) (report.Run, error) {
	if err := d.validate(ctx); err != nil {
		return report.Run{}, err
	}
	d.record("deploy")
	err := d.deployed(ctx)
	run := d.recorder.End(err)
	if d.Cluster.embedded() && err == nil {
		run.Reach = []string{"dagger call serve up --ports 3000:3000   (this run's cluster ends with it)"}
	}
	return run, err
}

// change runs a verb that changes the release, and gives its report.
func (d *deployment) change(ctx context.Context, verb string, flags ...string) (report.Run, error) {
	d.record(verb)
	err := d.reported(ctx, d.engine(), verb, flags...)
	return d.recorder.End(err), err
}

// deployed does, side by side, what does not wait for another.
func (d *deployment) deployed(ctx context.Context) error {
	group, together := errgroup.WithContext(ctx)
	// Nothing unchecked gets into a cluster of the user's. One that ends with the run may have it meanwhile:
	// docs/decisions/embedded-cluster.md.
	if d.Cluster.embedded() {
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
	embedded := d.Cluster.embedded()
	group, ctx := errgroup.WithContext(ctx)
	if embedded {
		group.Go(func() error { return d.step("boot the cluster", func() error { return d.Cluster.start(ctx) }) })
	} else {
		group.Go(func() error { return d.check(ctx) })
	}
	group.Go(func() error {
		if err := d.build(ctx); err != nil {
			return err
		}
		if !embedded {
			return d.preflight(ctx)
		}
		return d.step("load the images", func() error { return d.Cluster.load(ctx, d.images) })
	})
	return group.Wait()
}

// check runs what "dagger check" runs, unless it is not wanted.
func (d *deployment) check(ctx context.Context) error {
	if !d.Checks {
		return nil
	}
	return d.step("check", func() error { return d.Pipeline.runChecks(ctx) })
}

// preflight fails early where the deployment would be refused: nobody waits for the checks to hear that a cluster has no room.
func (d *deployment) preflight(ctx context.Context) error {
	if !d.Checks {
		return nil
	}
	_, err := d.run(ctx, d.engine(), "preflight")
	return err
}

// step times one part of the run for the report, where there is one. A part without a name is not told of.
func (d *deployment) step(name string, do func() error) error {
	if d.recorder == nil || name == "" {
		return do()
	}
	return d.recorder.Step(name, do)
}

// build makes both images, or verifies those that were published, and what else the cluster is given: a database of the
// release's own, metrics for an embedded one.
func (d *deployment) build(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	m, images := d.Pipeline, &d.Request.Images
	if d.Published == "" {
		group.Go(d.delivered(ctx, "build the backend", m.Backend().Image, &images.Backend))
		group.Go(d.delivered(ctx, "build the front end", m.Frontend().Image, &images.Frontend))
	} else {
		group.Go(func() error {
			return d.step("verify what was published", func() (err error) {
				images.Backend, images.Frontend, err = d.Registry.references(ctx, d.Published, d.Trusted)
				return err
			})
		})
	}
	if d.Request.OwnPostgres() {
		group.Go(d.delivered(ctx, "", m.Tools.pulled(image.Postgres), &images.Postgres))
	}
	if d.Cluster.embedded() {
		group.Go(d.delivered(ctx, "", m.Tools.pulled(image.MetricsServer), new(string)))
	} else {
		// Meanwhile: nobody waits for a build to hear that their cluster is not there.
		group.Go(func() error { return d.Cluster.reached(ctx) })
	}
	return group.Wait()
}

// delivered builds an image that the cluster will be given, and writes down what pods call it by.
func (d *deployment) delivered(ctx context.Context, step string, build builder, name *string) func() error {
	sent := &delivery{}
	d.images = append(d.images, sent)
	return func() error {
		return d.step(step, func() error {
			built, err := build(ctx)
			if err != nil {
				return err
			}
			if d.pushes() {
				built.Repository = d.Registry.repository(built.Repository)
			}
			sent.archive = built.Archive()
			sent.reference, err = built.reference(ctx)
			*name = sent.reference
			return err
		})
	}
}

// pushes says whether the cluster pulls what is built here from the registry. A published release is there already, and who
// deploys it may have no right to push: what else is needed goes through the API server.
func (d *deployment) pushes() bool { return d.Registry != nil && d.Published == "" }

// install has the release engine take the release along. The images go to the cluster while it holds the release, or into the
// registry before.
func (d *deployment) install(ctx context.Context) error {
	container := d.engine()
	switch {
	case d.Cluster.embedded() || len(d.images) == 0:
	case d.pushes():
		if err := d.step("push the images", func() error { return d.Registry.push(ctx, d.images) }); err != nil {
			return err
		}
	default:
		var named []string
		container, named = withDeliveries(d.Pipeline.Tools.withNodeFiles(container), d.images)
		d.Request.Deliver = append([]string{node.Home + "/send.sh", d.Request.Namespace + "/" + d.Request.Release}, named...)
	}
	return d.reported(ctx, container, "deploy")
}

// engine is a container with the release engine, and what a request names by its paths.
func (d *deployment) engine() *dagger.Container {
	container := d.Cluster.tools().WithMountedDirectory(chartPath, d.Pipeline.Chart().Source)
	d.Request.Chart = chartPath
	for path, secret := range d.Secrets {
		container = container.WithMountedSecret(path, secret)
	}
	if d.Values != nil {
		d.Request.Values = []string{valuesPath}
		container = container.WithMountedFile(valuesPath, d.Values)
	}
	if d.Plan != nil {
		d.Request.Plan = planPath
		container = container.WithMountedFile(planPath, d.Plan)
	}
	return container
}

// reported runs a verb that gives a report, and adds that to the deployment's.
func (d *deployment) reported(ctx context.Context, container *dagger.Container, verb string, flags ...string) error {
	raw, failure := d.run(ctx, container, verb, flags...)
	return errors.Join(failure, d.recorder.Include(raw))
}

// run runs a verb of the release engine and gives what it wrote into its report, whether it failed or not.
func (d *deployment) run(ctx context.Context, container *dagger.Container, verb string, flags ...string) (string, error) {
	ran := d.ran(container, verb, append(flags, "--report", reportPath), dagger.ReturnTypeAny)
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

// printed runs a verb that changes nothing, and gives what it prints.
func (d *deployment) printed(ctx context.Context, verb string, flags ...string) (string, error) {
	out, err := d.ran(d.Cluster.tools(), verb, flags, dagger.ReturnTypeSuccess).Stdout(ctx)
	return out, programError(err)
}

// ran is a container in which a verb of the release engine was run.
func (d *deployment) ran(container *dagger.Container, verb string, flags []string, expected dagger.ReturnType) *dagger.Container {
	args := append([]string{programPath, "release", verb, "--request", requestPath, "--kubeconfig", kubeconfigPath}, flags...)
	// There is a report before it runs, so that there is one to read whatever becomes of the run.
	return d.withRequest(container).WithNewFile(reportPath, "").WithExec(args, dagger.ContainerWithExecOpts{Expect: expected})
}

// withRequest gives a container the request.
func (d *deployment) withRequest(container *dagger.Container) *dagger.Container {
	request, err := json.Marshal(d.Request)
	if err != nil {
		return container.WithError("writing the request: " + err.Error())
	}
	return container.WithNewFile(requestPath, string(request))
}

// pages is a run as a page to look at, for people and for programs, whether it failed or not. A run that was refused before it
// began has none.
func pages(run report.Run, failure error) (*dagger.Directory, error) {
	if run.Started.IsZero() {
		return nil, failure
	}
	if failure != nil {
		fmt.Println(failure)
	}
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
