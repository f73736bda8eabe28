package hack_test

import (
	"encoding/json"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDevcontainerIsPinnedAndHasWhatTheRepositoryNames(t *testing.T) {
	var container struct {
		Image            string
		Features         map[string]map[string]any
		OnCreateCommand  map[string]string
		PostStartCommand string
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, ".devcontainer/devcontainer.json")), &container))
	assert.Regexp(t, `:\d+\.\d+\.\d+-[a-z]+$`, container.Image)
	options := map[string]map[string]any{}
	for feature, given := range container.Features {
		assert.Regexp(t, `^ghcr\.io/devcontainers/features/[a-z-]+:\d+\.\d+\.\d+$`, feature)
		name, _, _ := strings.Cut(path.Base(feature), ":")
		options[name] = given
	}
	require.Contains(t, options, "docker-in-docker", "Dagger's engine runs in it")
	assert.Equal(t, regexp.MustCompile(`(?m)^go (.+)$`).FindStringSubmatch(read(t, "go.mod"))[1], options["go"]["version"], "go.mod's Go")
	assert.Equal(t, regexp.MustCompile(`(?m)^node .*/node:(\d+)\.`).FindStringSubmatch(read(t, "ci/pins/pins.txt"))[1], options["node"]["version"], "the Node that ships")
	assert.Contains(t, container.PostStartCommand, "hack/dagger", "which brings the Dagger of dagger.json")
	for _, command := range append([]string{container.PostStartCommand}, container.OnCreateCommand["tools"]) {
		script, _, _ := strings.Cut(command, " ")
		_, err := os.Stat(root(script))
		assert.NoError(t, err)
	}
}
