package main

import (
	"context"

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/pins"

	"dagger/todo-chatbot/internal/dagger"
)

// Test the pipeline's own program, and what holds the repository together.
//
// The chart's rules are the business of "chart unit". The script hack/test alone has the race detector, Go's linters and the tests that
// want a developer's machine: Python, a terminal, or GNU's tar.
//
// +check
func (m *TodoChatbot) Program(ctx context.Context) error {
	return passes(ctx, m.repository(), "dagger call program", "sh", "-ec", `
		go vet ./ci/... ./hack/...
		go test $(go list ./ci/... | grep -v /ci/chart)
		go test -skip 'OnATerminal|AnotherVersionsDagger|ACommandThatNeedsNoCluster' ./hack`)
}

// Lint the workflows.
//
// What they may do, and that a developer can run the same calls, is tested by "program".
//
// +check
func (m *TodoChatbot) Workflows(ctx context.Context) error {
	const call = "dagger call workflows"
	python := m.Backend().locked().WithWorkdir(checkoutPath).WithMountedDirectory(checkoutPath, m.Source)
	return flow.Together(
		func(ctx context.Context) error {
			return passes(ctx, m.repository(), call, "go", "tool", "-modfile=tools/go.mod", "actionlint")
		},
		func(ctx context.Context) error {
			// hack/tools has its version, for hack/test too.
			return passes(ctx, python, call, "sh", "-c",
				`uv tool run "$(grep -o 'zizmor==[0-9.]*' hack/tools)" --offline --no-progress --persona pedantic .github/workflows`)
		},
	)(ctx)
}

// repository is a checkout with its history, and Go, bash, git, jq and Helm, which the tests call.
func (m *TodoChatbot) repository() *dagger.Container {
	t := m.Tools
	container := t.from(pins.Gitleaks).
		WithUser("root").
		WithDirectory("/usr/local/go", t.from(pins.Go).Directory("/usr/local/go")).
		WithEnvVariable("PATH", "/usr/local/go/bin:${PATH}", dagger.ContainerWithEnvVariableOpts{Expand: true}).
		WithFile("/usr/local/bin/jq", t.from(pins.Jq).File("/jq"))
	return withGo(container, m.Source.WithDirectory("/", m.Git)).
		WithFile("/src/.bin/helm", t.from(pins.Helm).File("/usr/bin/helm"))
}
