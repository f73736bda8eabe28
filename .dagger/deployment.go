package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/node"
	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/release"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
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
	// Published is the release to take from that registry; without a tag the checkout's images are built.
	Published publication
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
	d.Secrets[*to] = from
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
	to := d.Request.Target
	d.recorder = report.Start(report.Run{Name: verb, Release: to.Release, Namespace: to.Namespace, Cluster: to.Cluster})
}

// deployWithin is deploy with a limit to each wait, for people.
func (d *deployment) deployWithin(ctx context.Context, timeout string) (string, error) {
	var err error
	if d.Request.Timeout, err = release.ParseTimeout(timeout); err != nil {
		return "", err
	}
	run, err := d.deploy(ctx)
	return run.Text(), err
}

// deploy builds, checks, and takes the release to what it shall be. A run that was refused before it began has no report.
func (d *deployment) deploy(ctx context.Context) (report.Run, error) {
	if err := d.validate(ctx); err != nil {
		return report.Run{}, err
	}
	d.record("deploy")
	all := flow.InOrder(d.prepare, d.install)
	// Nothing unchecked gets into a cluster of the user's. One that ends with the run may have it meanwhile:
	// docs/decisions/embedded-cluster.md.
	if d.Cluster.embedded() && d.Checks {
		all = flow.Together(d.step("check", d.Pipeline.runChecks), all)
	}
	err := all(ctx)
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

// prepare builds. Meanwhile an embedded cluster boots, and gets the images then; for a user's cluster the checks run.
func (d *deployment) prepare(ctx context.Context) error {
	if d.Cluster.embedded() {
		load := func(ctx context.Context) error { return d.Cluster.load(ctx, d.images) }
		return flow.Together(
			d.step("boot the cluster", d.Cluster.start),
			flow.InOrder(d.build, d.step("load the images", load)),
		)(ctx)
	}
	if !d.Checks {
		return d.build(ctx)
	}
	return flow.Together(d.step("check", d.Pipeline.runChecks), flow.InOrder(d.build, d.preflight))(ctx)
}

// preflight fails early where the deployment would be refused: nobody waits for the checks to hear that a cluster has no room.
func (d *deployment) preflight(ctx context.Context) error {
	_, err := d.run(ctx, d.engine(), "preflight")
	return err
}

// step is a part of the run that its report tells of, where there is a report, and the part has a name.
func (d *deployment) step(name string, part flow.Part) flow.Part {
	if d.recorder == nil || name == "" {
		return part
	}
	return func(ctx context.Context) error {
		return d.recorder.Step(name, func() error { return part(ctx) })
	}
}

// build makes both images, or verifies those that were published, and what else the cluster is given: a database of the
// release's own, metrics for an embedded one.
func (d *deployment) build(ctx context.Context) error {
	m, images := d.Pipeline, &d.Request.Images
	var parts []flow.Part
	if d.Published.Tag == "" {
		parts = append(parts,
			d.delivered("build the backend", m.Backend().Image, &images.Backend),
			d.delivered("build the front end", m.Frontend().Image, &images.Frontend))
	} else {
		parts = append(parts, d.step("verify what was published", func(ctx context.Context) (err error) {
			images.Backend, images.Frontend, err = d.Registry.references(ctx, d.Published)
			return err
		}))
	}
	if d.Request.OwnPostgres() {
		parts = append(parts, d.delivered("", m.Tools.pulled(pins.Postgres), &images.Postgres))
	}
	if d.Cluster.embedded() {
		parts = append(parts, d.delivered("", m.Tools.pulled(pins.MetricsServer), new(string)))
	} else {
		// Meanwhile: nobody waits for a build to hear that their cluster is not there.
		parts = append(parts, d.Cluster.reached)
	}
	return flow.Together(parts...)(ctx)
}

// delivered builds an image that the cluster will be given, and writes down what pods call it by.
func (d *deployment) delivered(step string, build builder, name *string) flow.Part {
	sent := &delivery{}
	d.images = append(d.images, sent)
	return d.step(step, func(ctx context.Context) error {
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

// pushes says whether the cluster pulls what is built here from the registry. A published release is there already, and who
// deploys it may have no right to push: what else is needed goes through the API server.
func (d *deployment) pushes() bool { return d.Registry != nil && d.Published.Tag == "" }

// install has the release engine take the release along. The images go to the cluster while it holds the release, or into the
// registry before.
func (d *deployment) install(ctx context.Context) error {
	container := d.engine()
	switch {
	case d.Cluster.embedded() || len(d.images) == 0:
	case d.pushes():
		push := func(ctx context.Context) error { return d.Registry.push(ctx, d.images) }
		if err := d.step("push the images", push)(ctx); err != nil {
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
	return raw, errors.Join(err, errors.New(strings.TrimSpace(said)))
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

// pages is a run to look at, whether it failed or not. One that was refused before it began has none.
func pages(run report.Run, failure error) (*dagger.Directory, error) {
	if run.Started.IsZero() {
		return nil, failure
	}
	if failure != nil {
		fmt.Println(failure)
	}
	files, err := run.Pages()
	folder := dag.Directory()
	for name, text := range files {
		folder = folder.WithNewFile(name, text)
	}
	return folder, err
}
