package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Reproduce builds both images twice from nothing, and compares them.
//
// The builds have no cache in common. It gives the digests, or fails with the first file or field that differs.
//
// +cache="never"
func (m *TodoChatbot) Reproduce(ctx context.Context) (string, error) {
	builds := []func(context.Context, string) (archive, error){
		func(ctx context.Context, salt string) (archive, error) {
			backend := m.Backend()
			backend.Salt = salt
			return backend.archive(ctx)
		},
		func(ctx context.Context, salt string) (archive, error) {
			frontend := m.Frontend()
			frontend.Salt = salt
			return frontend.archive(ctx)
		},
	}
	lines, problems := make([]string, len(builds)), make([]error, len(builds))
	group, ctx := errgroup.WithContext(ctx)
	for i, build := range builds {
		group.Go(func() error {
			var err error
			lines[i], problems[i], err = twice(ctx, build)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	return strings.Join(lines, "\n"), errors.Join(problems...)
}

// twice builds an image two times and tells its digest, or how the second differs from the first.
func twice(ctx context.Context, build func(context.Context, string) (archive, error)) (string, error, error) {
	first, err := build(ctx, rand.Text())
	if err != nil {
		return "", nil, err
	}
	second, err := build(ctx, rand.Text())
	if err != nil {
		return "", nil, err
	}
	_, err = withProgram(dag.Container(), first.program).
		WithMountedFile("/one.tar", first.file).
		WithMountedFile("/other.tar", second.file).
		WithExec([]string{programPath, "image", "diff", "/one.tar", "/other.tar"}).
		Sync(ctx)
	if err != nil {
		return "", fmt.Errorf("%s is not reproducible: %w", first.repository, programError(err)), nil
	}
	return first.name() + " twice", nil, nil
}
