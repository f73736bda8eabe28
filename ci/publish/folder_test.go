package publish_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/publish"
)

// published is a folder with every artifact.
func published(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{
		"todo-backend.tar", "todo-backend.spdx.json", "todo-backend.cyclonedx.json",
		"todo-frontend.tar", "todo-frontend.spdx.json", "todo-frontend.cyclonedx.json", "todo-chatbot-0.1.0.tgz",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, pins.FileName), []byte(pins.Default()), 0o600))
	return folder
}

func TestAFolderHasBothImagesWithTheirPackagesAndTheChart(t *testing.T) {
	folder := published(t)
	request, err := publish.ParseRequest([]byte(`{"registry": "ghcr.io/acme", "tag": "v1", "folder": "` + folder + `"}`))
	require.NoError(t, err)
	require.Len(t, request.Artifacts, 3)
	backend, frontend, chart := request.Artifacts[0], request.Artifacts[1], request.Artifacts[2]
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	assert.Equal(t, publish.Artifact{
		Kind: publish.Image, Name: "todo-backend", File: filepath.Join(folder, "todo-backend.tar"), Call: "backend image archive",
		Bases: []string{pinned.Reference(pins.Python), pinned.Reference(pins.Uv)},
		Attestations: map[string]string{
			"spdxjson": filepath.Join(folder, "todo-backend.spdx.json"), "cyclonedx": filepath.Join(folder, "todo-backend.cyclonedx.json"),
		},
	}, backend)
	assert.Equal(t, "frontend image archive", frontend.Call)
	assert.Equal(t, []string{pinned.Reference(pins.Node)}, frontend.Bases)
	assert.Equal(t, publish.Artifact{
		Kind: publish.Chart, Name: "todo-chatbot", File: filepath.Join(folder, "todo-chatbot-0.1.0.tgz"), Call: "chart package",
		Bases: []string{pinned.Reference(pins.Helm)},
	}, chart)
}

func TestAnArtifactThatIsNotThereIsMissed(t *testing.T) {
	for _, name := range []string{"todo-backend.tar", "todo-frontend.cyclonedx.json", "todo-chatbot-0.1.0.tgz", pins.FileName} {
		folder := published(t)
		require.NoError(t, os.Remove(filepath.Join(folder, name)))
		_, err := publish.Folder(folder, nil)
		assert.ErrorContains(t, err, "reading what is to be published: ", name)
	}
	folder := published(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "todo-chatbot-0.2.0.tgz"), nil, 0o600))
	_, err := publish.Folder(folder, nil)
	require.ErrorContains(t, err, "there is not one todo-chatbot-*.tgz but [")
	require.NoError(t, os.WriteFile(filepath.Join(folder, pins.FileName), []byte("python x"), 0o600))
	_, err = publish.Folder(folder, nil)
	assert.ErrorContains(t, err, "python needs a registry")
}
