package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/venv"

	"dagger/todo-chatbot/internal/dagger"
)

const (
	backendUser = "1000:1000"
	backendPort = 8000
)

// Backend is the FastAPI application in backend/.
type Backend struct {
	Tools  tools             // +private
	Source *dagger.Directory // +private
}

// The image: Python, the locked dependencies, the application.
//
// It has no compiler and no package manager, and does not run as root.
func (b *Backend) Build(ctx context.Context) (*dagger.Container, error) {
	packages, application, err := b.compiled(ctx)
	if err != nil {
		return nil, err
	}
	user := b.Tools.account(pins.Python, "appuser", backendUser)
	return b.Tools.withoutManagers(pins.Python).
		WithDirectory("/", user.WithDirectory("app/.venv", packages.Filter(dagger.DirectoryFilterOpts{Exclude: venv.NeverLoaded()}))).
		WithDirectory("/app", application, dagger.ContainerWithDirectoryOpts{Include: applicationFiles}).
		WithWorkdir("/app").
		WithEnvVariable("PATH", "/app/.venv/bin:${PATH}", dagger.ContainerWithEnvVariableOpts{Expand: true}).
		WithEnvVariable("PYTHONPATH", "/app/src").
		WithEnvVariable("PYTHONUNBUFFERED", "1").
		WithEnvVariable("PYTHONDONTWRITEBYTECODE", "1").
		// Seconds that requests under way have after SIGTERM; the chart's own figure goes before it.
		WithEnvVariable("UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", "20").
		WithUser(backendUser).
		WithExposedPort(backendPort).
		// The slim image has no curl; its Python asks as well.
		WithDockerHealthcheck([]string{"python", "-c",
			"import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=3)"},
			dagger.ContainerWithDockerHealthcheckOpts{Interval: "30s", Timeout: "5s", StartPeriod: "10s"}).
		WithoutEntrypoint().
		WithDefaultArgs(backendServer), nil
}

// The image as it ships: an archive, what is in it, and what is wrong with it.
//
// +cache="session"
func (b *Backend) Image(ctx context.Context) (*Image, error) {
	built, err := b.Build(ctx)
	return b.Tools.image(backendRepository, pins.Python, built), err
}

// backendServer is what the image runs. No host is every address, of IPv6 where a kernel has it. Nothing here speaks WebSocket, and
// its library would be loaded all the same.
var backendServer = []string{"uvicorn", "todo.main:app", "--host=", "--port", "8000", "--ws", "none", "--no-access-log"}

// Run the tests against a real Postgres.
//
// +check
func (b *Backend) Test(ctx context.Context) error {
	_, err := b.tested().Sync(ctx)
	return explain("dagger call backend test", err)
}

// tested has run the tests, and written which.
func (b *Backend) tested() *dagger.Container {
	return b.checkout().WithExec([]string{"uv", "run", "--no-sync", "pytest", "-q", "--numprocesses", "auto", "--junit-xml", junitPath})
}

// Check the style and the formatting.
//
// +check
func (b *Backend) Lint(ctx context.Context) error {
	return passes(ctx, b.checkout(), "dagger call backend lint", "sh", "-c", "uv run --no-sync ruff check . && uv run --no-sync ruff format --check .")
}

// Check the types.
//
// +check
func (b *Backend) Types(ctx context.Context) error {
	// To mypy a file of the same time and size is the same, so every file gets a new time.
	container := b.checkout().WithUser("root").WithMountedCache("/mypy", dag.CacheVolume("todo-mypy"+b.Tools.Salt))
	return passes(ctx, container, "dagger call backend types", "sh", "-c", "find src tests migrations -name '*.py' -exec touch {} + && uv run --no-sync mypy --cache-dir /mypy")
}

// applicationFiles are what is ours in the image.
var applicationFiles = []string{"src", "migrations", "alembic.ini"}

// compiled is the dependencies and the application, each with the bytecode of what a start loads. They are compiled apart, so
// that a change of the application which loads no other module of a dependency leaves these as they are. What a start loads is listed
// where it runs, and bytecode is the same on every machine.
func (b *Backend) compiled(ctx context.Context) (packages, application *dagger.Directory, err error) {
	native := b.dependencies()
	shipped := native
	if b.Tools.foreign() {
		shipped = b.dependencies("--python-platform", venv.Wheels(b.Tools.Platform))
	}
	own := b.Tools.from(pins.Python).
		WithEnvVariable("BUILD_SALT", b.Tools.Salt).
		WithDirectory("/app", b.Source, dagger.ContainerWithDirectoryOpts{Include: applicationFiles})
	loaded, err := native.
		WithDirectory("/app", own.Directory("/app")).
		WithEnvVariable("PYTHONPATH", "/app/src").
		// Bytecode that no image gets: the next build lists in a third of the time.
		WithMountedCache("/tmp/bytecode", dag.CacheVolume("todo-bytecode"+b.Tools.Salt)).
		WithEnvVariable("PYTHONPYCACHEPREFIX", "/tmp/bytecode").
		WithoutEnvVariable("PYTHONDONTWRITEBYTECODE").
		WithExec([]string{"/app/.venv/bin/python", "-c", venv.LoadedAtStart()}).
		Stdout(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("%w\nThe back end does not start with what backend/uv.lock has; its tests tell more: dagger call backend test",
			explain("listing the modules of a start", err))
	}
	packages = withBytecode(shipped, loaded, "/app/.venv/").Directory("/app/.venv")
	return packages, withBytecode(own, loaded, "/app/src/").Directory("/app"), nil
}

// dependencies are the locked ones, trimmed: those of this machine, unless flags of uv say for which.
func (b *Backend) dependencies(flags ...string) *dagger.Container {
	return b.locked().
		WithExec(append([]string{"uv", "sync", "--frozen", "--no-dev"}, flags...)).
		WithMountedFile("/run/todo-chatbot", b.Tools.Program).
		WithExec([]string{"/run/todo-chatbot", "image", "strip", "/app/.venv"}).
		WithoutMount("/run/todo-chatbot")
}

// withBytecode compiles those of the listed files that are in a folder. Bytecode is checked against nothing at run time, so it
// has no time in it; the hash seed fixes the order of what is in sets.
func withBytecode(python *dagger.Container, listed, folder string) *dagger.Container {
	files := slices.DeleteFunc(slices.Sorted(strings.Lines(listed)), func(file string) bool { return !strings.HasPrefix(file, folder) })
	return python.
		WithNewFile("/tmp/loaded", strings.Join(files, "")).
		WithEnvVariable("PYTHONHASHSEED", "0").
		WithExec([]string{"python", "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash", "-i", "/tmp/loaded"})
}

// locked is Python with uv and the lock file: where dependencies come from, for the image and for the tests.
func (b *Backend) locked() *dagger.Container {
	return b.Tools.from(pins.Python).
		WithFile("/usr/local/bin/uv", b.Tools.from(pins.Uv).File("/uv")).
		WithMountedCache("/root/.cache/uv", dag.CacheVolume("todo-uv"+b.Tools.Salt)).
		WithEnvVariable("BUILD_SALT", b.Tools.Salt).
		WithEnvVariable("UV_LINK_MODE", "copy").
		WithEnvVariable("UV_PYTHON_DOWNLOADS", "never").
		// The authorities of the engine, not uv's own list: a company's proxy is known to the first alone.
		WithEnvVariable("UV_SYSTEM_CERTS", "1").
		WithEnvVariable("UV_NO_INSTALLER_METADATA", "1").
		WithEnvVariable("PYTHONDONTWRITEBYTECODE", "1").
		WithWorkdir("/app").
		WithFile("pyproject.toml", b.Source.File("pyproject.toml")).
		WithFile("uv.lock", b.Source.File("uv.lock"))
}

// checkout is the whole folder with its development tools, as the user that the image has: Postgres refuses root, and
// whoever has no name.
func (b *Backend) checkout() *dagger.Container {
	return b.locked().
		// Tests start some thirty processes, and only root may write here: without bytecode each compiles what it imports.
		WithExec([]string{"uv", "sync", "--frozen", "--compile-bytecode"}).
		WithDirectory("/", b.Tools.account(pins.Python, "appuser", backendUser)).
		WithDirectory("/app", b.Source).
		WithExec([]string{"chown", backendUser, "/app"}).
		WithoutMount("/root/.cache/uv").
		WithEnvVariable("UV_NO_CACHE", "1").
		WithEnvVariable("HOME", "/tmp").
		WithUser(backendUser)
}
