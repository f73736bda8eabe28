package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// proven labels a revision that passed its proof with its own number, so that a later failure returns to one of them.
const proven = "todo-chatbot/proven"

// revisions selects the Secrets in which Helm keeps the release's revisions.
func (d *deployment) revisions() string { return "owner=helm,name=" + d.inputs.Release }

// markProven labels the present revision. Content is what it was made from, "" when that is not known here: then the label
// has the number alone, since a value may not end in a dot.
func (d *deployment) markProven(ctx context.Context, content string) error {
	const script = `set -eu
version=$(kubectl --namespace "$1" get secrets --selector "$2,status=deployed" --output "jsonpath={.items[0].metadata.labels.version}")
kubectl --namespace "$1" label secrets --overwrite --selector "$2,version=$version" "$3=$version" "$4=$version${5:+.$5}"`
	_, err := d.cluster.ask(ctx, "sh", "-c", script, "prove", d.inputs.Namespace, d.revisions(), proven, made, content)
	return explain("marking the revision as proven", err)
}

// shown waits for the release and proves it.
func (d *deployment) shown(ctx context.Context, began time.Time) error {
	err := d.step(ctx, "wait for every pod", func(ctx context.Context) error { return d.roll(ctx, began) })
	if err != nil {
		return err
	}
	if err := d.step(ctx, "prove the release", d.prove); err != nil {
		return err
	}
	if err := d.facts(ctx); err != nil {
		fmt.Println("warning:", err) // it runs all the same
	}
	return nil
}

// facts tells what the reader should know of the user's cluster. An embedded one serves metrics in a moment.
func (d *deployment) facts(ctx context.Context) error {
	if d.cluster.embedded != nil {
		return nil
	}
	autoscalers, err := d.cluster.ask(ctx, d.kubectl("get", kube.AutoscalerKinds, "--output", "json")...)
	if err != nil {
		return explain("asking for the release's autoscalers", err)
	}
	service, err := d.cluster.ask(ctx, d.kubectl("get", "apiservices", kube.MetricsAPI, "--ignore-not-found", "--output", "json")...)
	if err != nil {
		return explain("asking for the cluster's metrics", err)
	}
	d.report.Facts, err = kube.WithoutMetrics(autoscalers, service)
	return err
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

// provenRevisions are those that passed their proof.
func (d *deployment) provenRevisions(ctx context.Context) ([]int, error) {
	passed, err := d.cluster.ask(ctx, d.kubectl("get", "secrets", "--selector", d.revisions()+","+proven,
		"--output", `jsonpath={range .items[*]}{.metadata.labels.version}={.metadata.labels.`+proven+`} {end}`)...)
	if err != nil {
		return nil, explain("asking the cluster for the release's proven revisions", err)
	}
	return deploy.ParseProven(passed)
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
