package hack_test

import (
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manager is one of renovate.json's own: the files that it reads, and what it looks for in them.
type manager struct {
	Description          string
	ManagerFilePatterns  []string
	MatchStrings         []string
	MatchStringsStrategy string
}

// ownManagers are files that Renovate knows without being told, with what they pin.
var ownManagers = map[string]*regexp.Regexp{
	"gomod":          regexp.MustCompile(`(^|/)go\.mod$`),
	"npm":            regexp.MustCompile(`(^|/)package\.json$`),
	"pep621":         regexp.MustCompile(`(^|/)pyproject\.toml$`),
	"pyenv":          regexp.MustCompile(`(^|/)\.python-version$`),
	"dockerfile":     regexp.MustCompile(`(^|/|\.)Dockerfile$`),
	"devcontainer":   regexp.MustCompile(`^\.devcontainer/devcontainer\.json$`),
	"github-actions": regexp.MustCompile(`^\.github/workflows/[^/]+\.yml$`),
}

// looksPinned are the forms that a version has outside those files; the group is the version.
var looksPinned = map[string]*regexp.Regexp{
	"an image":               regexp.MustCompile(`[^\s:@]/[^\s:@]+:([^\s@]+)@sha256:[0-9a-f]{64}`),
	"a package of PyPI":      regexp.MustCompile(`[a-z]==(\d[\w.]*)`),
	"a Go module":            regexp.MustCompile(`[a-z0-9-]\.[a-z]+/[\w./-]+@(v\d[\w.-]*)`),
	"a version of a Go list": regexp.MustCompile(`"(v\d+\.\d+\.\d+)"`),
}

// unmoved are files whose versions are no pins, and why.
var unmoved = map[*regexp.Regexp]string{
	regexp.MustCompile(`(_test\.go|/testdata/.*|\.md|\.lock|go\.sum|package-lock\.json)$`):      "tests, pages, and what a manager locks",
	regexp.MustCompile(`^(benchmarks|helm/todo-chatbot/(examples|ci))/`):                        "measurements of a day, and examples",
	regexp.MustCompile(`^hack/lab/(standins|kind|kind-node|quickstart|prove|slow|faults)(/|$)`): "they follow the pins",
}

func TestRenovateMovesEachPin(t *testing.T) {
	managers, found := renovate(t), 0
	for _, file := range repositoryFiles(t) {
		if left(file) {
			continue
		}
		text := read(t, file)
		known := captured(t, managers, file, text)
		for form, pattern := range looksPinned {
			if form == "a version of a Go list" && path.Ext(file) != ".go" {
				continue
			}
			for _, pin := range pattern.FindAllStringSubmatch(text, -1) {
				found++
				assert.Contains(t, known, pin[1], "%s has %s that no manager of renovate.json moves: %s", file, form, pin[0])
			}
		}
	}
	assert.Greater(t, found, 15)
}

func TestRenovateMovesDaggerEverywhereAtOnce(t *testing.T) {
	managers, version := renovate(t), engineVersion(t)
	for _, file := range repositoryFiles(t) {
		text := read(t, file)
		known := captured(t, managers, file, text)
		switch {
		case file == "dagger.json", file == "hack/dagger.sums", strings.HasPrefix(file, ".github/workflows/"), strings.HasPrefix(file, "docs/") && path.Dir(file) == "docs":
			assert.Equal(t, strings.Count(text, version), count(known, version), "%s names Dagger %s, and renovate.json would leave it", file, version)
		case file == "hack/typecheck/go.mod":
			assert.Contains(t, text, "dagger.io/dagger "+version+"\n", "the Go SDK of the type checks is dagger.json's version")
		}
	}
}

func TestEachRuleOfRenovateIsAboutSomethingThatIsThere(t *testing.T) {
	var config struct {
		PackageRules []struct{ MatchFileNames []string }
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "renovate.json")), &config))
	files := repositoryFiles(t)
	for _, rule := range config.PackageRules {
		for _, name := range rule.MatchFileNames {
			prefix, _, _ := strings.Cut(name, "**")
			assert.True(t, slices.ContainsFunc(files, func(file string) bool { return strings.HasPrefix(file, prefix) }), "no file is %s", name)
		}
	}
	for _, one := range renovate(t) {
		matched := 0
		for _, file := range files {
			matched += len(captured(t, []manager{one}, file, read(t, file)))
		}
		assert.Positive(t, matched, "%s: nothing matches", one.Description)
	}
}

// captured are the versions that managers find in a file.
func captured(t *testing.T, managers []manager, file, text string) []string {
	t.Helper()
	var versions []string
	for _, manager := range managers {
		if !slices.ContainsFunc(manager.ManagerFilePatterns, func(pattern string) bool {
			return regexp.MustCompile(strings.Trim(pattern, "/")).MatchString(file)
		}) {
			continue
		}
		texts := []string{text}
		for i, expression := range manager.MatchStrings {
			pattern := regexp.MustCompile(expression)
			at := pattern.SubexpIndex("currentValue")
			var inner []string
			for _, text := range texts {
				for _, match := range pattern.FindAllStringSubmatch(text, -1) {
					inner = append(inner, match[0])
					if at > 0 {
						versions = append(versions, match[at])
					}
				}
			}
			if manager.MatchStringsStrategy == "recursive" && i < len(manager.MatchStrings)-1 {
				texts = inner
			}
		}
	}
	return versions
}

func renovate(t *testing.T) []manager {
	t.Helper()
	var config struct{ CustomManagers []manager }
	require.NoError(t, json.Unmarshal([]byte(read(t, "renovate.json")), &config))
	require.NotEmpty(t, config.CustomManagers)
	return config.CustomManagers
}

// left says whether a file's versions are no pins, or those of a manager that Renovate brings.
func left(file string) bool {
	matches := func(pattern *regexp.Regexp) bool { return pattern.MatchString(file) }
	return slices.ContainsFunc(slices.Collect(maps.Values(ownManagers)), matches) || slices.ContainsFunc(slices.Collect(maps.Keys(unmoved)), matches)
}

func count(all []string, one string) int {
	n := 0
	for _, each := range all {
		if each == one {
			n++
		}
	}
	return n
}
