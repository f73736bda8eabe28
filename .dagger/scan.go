package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/scan/download"

	"dagger/todo-chatbot/internal/dagger"
)

// Scan both images, the checkout and its history.
//
// For vulnerabilities, secrets, misconfiguration and licences. It gives what was found, and fails on what can be fixed and is
// of high or critical severity, unless ci/scan/exceptions.yaml has it.
//
// +check
// +cache="session"
func (m *TodoChatbot) Scan(ctx context.Context) (string, error) {
	database, found, err := m.findings(ctx)
	if err != nil {
		return "", named("scan", err)
	}
	said, err := m.Tools.judged(ctx, database, found)
	return said, named("scan", err)
}

// Findings of a scan as a file, whether or not it would pass.
//
// +cache="session"
func (m *TodoChatbot) Findings(
	ctx context.Context,
	// sarif, for GitHub's code scanning, or json.
	format string, // +default="json"
) (*dagger.File, error) {
	if format != "sarif" && format != "json" {
		return nil, fmt.Errorf("findings: no format is called %q; the formats are sarif and json", format)
	}
	_, found, err := m.findings(ctx)
	if err != nil {
		return nil, err
	}
	out := "/findings." + format
	container, paths := withFiles(m.Tools.program().WithEnvVariable("DAY", today()), found)
	return container.
		WithExec(append([]string{programPath, "scan", "write", "--format", format, out}, paths...)).
		File(out), nil
}

// Look for credentials in the checkout, and fail when there is one.
//
// +check
func (m *TodoChatbot) Secrets(ctx context.Context) error {
	trivy := m.Tools.withProgram(m.Tools.from(pins.Trivy)).WithMountedDirectory(checkoutPath, m.Source)
	_, err := program(ctx, trivy, "scan", "secrets", checkoutPath)
	return named("secrets", err)
}

// findings are those of everything that Scan looks through, and the database that was used.
func (m *TodoChatbot) findings(ctx context.Context) (*dagger.Directory, []*dagger.File, error) {
	database, err := m.Tools.database(ctx)
	if err != nil {
		return nil, nil, err
	}
	scanned := func(ctx context.Context, image *Image) (*dagger.File, error) {
		return image.findings(database).Sync(ctx)
	}
	found, err := flow.Gather(ctx,
		built(m.Backend().Image, scanned), built(m.Frontend().Image, scanned),
		m.checkout(database).File(findingsPath).Sync, m.history().File(findingsPath).Sync,
	)
	return database, found, programError(err)
}

// checkout scans what is committed.
func (m *TodoChatbot) checkout(database *dagger.Directory) *dagger.Container {
	return m.Tools.trivy(database).
		WithMountedDirectory(checkoutPath, m.Source).
		WithExec([]string{programPath, "scan", "checkout", "--database", databasePath, findingsPath, checkoutPath})
}

// history looks for credentials in every commit, with the repository's own rules.
func (m *TodoChatbot) history() *dagger.Container {
	return m.Tools.git(m.Git).
		WithMountedFile("/gitleaks.toml", m.Source.File(".gitleaks.toml")).
		WithExec([]string{programPath, "scan", "history", "--rules", "/gitleaks.toml", findingsPath, repositoryPath})
}

// database is what Trivy knows, downloaded once a day.
func (t tools) database(ctx context.Context) (*dagger.Directory, error) {
	command := []string{"trivy", "image", "--download-db-only", "--no-progress", "--cache-dir", databasePath}
	if t.VulnerabilityDatabase != "" {
		command = append(command, "--db-repository", t.VulnerabilityDatabase)
	}
	// Without the program, so that a change of it downloads nothing.
	database, err := t.from(pins.Trivy).
		WithEnvVariable("DAY", today()).
		WithExec(command).
		Directory(databasePath).
		Sync(ctx)
	var failed *dagger.ExecError
	if errors.As(err, &failed) {
		return nil, download.Failure(t.VulnerabilityDatabase, failed.Stderr)
	}
	return database, err
}

// trivy is the scanner with its database. What is found depends on the day.
func (t tools) trivy(database *dagger.Directory) *dagger.Container {
	return t.withProgram(t.from(pins.Trivy)).
		WithEnvVariable("DAY", today()).
		WithMountedDirectory(databasePath, database).
		WithWorkdir("/")
}

// judged gives findings for people, and fails when they do not pass.
func (t tools) judged(ctx context.Context, database *dagger.Directory, found []*dagger.File, flags ...string) (string, error) {
	container, paths := withFiles(t.trivy(database), found)
	args := append([]string{"scan", "judge", "--database", databasePath}, flags...)
	return program(ctx, container, append(args, paths...)...)
}

func today() string { return time.Now().UTC().Format(time.DateOnly) }

// withFiles mounts files and gives the path of each.
func withFiles(container *dagger.Container, files []*dagger.File) (*dagger.Container, []string) {
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = "/files/" + strconv.Itoa(i)
		container = container.WithMountedFile(paths[i], file)
	}
	return container, paths
}

// git is gitleaks' image, which has Git in it, with a repository.
func (t tools) git(repository *dagger.Directory) *dagger.Container {
	return t.withProgram(t.from(pins.Gitleaks)).
		WithUser("root").
		WithMountedDirectory(repositoryPath, repository).
		// Files have another owner here than on the caller's machine, which Git would refuse.
		WithEnvVariable("GIT_CONFIG_COUNT", "1").
		WithEnvVariable("GIT_CONFIG_KEY_0", "safe.directory").
		WithEnvVariable("GIT_CONFIG_VALUE_0", "*")
}
