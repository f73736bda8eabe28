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
	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// pause is the time between two looks at a roll.
const pause = 2 * time.Second

// install brings the release up, waits for it and proves it; what fails is diagnosed first and then taken back.
func (d *deployment) install(ctx context.Context, images placed) error {
	before, err := d.history(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	err = d.step(ctx, "install the chart", func(ctx context.Context) error { return d.upgrade(ctx, before, images) })
	if err == nil {
		err = d.step(ctx, "wait for every pod", func(ctx context.Context) error { return d.roll(ctx, began) })
	}
	if err == nil {
		err = d.step(ctx, "prove the release", d.prove)
	}
	if err != nil {
		return d.takeBack(ctx, before, err)
	}
	return d.settle(ctx, images)
}

// history is what Helm knows of the release.
func (d *deployment) history(ctx context.Context) (deploy.History, error) {
	out, err := d.cluster.tools().
		WithExec(d.helm("history", d.inputs.Release, "--output", "json"), dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny}).
		CombinedOutput(ctx)
	if err != nil {
		return deploy.History{}, explain("asking the cluster for the release", err)
	}
	history, err := deploy.ParseHistory(out)
	if err != nil || history.Last == 0 {
		return history, err
	}
	passed, err := d.provenRevisions(ctx)
	return history.WithProven(passed), err
}

// provenRevisions are those that passed their proof.
func (d *deployment) provenRevisions(ctx context.Context) ([]int, error) {
	passed, err := d.cluster.ask(ctx, d.kubectl("get", "secrets", "--selector", d.revisions()+","+proven,
		"--output", `jsonpath={range .items[*]}{.metadata.labels.version}={.metadata.labels.todo-chatbot/proven} {end}`)...)
	if err != nil {
		return nil, explain("asking the cluster for the release's proven revisions", err)
	}
	return deploy.ParseProven(passed)
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
	commands = append(commands, append(d.helm("upgrade", d.inputs.Release, "/chart", "--install", "--history-max", "5"), given...))
	for _, command := range commands {
		tools = tools.WithExec(command)
	}
	_, err = tools.Sync(ctx)
	return explain("installing the chart", err)
}

// roll waits until every pod of the release is the new one and ready, and fails as soon as that cannot be.
func (d *deployment) roll(ctx context.Context, began time.Time) error {
	limit := time.Now().Add(d.inputs.Timeout)
	last := ""
	for {
		a, err := d.assess(ctx, began)
		if err != nil {
			return err
		}
		d.report.Workloads = a.Workloads
		if a.Done() {
			return nil
		}
		if a.Stuck() {
			return d.diagnose(ctx, a.Diagnoses)
		}
		var lines []string
		for _, w := range a.Workloads {
			if !w.Done {
				lines = append(lines, w.Line())
			}
		}
		if now := strings.Join(lines, "\n"); now != last {
			fmt.Println(now)
			last = now
		}
		if time.Now().After(limit) {
			return fmt.Errorf("the roll did not end within %s; raise --timeout if it was still moving:\n%s", d.inputs.Timeout, last)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

func (d *deployment) assess(ctx context.Context, began time.Time) (kube.Assessment, error) {
	out, err := d.cluster.ask(ctx, d.kubectl("get", kube.SnapshotKinds, "--output", "json")...)
	if err != nil {
		return kube.Assessment{}, explain("looking at the roll", err)
	}
	snapshot, err := kube.ParseSnapshot([]byte(out))
	if err != nil {
		return kube.Assessment{}, err
	}
	return kube.Assess(snapshot, kube.AssessOptions{
		Now: time.Now(), Since: began.Add(-pause), Release: d.inputs.Release, Secrets: d.hidden(),
	}), nil
}

// diagnose fetches the logs that a diagnosis asks for and makes an error of it.
func (d *deployment) diagnose(ctx context.Context, found []kube.Diagnosis) error {
	var text []string
	for i := range found {
		for _, request := range found[i].Wanted {
			out, err := d.cluster.tools().
				WithExec(d.kubectl(request.Args()...), dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny}).
				CombinedOutput(ctx)
			if err == nil {
				found[i].AddLog(request, out, d.hidden())
			}
		}
		text = append(text, found[i].Text())
	}
	d.report.Diagnoses = found
	return errors.New(strings.Join(text, "\n\n"))
}

// prove runs the chart's tests in the cluster: the health of both parts, and a user's journey through them.
func (d *deployment) prove(ctx context.Context) error {
	_, failed := d.cluster.tools().WithExec(d.helm("test", d.inputs.Release, "--timeout", "3m")).Sync(ctx)
	out, err := d.cluster.ask(ctx, d.kubectl("logs", "pod/"+deploy.Fullname(d.inputs.Release)+"-test-journey")...)
	if err != nil {
		return errors.Join(explain("proving the release", failed), explain("reading the journey", err))
	}
	journey, err := report.ParseJourney(kube.Redact(out, d.hidden()))
	d.report.Journey = journey
	for _, check := range journey {
		if check.Failure != "" {
			err = errors.Join(err, fmt.Errorf("the user's journey failed at %q: %s", check.Name, check.Failure))
		}
	}
	if err != nil {
		return err
	}
	return explain("proving the release", failed)
}

// takeBack returns to the last proven revision, or removes a first install, and gives the failure with what was done.
func (d *deployment) takeBack(ctx context.Context, before deploy.History, failure error) error {
	// What failed may have been the caller's patience; taking back must still happen.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
	d.report.Outcome = report.RolledBack
	if d.cluster.embedded != nil {
		return fmt.Errorf("%w\nThe embedded cluster ended with this run; nothing is left.", failure)
	}
	var commands [][]string
	done := fmt.Sprintf("Rolled back to revision %d, the last that was proven.", before.Good)
	if !before.Proven {
		done = fmt.Sprintf("Rolled back to revision %d; no revision was proven before.", before.Good)
	}
	if before.Good > 0 {
		commands = append(commands, d.helm("rollback", d.inputs.Release, strconv.Itoa(before.Good)))
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

// proven labels a revision that passed its proof with its own number, so that a later failure returns to one of them.
const proven = "todo-chatbot/proven"

// revisions selects the Secrets in which Helm keeps the release's revisions.
func (d *deployment) revisions() string { return "owner=helm,name=" + d.inputs.Release }

// markProven labels the present revision. Content is what it was made from, "" when that is not known here.
func (d *deployment) markProven(ctx context.Context, content string) error {
	const script = `set -eu
version=$(kubectl --namespace "$1" get secrets --selector "$2,status=deployed" --output "jsonpath={.items[0].metadata.labels.version}")
kubectl --namespace "$1" label secrets --overwrite --selector "$2,version=$version" "$3=$version" "$4=$version.$5"`
	_, err := d.cluster.ask(ctx, "sh", "-c", script, "prove", d.inputs.Namespace, d.revisions(), proven, made, content)
	return explain("marking the revision as proven", err)
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

func (d *deployment) kubectl(args ...string) []string {
	return append([]string{"kubectl", "--namespace", d.inputs.Namespace}, args...)
}
