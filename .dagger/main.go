// Takes the todo chatbot from a checkout to a tested release on Kubernetes.
//
// `dagger check` runs every check. `dagger call deploy` builds, checks, starts a one-node Kubernetes, and installs and tests the
// release there. `dagger call release … deploy` does the same in a cluster of yours. `dagger up` keeps the application on
// http://localhost:3000. Each part can be called alone, e.g. `dagger call backend test`.
//
// This module wires containers together. What is decided is decided in ci/, which knows nothing of Dagger.
package main

import (
	"context"
	"fmt"

	"dagger/todo-chatbot/internal/dagger"
)

// TodoChatbot is the pipeline for one checkout.
type TodoChatbot struct {
	Source *dagger.Directory // +private
	// Git is a directory with the checkout's .git, where it has one.
	Git   *dagger.Directory // +private
	Tools tools             // +private
}

// New opens the pipeline on a checkout.
//
// As every function that gives an object, it is kept no longer than its session: an engine may forget a directory or a file that a cached
// object names, and every later call would fail ("missing shared result").
//
// +cache="session"
func New(
	ctx context.Context,
	// The checkout.
	// +defaultPath="/"
	// +ignore=["**/node_modules", "**/.venv", "**/.next", "**/__pycache__", "**/.*_cache", "**/.env", "**/.env.local", ".git", ".bin", "report"]
	source *dagger.Directory,
	// A directory with the checkout's .git: scans read its history, publications its commit.
	// +defaultPath="/"
	// +ignore=["*", "!.git"]
	git *dagger.Directory,
	// The base and tool images, one a line as in ci/pins/pins.txt, each with a digest. A mirror's own go here.
	pins *dagger.File, // +optional
	// The time that images say they were created at, in seconds since 1970: the commit's, $(git log -1 --format=%ct).
	// Without it they say 1970, and commits that change nothing in an image leave its digest as it was.
	created int, // +optional
	// Where scans take the vulnerability database from, as an OCI reference: a copy of ghcr.io/aquasecurity/trivy-db:2.
	vulnerabilityDatabase string, // +optional
	// The platform that images are built for, linux/amd64 or linux/arm64; left out, the engine's own. Nothing is emulated.
	platform string, // +optional
) (*TodoChatbot, error) {
	text, err := pinsOf(ctx, pins)
	if err != nil {
		return nil, err
	}
	if created < 0 {
		return nil, fmt.Errorf("the time of the images: %d is before 1970; give the commit's, $(git log -1 --format=%%ct)", created)
	}
	engine, err := dag.DefaultPlatform(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the engine for its platform: %w", err)
	}
	with := tools{Pins: text, VulnerabilityDatabase: vulnerabilityDatabase, Created: created, Engine: string(engine), Platform: string(engine)}
	if platform != "" {
		if err := with.pins().CheckBuild(platform); err != nil {
			return nil, err
		}
		with.Platform = platform
	}
	with.Program = with.built(source)
	with.Scripts = source.Directory("ci").Filter(dagger.DirectoryFilterOpts{Include: []string{"node", "chart/*.sh"}, Exclude: []string{"**/*.go"}})
	return &TodoChatbot{Source: source, Git: git, Tools: with}, nil
}

// The FastAPI backend: its tests, its lints and its image.
//
// +cache="session"
func (m *TodoChatbot) Backend() *Backend {
	return &Backend{Tools: m.Tools, Source: m.Source.Directory("backend")}
}

// The Next.js front end: its tests, its lints and its image.
//
// +cache="session"
func (m *TodoChatbot) Frontend() *Frontend {
	return &Frontend{Tools: m.Tools, Source: m.Source.Directory("frontend")}
}

// The Helm chart: rendered, linted and checked against Kubernetes' schemas.
//
// +cache="session"
func (m *TodoChatbot) Chart() *Chart {
	return &Chart{Pipeline: m, Source: m.Source.Directory("helm/todo-chatbot")}
}

// on is the pipeline for images of a platform.
func (m *TodoChatbot) on(platform string) *TodoChatbot {
	other := *m
	other.Tools.Platform = platform
	return &other
}
