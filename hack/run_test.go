package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheRunOfCIGivesADevelopersSettingsBack(t *testing.T) {
	script := `log=log; touch log; eval "$(sed -n '/^settings() {/,/^}/p' "$0")"; settings PINS=lab A=b; cat .env; `
	for name, c := range map[string]struct{ own, ends string }{
		"one that passes": {"OPENAI_API_KEY=mine\n", "exit 0"}, "one that fails": {"OPENAI_API_KEY=mine\n", "exit 1"},
		"one that is ended": {"OPENAI_API_KEY=mine\n", "kill $$; sleep 60"}, "none": {"", "exit 0"},
	} {
		folder := t.TempDir()
		env := filepath.Join(folder, ".env")
		if c.own != "" {
			require.NoError(t, os.WriteFile(env, []byte(c.own), 0o600))
		}
		run, err := filepath.Abs(root(".ci/run"))
		require.NoError(t, err)
		shell := exec.CommandContext(t.Context(), "bash", "-c", script+c.ends, run)
		shell.Dir = folder
		out, _ := shell.Output()
		assert.Equal(t, "PINS=lab\nA=b\n", string(out), name)
		kept, _ := os.ReadFile(env)
		assert.Equal(t, c.own, string(kept), name)
		left, err := os.ReadDir(folder)
		require.NoError(t, err)
		assert.Len(t, left, min(len(c.own), 1), "%s: %v", name, left)
	}
}
