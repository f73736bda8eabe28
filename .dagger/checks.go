package main

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// runChecks runs what "dagger check" runs, side by side, and gives the first failure. hack/checks_test.go holds the list
// against the functions that are checks.
func (m *TodoChatbot) runChecks(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	backend, frontend, chart := m.Backend(), m.Frontend(), m.Chart()
	for _, check := range []func(context.Context) error{
		backend.Test, backend.Lint, backend.Types, inspected(backend.Image),
		frontend.Test, frontend.Lint, frontend.Types, inspected(frontend.Image),
		chart.Lint, chart.Validate, chart.Policy, chart.Docs, chart.Unit,
		m.Secrets, silent(m.Scan), silent(m.Platforms),
	} {
		group.Go(func() error { return check(ctx) })
	}
	return group.Wait()
}

// silent is a check without what it says when it passes.
func silent(check func(context.Context) (string, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := check(ctx)
		return err
	}
}

// inspected is the check of an image that is built first.
func inspected(build builder) func(context.Context) error {
	return func(ctx context.Context) error {
		image, err := build(ctx)
		if err != nil {
			return err
		}
		return image.Inspect(ctx)
	}
}
