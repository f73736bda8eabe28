package main

import (
	"context"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/node"
	"todo-chatbot/ci/release"

	"dagger/todo-chatbot/internal/dagger"
)

// Deploy to a one-node Kubernetes of its own, which ends with the call.
//
// A release that does not become ready, or fails its tests, is diagnosed. A cluster of yours is the business of release.
//
// +cache="never"
func (m *TodoChatbot) Deploy(
	ctx context.Context,
	// Without it a small parser of commands answers.
	openaiApiKey *dagger.Secret, // +optional
	// How long each wait for pods may take.
	timeout string, // +default="5m"
	// Leave the checks out: tests, lints, types and scans of everything.
	skipChecks bool, // +optional
) (string, error) {
	d, err := m.embedded(openaiApiKey, "http://localhost:3000")
	if err != nil {
		return "", err
	}
	d.Checks = !skipChecks
	return d.deployWithin(ctx, timeout)
}

// Serve the application on port 3000, on a cluster of its own.
//
// It runs until interrupted: dagger up, or dagger call serve up --ports 3000:3000. A session has one cluster, since the first
// asks for the service twice.
//
// +up
// +cache="session"
func (m *TodoChatbot) Serve(
	ctx context.Context,
	// Without it a small parser of commands answers.
	openaiApiKey *dagger.Secret, // +optional
	// The origin under which browsers reach the application.
	publicUrl string, // +default="http://localhost:3000"
) (*dagger.Service, error) {
	d, err := m.embedded(openaiApiKey, publicUrl)
	if err != nil {
		return nil, err
	}
	run, err := d.deploy(ctx)
	if _, err := run.TextOrError(err); err != nil {
		return nil, err
	}
	return m.Tools.withNodeFiles(d.Cluster.tools()).
		WithExposedPort(frontendPort).
		AsService(dagger.ContainerAsServiceOpts{
			Args: []string{node.Home + "/forward.sh", d.Request.Namespace, deploy.Fullname(d.Request.Release, deploy.Overrides{})},
		}), nil
}

// Report of a deploy with every check, as a page to look at.
//
// It is report.html, report.md and report.json. A run that fails has them too: deploy is the call that fails then.
//
// +cache="never"
func (m *TodoChatbot) Report(
	ctx context.Context,
	// The report.json of the last run; what differs since is told.
	lastReport *dagger.File, // +optional
) (*dagger.Directory, error) {
	d, err := m.embedded(nil, "http://localhost:3000")
	if err != nil {
		return nil, err
	}
	d.Checks = true
	run, err := d.deploy(ctx)
	return d.pages(ctx, lastReport, run, err)
}

// embedded is a deployment on a cluster of its own.
func (m *TodoChatbot) embedded(openaiAPIKey *dagger.Secret, publicURL string) (*deployment, error) {
	c, err := m.Tools.embedded()
	if err != nil {
		return nil, err
	}
	todo := &release.TodoChatbot{Environment: deploy.Development, PublicURL: publicURL}
	d := m.deployment(c, chartName, chartName, todo)
	d.Request.Ephemeral = true
	d.secret("openai-api-key", openaiAPIKey, &todo.Secrets.OpenAIKey)
	return d, nil
}
