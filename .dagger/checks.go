package main

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// runChecks runs everything that `dagger check` runs, side by side, and gives the first failure.
func (m *TodoChatbot) runChecks(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	backend, frontend, chart := m.Backend(), m.Frontend(), m.Chart()
	for _, check := range []func(context.Context) error{
		backend.Test, backend.Lint, backend.Types, backend.Inspect,
		frontend.Test, frontend.Lint, frontend.Types, frontend.Inspect,
		chart.Lint, chart.Validate, chart.Policy, chart.Docs, chart.Unit, m.Secrets,
		m.pinned,
	} {
		group.Go(func() error { return check(ctx) })
	}
	return group.Wait()
}
