package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"path"
	"strconv"
	"strings"

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/registry/address"

	"dagger/todo-chatbot/internal/dagger"
)

// Images that are built here have names of a registry that nobody can pull from: a node that lacks one says so.
const (
	backendRepository  = "localhost/todo-backend"
	frontendRepository = "localhost/todo-frontend"
)

// Image is an image as it ships.
type Image struct {
	Tools      tools  // +private
	Repository string // +private
	// Base is the name of the pin that it is made from, "" where another module made it.
	Base  string            // +private
	Built *dagger.Container // +private
}

// builder makes an image.
type builder func(context.Context) (*Image, error)

// built does something with an image, once that is made.
func built[T any](build builder, do func(context.Context, *Image) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (none T, err error) {
		image, err := build(ctx)
		if err != nil {
			return none, err
		}
		return do(ctx, image)
	}
}

// image is what was built on a pinned base.
func (t tools) image(repository string, base pins.Name, built *dagger.Container) *Image {
	return &Image{Tools: t, Repository: repository, Base: string(base), Built: built}
}

// pulled is a pinned image, without what the pulling left in it.
func (t tools) pulled(name pins.Name) builder {
	t.Created = 0
	return func(context.Context) (*Image, error) {
		return t.image(address.Repository(t.reference(name)), name, t.shipped(name)), nil
	}
}

// The image as an OCI archive without a clock.
//
// It is the same bytes wherever and whenever it is built.
func (i *Image) Archive() *dagger.File { return i.normalized().File(i.path()) }

// The size of the image, by layer, directory and package.
func (i *Image) Size(ctx context.Context) (string, error) {
	return program(ctx, i.mounted(i.Tools.program()), "image", "size", i.path())
}

// Hold the image against its budget, and against what no image may carry.
//
// The budget is in ci/image/budget.txt. Caches, compilers, tests, sources and credentials may not be in it.
//
// +check
func (i *Image) Inspect(ctx context.Context) error {
	_, err := i.weighed().Sync(ctx)
	return named(i.part()+" image inspect", programError(err))
}

// weighed is the container that inspected the image. It wrote what the image takes of its budget.
func (i *Image) weighed() *dagger.Container {
	return i.mounted(i.Tools.program()).WithExec([]string{programPath, "image", "inspect", i.part(), i.path(), budgetPath})
}

// part is which half of the application the image is.
func (i *Image) part() string { return strings.TrimPrefix(i.name(), "todo-") }

// The image's bill of materials: every package in it.
func (i *Image) Sbom(
	ctx context.Context,
	// spdx or cyclonedx
	format string, // +default="spdx"
) (*dagger.File, error) {
	listed, err := i.listed(format).Sync(ctx)
	return listed, programError(err)
}

// Scan the image: vulnerabilities, secrets, its configuration and licences.
//
// +cache="session"
func (i *Image) Scan(ctx context.Context) (string, error) {
	database, err := i.Tools.database(ctx)
	if err != nil {
		return "", err
	}
	return i.Tools.judged(ctx, database, []*dagger.File{i.findings(database)}, "--part")
}

// findings are what Trivy finds in the image.
func (i *Image) findings(database *dagger.Directory) *dagger.File {
	base := i.Base + "=" + i.Tools.reference(pins.Name(i.Base))
	return i.mounted(i.Tools.trivy(database)).
		WithExec([]string{programPath, "scan", "image", "--database", databasePath, "--base", base, findingsPath, i.path()}).
		File(findingsPath)
}

// listed is the bill of materials in a format.
func (i *Image) listed(format string) *dagger.File {
	out := "/" + i.name() + "." + format + ".json"
	return i.mounted(i.Tools.withProgram(i.Tools.from(pins.Trivy))).
		WithExec([]string{programPath, "image", "sbom", format, i.path(), out}).
		File(out)
}

// name is the last part of the image's repository, and path where a container has its archive.
func (i *Image) name() string { return path.Base(i.Repository) }

func (i *Image) path() string { return "/" + i.name() + ".tar" }

// mounted gives a container the archive.
func (i *Image) mounted(container *dagger.Container) *dagger.Container {
	return container.WithMountedFile(i.path(), i.Archive())
}

// reference is what pods call the image by.
func (i *Image) reference(ctx context.Context) (string, error) {
	digest, err := i.normalized().Stdout(ctx)
	return i.Repository + "@" + digest, explain("building "+i.name(), err)
}

// normalized takes what the build's time and place left out of the image. It prints the digest of the archive that it makes.
func (i *Image) normalized() *dagger.Container {
	base, container, platform := i.Tools.reference(pins.Name(i.Base)), dag.Container(), ""
	if base != "" {
		// In the base, since it has the certificates with which its registry may have to be asked.
		container = container.From(base).WithUser("0:0")
		if i.Tools.foreign() {
			platform = i.Tools.Platform
		}
	}
	return i.Tools.withProgram(container).
		WithMountedFile("/engine.tar", i.Built.AsTarball()).
		WithExec([]string{programPath, "image", "normalize", "/engine.tar", i.path(), strconv.Itoa(i.Tools.Created), base, platform})
}

// Reproduce builds both images twice from nothing, and compares them.
//
// The builds have no cache in common. It gives the digests, or fails with the first file or field that differs.
//
// +cache="never"
func (m *TodoChatbot) Reproduce(ctx context.Context) (string, error) {
	same, err := flow.Settle(ctx,
		twice(m.anew().Backend().Image, m.anew().Backend().Image),
		twice(m.anew().Frontend().Image, m.anew().Frontend().Image),
	)
	return strings.Join(same, "\n"), err
}

// anew is the pipeline with caches of its own.
func (m *TodoChatbot) anew() *TodoChatbot {
	salted := *m
	salted.Tools.Salt = rand.Text()
	return &salted
}

// twice builds an image two times, one after the other, and fails when they differ.
func twice(once, again builder) func(context.Context) (string, error) {
	return built(once, func(ctx context.Context, first *Image) (string, error) {
		reference, err := first.reference(ctx)
		if err != nil {
			return "", err
		}
		second, err := again(ctx)
		if err != nil {
			return "", err
		}
		both := first.mounted(first.Tools.program()).WithMountedFile("/again.tar", second.Archive())
		if _, err := program(ctx, both, "image", "diff", first.path(), "/again.tar"); err != nil {
			return "", fmt.Errorf("%s is not reproducible: %w", first.Repository, err)
		}
		return reference + " twice", nil
	})
}

// withoutManagers is the pinned base of what ships, without its package managers. They are deleted in one step: each step
// is a layer.
func (t tools) withoutManagers(name pins.Name) *dagger.Container {
	base := t.shipped(name)
	return base.WithRootfs(base.Rootfs().WithoutFiles(pins.PackageManagers(name)))
}

// account gives /etc/passwd and /etc/group of a base image with one more user in them, whose group has its name and number.
// They are written rather than made by useradd, which puts the day into /etc/shadow and is not in every image.
func (t tools) account(base pins.Name, name, ids string) *dagger.Directory {
	uid, gid, _ := strings.Cut(ids, ":")
	shipped, made := t.shipped(base), t.from(base).WithUser("0:0")
	for _, file := range []string{"/etc/passwd", "/etc/group"} {
		made = made.WithFile(file, shipped.File(file))
	}
	made = made.WithExec([]string{
		"sh", "-c", `echo "$0" >>/etc/passwd && echo "$1" >>/etc/group`,
		fmt.Sprintf("%s:x:%s:%s::/app:/sbin/nologin", name, uid, gid), fmt.Sprintf("%s:x:%s:", name, gid),
	})
	return dag.Directory().
		WithFile("etc/passwd", made.File("/etc/passwd")).
		WithFile("etc/group", made.File("/etc/group"))
}
