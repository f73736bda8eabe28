package main

import (
	"context"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/node"
	"todo-chatbot/ci/release"

	"dagger/todo-chatbot/internal/dagger"
)

// defaultTimeout is how long pods may take where nobody says.
const defaultTimeout = "5m"

// Deploy to a one-node Kubernetes of its own, which ends with the call.
//
// Inputs are refused before anything is built. A release that does not become ready, or fails its tests, is diagnosed. A
// cluster of yours is the business of release.
//
// +cache="never"
func (m *TodoChatbot) Deploy(
	ctx context.Context,
	// Without it a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
	// How long each wait for pods may take.
	// +default="5m"
	timeout string,
	// Leave the checks out: tests, lints, types and scans of everything.
	// +optional
	skipChecks bool,
) (string, error) {
	d, err := m.embedded(openaiApiKey, "http://localhost:3000")
	if err != nil {
		return "", err
	}
	d.Checks = !skipChecks
	if err := d.timeout(timeout); err != nil {
		return "", err
	}
	run, err := d.deploy(ctx)
	return run.Text(), err
}

// Serve the application on port 3000, on a cluster of its own.
//
// It runs until interrupted: dagger up, or dagger call serve up --ports 3000:3000. The first asks for the service twice, once
// to compare its ports with others': a session has one cluster.
//
// +up
// +cache="session"
func (m *TodoChatbot) Serve(
	ctx context.Context,
	// Without it a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
	// The origin under which browsers reach the application.
	// +default="http://localhost:3000"
	publicUrl string,
) (*dagger.Service, error) {
	d, err := m.embedded(openaiApiKey, publicUrl)
	if err != nil {
		return nil, err
	}
	if _, err := d.deploy(ctx); err != nil {
		return nil, err
	}
	return m.Tools.withNodeFiles(d.Cluster.tools()).
		WithExposedPort(frontendPort).
		AsService(dagger.ContainerAsServiceOpts{
			Args: []string{node.Home + "/forward.sh", d.Request.Namespace, deploy.Fullname(d.Request.Release)},
		}), nil
}

// Report of a deploy with every check, as a page to look at.
//
// It is report.html, and the same as report.md and report.json. A run that fails has a page too, which says so; deploy is
// the call that fails then.
//
// +cache="never"
func (m *TodoChatbot) Report(ctx context.Context) (*dagger.Directory, error) {
	d, err := m.embedded(nil, "http://localhost:3000")
	if err != nil {
		return nil, err
	}
	d.Checks = true
	return pages(d.deploy(ctx))
}

// embedded is a deployment on a cluster of its own.
func (m *TodoChatbot) embedded(openaiAPIKey *dagger.Secret, publicURL string) (*deployment, error) {
	c, err := m.Tools.embedded()
	if err != nil {
		return nil, err
	}
	d := &deployment{Pipeline: m, Cluster: c, Request: release.Request{
		Target:      release.Target{Release: chartName, Namespace: chartName, Cluster: c.Title},
		Environment: deploy.Development, PublicURL: publicURL, Ephemeral: true,
	}}
	d.secret("openai-api-key", openaiAPIKey, &d.Request.Secrets.OpenAIKey)
	return d, d.timeout(defaultTimeout)
}
