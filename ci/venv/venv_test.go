package venv_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/venv"
)

func TestEachPlatformHasItsNameInPython(t *testing.T) {
	var names []string
	for _, platform := range pins.Platforms() {
		names = append(names, venv.Wheels(platform))
	}
	assert.Equal(t, []string{"x86_64-manylinux_2_40", "aarch64-manylinux_2_40"}, names)
}

// Packages of two architectures that are taken for other C libraries would be other packages.
func TestNoLockedPackageNeedsANewerCLibraryThanIsAskedFor(t *testing.T) {
	lock, err := os.ReadFile("../../backend/uv.lock")
	require.NoError(t, err)
	needed := regexp.MustCompile(`manylinux_2_(\d+)_(?:x86_64|aarch64)`).FindAllSubmatch(lock, -1)
	require.NotEmpty(t, needed)
	newest := slices.MaxFunc(needed, func(a, b [][]byte) int { return minor(t, a) - minor(t, b) })
	assert.LessOrEqual(t, minor(t, newest), 40, "%s: name its C library in Wheels", newest[0])
}

func minor(t *testing.T, match [][]byte) int {
	t.Helper()
	number, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	return number
}
