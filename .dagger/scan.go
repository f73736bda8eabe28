package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/scan"

	"dagger/todo-chatbot/internal/dagger"
)

// threshold is the lightest finding that fails.
const threshold = scan.High

// Scan both images, the checkout and its history.
//
// For vulnerabilities, secrets, misconfiguration and licences. It gives what was found, and fails on what can be fixed and is
// of high or critical severity, unless ci/scan/exceptions.yaml has it.
//
// +check
// +cache="session"
func (m *TodoChatbot) Scan(ctx context.Context) (string, error) {
	found, err := m.findings(ctx)
	if err != nil {
		return "", err
	}
	return found.judge(false)
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
	write := map[string]func([]scan.Finding) ([]byte, error){
		"json":  func(found []scan.Finding) ([]byte, error) { return json.MarshalIndent(found, "", "  ") },
		"sarif": func(found []scan.Finding) ([]byte, error) { return scan.Sarif("todo-chatbot scan", "1", found) },
	}[format]
	if write == nil {
		return nil, fmt.Errorf("findings: no format is called %q; the formats are sarif and json", format)
	}
	found, err := m.findings(ctx)
	if err != nil {
		return nil, err
	}
	// What the gate says is Scan's; here it marks what is excepted.
	_, _ = found.judge(false)
	text, err := write(found.findings)
	if err != nil {
		return nil, err
	}
	return dag.Directory().WithNewFile("findings."+format, string(text)).File("findings." + format), nil
}

// Scan the image: vulnerabilities, secrets, its configuration and licences.
//
// +cache="session"
func (b *Backend) Scan(ctx context.Context) (string, error) {
	return scanOne(ctx, scanner{b.Pins, b.Database}, b.archive, image.Python)
}

// Scan the image: vulnerabilities, secrets, its configuration and licences.
//
// +cache="session"
func (f *Frontend) Scan(ctx context.Context) (string, error) {
	return scanOne(ctx, scanner{f.Pins, f.Database}, f.archive, image.Node)
}

// Look for credentials in the checkout, and fail when there is one.
//
// +check
func (m *TodoChatbot) Secrets(ctx context.Context) error {
	raw, err := written(ctx, "looking for secrets", from(m.Pins, image.Trivy).WithMountedDirectory("/src", m.Source),
		[]string{"trivy", "filesystem", "--scanners", "secret", "--format", "json", "/src"})
	if err != nil {
		return err
	}
	findings, err := scan.ParseTrivy(raw)
	if err != nil {
		return fmt.Errorf("looking for secrets: %w", err)
	}
	if err := (scan.Gate{Threshold: scan.Low}).Check(findings); err != nil {
		return fmt.Errorf("%w\n%s", err, scan.Table(findings))
	}
	return nil
}

// found is what a scan found, and how old what it knows is.
type found struct {
	database scan.Database
	findings []scan.Finding
}

// judge gives the findings for people, and fails when they do not pass.
func (f found) judge(part bool) (string, error) {
	exceptions, err := scan.DefaultExceptions()
	if err != nil {
		return "", err
	}
	now := time.Now()
	err = scan.Gate{Threshold: threshold, Exceptions: exceptions, Now: now, Part: part}.Check(f.findings)
	text := f.database.Line(now) + "\n" + scan.Summary(f.findings, scan.Medium)
	if err != nil {
		return "", fmt.Errorf("%w\n\n%s", err, text)
	}
	return text, nil
}

func scanOne(ctx context.Context, s scanner, build func(context.Context) (archive, error), base image.Name) (string, error) {
	database, known, err := s.database(ctx)
	if err != nil {
		return "", err
	}
	findings, err := s.built(ctx, known, build, base)
	if err != nil {
		return "", err
	}
	return found{database, findings}.judge(true)
}

// findings are those of everything that Scan looks through.
func (m *TodoChatbot) findings(ctx context.Context) (found, error) {
	s := scanner{m.Pins, m.Database}
	database, known, err := s.database(ctx)
	if err != nil {
		return found{}, err
	}
	parts := []func(context.Context) ([]scan.Finding, error){
		func(ctx context.Context) ([]scan.Finding, error) {
			return s.built(ctx, known, m.Backend().archive, image.Python)
		},
		func(ctx context.Context) ([]scan.Finding, error) {
			return s.built(ctx, known, m.Frontend().archive, image.Node)
		},
		func(ctx context.Context) ([]scan.Finding, error) { return s.checkout(ctx, known, m.Source) },
		func(ctx context.Context) ([]scan.Finding, error) {
			return s.history(ctx, m.Git, m.Source.File(".gitleaks.toml"))
		},
	}
	results := make([][]scan.Finding, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	for i, part := range parts {
		group.Go(func() (err error) {
			results[i], err = part(ctx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return found{}, err
	}
	all := found{database: database}
	for _, result := range results {
		all.findings = append(all.findings, result...)
	}
	scan.Sort(all.findings)
	return all, nil
}

// scanner runs the pinned scanners.
type scanner struct {
	pins string
	// mirror is where the vulnerability database comes from, "" for Trivy's own places.
	mirror string
}

// database downloads what Trivy knows, once a day, and tells how old it is.
func (s scanner) database(ctx context.Context) (scan.Database, *dagger.Directory, error) {
	download := []string{"trivy", "image", "--download-db-only", "--no-progress", "--cache-dir", "/database"}
	if s.mirror != "" {
		download = append(download, "--db-repository", s.mirror)
	}
	dir := from(s.pins, image.Trivy).
		WithEnvVariable("DAY", time.Now().UTC().Format(time.DateOnly)).
		WithExec(download).
		Directory("/database")
	metadata, err := dir.File("db/metadata.json").Contents(ctx)
	var failed *dagger.ExecError
	if errors.As(err, &failed) {
		return scan.Database{}, nil, scan.DownloadFailure(s.mirror, failed.Stderr)
	}
	if err != nil {
		return scan.Database{}, nil, fmt.Errorf("reading the vulnerability database: %w", err)
	}
	database, err := scan.ParseDatabase([]byte(metadata))
	return database, dir, err
}

// offline are the arguments of a scan that asks nobody: the database is there, and the checks are those of the pinned
// Trivy, so that a scan is about what is scanned.
func offline(command string, args ...string) []string {
	return append([]string{"trivy", command, "--quiet", "--cache-dir", "/database", "--skip-db-update", "--skip-java-db-update",
		"--skip-check-update", "--skip-version-check", "--offline-scan", "--format", "json"}, args...)
}

// built scans an image as it ships, and tells what lies in its base from what is ours.
func (s scanner) built(ctx context.Context, known *dagger.Directory, build func(context.Context) (archive, error), on image.Name) ([]scan.Finding, error) {
	pins, err := image.ParsePins([]byte(s.pins))
	if err != nil {
		return nil, err
	}
	base, err := scan.NewBase(pins, on)
	if err != nil {
		return nil, err
	}
	made, err := build(ctx)
	if err != nil {
		return nil, err
	}
	name := path.Base(made.repository)
	raw, err := written(ctx, "scanning "+name, unpacked(s.pins, made).WithMountedDirectory("/database", known),
		offline("image", "--scanners", "vuln,secret,license", "--list-all-pkgs", "--image-config-scanners", "misconfig,secret", "--input", name))
	if err != nil {
		return nil, err
	}
	return scan.ParseImage(raw, base, time.Now())
}

// unpacked is Trivy beside an image's unpacked archive, the only form of an OCI layout that it reads.
func unpacked(pins string, made archive) *dagger.Container {
	return from(pins, image.Trivy).
		WithMountedFile("/image.tar", made.file).
		WithWorkdir("/" + path.Base(made.repository)).
		WithExec([]string{"tar", "-xf", "/image.tar"}).
		WithWorkdir("/")
}

// checkout scans what is committed, the rendered chart in ci/chart/testdata among it. What ships nowhere is left out: the
// lab's tools, what the benchmarks measure against, and a made-up release that tests read.
func (s scanner) checkout(ctx context.Context, known, source *dagger.Directory) ([]scan.Finding, error) {
	trivy := from(s.pins, image.Trivy).
		WithMountedDirectory("/database", known).
		WithMountedDirectory("/checkout", source).
		WithWorkdir("/")
	raw, err := written(ctx, "scanning the checkout", trivy, offline("filesystem", "--scanners", "vuln,secret,misconfig",
		"--skip-dirs", "checkout/hack/lab", "--skip-dirs", "checkout/benchmarks", "--skip-dirs", "checkout/ci/kube/testdata", "checkout"))
	if err != nil {
		return nil, err
	}
	return scan.ParseTrivy(raw, scan.LanguagePackages)
}

// history looks for credentials in every commit, with the repository's own rules.
func (s scanner) history(ctx context.Context, git *dagger.Directory, config *dagger.File) ([]scan.Finding, error) {
	if err := cloned(ctx, git); err != nil {
		return nil, fmt.Errorf("looking through the history: %w", err)
	}
	shallow, err := git.Glob(ctx, ".git/shallow")
	if err != nil {
		return nil, fmt.Errorf("reading the history: %w", err)
	}
	if len(shallow) > 0 {
		return nil, errors.New("looking through the history: this clone is shallow, so most of it is not there; run git fetch --unshallow")
	}
	raw, err := written(ctx, "looking through the history", withGit(s.pins, git).
		WithMountedFile("/gitleaks.toml", config), []string{"gitleaks", "git", "--no-banner", "--log-level", "error", "--config", "/gitleaks.toml", "--redact=100", "--exit-code", "0", "--report-format", "json", "--report-path", "/tmp/report.json", "/repository"})
	if err != nil {
		return nil, err
	}
	return scan.ParseGitleaks(raw)
}

// cloned fails when a checkout has no Git directory of its own.
func cloned(ctx context.Context, git *dagger.Directory) error {
	found, err := git.Glob(ctx, ".git/HEAD")
	if err == nil && len(found) == 0 {
		err = errors.New("this checkout has no .git directory: it is no clone, or a worktree of one; call from a clone")
	}
	return err
}

// withGit is gitleaks' image, which has Git in it, with a repository.
func withGit(pins string, repository *dagger.Directory) *dagger.Container {
	return from(pins, image.Gitleaks).
		WithUser("root").
		WithMountedDirectory("/repository", repository).
		// Files have another owner here than on the caller's machine, which Git would refuse.
		WithEnvVariable("GIT_CONFIG_COUNT", "1").
		WithEnvVariable("GIT_CONFIG_KEY_0", "safe.directory").
		WithEnvVariable("GIT_CONFIG_VALUE_0", "*")
}

// written runs a scanner and gives the report that it wrote.
func written(ctx context.Context, what string, container *dagger.Container, args []string) ([]byte, error) {
	if args[0] == "trivy" {
		args = append(args, "--output", "/tmp/report.json")
	}
	raw, err := container.WithExec(args).File("/tmp/report.json").Contents(ctx)
	if err != nil {
		return nil, explain(what, err)
	}
	return []byte(raw), nil
}
