package main

import (
	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// goTools is the repository with Go: what tools/go.mod pins is built there as `go tool -modfile=tools/go.mod NAME`. Modules and
// what was compiled are kept between runs; go.sum says what a module must be.
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
