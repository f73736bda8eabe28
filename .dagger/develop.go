package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"todo-chatbot/ci/pins"

	"dagger/todo-chatbot/internal/dagger"
)

// Serve the checkout on port 3000, for work on it.
//
// What is saved is served a second or two later, by uvicorn's and Next.js' own servers, without a cluster. Their Postgres ends with
// them. Other dependencies and migrations come with the next start:
// dagger call dev up
//
// +cache="session"
func (m *TodoChatbot) Dev(
	ctx context.Context,
	// Where the checkout is. It is the one that the call is made in.
	checkout *dagger.Workspace,
	// The origin under which browsers reach the pages.
	publicUrl string, // +default="http://localhost:3000"
	// Without it a small parser of commands answers.
	openaiApiKey *dagger.Secret, // +optional
	// Keep the mails that the pages send, and show them on port 8025. Who signs up has to confirm their address by one of them.
	mail bool, // +optional
) (*dagger.Service, error) {
	id, err := checkout.ID(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the workspace: %w", err)
	}
	// The last arguments are further flags of the program, and the server's command.
	follows := func(container *dagger.Container, folder string, server ...string) *dagger.Service {
		args := []string{programPath, "develop", "--workspace", string(id), "--folder", folder}
		for _, pattern := range neverDeveloped {
			args = append(args, "--exclude", pattern)
		}
		return m.Tools.withProgram(container).AsService(dagger.ContainerAsServiceOpts{
			Args: append(args, server...), ExperimentalPrivilegedNesting: true,
		})
	}
	backend := m.Tools.withOwnDatabase(m.Backend().checkout().WithUser("root")).
		WithoutEnvVariable("PYTHONDONTWRITEBYTECODE"). // each start after the first reads what did not change
		WithEnvVariable("PYTHONPATH", "/app/src").
		WithEnvVariable("PATH", "/app/.venv/bin:${PATH}", dagger.ContainerWithEnvVariableOpts{Expand: true}).
		WithEnvVariable("ENVIRONMENT", "development").
		WithEnvVariable("AUTH_JWKS_URL", "http://"+developedPages+":3000/api/auth/jwks").
		WithEnvVariable("AUTH_ISSUER", publicUrl).
		WithExposedPort(backendPort)
	if openaiApiKey != nil {
		backend = backend.WithSecretVariable("OPENAI_API_KEY", openaiApiKey)
	}
	server := []string{"npm", "run", "dev", "--", "--hostname", "0.0.0.0"}
	pages := m.Tools.withOwnDatabase(m.Frontend().checkout()).
		WithSecretVariable("BETTER_AUTH_SECRET", dag.SetSecret("better-auth-secret-"+rand.Text(), rand.Text()+rand.Text())).
		WithEnvVariable("BETTER_AUTH_URL", publicUrl).
		WithEnvVariable("BACKEND_URL", "http://backend:8000").
		WithExposedPort(frontendPort).
		WithServiceBinding("backend", follows(backend, "/backend", "sh", "-c",
			`alembic upgrade head && exec uvicorn todo.main:app --reload --reload-dir src --host 0.0.0.0 --port 8000 --ws none`))
	if mail {
		pages = m.Tools.withMail(pages).WithExposedPort(mailPort)
		server = append([]string{"--forward", fmt.Sprintf("%d=mail:%[1]d", mailPort)}, server...)
	}
	return follows(pages, "/frontend", server...).WithHostname(developedPages), nil
}

// mailPort is where Mailpit shows the mails.
const mailPort = 8025

// withMail gives the pages a mail server that keeps every mail and sends none. It ends with the call.
func (t tools) withMail(pages *dagger.Container) *dagger.Container {
	return pages.WithServiceBinding("mail", t.from(pins.Mailpit).AsService(dagger.ContainerAsServiceOpts{UseEntrypoint: true})).
		WithEnvVariable("SMTP_HOST", "mail").
		WithEnvVariable("SMTP_PORT", "1025").
		WithEnvVariable("SMTP_TLS", "none").
		WithEnvVariable("SMTP_FROM", "Todos <todos@example.com>")
}

// developedPages is the name under which the backend finds the pages.
const developedPages = "frontend"

// neverDeveloped is what New leaves out of a checkout as well.
var neverDeveloped = []string{"**/node_modules", "**/.venv", "**/.next", "**/__pycache__", "**/.*_cache", "**/.env", "**/.env.local"}
