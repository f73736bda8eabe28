package hack_test

import (
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
