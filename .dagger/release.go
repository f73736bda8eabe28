package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/helm"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// install brings the release up, waits for it and proves it; what fails is diagnosed first and then taken back.
func (d *deployment) install(ctx context.Context, images placed) error {
	if d.cluster.embedded != nil { // elsewhere it was made with the Lease that is in it
		if err := d.namespace(ctx); err != nil {
			return err
		}
	}
	before, err := d.history(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	err = d.step(ctx, "install the chart", func(ctx context.Context) error { return d.upgrade(ctx, before, images) })
	if err == nil {
		err = d.shown(ctx, began)
	}
	if err != nil {
		return d.takeBack(ctx, before, err)
	}
	return d.settle(ctx, images)
}

// chart is a container with the chart and its values, and the arguments that give these to Helm.
func (d *deployment) chart(images placed) (*dagger.Container, []string, error) {
	values, err := d.values(images, deploy.SecretName(d.inputs.Release, d.secrets))
	if err != nil {
		return nil, nil, err
	}
	tools := d.cluster.tools().
		WithMountedDirectory("/chart", d.module.Chart().Source).
		WithNewFile("/run/values.json", values)
	var given []string
	if d.extra != nil {
		tools = tools.WithMountedFile("/run/extra.yaml", d.extra)
		given = []string{"--values", "/run/extra.yaml"}
	}
	return tools, append(given, "--values", "/run/values.json"), nil
}

// upgrade sends the Secret and installs or upgrades the chart. It does not wait: roll does, and says more.
func (d *deployment) upgrade(ctx context.Context, before deploy.History, images placed) error {
	manifest, err := deploy.SecretManifest(d.inputs.Release, d.inputs.Namespace, d.secrets)
	if err != nil {
		return err
	}
	tools, given, err := d.chart(images)
	if err != nil {
		return err
	}
	tools = tools.WithMountedSecret("/run/release-secret.json", dag.SetSecret("release-secret-"+rand.Text(), string(manifest)))
	// Server-side, so that no annotation keeps a copy.
	commands := [][]string{{"kubectl", "apply", "--server-side", "--force-conflicts", "--filename", "/run/release-secret.json"}}
	if before.Pending {
		// A run that was killed left it: this one holds the release.
		commands = append(commands, before.Repair(d.inputs.Release, d.inputs.Namespace))
	}
	commands = append(commands, append(d.applied("upgrade", d.inputs.Release, "/chart", "--install", "--history-max", "5"), given...))
	for _, command := range commands {
		tools = tools.WithExec(command)
	}
	_, err = tools.Sync(ctx)
	return explain("installing the chart", err)
}

// takeBack returns to the last proven revision, or removes a first install, and gives the failure with what was done.
func (d *deployment) takeBack(ctx context.Context, before deploy.History, failure error) error {
	if errors.Is(context.Cause(ctx), errTaken) {
		return failure
	}
	// What failed may have been the caller's patience; taking back must still happen.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
	if d.cluster.embedded != nil {
		return fmt.Errorf("%w\nThe embedded cluster ended with this run; nothing is left.", failure)
	}
	d.report.Outcome = report.RolledBack
	var commands [][]string
	done := fmt.Sprintf("Rolled back to revision %d, the last that was proven.", before.Good)
	if !before.Proven {
		done = fmt.Sprintf("Rolled back to revision %d; no revision was proven before.", before.Good)
	}
	if before.Good > 0 {
		commands = append(commands, d.applied("rollback", d.inputs.Release, strconv.Itoa(before.Good)))
	} else {
		done = "Removed: this was the release's first install."
		commands = append(commands,
			d.helm("uninstall", d.inputs.Release, "--ignore-not-found", "--wait", "--timeout", "2m"),
			d.kubectl("delete", "secret", "--selector", deploy.SecretSelector(d.inputs.Release)))
	}
	began, tools := time.Now(), d.cluster.tools()
	for _, command := range commands {
		tools = tools.WithExec(command)
	}
	if _, err := tools.Sync(ctx); err != nil {
		return errors.Join(failure, explain("taking the release back", err))
	}
	if before.Good > 0 {
		if err := d.roll(ctx, began); err != nil {
			return errors.Join(failure, fmt.Errorf("taking the release back to revision %d: %w", before.Good, err))
		}
	}
	if before.Proven {
		if err := d.markProven(ctx, ""); err != nil {
			return errors.Join(failure, err)
		}
	}
	return fmt.Errorf("%w\n%s", failure, done)
}

// settle marks the revision as proven and removes the release's Secrets that no revision names any more.
func (d *deployment) settle(ctx context.Context, images placed) error {
	if d.cluster.embedded != nil {
		return nil
	}
	content, err := d.content(ctx, images)
	if err != nil {
		return err
	}
	if err := d.markProven(ctx, content); err != nil {
		return err
	}
	selector := deploy.SecretSelector(d.inputs.Release)
	all, err := d.cluster.ask(ctx, d.kubectl("get", "secrets", "--selector", selector, "--output", "jsonpath={.items[*].metadata.name}")...)
	if err != nil {
		return explain("asking the cluster for the release's Secrets", err)
	}
	const script = `set -eu
for revision in $(helm --namespace "$1" history "$2" --output json | jq ".[].revision"); do
  helm --namespace "$1" get manifest "$2" --revision "$revision"
done`
	manifests, err := d.cluster.ask(ctx, "sh", "-c", script, "manifests", d.inputs.Namespace, d.inputs.Release)
	if err != nil {
		return explain("reading the release's revisions", err)
	}
	unused := deploy.UnusedSecrets(strings.Fields(all), []string{manifests})
	if len(unused) == 0 {
		return nil
	}
	_, err = d.cluster.ask(ctx, d.kubectl(append([]string{"delete", "secrets"}, unused...)...)...)
	return explain("removing the release's old Secrets", err)
}

// hidden are the values that no output may show.
func (d *deployment) hidden() []string {
	hidden := d.inputs.Secrets()
	for _, value := range d.secrets {
		hidden = append(hidden, value)
	}
	return hidden
}

func (d *deployment) helm(args ...string) []string {
	return append([]string{"helm", "--namespace", d.inputs.Namespace}, args...)
}

// applied is a command of Helm's that changes what the cluster has.
func (d *deployment) applied(args ...string) []string {
	return append(d.helm(args...), helm.Apply()...)
}

func (d *deployment) kubectl(args ...string) []string {
	return append([]string{"kubectl", "--namespace", d.inputs.Namespace}, args...)
}
