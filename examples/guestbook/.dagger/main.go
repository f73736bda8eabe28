// Delivers a guestbook with the todo chatbot's pipeline: one service, one chart.
package main

import (
	"context"

	"dagger/guestbook/internal/dagger"
)

// Guestbook is an application that the pipeline knows nothing of.
type Guestbook struct {
	Source *dagger.Directory // +private
	Base   string            // +private
	Pins   *dagger.File      // +private
}

// New opens the example's own folder.
func New(
	// +defaultPath="/examples/guestbook"
	source *dagger.Directory,
	// The Python that the service runs on.
	base string, // +default="docker.io/library/python:3.13.16-slim-trixie@sha256:70729b46c69b4f1e97c4822c1af3df53a1476cf5ddc6c087c0c10bc3a5678c2f"
	// The images that the pipeline is made with, where they are a mirror's.
	pins *dagger.File, // +optional
) *Guestbook {
	return &Guestbook{Source: source, Base: base, Pins: pins}
}

// Image is the service's.
func (g *Guestbook) Image() *dagger.Container {
	return dag.Container().From(g.Base).
		WithFile("/app/guestbook.py", g.Source.File("guestbook.py")).
		WithUser("1000:1000").
		WithDefaultArgs([]string{"python", "/app/guestbook.py"})
}

// Deploy to a one-node Kubernetes of its own, or to a cluster of yours.
//
// +cache="never"
func (g *Guestbook) Deploy(
	ctx context.Context,
	// The cluster's kubeconfig, whole.
	kubeconfig *dagger.Secret, // +optional
	// The way to its API server: tcp://localhost:PORT.
	cluster *dagger.Service, // +optional
) (string, error) {
	pipeline := dag.TodoChatbot(dagger.TodoChatbotOpts{Pins: g.Pins})
	release := pipeline.EphemeralRelease(dagger.TodoChatbotEphemeralReleaseOpts{Name: "guestbook"})
	if kubeconfig != nil {
		release = pipeline.Release(kubeconfig, cluster, dagger.TodoChatbotReleaseOpts{Name: "guestbook", Namespace: "guestbook"})
	}
	return release.WithChart(g.Source.Directory("chart")).WithImage("web", g.Image()).Deploy(ctx)
}
