package provenance_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/git/gittest"
	"todo-chatbot/ci/provenance"
)

// clone is a repository with one commit.
func clone(t *testing.T) (folder, commit string) {
	t.Helper()
	folder = t.TempDir()
	gittest.Run(t, folder, "init", "--quiet")
	gittest.Run(t, folder, "remote", "add", "origin", "https://user:password@example.com/team/todo.git")
	gittest.Run(t, folder, "commit", "--quiet", "--allow-empty", "--message", "first")
	return folder, gittest.Run(t, folder, "rev-parse", "HEAD")
}

func TestGitIsAskedWhatIsCheckedOut(t *testing.T) {
	folder, commit := clone(t)
	source, err := provenance.SourceOf(context.Background(), folder, false)
	require.NoError(t, err)
	assert.Equal(t, provenance.Source{Repository: "https://example.com/team/todo", Commit: commit}, source)
}

func TestChangesThatNoCommitHasAreRefusedUnlessTheyAreAllowed(t *testing.T) {
	folder, _ := clone(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "new"), nil, 0o600))
	_, err := provenance.SourceOf(context.Background(), folder, false)
	require.ErrorContains(t, err, "changes that are not committed; commit them, or allow it with --uncommitted")
	source, err := provenance.SourceOf(context.Background(), folder, true)
	require.NoError(t, err)
	assert.True(t, source.Uncommitted)
}

func TestAFolderWithoutItsHistoryIsRefused(t *testing.T) {
	_, err := provenance.SourceOf(context.Background(), t.TempDir(), false)
	require.ErrorContains(t, err, "it is no clone, or a worktree of one")
	folder, _ := clone(t)
	require.NoError(t, os.Remove(filepath.Join(folder, ".git/HEAD")))
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".git/HEAD"), []byte("nothing"), 0o600))
	_, err = provenance.SourceOf(context.Background(), folder, false)
	assert.ErrorContains(t, err, "asking Git what is checked out: git ended with exit code 128")
}
