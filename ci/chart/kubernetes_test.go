package chart_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

// kubernetes is the version of the pinned node.
func kubernetes(t *testing.T) string {
	t.Helper()
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	return pinned.Kubernetes()
}

func TestTheChartIsHeldAgainstTheKubernetesThatDeployRuns(t *testing.T) {
	_, err := os.Stat(filepath.Join("schemas", kubernetes(t), "deployment-apps-v1.json"))
	assert.NoError(t, err, "name the version in ci/chart/schemas/main.go and run: hack/dagger generate, or: go run ./ci/chart/schemas")
}
