package hack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const workflowsPage = "docs/workflows.md"

// workflow is what these tests read of one of .github/workflows.
type workflow struct {
	On          any               `json:"on"`
	Permissions map[string]string `json:"permissions"`
	Concurrency struct {
		Group string `json:"group"`
	} `json:"concurrency"`
	Env  map[string]string `json:"env"`
	Jobs map[string]job    `json:"jobs"`
}

type job struct {
	Permissions map[string]string `json:"permissions"`
	Timeout     int               `json:"timeout-minutes"`
	Env         map[string]string `json:"env"`
	If          string            `json:"if"`
	Uses        string            `json:"uses"`
	Steps       []step            `json:"steps"`
}

type step struct {
	Uses string            `json:"uses"`
	Run  string            `json:"run"`
	If   string            `json:"if"`
	With map[string]string `json:"with"`
	Env  map[string]string `json:"env"`
}

// withoutACall are the commands that are no call, and why.
var withoutACall = map[string]string{
	"go run ./hack/pins":                    "the age of a pin is in Git's history",
	`hack/release-notes "$GITHUB_REF_NAME"`: "a release on GitHub is GitHub's own",
}

// conditions are those that a step may have, and why.
var conditions = map[string]string{
	"": "it runs",
	"github.event_name == 'push' || github.event.pull_request.head.repo.full_name == github.repository": "a fork may not write findings",
}

const (
	checkoutAction = "actions/checkout"
	daggerAction   = "dagger/dagger-for-github"
	sarifAction    = "github/codeql-action/upload-sarif"
)

func TestAWorkflowRunsWhatADeveloperCanRun(t *testing.T) {
	for file, text := range workflowFiles(t) {
		assert.Empty(t, broken(t, text), file)
	}
}

func TestEachWorkflowIsOnItsPageInItsOwnWords(t *testing.T) {
	page := strings.Join(strings.Fields(strings.ReplaceAll(read(t, workflowsPage), "\\\n", " ")), " ")
	for file, text := range workflowFiles(t) {
		for name, job := range parseWorkflow(t, text).Jobs {
			for _, step := range job.Steps {
				if words := said(step); words != "" {
					assert.True(t, strings.Contains(page, "`"+words+"`") || strings.Contains(page, "```sh "+words+" ```"),
						"%s, job %s: %s has to have its words: %s", file, name, workflowsPage, words)
				}
			}
		}
	}
}

func TestARuleOfTheWorkflowsHolds(t *testing.T) {
	const sound = `
on: {pull_request: {}}
permissions: {}
concurrency: {group: one}
jobs:
  deploy:
    timeout-minutes: 30
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: {persist-credentials: "false"}
      - uses: dagger/dagger-for-github@27b130bf0f79a7f6fbbbe0fbca6760dc9bb40a77 # v8.4.1
        with: {version: VERSION, call: deploy}
`
	for name, c := range map[string]struct{ from, to, says string }{
		"nothing is changed":                      {"", "", ""},
		"a workflow with rights":                  {"permissions: {}", "permissions: {contents: read}", "the workflow has rights"},
		"a workflow that says nothing of rights":  {"permissions: {}\n", "", "the workflow has rights"},
		"a job that says nothing of rights":       {"    permissions: {contents: read}\n", "", "deploy names no rights"},
		"no concurrency":                          {"concurrency: {group: one}\n", "", "no concurrency group"},
		"no limit of time":                        {"    timeout-minutes: 30\n", "", "deploy has no limit of time"},
		"an action by its tag":                    {"@27b130bf0f79a7f6fbbbe0fbca6760dc9bb40a77 # v8.4.1", "@v8.4.1", "is not pinned"},
		"a pin without its version":               {" # v7.0.1", "", "is not pinned"},
		"credentials stay":                        {`persist-credentials: "false"`, "fetch-depth: 0", "keeps its credentials"},
		"another Dagger":                          {"version: VERSION", "version: v0.1.0", "not dagger.json's"},
		"a function that is not there":            {"call: deploy", "call: destroy", `no function "destroy"`},
		"a flag that is not there":                {"call: deploy", "call: deploy --faster", "no flag --faster"},
		"a script":                                {"- uses: dagger/dagger-for-github", "- run: make deploy\n      - uses: dagger/dagger-for-github", `runs "make deploy"`},
		"a command of GitHub's making":            {"call: deploy", `call: "deploy --public-url ${{ github.ref_name }}"`, "GitHub puts something into"},
		"another action":                          {"dagger/dagger-for-github", "dagger/checks", "deploy uses dagger/checks"},
		"two calls":                               {"call: deploy}", "call: deploy}\n      - uses: dagger/dagger-for-github@27b130bf0f79a7f6fbbbe0fbca6760dc9bb40a77 # v8.4.1\n        with: {version: VERSION, call: reproduce}", "deploy runs 2 commands"},
		"no call":                                 {"call: deploy", "workdir: a", "deploy runs 0 commands"},
		"a condition":                             {"with: {version", "if: github.actor != 'me'\n        with: {version", "has a condition of its own"},
		"a secret in a step for pull requests":    {"with: {version", "env: {TOKEN: \"${{ secrets.TOKEN }}\"}\n        with: {version", "has a secret"},
		"a token in a job for pull requests":      {"    timeout-minutes: 30", "    timeout-minutes: 30\n    env: {TOKEN: \"${{ github.token }}\"}", "has a secret"},
		"a secret in a pull request's workflow":   {"permissions: {}", "permissions: {}\nenv: {TOKEN: \"${{ secrets.TOKEN }}\"}", "has a secret"},
		"a job for pull requests that may write":  {"{contents: read}", "{packages: write}", "may write packages"},
		"a right that no step needs":              {"{contents: read}", "{contents: read, issues: read}", "its steps need map[contents:read]"},
		"a right too few":                         {"{contents: read}", "{}", "its steps need map[contents:read]"},
		"a pull request with its target's rights": {"pull_request: {}", "pull_request_target: {}", "pull_request_target"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, sound, c.from)
			text := strings.ReplaceAll(strings.Replace(sound, c.from, c.to, 1), "VERSION", engineVersion(t))
			if c.says == "" {
				assert.Empty(t, broken(t, text))
			} else {
				assert.Contains(t, strings.Join(broken(t, text), "\n"), c.says)
			}
		})
	}
}

// pinnedAction is one by the digest of a commit, with the version that the digest is.
var pinnedAction = regexp.MustCompile(`uses: ([\w.-]+/[\w./-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+\n`)

var (
	usesLine = regexp.MustCompile(`uses: (\S+).*\n`)
	secret   = regexp.MustCompile(`\$\{\{[^}]*\b(secrets\b|github\.token\b)`)
)

// broken are the rules that a workflow breaks.
func broken(t *testing.T, text string) []string {
	t.Helper()
	w, module := parseWorkflow(t, text), moduleOf(t)
	var all []string
	say := func(words ...string) { all = append(all, strings.Join(words, " ")) }

	if w.Permissions == nil || len(w.Permissions) > 0 {
		say("the workflow has rights; write permissions: {}, and what a job needs beside the job")
	}
	if w.Concurrency.Group == "" {
		say("the workflow has no concurrency group")
	}
	for _, line := range usesLine.FindAllString(text, -1) {
		if !pinnedAction.MatchString(line) {
			say(strings.TrimSpace(line), "is not pinned by a commit's digest, with # and its version")
		}
	}
	triggers := triggersOf(w)
	if slices.Contains(triggers, "pull_request_target") {
		say("pull_request_target runs a fork's code with this repository's rights")
	}
	forked := slices.Contains(triggers, "pull_request")
	if forked && secret.MatchString(text) {
		say("the workflow has a secret, and a pull request starts it")
	}
	for name, job := range w.Jobs {
		if job.Permissions == nil {
			say(name, "names no rights")
		}
		if needed := rightsOf(job); job.Permissions != nil && !maps.Equal(job.Permissions, needed) {
			say(name, fmt.Sprintf("has the rights %v, and its steps need %v", job.Permissions, needed))
		}
		for right, level := range job.Permissions {
			if forked && level == "write" && right != "security-events" {
				say(name, "may write", right+", and a pull request starts it")
			}
		}
		if job.Timeout == 0 {
			say(name, "has no limit of time")
		}
		if job.Uses != "" || job.If != "" {
			say(name, "has a condition or a workflow of its own")
		}
		commands := 0
		for _, step := range job.Steps {
			action, _, _ := strings.Cut(step.Uses, "@")
			if _, ok := conditions[step.If]; !ok {
				say(name, "has a condition of its own:", step.If)
			}
			if strings.Contains(step.Run+step.With["call"]+step.With["args"]+step.With["shell"], "${{") {
				say("GitHub puts something into a command of", name+"; let the shell read a variable")
			}
			if said(step) != "" {
				commands++
			}
			switch {
			case step.Run != "":
				if withoutACall[step.Run] == "" {
					say(name, `runs "`+step.Run+`", which is no call of the module`)
				}
			case action == checkoutAction:
				if step.With["persist-credentials"] != "false" {
					say(name, "keeps its credentials after the checkout")
				}
			case action == daggerAction:
				if step.With["version"] != engineVersion(t) {
					say(name, "has Dagger", step.With["version"]+", which is not dagger.json's")
				}
				if call := step.With["call"]; call != "" {
					if err := module.check(shellWords(call)); err != nil {
						say(name+":", err.Error())
					}
				}
				for input := range step.With {
					if !slices.Contains([]string{"version", "call", "verb"}, input) {
						say(name, "gives", daggerAction, input, "and a developer has no such thing")
					}
				}
			case action == sarifAction:
			default:
				say(name, "uses", action)
			}
		}
		if commands != 1 {
			say(name, "runs", strconv.Itoa(commands), "commands, and a job has one")
		}
	}
	return all
}

// needs are the rights that a step takes, by words of it.
var needs = map[string]map[string]string{
	checkoutAction:        {"contents": "read"},
	sarifAction:           {"security-events": "write"},
	"hack/release-notes":  {"contents": "write"},
	"hack/identity-token": {"id-token": "write"},
	"publish --tag":       {"packages": "write"},
	"reproduce --tag":     {"packages": "read"},
}

// rightsOf are those that the steps of a job take, and no others.
func rightsOf(j job) map[string]string {
	rights := map[string]string{}
	for _, step := range j.Steps {
		for words, of := range needs {
			if strings.Contains(step.Uses+" "+said(step), words) {
				for right, level := range of {
					rights[right] = max(rights[right], level) // "write" is more than "read", in the alphabet too
				}
			}
		}
	}
	return rights
}

// said are the words of a step, as a developer types them.
func said(s step) string {
	switch {
	case s.Run != "":
		return s.Run
	case s.With["call"] != "":
		return "dagger call " + strings.Join(strings.Fields(s.With["call"]), " ")
	case s.With["verb"] != "":
		return "dagger " + s.With["verb"]
	}
	return ""
}

func triggersOf(w workflow) []string {
	var all []string
	switch on := w.On.(type) {
	case string:
		all = append(all, on)
	case []any:
		for _, one := range on {
			all = append(all, one.(string))
		}
	case map[string]any:
		for one := range on {
			all = append(all, one)
		}
	}
	return all
}

func parseWorkflow(t *testing.T, text string) workflow {
	t.Helper()
	var w workflow
	// YAML 1.1 has true for "on", and GitHub has not.
	raw, err := yaml.YAMLToJSON([]byte(regexp.MustCompile(`(?m)^on:`).ReplaceAllString(text, `"on":`)))
	require.NoError(t, err)
	// Inputs and variables are text to GitHub, whatever they look like.
	raw = regexp.MustCompile(`("(?:persist-credentials|fetch-depth)":)(\w+)`).ReplaceAll(raw, []byte(`$1"$2"`))
	require.NoError(t, json.Unmarshal(raw, &w))
	require.NotEmpty(t, w.Jobs)
	return w
}

func workflowFiles(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(root(".github/workflows/*"))
	require.NoError(t, err)
	require.Len(t, paths, 3, "pipeline, release and scheduled")
	all := map[string]string{}
	for _, path := range paths {
		all[filepath.Base(path)] = read(t, ".github/workflows/"+filepath.Base(path))
	}
	return all
}

func engineVersion(t *testing.T) string {
	t.Helper()
	var config struct{ EngineVersion string }
	require.NoError(t, json.Unmarshal([]byte(read(t, "dagger.json")), &config))
	require.NotEmpty(t, config.EngineVersion)
	return config.EngineVersion
}
