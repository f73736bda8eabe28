package develop_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/develop"
)

func TestAMirrorDoesWhatWasDone(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	mirror := &develop.Mirror{From: from, To: to}
	write(t, from, map[string]string{"src/app.py": "one", "src/old.py": "old", "pyproject.toml": "same"})
	write(t, to, map[string]string{"src/app.py": "zero", "src/old.py": "old", "pyproject.toml": "same", "made.txt": "by the server"})

	changed := step(t, mirror)
	assert.Equal(t, []string{"src/app.py"}, changed, "what was saved while the server was made")

	assert.Empty(t, step(t, mirror), "nothing was saved")

	write(t, from, map[string]string{"src/app.py": "two", "src/new/page.py": "new"})
	require.NoError(t, os.Remove(filepath.Join(from, "src/old.py")))
	assert.Equal(t, []string{"src/app.py", "src/new/page.py", "src/old.py"}, step(t, mirror))
	assert.Equal(t, map[string]string{
		"src/app.py": "two", "src/new/page.py": "new", "pyproject.toml": "same", "made.txt": "by the server",
	}, files(t, to))
	assert.Empty(t, step(t, mirror), "all of it was done")
}

func TestWhatTheServerMadeOfAFileStaysUntilItIsSaved(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	mirror := &develop.Mirror{From: from, To: to}
	write(t, from, map[string]string{"tsconfig.json": "as it was"})
	step(t, mirror)

	write(t, to, map[string]string{"tsconfig.json": `by next`})
	assert.Empty(t, step(t, mirror))
	assert.Equal(t, `by next`, files(t, to)["tsconfig.json"])

	write(t, from, map[string]string{"tsconfig.json": `by me`})
	assert.Equal(t, []string{"tsconfig.json"}, step(t, mirror))
	assert.Equal(t, `by me`, files(t, to)["tsconfig.json"])
}

func TestAFileThatTheServerRemovedMayBeRemoved(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	mirror := &develop.Mirror{From: from, To: to}
	write(t, from, map[string]string{"a": "1"})
	step(t, mirror)

	require.NoError(t, os.Remove(filepath.Join(to, "a")))
	require.NoError(t, os.Remove(filepath.Join(from, "a")))
	assert.Equal(t, []string{"a"}, step(t, mirror))
}

func TestAFileThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	mirror := &develop.Mirror{From: from, To: to}
	write(t, from, map[string]string{"a": "1"})
	step(t, mirror)

	require.NoError(t, os.Remove(filepath.Join(to, "a")))
	write(t, to, map[string]string{"a/in the way": ""})
	write(t, from, map[string]string{"a": "2", "b": "3"})
	_, err := mirror.Step()
	require.Error(t, err)
	assert.Equal(t, "3", files(t, to)["b"], "the others are there")

	require.NoError(t, os.RemoveAll(filepath.Join(to, "a")))
	assert.Equal(t, []string{"a"}, step(t, mirror))
	assert.Equal(t, "2", files(t, to)["a"])
}

func step(t *testing.T, mirror *develop.Mirror) []string {
	t.Helper()
	changed, err := mirror.Step()
	require.NoError(t, err)
	return changed
}

func write(t *testing.T, folder string, contents map[string]string) {
	t.Helper()
	for name, content := range contents {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		require.NoError(t, err)
		content, err := os.ReadFile(path)
		found[name] = string(content)
		return err
	}))
	return found
}
