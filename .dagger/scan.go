package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/scan"

	"dagger/todo-chatbot/internal/dagger"
)

// Where a container has the vulnerability database, the checkout that is scanned, and what is found.
const (
	databasePath = "/database"
	checkoutPath = "/checkout"
	findingsPath = "/findings.json"
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
		return "", err
	}
	return m.Tools.judged(ctx, database, found)
}

// Findings of a scan as a file, whether or not it would pass.
//
// +cache="session"
func (m *TodoChatbot) Findings(
	ctx context.Context,
	// sarif, for GitHub's code scanning, or json.
	// +default="json"
	format string,
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
	_, err := m.Tools.withProgram(m.Tools.from(image.Trivy)).
		WithMountedDirectory(checkoutPath, m.Source).
		WithExec([]string{programPath, "scan", "secrets", checkoutPath}).
		Sync(ctx)
	return programError(err)
}

// findings are those of everything that Scan looks through, and the database that was used.
func (m *TodoChatbot) findings(ctx context.Context) (*dagger.Directory, []*dagger.File, error) {
	database, err := m.Tools.database(ctx)
	if err != nil {
		return nil, nil, err
	}
	found, err := sideBySide(ctx,
		func(ctx context.Context) (*dagger.File, error) { return scanned(ctx, m.Backend().Image, database) },
		func(ctx context.Context) (*dagger.File, error) { return scanned(ctx, m.Frontend().Image, database) },
		m.checkout(database).File(findingsPath).Sync,
		m.history().File(findingsPath).Sync,
	)
	return database, found, programError(err)
}

// scanned are the findings of an image that is built first.
func scanned(ctx context.Context, build builder, database *dagger.Directory) (*dagger.File, error) {
	built, err := build(ctx)
	if err != nil {
		return nil, err
	}
	return built.findings(database).Sync(ctx)
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
	download := []string{"trivy", "image", "--download-db-only", "--no-progress", "--cache-dir", databasePath}
	if t.VulnerabilityDatabase != "" {
		download = append(download, "--db-repository", t.VulnerabilityDatabase)
	}
	// Without the program, so that a change of it downloads nothing.
	database, err := t.from(image.Trivy).
		WithEnvVariable("DAY", today()).
		WithExec(download).
		Directory(databasePath).
		Sync(ctx)
	var failed *dagger.ExecError
	if errors.As(err, &failed) {
		return nil, scan.DownloadFailure(t.VulnerabilityDatabase, failed.Stderr)
	}
	return database, err
}

// trivy is the scanner with its database. What is found depends on the day.
func (t tools) trivy(database *dagger.Directory) *dagger.Container {
	return t.withProgram(t.from(image.Trivy)).
		WithEnvVariable("DAY", today()).
		WithMountedDirectory(databasePath, database).
		WithWorkdir("/")
}

// judged gives findings for people, and fails when they do not pass.
func (t tools) judged(ctx context.Context, database *dagger.Directory, found []*dagger.File, flags ...string) (string, error) {
	container, paths := withFiles(t.trivy(database), found)
	args := append([]string{programPath, "scan", "judge", "--database", databasePath}, flags...)
	out, err := container.WithExec(append(args, paths...)).Stdout(ctx)
	return out, programError(err)
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

// repositoryPath is where a container has the repository that Git is asked about.
const repositoryPath = "/repository"

// git is gitleaks' image, which has Git in it, with a repository.
func (t tools) git(repository *dagger.Directory) *dagger.Container {
	return t.withProgram(t.from(image.Gitleaks)).
		WithUser("root").
		WithMountedDirectory(repositoryPath, repository).
		// Files have another owner here than on the caller's machine, which Git would refuse.
		WithEnvVariable("GIT_CONFIG_COUNT", "1").
		WithEnvVariable("GIT_CONFIG_KEY_0", "safe.directory").
		WithEnvVariable("GIT_CONFIG_VALUE_0", "*")
}
