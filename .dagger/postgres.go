package main

import (
	"todo-chatbot/ci/pins"

	"dagger/todo-chatbot/internal/dagger"
)

// databaseAddress is what follows the scheme in the address of withPostgres' database.
const databaseAddress = "todo:todo@postgres:5432/todo"

// withOwnDatabase gives one half of the application the database of withPostgres.
func (t tools) withOwnDatabase(container *dagger.Container) *dagger.Container {
	return t.withPostgres(container).WithEnvVariable("DATABASE_URL", "postgresql+asyncpg://"+databaseAddress)
}

// withPostgres gives a container a database that is as new and ends with it. Nobody else reaches it, so its password is
// no secret.
func (t tools) withPostgres(container *dagger.Container) *dagger.Container {
	database := t.from(pins.Postgres).
		WithEnvVariable("POSTGRES_USER", "todo").
		WithEnvVariable("POSTGRES_PASSWORD", "todo").
		WithExposedPort(5432).
		AsService(dagger.ContainerAsServiceOpts{UseEntrypoint: true})
	return container.WithServiceBinding("postgres", database)
}
