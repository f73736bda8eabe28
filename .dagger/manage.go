package main

import (
	"context"
	"fmt"
	"strconv"

	"dagger/todo-chatbot/internal/dagger"
)

// Status of a release in a cluster of yours: its revisions, its pods and what they run.
//
// +cache="never"
func (m *TodoChatbot) Status(
	ctx context.Context,
	// The cluster's kubeconfig, with everything in it.
	kubeconfig *dagger.Secret,
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service,
	// The kubeconfig's context, when it has several.
	// +optional
	context string,
	// +default="todo-chatbot"
	release string,
	// +default="todo-chatbot"
	namespace string,
) (string, error) {
	c, err := newExisting(ctx, m.Pins, kubeconfig, cluster, context)
	if err != nil {
		return "", err
	}
	const script = `set -eu
helm --namespace "$1" history "$2" --max 5
echo
kubectl --namespace "$1" get deployments,statefulsets,horizontalpodautoscalers,pods --selector "app.kubernetes.io/instance=$2" --output wide`
	out, err := c.ask(ctx, "sh", "-c", script, "status", namespace, release)
	return out, explain("asking for the release's status", err)
}

// Logs of a release's pods in a cluster of yours.
//
// +cache="never"
func (m *TodoChatbot) Logs(
	ctx context.Context,
	// The cluster's kubeconfig, with everything in it.
	kubeconfig *dagger.Secret,
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service,
	// The kubeconfig's context, when it has several.
	// +optional
	context string,
	// +default="todo-chatbot"
	release string,
	// +default="todo-chatbot"
	namespace string,
	// How many of the last lines of each container.
	// +default=50
	tail int,
	// Go on printing, until interrupted.
	// +optional
	follow bool,
) (string, error) {
	c, err := newExisting(ctx, m.Pins, kubeconfig, cluster, context)
	if err != nil {
		return "", err
	}
	args := []string{"kubectl", "--namespace", namespace, "logs", "--selector", "app.kubernetes.io/instance=" + release,
		"--all-containers", "--prefix", "--ignore-errors", "--max-log-requests", "20", "--tail", strconv.Itoa(tail)}
	if follow {
		args = append(args, "--follow")
	}
	out, err := c.tools().WithExec(args).Stdout(ctx)
	return out, explain("reading the release's logs", err)
}

// Rollback returns a release in a cluster of yours to an earlier revision, waits for it and proves it.
//
// +cache="never"
func (m *TodoChatbot) Rollback(
	ctx context.Context,
	// The cluster's kubeconfig, with everything in it.
	kubeconfig *dagger.Secret,
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service,
	// The kubeconfig's context, when it has several.
	// +optional
	context string,
	// +default="todo-chatbot"
	release string,
	// +default="todo-chatbot"
	namespace string,
	// The revision; left out, the last proven one that is not what runs now.
	// +optional
	revision int,
) (string, error) {
	c, err := newExisting(ctx, m.Pins, kubeconfig, cluster, context)
	if err != nil {
		return "", err
	}
	d := managed(m, c, "rollback", namespace, release)
	err = d.alone(ctx, "rollback", d.rollback(revision))
	return d.report.Text(), err
}

// Undeploy removes a release from a cluster of yours: what is the release's, and nothing else. The volume of its own
// Postgres stays unless told.
//
// +cache="never"
func (m *TodoChatbot) Undeploy(
	ctx context.Context,
	// The cluster's kubeconfig, with everything in it.
	kubeconfig *dagger.Secret,
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service,
	// The kubeconfig's context, when it has several.
	// +optional
	context string,
	// +default="todo-chatbot"
	release string,
	// +default="todo-chatbot"
	namespace string,
	// Remove the volume of the release's own Postgres too, with everything in it.
	// +optional
	deleteVolumes bool,
) (string, error) {
	c, err := newExisting(ctx, m.Pins, kubeconfig, cluster, context)
	if err != nil {
		return "", err
	}
	d := managed(m, c, "undeploy", namespace, release)
	found, err := c.ask(ctx, "kubectl", "get", "namespace", namespace, "--ignore-not-found", "--output", "name")
	if err != nil {
		return "", explain("looking for the release", err)
	}
	if found == "" {
		return fmt.Sprintf("nothing to remove: the cluster has no namespace %s\n", namespace), nil
	}
	var out string
	err = d.alone(ctx, "undeploy", d.remove(deleteVolumes, &out))
	return out, err
}
