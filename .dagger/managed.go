package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/report"
)

// managed is a release that is there already, for the calls that look after it.
func managed(m *TodoChatbot, c *cluster, name, namespace, release string) *deployment {
	return &deployment{
		module: m, cluster: c,
		inputs: deploy.Inputs{Release: release, Namespace: namespace, Timeout: 5 * time.Minute},
		report: &report.Run{
			Name: name, Release: release, Namespace: namespace, Cluster: c.title, Started: time.Now(), Outcome: report.Failed,
		},
	}
}

// alone does something to the release while no other run may change it.
func (d *deployment) alone(ctx context.Context, what string, do func(context.Context) error) error {
	defer func() { d.report.Took = report.Duration(time.Since(d.report.Started)) }()
	ctx, d.lost = context.WithCancelCause(ctx)
	defer d.lost(nil)
	var err error
	if d.held, err = d.cluster.hold(ctx, what, d.inputs.Namespace, d.inputs.Release, d.inputs.Timeout, d.lost); err != nil {
		return err
	}
	return d.ended(ctx, do(ctx))
}

// ended gives the release back, and how what was done to it ended.
func (d *deployment) ended(ctx context.Context, err error) error {
	if lost := context.Cause(ctx); lost != nil {
		err = lost // what it interrupted says only that it was interrupted
	}
	return errors.Join(err, d.held.free(ctx))
}

// rollback returns to a revision, 0 for the last proven one that is another than the present, and proves it.
func (d *deployment) rollback(revision int) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		if revision == 0 {
			if revision, err = d.previous(ctx); err != nil {
				return err
			}
		}
		began := time.Now()
		err = d.step(ctx, fmt.Sprintf("return to revision %d", revision), func(ctx context.Context) error {
			_, err := d.cluster.ask(ctx, d.applied("rollback", d.inputs.Release, strconv.Itoa(revision))...)
			return explain("rolling the release back", err)
		})
		if err == nil {
			err = d.shown(ctx, began)
		}
		if err == nil {
			err = d.markProven(ctx, "")
		}
		if err == nil {
			d.report.Outcome = report.Passed
		}
		return err
	}
}

// previous is the revision that a rollback without a number means.
func (d *deployment) previous(ctx context.Context) (int, error) {
	history, err := d.cluster.ask(ctx, d.helm("history", d.inputs.Release, "--output", "json")...)
	if err != nil {
		return 0, explain("asking the cluster for the release", err)
	}
	passed, err := d.provenRevisions(ctx)
	if err != nil {
		return 0, err
	}
	return deploy.Previous(history, passed)
}

// remove takes away what is the release's and nothing else, and says what went and what stays.
func (d *deployment) remove(volumes bool, said *string) func(context.Context) error {
	// Helm leaves the pods of its tests, Secrets that it did not make, and volumes.
	const script = `set -eu
namespace=$1 release=$2 ours=$3 volumes=$4
helm --namespace "$namespace" uninstall "$release" --ignore-not-found --wait --timeout 2m
kubectl --namespace "$namespace" delete pods --selector "app.kubernetes.io/instance=$release,app.kubernetes.io/component=test"
kubectl --namespace "$namespace" delete secrets --selector "$ours"
if [ "$volumes" = true ]; then
  kubectl --namespace "$namespace" delete persistentvolumeclaims --selector "app.kubernetes.io/instance=$release"
else
  kubectl --namespace "$namespace" get persistentvolumeclaims --selector "app.kubernetes.io/instance=$release" --output name |
    sed "s|.*|& stays, and the data in it; --delete-volumes removes it|"
fi`
	return func(ctx context.Context) (err error) {
		*said, err = d.cluster.ask(ctx, "sh", "-c", script, "undeploy", d.inputs.Namespace, d.inputs.Release,
			deploy.SecretSelector(d.inputs.Release), strconv.FormatBool(volumes))
		d.held.gone = err == nil
		return explain("removing the release", err)
	}
}
