package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"todo-chatbot/ci/kube"
)

// room holds what the release asks for against what each node has left, and waits for a cluster that has just started.
func (d *deployment) room(ctx context.Context) error {
	for limit := time.Now().Add(outage); ; {
		err := d.fits(ctx)
		if !errors.Is(err, kube.ErrStarting) || time.Now().After(limit) {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// fits is one look. Nothing has changed by then, and no image need be built: which one it is does not change what its pod
// asks for.
func (d *deployment) fits(ctx context.Context) error {
	image := fmt.Sprintf("%s@sha256:%x", backendRepository, sha256.Sum256(nil))
	tools, given, err := d.chart(placed{backend: image, frontend: image, postgres: image})
	if err != nil {
		return err
	}
	const script = `set -eu
release=$1 namespace=$2 kinds=$3; shift 3
version=$(kubectl version --output json | jq --raw-output .serverVersion.gitVersion)
helm template "$release" /chart --namespace "$namespace" --kube-version "$version" "$@" >/tmp/rendered.yaml
kubectl get "$kinds" --all-namespaces --output json >/tmp/cluster.json`
	asked := tools.WithExec(append([]string{"sh", "-c", script, "room", d.inputs.Release, d.inputs.Namespace, kube.RoomKinds}, given...))
	rendered, err := asked.File("/tmp/rendered.yaml").Contents(ctx)
	if err != nil {
		return explain("counting what the release asks for", err)
	}
	ask, err := kube.ParseAsk([]byte(rendered))
	if err != nil {
		return err
	}
	out, err := asked.File("/tmp/cluster.json").Contents(ctx)
	if err != nil {
		return explain("asking the cluster for its room", err)
	}
	snapshot, err := kube.ParseSnapshot([]byte(out))
	if err != nil {
		return err
	}
	return kube.Room(snapshot, ask, kube.RoomOptions{
		Release: d.inputs.Release, Namespace: d.inputs.Namespace, Smaller: "helm/todo-chatbot/examples/two-cpus-values.yaml",
	})
}

// admit sees to it that this run may change the release and that there is room for it, before anything changes.
func (d *deployment) admit(ctx context.Context) error {
	if d.cluster.embedded != nil {
		return nil
	}
	return d.step(ctx, "take the release", func(ctx context.Context) (err error) {
		if err := d.namespace(ctx); err != nil {
			return err
		}
		if d.held, err = d.cluster.hold(ctx, "deploy", d.inputs.Namespace, d.inputs.Release, d.inputs.Timeout, d.lost); err != nil {
			return err
		}
		return d.room(ctx)
	})
}

// namespace makes the release's namespace where there is none.
func (d *deployment) namespace(ctx context.Context) error {
	_, err := d.cluster.ask(ctx, "sh", "-c", `kubectl get namespace "$1" >/dev/null 2>&1 || kubectl create namespace "$1"`, "namespace", d.inputs.Namespace)
	return explain("making the release's namespace", err)
}
