package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/image"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// Images that are built here have names of a registry that nobody can pull from: a node that lacks one says so.
const (
	backendRepository  = "localhost/todo-backend"
	frontendRepository = "localhost/todo-frontend"
)

// deployment is one release on its way into one cluster.
type deployment struct {
	module  *TodoChatbot
	inputs  deploy.Inputs
	cluster *cluster
	// checks asks for everything that `dagger check` runs, beside the rest.
	checks bool
	// extra are the caller's own values for the chart, nil when there are none.
	extra *dagger.File
	// saved is a plan to hold to, nil when there is none.
	saved   *dagger.File
	secrets map[string]string
	report  *report.Run
	// registry is where the cluster pulls the images from, nil where they are sent through its API server.
	registry *publisher
	// published is the release to take from that registry, nil where the checkout's images are built.
	published *published
	// held is the release while this run may change it, nil on an embedded cluster; lost ends the run when it may not.
	held *hold
	lost context.CancelCauseFunc

	reporting sync.Mutex
}

func newDeployment(m *TodoChatbot, inputs deploy.Inputs, c *cluster) *deployment {
	secrets := map[string]string{
		"DATABASE_URL":       inputs.DatabaseURL,
		"BETTER_AUTH_SECRET": inputs.AuthSecret,
	}
	if inputs.OpenAIKey != "" {
		secrets["OPENAI_API_KEY"] = inputs.OpenAIKey
	}
	if secrets["BETTER_AUTH_SECRET"] == "" {
		secrets["BETTER_AUTH_SECRET"] = deploy.Password()
	}
	if inputs.OwnPostgres() {
		password := deploy.PostgresPassword(secrets["BETTER_AUTH_SECRET"], inputs.Namespace, inputs.Release)
		secrets["POSTGRES_PASSWORD"] = password
		secrets["DATABASE_URL"] = deploy.EmbeddedDatabase(inputs.Release, password)
	}
	return &deployment{
		module: m, inputs: inputs, cluster: c, secrets: secrets,
		report: &report.Run{
			Name: "deploy", Release: inputs.Release, Namespace: inputs.Namespace, Cluster: c.title,
			Started: time.Now(), Outcome: report.Failed,
		},
	}
}

// run builds, checks, installs and proves, side by side where nothing waits for the other.
func (d *deployment) run(ctx context.Context) error {
	defer func() { d.report.Took = report.Duration(time.Since(d.report.Started)) }()
	ctx, d.lost = context.WithCancelCause(ctx)
	defer d.lost(nil)
	group, together := errgroup.WithContext(ctx)
	// Nothing unchecked gets into a cluster of the user's. One that ends with the run may have it meanwhile: docs/decisions/0093.
	if d.cluster.embedded != nil {
		group.Go(func() error { return d.check(together) })
	}
	group.Go(func() error {
		images, same, err := d.prepare(together)
		if err == nil && !same {
			err = d.install(together, images)
		}
		return err
	})
	if err := d.ended(ctx, group.Wait()); err != nil {
		return err
	}
	d.report.Outcome = report.Passed
	d.report.Reach = d.reach()
	return nil
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
	d.record(report.Step{Name: name, Started: started, Took: report.Duration(time.Since(started)), Outcome: outcome})
	return err
}

// record adds a step to the report.
func (d *deployment) record(s report.Step) {
	d.reporting.Lock()
	defer d.reporting.Unlock()
	d.report.Steps = append(d.report.Steps, s)
}

// prepare builds, while an embedded cluster boots or the checks of what a user's cluster will get run, and gives the
// images as the cluster knows them. It is true with them when the cluster has the release as it would be.
func (d *deployment) prepare(ctx context.Context) (there placed, same bool, err error) {
	group, ctx := errgroup.WithContext(ctx)
	if d.cluster.embedded == nil {
		group.Go(func() error { return d.check(ctx) })
	} else {
		group.Go(func() error { return d.step(ctx, "boot the cluster", d.cluster.embedded.start) })
	}
	group.Go(func() error {
		images, archives, err := d.build(ctx)
		if err != nil {
			return err
		}
		there = images
		if same, err = d.unchanged(ctx, images); err != nil || same {
			return err
		}
		if err := d.admit(ctx); err != nil {
			return err
		}
		if err := d.asPlanned(ctx, images); err != nil {
			return err
		}
		return d.step(ctx, "load the images", func(ctx context.Context) error { return d.place(ctx, archives) })
	})
	err = group.Wait()
	for _, name := range []string{there.backend, there.frontend, there.postgres} {
		if repository, digest, found := strings.Cut(name, "@"); found {
			d.report.Images = append(d.report.Images, report.Image{Name: repository, Digest: digest})
		}
	}
	return there, same, err
}

// placed are the images of a release, each by digest, as the cluster's nodes name them.
type placed struct{ backend, frontend, postgres string }

// build makes both images, or verifies those that were published, and what else the cluster is given: a database of the
// release's own, metrics for an embedded one. The names are those that its nodes know the images by; the archives are what
// it has to be given.
func (d *deployment) build(ctx context.Context) (images placed, archives []archive, err error) {
	var backend, frontend, postgres, metrics archive
	group, ctx := errgroup.WithContext(ctx)
	if d.cluster.embedded == nil {
		// Meanwhile: nobody waits for a build to hear that their cluster is not there.
		group.Go(func() error { return d.cluster.reached(ctx) })
	}
	if d.published != nil {
		group.Go(func() error {
			return d.step(ctx, "verify what was published", func(ctx context.Context) (err error) {
				images, err = d.registry.images(ctx, *d.published)
				return err
			})
		})
	} else {
		group.Go(func() error {
			return d.step(ctx, "build the backend", func(ctx context.Context) (err error) {
				backend, err = d.module.Backend().archive(ctx)
				return err
			})
		})
		group.Go(func() error {
			return d.step(ctx, "build the front end", func(ctx context.Context) (err error) {
				frontend, err = d.module.Frontend().archive(ctx)
				return err
			})
		})
	}
	if d.inputs.OwnPostgres() {
		group.Go(func() (err error) {
			postgres, err = pulled(ctx, d.module.Pins, image.Postgres)
			return err
		})
	}
	if d.cluster.embedded != nil {
		group.Go(func() (err error) {
			metrics, err = pulled(ctx, d.module.Pins, image.MetricsServer)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return placed{}, nil, err
	}
	if d.published == nil {
		for _, a := range []*archive{&backend, &frontend, &postgres} {
			a.repository = d.inputs.Repository(a.repository)
		}
		images.backend, images.frontend = backend.name(), frontend.name()
		archives = []archive{backend, frontend}
	}
	if d.inputs.OwnPostgres() {
		images.postgres, archives = postgres.name(), append(archives, postgres)
	}
	if d.cluster.embedded != nil {
		archives = append(archives, metrics)
	}
	return images, archives, nil
}

// place puts the images, and what else the release needs, where the cluster's nodes find them.
func (d *deployment) place(ctx context.Context, archives []archive) error {
	switch {
	case d.registry != nil && d.published == nil:
		return d.push(ctx, archives)
	case d.cluster.embedded != nil:
		return d.cluster.embedded.load(ctx, archives...)
	case len(archives) > 0:
		return d.cluster.send(ctx, d.inputs.Namespace+"/"+d.inputs.Release, archives...)
	}
	return nil
}

// push puts the images into the registry, side by side, by the digests that pods name.
func (d *deployment) push(ctx context.Context, archives []archive) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, a := range archives {
		group.Go(func() error { return d.registry.send(ctx, "image", a.file, a.name()) })
	}
	return group.Wait()
}

// values are what the chart is told; nothing in them is secret.
func (d *deployment) values(images placed, secret string) (string, error) {
	values := map[string]any{
		"environment":    d.inputs.Environment,
		"publicUrl":      d.inputs.PublicURL,
		"existingSecret": secret,
		"backend":        map[string]any{"image": pinned(images.backend)},
		"frontend":       map[string]any{"image": pinned(images.frontend)},
	}
	if d.inputs.OwnPostgres() {
		postgres := map[string]any{"enabled": true}
		if images.postgres != "" {
			postgres["image"] = pinned(images.postgres)
		}
		values["postgres"] = postgres
	}
	raw, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing the chart's values: %w", err)
	}
	return string(raw), nil
}

// pinned is an image by digest, as the chart's values have it.
func pinned(name string) map[string]any {
	repository, digest, _ := strings.Cut(name, "@")
	return map[string]any{"repository": repository, "digest": digest, "tag": ""}
}

// forward is the application on port 3000, through the cluster's own API server.
func (d *deployment) forward() *dagger.Service {
	// A port-forward ends with the pod that it chose; the next one finds another.
	const again = `while true; do
  kubectl --namespace "$1" port-forward --address 0.0.0.0 "service/$2-frontend" 3000:3000 || sleep 1
done`
	return d.cluster.tools().
		WithExposedPort(frontendPort).
		AsService(dagger.ContainerAsServiceOpts{
			Args: []string{"sh", "-c", again, "forward", d.inputs.Namespace, deploy.Fullname(d.inputs.Release)},
		})
}

// reach says how to get to what runs.
func (d *deployment) reach() []string {
	if d.cluster.embedded != nil {
		return []string{"dagger call serve up --ports 3000:3000   (this run's cluster ends with it)"}
	}
	return []string{fmt.Sprintf("kubectl --namespace %s port-forward service/%s-frontend 3000:3000   then %s",
		d.inputs.Namespace, deploy.Fullname(d.inputs.Release), d.inputs.PublicURL)}
}
