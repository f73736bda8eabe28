package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// versions are the places that `hack/release` moves together.
var versions = map[string]string{
	"helm/todo-chatbot/Chart.yaml": `(?m)^(?:version: |appVersion: ")([\d.]+)"?$`,
	"helm/todo-chatbot/README.md":  `Chart ([\d.]+\d), application [\d.]+\d\.`,
	"backend/pyproject.toml":       `(?m)^version = "(.+)"$`,
	"backend/src/todo/__init__.py": `__version__ = "(.+)"`,
	"backend/uv.lock":              `name = "todo"\nversion = "(.+)"`,
	"backend/openapi.json":         `"version": "(.+)"`,
	"frontend/package.json":        `(?m)^  "version": "(.+)"`,
	"frontend/package-lock.json":   `"name": "todo-frontend",\s+"version": "(.+)"`,
}

func TestApplicationAndChartHaveOneVersion(t *testing.T) {
	moved := read(t, ".bumpversion.toml")
	version := regexp.MustCompile(`(?m)^current_version = "(.+)"$`).FindStringSubmatch(moved)[1]
	for file, pattern := range versions {
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(read(t, file), -1)
		assert.NotEmpty(t, found, "%s has no version", file)
		for _, one := range found {
			assert.Equal(t, version, one[1], "%s, and .bumpversion.toml; versions change by hack/release alone", file)
		}
		assert.Contains(t, moved, `filename = "`+file+`"`, "hack/release would leave %s", file)
	}
}

func TestTheNotesOfAReleaseAreItsSectionOfTheChangelog(t *testing.T) {
	for name, c := range map[string]struct {
		tag, there string
		says       []string
	}{
		"the first time": {"v0.3.0", "exit 1", []string{"create v0.3.0 --verify-tag --title v0.3.0", "ghcr.io/a@sha256:4f7c\n\n\n### Added\n\n- Mail.\n"}},
		"again":          {"v0.3.0", "exit 0", []string{"edit v0.3.0 --notes", "### Added"}},
		"no section":     {"v0.3", "exit 1", []string{"CHANGELOG.md has no section of 0.3; hack/release makes it together with the tag"}},
	} {
		repository := t.TempDir()
		write := func(name, content string) {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(repository, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(repository, name), []byte(content), 0o755))
		}
		write("hack/release-notes", read(t, "hack/release-notes"))
		write("CHANGELOG.md", "# Changelog\n\n## 0.3.0, 2026-12-01\n\n### Added\n\n- Mail.\n\n## 0.2.0, 2026-11-01\n\n### Fixed\n\n- Old.\n")
		write("bin/gh", "#!/bin/sh\n[ \"$2\" != view ] || "+c.there+"\nshift; echo \"$@\"\n")
		run := exec.CommandContext(t.Context(), filepath.Join(repository, "hack/release-notes"), c.tag)
		run.Env = append(os.Environ(), "PATH="+filepath.Join(repository, "bin")+":"+os.Getenv("PATH"), "PUBLISHED=ghcr.io/a@sha256:4f7c")
		out, _ := run.CombinedOutput()
		for _, says := range c.says {
			assert.Contains(t, string(out), says, name)
		}
		assert.NotContains(t, string(out), "Old.", name)
	}
}

func TestAPullRequestIsAskedForItsNote(t *testing.T) {
	assert.Contains(t, read(t, ".github/pull_request_template.md"), "`changes/+what.added.md`")
}

// What is new stands in CHANGELOG.md alone: the next release would carry a list of this one's.
func TestTheChartSaysNothingOfOneReleaseButItsVersion(t *testing.T) {
	chart := read(t, "helm/todo-chatbot/Chart.yaml")
	for _, of := range []string{"artifacthub.io/changes", "artifacthub.io/containsSecurityUpdates"} {
		assert.NotContains(t, chart, of, "hack/release would leave it as it is")
	}
}

func TestEachNoteIsOneThatTheChangelogTakes(t *testing.T) {
	kinds := map[string]bool{}
	for _, kind := range regexp.MustCompile(`(?m)^directory = "(\w+)"\nname`).FindAllStringSubmatch(read(t, "towncrier.toml"), -1) {
		kinds[kind[1]] = true
	}
	require.Len(t, kinds, 4)
	notes, err := filepath.Glob(root("changes/*"))
	require.NoError(t, err)
	for _, note := range notes {
		name := filepath.Base(note)
		kind := regexp.MustCompile(`^(?:\d+|\+[a-z0-9-]+)\.(\w+)\.md$`).FindStringSubmatch(name)
		if assert.NotNil(t, kind, "changes/%s is not named as changes/+what.added.md", name) {
			assert.Contains(t, kinds, kind[1], "changes/%s", name)
		}
	}
}
