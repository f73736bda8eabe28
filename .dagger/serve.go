package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// Serve the API on port 8000, for work on a front end.
//
// It has a Postgres of its own that ends with it, and its description is at /docs:
// dagger call backend serve --frontend tcp://localhost:3000 up --ports 8000:8000
//
// +cache="session"
func (b *Backend) Serve(
	ctx context.Context,
	// The front end that signs users in, e.g. tcp://localhost:3000. Without it there are no keys, and no token counts.
	// +optional
	frontend *dagger.Service,
	// The origin under which browsers reach the front end: the issuer of its tokens.
	// +default="http://localhost:3000"
	publicUrl string,
	// Without it a small parser of commands answers.
	// +optional
	openaiApiKey *dagger.Secret,
) (*dagger.Service, error) {
	built, err := b.Build(ctx)
	if err != nil {
		return nil, err
	}
	container, reached, err := b.Tools.withDatabase(ctx, built, "frontend", frontend)
	if err != nil {
		return nil, err
	}
	if openaiApiKey != nil {
		container = container.WithSecretVariable("OPENAI_API_KEY", openaiApiKey)
	}
	return container.
		WithEnvVariable("ENVIRONMENT", "development").
		WithEnvVariable("AUTH_JWKS_URL", reached+"/api/auth/jwks").
		WithEnvVariable("AUTH_ISSUER", publicUrl).
		AsService(dagger.ContainerAsServiceOpts{
			Args: append([]string{"sh", "-c", `alembic upgrade head && exec "$@"`, "serve"}, backendServer...),
		}), nil
}

// Serve the pages on port 3000, for work on a backend.
//
// They have a Postgres of their own that ends with them:
// dagger call frontend serve --backend tcp://localhost:8000 up --ports 3000:3000
//
// +cache="session"
func (f *Frontend) Serve(
	ctx context.Context,
	// The backend, e.g. tcp://localhost:8000. Without it users sign up and in, and there are neither chat nor todos.
	// +optional
	backend *dagger.Service,
	// The origin under which browsers reach the pages.
	// +default="http://localhost:3000"
	publicUrl string,
) (*dagger.Service, error) {
	container, reached, err := f.Tools.withDatabase(ctx, f.Build(), "backend", backend)
	if err != nil {
		return nil, err
	}
	return container.
		WithSecretVariable("BETTER_AUTH_SECRET", dag.SetSecret("better-auth-secret-"+rand.Text(), rand.Text()+rand.Text())).
		WithEnvVariable("BETTER_AUTH_URL", publicUrl).
		WithEnvVariable("BACKEND_URL", reached).
		AsService(), nil
}

// withDatabase is one half of the application with a database, bound to the other half if there is one, and the address under
// which it reaches that.
func (t tools) withDatabase(ctx context.Context, built *dagger.Container, alias string, other *dagger.Service) (*dagger.Container, string, error) {
	container := t.withPostgres(built).WithEnvVariable("DATABASE_URL", "postgresql+asyncpg://"+databaseAddress)
	if other == nil {
		return container, "http://" + alias + ".invalid", nil
	}
	port, err := onePort(ctx, other, "--"+alias)
	if err != nil {
		return nil, "", err
	}
	return container.WithServiceBinding(alias, other), fmt.Sprintf("http://%s:%d", alias, port), nil
}

// onePort gives the port of a service of the caller's machine, which an argument named.
func onePort(ctx context.Context, service *dagger.Service, argument string) (int, error) {
	// One that is a default of .env is not running yet, and only then has it ports.
	started, err := service.Start(ctx)
	if err != nil {
		return 0, fmt.Errorf("reaching %s: %w", argument, err)
	}
	ports, err := started.Ports(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", argument, err)
	}
	if len(ports) != 1 {
		return 0, fmt.Errorf("%s has %d ports and needs one; pass tcp://localhost:PORT", argument, len(ports))
	}
	port, err := ports[0].Port(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", argument, err)
	}
	return port, nil
}

// databaseAddress is what follows the scheme in the address of withPostgres' database.
const databaseAddress = "todo:todo@postgres:5432/todo"

// withPostgres gives a container a database that is as new and ends with it. Nobody else reaches it, so its password is
// no secret.
func (t tools) withPostgres(container *dagger.Container) *dagger.Container {
	database := t.from(image.Postgres).
		WithEnvVariable("POSTGRES_USER", "todo").
		WithEnvVariable("POSTGRES_PASSWORD", "todo").
		WithExposedPort(5432).
		AsService(dagger.ContainerAsServiceOpts{UseEntrypoint: true})
	return container.WithServiceBinding("postgres", database)
}
