package chart_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// kubernetes is the version of the pinned node.
func kubernetes(t *testing.T) string {
	t.Helper()
	pins, err := image.ParsePins([]byte(image.DefaultPins()))
	require.NoError(t, err)
	return pins.Kubernetes()
}

func TestTheChartIsHeldAgainstTheKubernetesThatDeployRuns(t *testing.T) {
	_, err := os.Stat(filepath.Join("schemas", kubernetes(t), "deployment-apps-v1.json"))
	assert.NoError(t, err, "name the version in ci/chart/schemas/main.go and run: go run ./ci/chart/schemas")
}
