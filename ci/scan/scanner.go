package scan

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"todo-chatbot/ci/git"
	"todo-chatbot/ci/run"
)

// Scanner runs the trivy on PATH. A scan asks nobody: the database is there, and the checks are those of the pinned Trivy, so
// that a scan is about what is scanned.
type Scanner struct {
	// Database is Trivy's folder with its vulnerability database.
	Database string
}

// notShipped is what a scan of the checkout leaves out: the lab's tools, what the benchmarks measure against, and a made-up
// release that tests read.
var notShipped = []string{"hack/lab", "benchmarks", "ci/kube/testdata"}

// Image scans an image as it ships, from its OCI archive, and tells what lies in its base from what is ours.
func (s Scanner) Image(ctx context.Context, archive string, base Base, now time.Time) ([]Finding, error) {
	var raw []byte
	err := unpacked(ctx, archive, func(folder, name string) (err error) {
		raw, err = s.offline(ctx, folder, "image", "--scanners", "vuln,secret,license", "--list-all-pkgs",
			"--image-config-scanners", "misconfig,secret", "--input", name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ParseImage(raw, base, now)
}

// Checkout scans what is committed, the rendered chart in ci/chart/testdata among it.
func (s Scanner) Checkout(ctx context.Context, folder string) ([]Finding, error) {
	dir, name := filepath.Split(filepath.Clean(folder))
	args := []string{"filesystem", "--scanners", "vuln,secret,misconfig"}
	for _, skipped := range notShipped {
		args = append(args, "--skip-dirs", filepath.Join(name, skipped))
	}
	raw, err := s.offline(ctx, dir, append(args, name)...)
	if err != nil {
		return nil, err
	}
	return ParseTrivy(raw, LanguagePackages)
}

func (s Scanner) offline(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return trivy(ctx, dir, append(args, "--cache-dir", s.Database, "--skip-db-update", "--skip-java-db-update",
		"--skip-check-update", "--skip-version-check", "--offline-scan", "--format", "json")...)
}

// Secrets looks for credentials in a checkout.
func Secrets(ctx context.Context, folder string) ([]Finding, error) {
	raw, err := trivy(ctx, "", "filesystem", "--scanners", "secret", "--format", "json", folder)
	if err != nil {
		return nil, err
	}
	return ParseTrivy(raw)
}

// Packages lists what is in an image, from its OCI archive, as Trivy writes it in a format.
func Packages(ctx context.Context, archive, format string) (list []byte, err error) {
	err = unpacked(ctx, archive, func(folder, name string) (err error) {
		list, err = trivy(ctx, folder, "image", "--quiet", "--skip-version-check", "--offline-scan", "--format", format, "--input", name)
		return err
	})
	return list, err
}

// History looks for credentials in every commit, with the rules of a file for the gitleaks on PATH.
func History(ctx context.Context, repository, rules string) ([]Finding, error) {
	if err := git.Repository(repository).Complete(ctx); err != nil {
		return nil, err
	}
	raw, err := written(ctx, run.Command{Args: []string{"gitleaks", "git", "--no-banner", "--log-level", "error", "--config", rules, "--redact=100",
		// A comment beside a value is no exception: it has no reason and no last day.
		"--ignore-gitleaks-allow",
		"--exit-code", "0", "--report-format", "json", repository}}, "--report-path")
	if err != nil {
		return nil, err
	}
	return ParseGitleaks(raw)
}

// unapplied is what Trivy logs of a check that failed at some file. It then leaves that check out for others too, says nothing of it in its
// report, and passes.
var unapplied = regexp.MustCompile(`(?m)\tERROR\t\[rego\] (.*)$`)

func trivy(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var log bytes.Buffer
	report, err := written(ctx, run.Command{Dir: dir, Args: slices.Insert(args, 0, "trivy"), Log: &log}, "--output")
	if said := unapplied.FindSubmatch(log.Bytes()); err == nil && said != nil {
		return nil, fmt.Errorf("trivy left a check out, and what that would have found is not known; change what it stumbles over: %s", said[1])
	}
	return report, err
}

// written runs a scanner and gives the report that it wrote into the file that a flag names.
func written(ctx context.Context, scanner run.Command, flag string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "scan-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the container ends
	report := filepath.Join(folder, "report.json")
	scanner.Args = append(scanner.Args, flag, report)
	if _, err := scanner.Output(ctx); err != nil {
		return nil, err
	}
	return os.ReadFile(report)
}

// unpacked gives an image's archive as a folder, the only form of an OCI layout that Trivy reads. The folder is called as the
// archive is, and so is the image in what is found.
func unpacked(ctx context.Context, archive string, do func(folder, name string) error) error {
	folder, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the container ends
	name := strings.TrimSuffix(filepath.Base(archive), ".tar")
	layout := filepath.Join(folder, name)
	if err := os.Mkdir(layout, 0o700); err != nil {
		return err
	}
	if _, err := (run.Command{Args: []string{"tar", "-xf", archive, "-C", layout}}).Output(ctx); err != nil {
		return fmt.Errorf("unpacking %s: %w", name, err)
	}
	return do(folder, name)
}
