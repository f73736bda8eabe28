package main

import (
	"fmt"

	"todo-chatbot/ci/node"
	"todo-chatbot/ci/pins"

	"dagger/todo-chatbot/internal/dagger"
)

// Where containers have what they are given, and where they leave what they make.
const (
	programPath    = "/usr/local/bin/todo-chatbot" // on PATH
	kubeconfigPath = "/run/kubeconfig"
	passwordPath   = "/run/password"
	requestPath    = "/run/request.json"
	chartPath      = "/run/chart"
	valuesPath     = "/run/values"
	planPath       = "/run/plan.txt"
	artifactsPath  = "/artifacts"
	databasePath   = "/database"
	checkoutPath   = "/checkout"
	repositoryPath = "/repository"
	findingsPath   = "/findings.json"
	reportPath     = "/out/report"
	renderedPath   = "/tmp/rendered"
	junitPath      = "/tmp/junit.xml"
	budgetPath     = "/budget.json"
)

// tools are what every part of the pipeline is made with.
type tools struct {
	// Pins are the base and tool images, as New has checked them.
	Pins string
	// Program is ci/cmd/todo-chatbot of the checkout.
	Program *dagger.File
	// Scripts are those of the checkout's ci/, with what they read.
	Scripts *dagger.Directory
	// VulnerabilityDatabase is where scans take theirs from, "" for Trivy's own places.
	VulnerabilityDatabase string
	// Created is the time that images say they are of, in seconds since 1970.
	Created int
	// Engine is the engine's own platform, and Platform what images are built for, e.g. linux/arm64.
	Engine, Platform string
	// Salt, where it is not "", keeps a build from every cache of another's.
	Salt string
}

// pins are those of Pins, which New has checked.
func (t tools) pins() pins.Pins {
	parsed, _ := pins.Parse([]byte(t.Pins))
	return parsed
}

// reference is a pinned image's. A name that this module misspells has none, and the container's first use then says so.
func (t tools) reference(name pins.Name) string { return t.pins().Reference(name) }

// from starts a container from a pinned image, for what runs.
func (t tools) from(name pins.Name) *dagger.Container { return dag.Container().From(t.reference(name)) }

// foreign is true where what is built cannot run on the engine.
func (t tools) foreign() bool { return t.Platform != t.Engine }

// native fails where what is built is to run on the engine, and cannot.
func (t tools) native() error {
	if t.foreign() {
		return fmt.Errorf("images for %s do not run on the engine, which is %s: leave --platform out; a cluster of yours may run them", t.Platform, t.Engine)
	}
	return nil
}

// shipped starts a container from a pinned image as images are built on it: nothing of it runs here.
func (t tools) shipped(name pins.Name) *dagger.Container {
	return dag.Container(dagger.ContainerOpts{Platform: dagger.Platform(t.Platform)}).From(t.reference(name))
}

// withProgram puts the program into a container.
func (t tools) withProgram(container *dagger.Container) *dagger.Container {
	return container.WithFile(programPath, t.Program)
}

// program is the program in a container with nothing else.
func (t tools) program() *dagger.Container { return t.withProgram(dag.Container()) }

// golang is a checkout with Go: what tools/go.mod pins is built there as `go tool -modfile=tools/go.mod NAME`. Modules and what
// was compiled are kept between runs; go.sum says what a module must be.
func (t tools) golang(checkout *dagger.Directory) *dagger.Container {
	return withGo(t.from(pins.Go), checkout)
}

// withGo gives a container that has Go a checkout.
func withGo(container *dagger.Container, checkout *dagger.Directory) *dagger.Container {
	return container.
		WithEnvVariable("CGO_ENABLED", "0").
		WithEnvVariable("GOFLAGS", "-mod=readonly").
		WithEnvVariable("GOMODCACHE", "/cache/modules").
		WithEnvVariable("GOCACHE", "/cache/build").
		WithMountedCache("/cache/modules", dag.CacheVolume("todo-go-modules")).
		WithMountedCache("/cache/build", dag.CacheVolume("todo-go-build")).
		WithWorkdir("/src").
		WithMountedDirectory("/src", checkout)
}

// built is ci/cmd/todo-chatbot of a checkout: one file without a C library, equal from equal sources.
func (t tools) built(checkout *dagger.Directory) *dagger.File {
	sources := checkout.Filter(dagger.DirectoryFilterOpts{
		Include: []string{"go.mod", "go.sum", "ci"},
		Exclude: []string{"**/*_test.go", "**/testdata"},
	})
	return t.golang(sources).
		// It is given keys, so nothing that a test wrote is compiled into it.
		WithMountedCache("/cache/modules", dag.CacheVolume("todo-program-modules")).
		WithMountedCache("/cache/build", dag.CacheVolume("todo-program-build")).
		WithExec([]string{"go", "build", "-trimpath", "-o", "/out/todo-chatbot", "./ci/cmd/todo-chatbot"}).
		File("/out/todo-chatbot")
}

// kubernetes is Helm's own image, which has a shell, with the program and the other tools that speak to a cluster. Each comes from
// the image of those who make it, so that its version is the one that is pinned.
func (t tools) kubernetes() *dagger.Container {
	return t.withProgram(t.from(pins.Helm)).
		WithExec([]string{programPath, "chart", "helm", t.reference(pins.Helm)}).
		WithFile("/usr/local/bin/kubectl", t.from(pins.Kubectl).File("/bin/kubectl")).
		WithFile("/usr/local/bin/kubeconform", t.from(pins.Kubeconform).File("/kubeconform")).
		WithFile("/usr/local/bin/jq", t.from(pins.Jq).File("/jq"))
}

// withNodeFiles adds the scripts of ci/node.
func (t tools) withNodeFiles(container *dagger.Container) *dagger.Container {
	return container.WithDirectory(node.Home, t.Scripts.Directory("node"))
}

// withValues gives a container files of values, and the path of each, in their order.
func withValues(container *dagger.Container, files []*dagger.File) (*dagger.Container, []string) {
	var paths []string
	for i, file := range files {
		path := fmt.Sprintf("%s/%d.yaml", valuesPath, i+1)
		container, paths = container.WithMountedFile(path, file), append(paths, path)
	}
	return container, paths
}
