package main

import (
	"context"
	"fmt"
	"os"
	"path"
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

// archive is an image on its way into a cluster.
type archive struct {
	repository string
	// digest is the manifest's, "" when only an engine's export knows it.
	digest string
	// key stands for the content: the digest, or the pin that it was pulled by.
	key string
	// path is where the module has the archive, "" when only the engine has it.
	path string
	file *dagger.File
}

// name is what pods call the image by.
func (a archive) name() string { return a.repository + "@" + a.digest }

// The image as an OCI archive without a clock: the same bytes wherever and whenever it is built.
func (b *Backend) Archive(ctx context.Context) (*dagger.File, error) {
	made, err := b.archive(ctx)
	return made.file, err
}

// The image as an OCI archive without a clock: the same bytes wherever and whenever it is built.
func (f *Frontend) Archive(ctx context.Context) (*dagger.File, error) {
	made, err := f.archive(ctx)
	return made.file, err
}

func (b *Backend) archive(ctx context.Context) (archive, error) {
	container, err := b.Build(ctx)
	if err != nil {
		return archive{}, err
	}
	return withoutClock(ctx, backendRepository, container)
}

func (f *Frontend) archive(ctx context.Context) (archive, error) {
	container, err := f.Build(ctx)
	if err != nil {
		return archive{}, err
	}
	return withoutClock(ctx, frontendRepository, container)
}

// The size of the image, by layer and by directory.
func (b *Backend) Size(ctx context.Context) (string, error) {
	made, err := b.archive(ctx)
	if err != nil {
		return "", err
	}
	return made.size()
}

// The size of the image, by layer and by directory.
func (f *Frontend) Size(ctx context.Context) (string, error) {
	made, err := f.archive(ctx)
	if err != nil {
		return "", err
	}
	return made.size()
}

func (a archive) size() (string, error) {
	opened, err := image.Open(a.path)
	if err != nil {
		return "", err
	}
	size, err := image.Measure(opened)
	return size.Table(), err
}

// withoutClock takes what the build's time and place left out of an image, and gives it as an OCI archive.
func withoutClock(ctx context.Context, repository string, container *dagger.Container) (archive, error) {
	// A directory of its own: two builds of one image may be under way.
	dir, err := os.MkdirTemp(".", "image-")
	if err != nil {
		return archive{}, fmt.Errorf("building %s: %w", path.Base(repository), err)
	}
	in, out := path.Join(dir, "engine.tar"), path.Join(dir, path.Base(repository)+".tar")
	if _, err := container.AsTarball().Export(ctx, in); err != nil {
		return archive{}, explain("building "+path.Base(repository), err)
	}
	defer func() { _ = os.Remove(in) }()
	digest, err := image.WithoutClock(in, out, image.ClockOptions{Epoch: time.Unix(0, 0)})
	if err != nil {
		return archive{}, err
	}
	return archive{
		repository: repository, digest: digest.String(), key: digest.String(),
		path: out, file: dag.CurrentModule().WorkdirFile(out),
	}, nil
}

// pulled is a pinned image as its publisher made it.
func pulled(pins string, name image.Name) (archive, error) {
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return archive{}, err
	}
	reference := parsed.Reference(name)
	return archive{repository: repositoryOf(reference), key: reference, file: from(pins, name).AsTarball()}, nil
}
