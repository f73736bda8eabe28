package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	// Values are files of the caller's own for the chart; of what several say, the last counts.
	Values []*dagger.File
	// Plan is a saved one to hold to, nil where there is none.
	Plan  *dagger.File
	Chart *dagger.Directory
	// Parts are what another application's images are made from, by their names.
	Parts map[string]*dagger.Container
	// Registry is where the cluster pulls the images from, nil where they are sent through its API server.
	Registry *Registry
	// Published is the release to take from that registry; without a tag the checkout's images are built.
	Published publication
	Checks    bool

	images   []*delivery
	recorder *report.Recorder
}

// deployment is the todo chatbot's, in a cluster.
func (m *TodoChatbot) deployment(c cluster, name, namespace string, todo *release.TodoChatbot) *deployment {
	return &deployment{Pipeline: m, Cluster: c, Chart: m.Chart().Source, Secrets: map[string]*dagger.Secret{}, Request: release.Request{
		Target: release.Target{Release: name, Namespace: namespace, Cluster: c.Title}, TodoChatbot: todo,
	}}
}

// ofTodoChatbot is false for another application's.
func (d *deployment) ofTodoChatbot() bool { return d.Request.TodoChatbot != nil }

// ofCheckout says whether what is deployed is made from the checkout, whose checks then run.
func (d *deployment) ofCheckout() bool { return d.Published.Tag == "" && d.ofTodoChatbot() }

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
	if d.Request.NodesOnDemand && d.Registry == nil && (d.ofTodoChatbot() || len(d.Parts) > 0) {
		return errors.New("with-nodes-on-demand: a node that is added has none of the images; " +
			"name a registry that it pulls them from: with-registry --address HOST/PATH with-nodes-on-demand …")
	}
	return d.Request.Validate(address, func(path string) (string, error) { return d.Secrets[path].Plaintext(ctx) })
}

// record begins the report of a verb.
func (d *deployment) record(verb string) {
	to := d.Request.Target
	d.recorder = report.Start(report.Run{Name: verb, Release: to.Release, Namespace: to.Namespace, Cluster: to.Cluster, Next: release.AfterRefusal})
}

// within limits each wait.
func (d *deployment) within(timeout string) (err error) {
	d.Request.Timeout, err = release.ParseTimeout(timeout)
	return err
}

// deployWithin is deploy with a limit to each wait, for people.
func (d *deployment) deployWithin(ctx context.Context, timeout string) (string, error) {
	if err := d.within(timeout); err != nil {
		return "", err
	}
	run, err := d.deploy(ctx)
	return run.TextOrError(err)
}

// changeWithin is change likewise.
func (d *deployment) changeWithin(ctx context.Context, timeout, verb string, flags ...string) (string, error) {
	if err := d.within(timeout); err != nil {
		return "", err
	}
	run, err := d.change(ctx, verb, flags...)
	return run.TextOrError(err)
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
	if d.Cluster.embedded() && d.ofTodoChatbot() && err == nil {
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
	return d.recorder.Watch(ctx, "look at the cluster", func(ctx context.Context) error {
		_, err := d.run(ctx, d.engine(), "preflight")
		return err
	})
}

// foresee fails while the images are built: nobody waits for a build to hear that their cluster is not there, or has no room for a first
// release.
func (d *deployment) foresee(ctx context.Context) error {
	unbuilt := *d
	unbuilt.Request.Images = map[string]string{}
	if d.ofTodoChatbot() {
		unbuilt.Request.Images["backend"], unbuilt.Request.Images["frontend"] = release.Unbuilt, release.Unbuilt
	}
	for _, sent := range d.images {
		unbuilt.Request.Images[sent.part] = release.Unbuilt
	}
	return unbuilt.preflight(ctx)
}

// step is a part of the run that its report tells of, where there is a report, and the part has a name.
func (d *deployment) step(name string, part flow.Part) flow.Part {
	if name == "" {
		return part
	}
	return func(ctx context.Context) error {
		return d.recorder.Step(name, func() error { return part(ctx) })
	}
}

// build makes both images, or verifies those that were published, and what else the cluster is given: a database of the
// release's own, metrics for an embedded one.
func (d *deployment) build(ctx context.Context) error {
	m, images, platforms := d.Pipeline, map[string]string{}, map[string][]string{}
	var parts []flow.Part
	switch {
	case !d.ofTodoChatbot():
		for _, name := range slices.Sorted(maps.Keys(d.Parts)) {
			// A repository has no capitals; the chart's values may.
			image := m.Tools.image("localhost/"+d.Request.Release+"-"+strings.ToLower(name), "", d.Parts[name])
			parts = append(parts, d.delivered("build "+name, func(context.Context) (*Image, error) { return image, nil }, name))
		}
	case d.Published.Tag == "":
		parts = append(parts, d.delivered("build the backend", m.Backend().Image, "backend"),
			d.delivered("build the front end", m.Frontend().Image, "frontend"))
	default:
		parts = append(parts, d.step("verify what was published", func(ctx context.Context) error {
			found, err := d.Registry.published(ctx, d.Published)
			for i, part := range []string{"backend", "frontend"}[:len(found)] {
				images[part], platforms[part] = found[i].Reference, found[i].Platforms
			}
			return err
		}))
	}
	if d.Request.OwnPostgres() {
		parts = append(parts, d.delivered("", m.Tools.pulled(pins.Postgres), "postgres"))
	}
	all := flow.Together(parts...)
	if d.Cluster.embedded() {
		all = flow.Together(all, d.delivered("", m.Tools.pulled(pins.MetricsServer), ""))
	} else {
		all = flow.Beside(all, d.foresee)
	}
	err := all(ctx)
	for _, sent := range d.images {
		if sent.part != "" {
			images[sent.part], platforms[sent.part] = sent.reference, []string{string(sent.platform)}
		}
	}
	d.Request.Images, d.Request.Platforms = images, platforms
	return err
}

// delivered builds an image that the cluster will be given, for a part of the chart's values, "" for none.
func (d *deployment) delivered(step string, build builder, part string) flow.Part {
	sent := &delivery{part: part}
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
		if sent.platform, err = built.Built.Platform(ctx); err != nil {
			return err
		}
		sent.reference, err = built.reference(ctx)
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
		platforms, err := d.Request.CommonPlatforms()
		if err != nil {
			return err
		}
		container = container.WithEnvVariable("PLATFORMS", strings.Join(platforms, ","))
		d.Request.Deliver = append([]string{node.Home + "/send.sh", d.Request.Namespace + "/" + d.Request.Release}, named...)
	}
	return d.reported(ctx, container, "deploy")
}

// engine is a container with the release engine, and what a request names by its paths.
func (d *deployment) engine() *dagger.Container {
	container := d.Cluster.tools().WithMountedDirectory(chartPath, d.Chart)
	d.Request.Chart = chartPath
	for path, secret := range d.Secrets {
		container = container.WithMountedSecret(path, secret)
	}
	container, d.Request.Values = withValues(container, d.Values)
	if d.Plan != nil {
		d.Request.Plan = planPath
		container = container.WithMountedFile(planPath, d.Plan)
	}
	return container
}

// reported runs a verb that gives a report, and adds that to the deployment's.
func (d *deployment) reported(ctx context.Context, container *dagger.Container, verb string, flags ...string) error {
	d.recorder.Next(release.AfterFailure(d.Cluster.embedded(), "dagger call release … status"))
	return d.recorder.Include(d.run(ctx, container, verb, flags...))
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
	out, err := d.ran(d.engine(), verb, flags, dagger.ReturnTypeSuccess).Stdout(ctx)
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

// pages is a run to look at, whether it failed or not, held against the last one's report if there is one. A run that was refused
// before it began has none.
func (d *deployment) pages(ctx context.Context, last *dagger.File, run report.Run, failure error) (*dagger.Directory, error) {
	if run.Started.IsZero() {
		return nil, failure
	}
	if _, told := run.TextOrError(failure); told != nil {
		fmt.Println(told)
	}
	if err := d.measure(ctx, &run); err != nil {
		run.Warnings = append(run.Warnings, "the figures of this run are not all here: "+err.Error())
	}
	if last != nil {
		run.Compare(last.Contents(ctx))
	}
	files, err := run.Pages()
	folder := dag.Directory()
	for name, text := range files {
		folder = folder.WithNewFile(name, text)
	}
	return folder, err
}

// measure gives a report the sizes of its images, and the figures of checks that passed. All were made in the run: nothing is run again.
func (d *deployment) measure(ctx context.Context, run *report.Run) error {
	for i, image := range run.Images {
		for _, sent := range d.images {
			if sent.reference == image.Name+"@"+image.Digest {
				size, err := sent.archive.Size(ctx)
				if err != nil {
					return err
				}
				run.Images[i].Bytes = int64(size)
			}
		}
	}
	if !d.Checks || run.Outcome != report.Passed {
		return nil
	}
	checks, err := d.Pipeline.figures(ctx)
	run.Checks = checks
	return err
}
