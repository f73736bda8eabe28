package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/git"
	"todo-chatbot/ci/git/gittest"
)

// shallow is a clone with the last of three commits.
func shallow(t *testing.T) string {
	origin, folder := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	gittest.Run(t, origin, "init", "--quiet")
	for range 3 {
		gittest.Run(t, origin, "commit", "--quiet", "--allow-empty", "--message", "one more")
	}
	gittest.Run(t, origin, "clone", "--quiet", "--depth", "1", "file://"+origin, folder)
	require.Equal(t, "1", gittest.Run(t, folder, "rev-list", "--count", "HEAD"))
	return folder
}

func TestAShallowClonesHistoryIsFetched(t *testing.T) {
	folder := shallow(t)
	for range 2 {
		require.NoError(t, git.Repository(folder).Complete(t.Context()))
		assert.Equal(t, "3", gittest.Run(t, folder, "rev-list", "--count", "HEAD"))
	}
}

func TestAHistoryThatIsNotGivenIsMissed(t *testing.T) {
	folder := shallow(t)
	gittest.Run(t, folder, "remote", "set-url", "origin", "http://user:planted-password@127.0.0.1:1/todo.git")
	err := git.Repository(folder).Complete(t.Context())
	require.ErrorContains(t, err, "run git fetch --unshallow")
	require.NotContains(t, err.Error(), "planted-password")
	require.NoError(t, git.Repository(folder).Cloned(), "its last commit is there")

	require.ErrorContains(t, git.Repository(t.TempDir()).Complete(t.Context()), "it is no clone")
	require.NoError(t, os.RemoveAll(filepath.Join(folder, ".git")))
	require.ErrorContains(t, git.Repository(folder).Cloned(), "it is no clone")
}
