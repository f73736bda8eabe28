package main

import (
	"context"

	"todo-chatbot/ci/pins"

	"dagger/todo-chatbot/internal/dagger"
)

const (
	frontendUser = "1001:1001"
	frontendPort = 3000
)

// Frontend is the Next.js application in frontend/.
type Frontend struct {
	Tools  tools             // +private
	Source *dagger.Directory // +private
}

// The image: Node and Next.js' standalone server.
//
// It has no package manager and no source map, and does not run as root.
func (f *Frontend) Build() *dagger.Container {
	user := f.Tools.account(pins.Node, "nextjs", frontendUser)
	built := f.built()
	server := built.Directory("/app/.next/standalone")
	return f.Tools.withoutManagers(pins.Node).
		WithDirectory("/", user.WithDirectory("app", server.Filter(dagger.DirectoryFilterOpts{Include: libraries}))).
		WithDirectory("/app", server.Filter(dagger.DirectoryFilterOpts{Exclude: libraries}).
			WithDirectory(".next/static", built.Directory("/app/.next/static")).
			WithDirectory("public", built.Directory("/app/public"))).
		WithWorkdir("/app").
		WithEnvVariable("NODE_ENV", "production").
		WithEnvVariable("NEXT_TELEMETRY_DISABLED", "1").
		WithEnvVariable("HOSTNAME", ""). // every address: a container runtime sets it to the container's name
		WithEnvVariable("PORT", "3000").
		WithUser(frontendUser).
		WithExposedPort(frontendPort).
		WithDockerHealthcheck([]string{"node", "-e",
			"fetch('http://127.0.0.1:3000/api/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"},
			dagger.ContainerWithDockerHealthcheckOpts{Interval: "30s", Timeout: "5s", StartPeriod: "10s"}).
		WithoutEntrypoint().
		WithDefaultArgs([]string{"node", "--max-semi-space-size=16", "server.js"}) // why: docs/decisions/front-end.md
}

// The image as it ships: an archive, what is in it, and what is wrong with it.
//
// +cache="session"
func (f *Frontend) Image(_ context.Context) (*Image, error) {
	return f.Tools.image(frontendRepository, pins.Node, f.Build()), nil
}

// libraries are what the build takes from packages: as files, and as chunks that hold nothing else. A change of the
// application leaves them as they are, so they have a layer of their own.
var libraries = []string{"node_modules", ".next/server/chunks/**/node_modules_*"}

// Run the tests against a real Postgres.
//
// +check
func (f *Frontend) Test(ctx context.Context) error {
	_, err := f.tested().Sync(ctx)
	return explain("dagger call frontend test", err)
}

// tested has run the tests, and written which.
func (f *Frontend) tested() *dagger.Container {
	return f.Tools.withPostgres(f.checkout()).
		// The package that carries Postgres' programs has none for Alpine.
		WithEnvVariable("TEST_DATABASE_URL", "postgresql://"+databaseAddress).
		WithExec([]string{"npm", "test", "--", "--reporter=default", "--reporter=junit", "--outputFile.junit=" + junitPath})
}

// Check the style.
//
// +check
func (f *Frontend) Lint(ctx context.Context) error {
	// What ESLint and Prettier know of a file goes by its content.
	container := f.checkout().WithMountedCache("/app/node_modules/.cache", dag.CacheVolume("todo-lint"+f.Tools.Salt))
	return passes(ctx, container, "dagger call frontend lint", "npm", "run", "lint")
}

// Check the types.
//
// +check
func (f *Frontend) Types(ctx context.Context) error {
	container := f.checkout().WithMountedCache("/tsc", dag.CacheVolume("todo-tsc"+f.Tools.Salt))
	return passes(ctx, container, "dagger call frontend types", "npm", "run", "typecheck", "--", "--incremental", "--tsBuildInfoFile", "/tsc/info")
}

// locked is Node with the locked dependencies, those that only the build needs among them.
func (f *Frontend) locked() *dagger.Container {
	return f.Tools.from(pins.Node).
		WithMountedCache("/root/.npm", dag.CacheVolume("todo-npm"+f.Tools.Salt)).
		WithEnvVariable("BUILD_SALT", f.Tools.Salt).
		// The authorities of the engine as well as Node's own list: a company's proxy is known to the first alone.
		WithEnvVariable("NODE_USE_SYSTEM_CA", "1").
		WithEnvVariable("NEXT_TELEMETRY_DISABLED", "1").
		WithWorkdir("/app").
		WithFile("package.json", f.Source.File("package.json")).
		WithFile("package-lock.json", f.Source.File("package-lock.json")).
		WithExec([]string{"npm", "ci", "--no-audit", "--no-fund"})
}

// checkout is the whole folder with its development tools.
func (f *Frontend) checkout() *dagger.Container { return f.locked().WithDirectory("/app", f.Source) }

// built is the production build.
func (f *Frontend) built() *dagger.Container {
	sources := dag.Directory().WithDirectory("/", f.Source, dagger.DirectoryWithDirectoryOpts{
		Exclude: []string{"test", "e2e", "playwright.config.ts", "**/*.test.ts", "**/*.test.tsx", "README.md"},
	})
	return f.locked().
		WithDirectory("/app", sources).
		WithEnvVariable("NODE_ENV", "production").
		WithExec([]string{"npm", "run", "build"})
}
