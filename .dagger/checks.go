package main

import (
	"context"

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/report"

	"dagger/todo-chatbot/internal/dagger"
)

// runChecks runs those checks that tell of what is deployed. hack/checks_test.go holds the list against all checks, and says why the others
// are left to "dagger check".
func (m *TodoChatbot) runChecks(ctx context.Context) error {
	backend, frontend, chart := m.Backend(), m.Frontend(), m.Chart()
	return flow.Together(
		backend.Test, backend.Lint, backend.Types, silent(built(backend.Image, inspected)),
		frontend.Test, frontend.Lint, frontend.Types, silent(built(frontend.Image, inspected)),
		chart.Lint, chart.Validate, chart.Policy,
		m.Secrets, silent(m.Scan), silent(m.Platforms),
	)(ctx)
}

// figures are what the checks counted. It is asked for when they have passed, and so nothing is run again.
func (m *TodoChatbot) figures(ctx context.Context) (*report.Checks, error) {
	findings, err := m.Findings(ctx, "json")
	if err != nil {
		return nil, err
	}
	files := []*dagger.File{m.Backend().tested().File(junitPath), m.Frontend().tested().File(junitPath), findings}
	for _, build := range []builder{m.Backend().Image, m.Frontend().Image} {
		image, err := build(ctx)
		if err != nil {
			return nil, err
		}
		files = append(files, image.weighed().File(budgetPath))
	}
	read := make([]string, len(files))
	for i, file := range files {
		if read[i], err = file.Contents(ctx); err != nil {
			return nil, err
		}
	}
	return report.ParseChecks(read[0], read[1], read[2], read[3:]...)
}

// silent is a check without what it says when it passes.
func silent(check func(context.Context) (string, error)) flow.Part {
	return func(ctx context.Context) error {
		_, err := check(ctx)
		return err
	}
}

// inspected is the check of an image that was built.
func inspected(ctx context.Context, image *Image) (string, error) { return "", image.Inspect(ctx) }
