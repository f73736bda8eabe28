package main

import (
	"context"
	"io/fs"
	"path"

	"todo-chatbot/ci/helm"
	"todo-chatbot/ci/image"
	"todo-chatbot/ci/node"

	"dagger/todo-chatbot/internal/dagger"
)

// programPath is where a container has ci/cmd/todo-chatbot, among what a shell finds by name.
const programPath = "/usr/local/bin/todo-chatbot"

// goTools is a checkout with Go: what tools/go.mod pins is built there as `go tool -modfile=tools/go.mod NAME`. Modules and what was
// compiled are kept between runs; go.sum says what a module must be.
func goTools(pins string, checkout *dagger.Directory) *dagger.Container {
	return from(pins, image.Go).
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-mod=readonly").
		WithEnvVariable("GOMODCACHE", "/cache/modules").
		WithEnvVariable("GOCACHE", "/cache/build").
		WithMountedCache("/cache/modules", dag.CacheVolume("todo-go-modules")).
		WithMountedCache("/cache/build", dag.CacheVolume("todo-go-build")).
		WithWorkdir("/src").
		WithMountedDirectory("/src", checkout)
}

// program is ci/cmd/todo-chatbot, built from the checkout: one file without a C library, equal from equal sources.
func program(pins string, checkout *dagger.Directory) *dagger.File {
	sources := checkout.Filter(dagger.DirectoryFilterOpts{
		Include: []string{"go.mod", "go.sum", "ci"},
		Exclude: []string{"**/*_test.go", "**/testdata"},
	})
	return goTools(pins, sources).
		WithExec([]string{"go", "build", "-trimpath", "-o", "/out/todo-chatbot", "./ci/cmd/todo-chatbot"}).
		File("/out/todo-chatbot")
}

// withProgram puts the program into a container.
func withProgram(container *dagger.Container, program *dagger.File) *dagger.Container {
	return container.WithFile(programPath, program)
}

// kubeTools is Helm's own image, which has a shell, with the other tools that speak to a cluster beside it. Each comes from
// the image of those who make it, so that its version is the one that is pinned.
func kubeTools(pins string) *dagger.Container {
	container := from(pins, image.Helm)
	for _, tool := range []struct {
		name image.Name
		file string
	}{{image.Kubectl, "/bin/kubectl"}, {image.Kubeconform, "/kubeconform"}, {image.Jq, "/jq"}} {
		container = container.WithFile("/usr/local/bin/"+path.Base(tool.file), from(pins, tool.name).File(tool.file))
	}
	return container
}

// withScripts adds embedded scripts under a directory.
func withScripts(container *dagger.Container, home string, files fs.FS) *dagger.Container {
	// Embedded files are read without fail.
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		if err == nil {
			container = container.WithNewFile(home+"/"+name, string(raw), dagger.ContainerWithNewFileOpts{Permissions: 0o755})
		}
		return err
	})
	return container
}

// withNodeFiles adds the scripts of ci/node.
func withNodeFiles(container *dagger.Container) *dagger.Container {
	return withScripts(container, node.Home, node.Files())
}

// supportedHelm fails when the pinned Helm is another than this module is written for.
func supportedHelm(ctx context.Context, pins string) error {
	said, err := from(pins, image.Helm).WithExec(helm.VersionCommand()).Stdout(ctx)
	if err != nil {
		return explain("asking the pinned Helm for its version", err)
	}
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return err
	}
	return helm.Supported(said, parsed.Reference(image.Helm))
}
