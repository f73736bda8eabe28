package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/git"
)

// called is what a command of Git prints in a folder.
func called(t *testing.T, folder string, args ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b.c"}, args...)...)
	command.Dir = folder
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.TrimSpace(string(out))
}

// shallow is a clone with the last of three commits.
func shallow(t *testing.T) string {
	origin, folder := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	called(t, origin, "init", "--quiet")
	for range 3 {
		called(t, origin, "commit", "--quiet", "--allow-empty", "--message", "one more")
	}
	called(t, origin, "clone", "--quiet", "--depth", "1", "file://"+origin, folder)
	require.Equal(t, "1", called(t, folder, "rev-list", "--count", "HEAD"))
	return folder
}

func TestAShallowClonesHistoryIsFetched(t *testing.T) {
	folder := shallow(t)
	for range 2 {
		require.NoError(t, git.Repository(folder).Complete(t.Context()))
		assert.Equal(t, "3", called(t, folder, "rev-list", "--count", "HEAD"))
	}
}

func TestAHistoryThatIsNotGivenIsMissed(t *testing.T) {
	folder := shallow(t)
	called(t, folder, "remote", "set-url", "origin", "http://user:planted-password@127.0.0.1:1/todo.git")
	err := git.Repository(folder).Complete(t.Context())
	require.ErrorContains(t, err, "run git fetch --unshallow")
	require.NotContains(t, err.Error(), "planted-password")
	require.NoError(t, git.Repository(folder).Cloned(), "its last commit is there")

	require.ErrorContains(t, git.Repository(t.TempDir()).Complete(t.Context()), "it is no clone")
	require.NoError(t, os.RemoveAll(filepath.Join(folder, ".git")))
	require.ErrorContains(t, git.Repository(folder).Cloned(), "it is no clone")
}
