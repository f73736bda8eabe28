// Package flow says which parts of a run wait for which.
package flow

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Part is one part of a run.
type Part = func(context.Context) error

// Together is a part that does others at once, and ends with the first failure, which ends the others.
func Together(parts ...Part) Part {
	return func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		for _, part := range parts {
			group.Go(func() error { return part(ctx) })
		}
		return group.Wait()
	}
}

// InOrder is a part that does one after another, up to the first failure.
func InOrder(parts ...Part) Part {
	return func(ctx context.Context) error {
		for _, part := range parts {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// Beside is a part with another one that can only fail it: it is ended when the part ends, and nobody waits for what it says then.
func Beside(part, watch Part) Part {
	return func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		watching, end := context.WithCancel(ctx)
		group.Go(func() error {
			defer end()
			return part(ctx)
		})
		group.Go(func() error {
			if err := watch(watching); watching.Err() == nil {
				return err
			}
			return nil
		})
		return group.Wait()
	}
}

// Gather does several things at once, and gives what each gave, in their order, or the first failure alone.
func Gather[T any](ctx context.Context, asked ...func(context.Context) (T, error)) ([]T, error) {
	results := make([]T, len(asked))
	parts := make([]Part, len(asked))
	for i, ask := range asked {
		parts[i] = func(ctx context.Context) (err error) {
			results[i], err = ask(ctx)
			return err
		}
	}
	if err := Together(parts...)(ctx); err != nil {
		return nil, err
	}
	return results, nil
}

// Settle is Gather that lets each come to its end, and gives every failure.
func Settle[T any](ctx context.Context, asked ...func(context.Context) (T, error)) ([]T, error) {
	results, failures := make([]T, len(asked)), make([]error, len(asked))
	var group sync.WaitGroup
	for i, ask := range asked {
		group.Go(func() { results[i], failures[i] = ask(ctx) })
	}
	group.Wait()
	return results, errors.Join(failures...)
}
