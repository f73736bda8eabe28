package main

import (
	"context"

	"todo-chatbot/ci/flow"
)

// runChecks runs what "dagger check" runs. hack/checks_test.go holds the list against the functions that are checks.
func (m *TodoChatbot) runChecks(ctx context.Context) error {
	backend, frontend, chart := m.Backend(), m.Frontend(), m.Chart()
	return flow.Together(
		backend.Test, backend.Lint, backend.Types, silent(built(backend.Image, inspected)),
		frontend.Test, frontend.Lint, frontend.Types, silent(built(frontend.Image, inspected)),
		chart.Lint, chart.Validate, chart.Policy, chart.Docs, chart.Unit,
		m.Secrets, silent(m.Scan), silent(m.Platforms),
	)(ctx)
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
