package image_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// written gives an OCI layout archive of a base and one layer, and the names of its entries.
func written(t *testing.T) (string, map[string]int64) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, tarballTo(filepath.Join(dir, "engine.tar"), imageOf(t, layerOf(t, regular("base", "b")), layerOf(t, regular("app", "a")))))
	archive := filepath.Join(dir, "image.tar")
	_, err := image.Normalize(filepath.Join(dir, "engine.tar"), archive, image.NormalizeOptions{Epoch: time.Unix(0, 0)})
	require.NoError(t, err)
	return archive, sizes(t, archive)
}

func sizes(t *testing.T, archive string) map[string]int64 {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	found := map[string]int64{}
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		found[header.Name] = int64(len(content))
	}
}

func TestTheRestIsWhatAStoreLacks(t *testing.T) {
	archive, all := written(t)
	opened, err := image.Open(archive)
	require.NoError(t, err)
	layers, err := opened.Layers()
	require.NoError(t, err)
	base, err := layers[0].Digest()
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "rest.tar")

	require.NoError(t, image.MissingBlobs(archive, out, map[string]bool{base.String(): true, "sha256:of-another-image": true}))

	delete(all, "blobs/sha256/"+base.Hex)
	assert.Equal(t, all, sizes(t, out))
}

func TestTheRestOfNothingIsAll(t *testing.T) {
	archive, all := written(t)
	out := filepath.Join(t.TempDir(), "rest.tar")

	require.NoError(t, image.MissingBlobs(archive, out, nil))

	assert.Equal(t, all, sizes(t, out))
}

func TestTheRestOfATruncatedArchiveIsNone(t *testing.T) {
	archive, _ := written(t)
	content, err := os.ReadFile(archive)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(archive, content[:len(content)/2], 0o600))
	dir := t.TempDir()

	err = image.MissingBlobs(archive, filepath.Join(dir, "rest.tar"), nil)

	require.ErrorContains(t, err, "image.tar: it is truncated")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
