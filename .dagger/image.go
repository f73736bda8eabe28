package main

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

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

// withoutManagers is the pinned base of what ships, without its package managers. They are deleted in one step: each step
// is a layer.
func withoutManagers(pins string, name image.Name) *dagger.Container {
	base := from(pins, name)
	return base.WithRootfs(base.Rootfs().WithoutFiles(image.PackageManagers(name)))
}

// Images that are built here have names of a registry that nobody can pull from: a node that lacks one says so.
const (
	backendRepository  = "localhost/todo-backend"
	frontendRepository = "localhost/todo-frontend"
)

// archive is an image on its way into a cluster.
type archive struct {
	repository string
	// digest is the manifest's.
	digest string
	file   *dagger.File
	// program is ci/cmd/todo-chatbot, which made it.
	program *dagger.File
}

// name is what pods call the image by.
func (a archive) name() string { return a.repository + "@" + a.digest }

// The image as an OCI archive without a clock.
//
// It is the same bytes wherever and whenever it is built.
func (b *Backend) Archive(ctx context.Context) (*dagger.File, error) {
	made, err := b.archive(ctx)
	return made.file, err
}

// The image as an OCI archive without a clock.
//
// It is the same bytes wherever and whenever it is built.
func (f *Frontend) Archive(ctx context.Context) (*dagger.File, error) {
	made, err := f.archive(ctx)
	return made.file, err
}

func (b *Backend) archive(ctx context.Context) (archive, error) {
	container, err := b.Build(ctx)
	if err != nil {
		return archive{}, err
	}
	return normalized(ctx, b.Program, backendRepository, container, b.Pins, image.Python, b.Created)
}

func (f *Frontend) archive(ctx context.Context) (archive, error) {
	container, err := f.Build(ctx)
	if err != nil {
		return archive{}, err
	}
	return normalized(ctx, f.Program, frontendRepository, container, f.Pins, image.Node, f.Created)
}

// The size of the image, by layer, directory and package.
func (b *Backend) Size(ctx context.Context) (string, error) {
	made, err := b.archive(ctx)
	if err != nil {
		return "", err
	}
	return made.examined(ctx, "size")
}

// The size of the image, by layer, directory and package.
func (f *Frontend) Size(ctx context.Context) (string, error) {
	made, err := f.archive(ctx)
	if err != nil {
		return "", err
	}
	return made.examined(ctx, "size")
}

// Hold the image against its budget, and against what no image may carry.
//
// The budget is in ci/image/budget.txt. Caches, compilers, tests, sources and credentials may not be in it.
//
// +check
func (b *Backend) Inspect(ctx context.Context) error {
	made, err := b.archive(ctx)
	if err != nil {
		return err
	}
	_, err = made.examined(ctx, "inspect", "backend")
	return err
}

// Hold the image against its budget, and against what no image may carry.
//
// The budget is in ci/image/budget.txt. Caches, compilers, tests, sources and credentials may not be in it.
//
// +check
func (f *Frontend) Inspect(ctx context.Context) error {
	made, err := f.archive(ctx)
	if err != nil {
		return err
	}
	_, err = made.examined(ctx, "inspect", "frontend")
	return err
}

// examined is what a subcommand of "todo-chatbot image" prints about the archive, whose path is its last argument.
func (a archive) examined(ctx context.Context, command string, args ...string) (string, error) {
	out, err := withProgram(dag.Container(), a.program).
		WithMountedFile("/image.tar", a.file).
		WithExec(append(append([]string{programPath, "image", command}, args...), "/image.tar")).
		Stdout(ctx)
	return out, explain("image "+command+" of "+path.Base(a.repository), err)
}

// normalized takes what the build's time and place left out of an image on a base, and gives it as an OCI archive whose
// config has the time created.
func normalized(
	ctx context.Context, program *dagger.File, repository string, built *dagger.Container, pins string, base image.Name, created int,
) (archive, error) {
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return archive{}, err
	}
	out := "/" + path.Base(repository) + ".tar"
	// In the base, since it has the certificates with which its registry may have to be asked.
	made := withProgram(from(pins, base).WithUser("0:0"), program).
		WithMountedFile("/engine.tar", built.AsTarball()).
		WithExec([]string{programPath, "image", "normalize", "/engine.tar", out, strconv.Itoa(created), parsed.Reference(base)})
	digest, err := made.Stdout(ctx)
	if err != nil {
		return archive{}, explain("building "+path.Base(repository), err)
	}
	return archive{repository: repository, digest: digest, file: made.File(out), program: program}, nil
}

// pulled is a pinned image, without what the pulling left in it.
func pulled(ctx context.Context, program *dagger.File, pins string, name image.Name) (archive, error) {
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return archive{}, err
	}
	return normalized(ctx, program, repositoryOf(parsed.Reference(name)), from(pins, name), pins, name, 0)
}

// repositoryOf is a reference without its tag and digest.
func repositoryOf(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}
