package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/git/gittest"
)

func TestTheHookStopsWhatDoesNotBelongIntoTheHistory(t *testing.T) {
	hook, err := filepath.Abs(root(".githooks/pre-commit"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ file, content, since, says string }{
		"a Go file":                  {"ci/a.go", "package ci\n", "package  ci\n", ""},
		"a Go file, not formatted":   {"ci/a.go", "package  ci\n", "package ci\n", "run gofmt -w ci/a.go"},
		"a Go file that is none":     {"ci/a.go", "pack\n", "package ci\n", "gofmt failed"},
		"a name with a space":        {"ci/a b.go", "package  ci\n", "package ci\n", "run gofmt -w ci/a b.go"},
		"a script":                   {"ci/a", "#!/bin/sh\necho \"$1\"\n", "#!/bin/sh\necho $1\n", ""},
		"a script, with a finding":   {"ci/a", "#!/bin/sh\necho $1\n", "#!/bin/sh\necho \"$1\"\n", "shellcheck found:"},
		"a developer's own settings": {".env", "A=b\n", "", "these hold secrets"},
		"a secret":                   {"auth-secret", "abc\n", "", "these hold secrets"},
		"a kubeconfig":               {"reader.kubeconfig", "a: b\n", "", "these hold secrets"},
		"a conflict":                 {"a.txt", "<<<<<<< HEAD\na\n", "a\n", "conflict markers"},
		"an example of settings":     {".env.example", "A=b\n", "A=c\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			repository := t.TempDir()
			gittest.Run(t, repository, "init", "--quiet")
			require.NoError(t, os.MkdirAll(filepath.Join(repository, "ci"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(repository, c.file), []byte(c.content), 0o644))
			gittest.Run(t, repository, "add", "--force", ".")
			// The working tree goes on, and says nothing of what is committed.
			require.NoError(t, os.WriteFile(filepath.Join(repository, c.file), []byte(c.since), 0o644))
			if strings.HasPrefix(c.says, "shellcheck") {
				if _, err := exec.LookPath("shellcheck"); err != nil {
					t.Skip("shellcheck is not here; hack/tools brings it")
				}
			}
			command := exec.Command(hook)
			command.Dir = repository
			out, err := command.CombinedOutput()
			if c.says == "" {
				assert.NoError(t, err, string(out))
			} else {
				assert.Error(t, err)
				assert.Contains(t, string(out), c.says)
			}
		})
	}
}
