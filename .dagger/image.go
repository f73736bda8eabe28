package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// Images that are built here have names of a registry that nobody can pull from: a node that lacks one says so.
const (
	backendRepository  = "localhost/todo-backend"
	frontendRepository = "localhost/todo-frontend"
)

// Image is an image as it ships.
type Image struct {
	// +private
	Tools tools
	// +private
	Repository string
	// Base is the name of the pin that it is made from.
	//
	// +private
	Base string
	// +private
	Built *dagger.Container
}

// builder makes an image.
type builder func(context.Context) (*Image, error)

// image is what was built on a pinned base.
func (t tools) image(repository string, base image.Name, built *dagger.Container) *Image {
	return &Image{Tools: t, Repository: repository, Base: string(base), Built: built}
}

// pulled is a pinned image, without what the pulling left in it.
func (t tools) pulled(name image.Name) builder {
	t.Created = 0
	return func(context.Context) (*Image, error) {
		return t.image(repositoryOf(t.reference(name)), name, t.from(name)), nil
	}
}

// The image as an OCI archive without a clock.
//
// It is the same bytes wherever and whenever it is built.
func (i *Image) Archive() *dagger.File { return i.normalized().File(i.path()) }

// The size of the image, by layer, directory and package.
func (i *Image) Size(ctx context.Context) (string, error) { return i.examined(ctx, "size") }

// Hold the image against its budget, and against what no image may carry.
//
// The budget is in ci/image/budget.txt. Caches, compilers, tests, sources and credentials may not be in it.
//
// +check
func (i *Image) Inspect(ctx context.Context) error {
	_, err := i.examined(ctx, "inspect", strings.TrimPrefix(i.name(), "todo-"))
	return err
}

// The image's bill of materials: every package in it.
//
// One image has one: it has no time and nothing random in it.
func (i *Image) Sbom(
	ctx context.Context,
	// spdx or cyclonedx
	// +default="spdx"
	format string,
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
	base := i.Base + "=" + i.Tools.reference(image.Name(i.Base))
	return i.mounted(i.Tools.trivy(database)).
		WithExec([]string{programPath, "scan", "image", "--database", databasePath, "--base", base, findingsPath, i.path()}).
		File(findingsPath)
}

// listed is the bill of materials in a format.
func (i *Image) listed(format string) *dagger.File {
	out := "/" + i.name() + "." + format + ".json"
	return i.mounted(i.Tools.withProgram(i.Tools.from(image.Trivy))).
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
	base := image.Name(i.Base)
	// In the base, since it has the certificates with which its registry may have to be asked.
	return i.Tools.withProgram(i.Tools.from(base).WithUser("0:0")).
		WithMountedFile("/engine.tar", i.Built.AsTarball()).
		WithExec([]string{programPath, "image", "normalize", "/engine.tar", i.path(), strconv.Itoa(i.Tools.Created), i.Tools.reference(base)})
}

// examined is what a subcommand of "todo-chatbot image" prints about the archive, whose path is its last argument.
func (i *Image) examined(ctx context.Context, command string, args ...string) (string, error) {
	out, err := i.mounted(i.Tools.program()).
		WithExec(append(append([]string{programPath, "image", command}, args...), i.path())).
		Stdout(ctx)
	return out, explain("image "+command+" of "+i.name(), err)
}

// Reproduce builds both images twice from nothing, and compares them.
//
// The builds have no cache in common. It gives the digests, or fails with the first file or field that differs.
//
// +cache="never"
func (m *TodoChatbot) Reproduce(ctx context.Context) (string, error) {
	compared, err := sideBySide(ctx,
		func(ctx context.Context) (comparison, error) {
			return twice(ctx, m.anew().Backend().Image, m.anew().Backend().Image)
		},
		func(ctx context.Context) (comparison, error) {
			return twice(ctx, m.anew().Frontend().Image, m.anew().Frontend().Image)
		},
	)
	if err != nil {
		return "", err
	}
	return compared[0].same + "\n" + compared[1].same, errors.Join(compared[0].differs, compared[1].differs)
}

// anew is the pipeline with caches of its own.
func (m *TodoChatbot) anew() *TodoChatbot {
	salted := *m
	salted.Tools.Salt = rand.Text()
	return &salted
}

// comparison is what two builds of one image say.
type comparison struct {
	same    string
	differs error
}

// twice builds an image two times, one after the other, and compares them.
func twice(ctx context.Context, once, again builder) (comparison, error) {
	first, err := once(ctx)
	if err != nil {
		return comparison{}, err
	}
	reference, err := first.reference(ctx)
	if err != nil {
		return comparison{}, err
	}
	second, err := again(ctx)
	if err != nil {
		return comparison{}, err
	}
	_, err = first.mounted(first.Tools.program()).
		WithMountedFile("/again.tar", second.Archive()).
		WithExec([]string{programPath, "image", "diff", first.path(), "/again.tar"}).
		Sync(ctx)
	if err != nil {
		return comparison{differs: fmt.Errorf("%s is not reproducible: %w", first.Repository, programError(err))}, nil
	}
	return comparison{same: reference + " twice"}, nil
}

// withoutManagers is the pinned base of what ships, without its package managers. They are deleted in one step: each step
// is a layer.
func (t tools) withoutManagers(name image.Name) *dagger.Container {
	base := t.from(name)
	return base.WithRootfs(base.Rootfs().WithoutFiles(image.PackageManagers(name)))
}

// account gives /etc/passwd and /etc/group of a base image with one more user in them, whose group has its name and number.
// They are written rather than made by useradd, which puts the day into /etc/shadow and is not in every image.
func (t tools) account(base image.Name, name, ids string) *dagger.Directory {
	uid, gid, _ := strings.Cut(ids, ":")
	made := t.from(base).WithUser("0:0").WithExec([]string{
		"sh", "-c", `echo "$0" >>/etc/passwd && echo "$1" >>/etc/group`,
		fmt.Sprintf("%s:x:%s:%s::/app:/sbin/nologin", name, uid, gid), fmt.Sprintf("%s:x:%s:", name, gid),
	})
	return dag.Directory().
		WithFile("etc/passwd", made.File("/etc/passwd")).
		WithFile("etc/group", made.File("/etc/group"))
}

// repositoryOf is a reference without its tag and digest.
func repositoryOf(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}
