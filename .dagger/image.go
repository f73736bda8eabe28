package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// account gives /etc/passwd and /etc/group of an image with one more user in them, whose group has its name and number.
// They are written rather than made by useradd, which puts the day into /etc/shadow and is not in every image.
func account(ctx context.Context, base *dagger.Container, name, ids string) (*dagger.Directory, error) {
	uid, gid, _ := strings.Cut(ids, ":")
	passwd, err := base.File("/etc/passwd").Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the users of a base image: %w", err)
	}
	group, err := base.File("/etc/group").Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the groups of a base image: %w", err)
	}
	return dag.Directory().
		WithNewFile("etc/passwd", fmt.Sprintf("%s%s:x:%s:%s::/app:/sbin/nologin\n", passwd, name, uid, gid)).
		WithNewFile("etc/group", fmt.Sprintf("%s%s:x:%s:\n", group, name, gid)), nil
}

// Archive is the image as an OCI archive without a clock: the same bytes wherever and whenever it is built.
func (b *Backend) Archive(ctx context.Context) (*dagger.File, error) {
	container, err := b.Build(ctx)
	if err != nil {
		return nil, err
	}
	return withoutClock(ctx, "backend", container)
}

// Archive is the image as an OCI archive without a clock: the same bytes wherever and whenever it is built.
func (f *Frontend) Archive(ctx context.Context) (*dagger.File, error) {
	container, err := f.Build(ctx)
	if err != nil {
		return nil, err
	}
	return withoutClock(ctx, "frontend", container)
}

// withoutClock takes what the build's time and place left out of an image, and gives it as an OCI archive.
func withoutClock(ctx context.Context, name string, container *dagger.Container) (*dagger.File, error) {
	in, out := name+".engine.tar", name+".tar"
	if _, err := container.AsTarball().Export(ctx, in); err != nil {
		return nil, explain("building the "+name, err)
	}
	defer func() { _ = os.Remove(in) }()
	if _, err := image.WithoutClock(in, out, image.ClockOptions{Epoch: time.Unix(0, 0)}); err != nil {
		return nil, err
	}
	return dag.CurrentModule().WorkdirFile(out), nil
}
