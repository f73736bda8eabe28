// Package gittest makes repositories for tests.
package gittest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Run runs the git on PATH in a folder, as somebody who may commit, and gives what it prints without the white space around it. The test
// ends where it fails.
func Run(t *testing.T, folder string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", append([]string{"-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c"}, args...)...)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}
