package program_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/program"
)

// tool is this test's own executable under a tool's name, as a container has the module's.
func tool(t *testing.T, name string) string {
	t.Chdir(t.TempDir())
	require.NoError(t, program.Copy(name))
	path, err := filepath.Abs(name)
	require.NoError(t, err)
	return path
}

func TestUnderTheToolsNameTheExecutableTakesTheClockOut(t *testing.T) {
	run := tool(t, program.WithoutClock)
	made, err := random.Image(64, 2)
	require.NoError(t, err)
	reference, err := name.ParseReference("example.com/an:image")
	require.NoError(t, err)
	require.NoError(t, tarball.WriteToFile("engine.tar", reference, made))

	printed, err := exec.Command(run, "engine.tar", "out.tar").Output()

	require.NoError(t, err)
	written, err := image.Open("out.tar")
	require.NoError(t, err)
	digest, err := written.Digest()
	require.NoError(t, err)
	assert.Equal(t, digest.String(), string(printed), "what it prints is the digest of what it wrote, and nothing else")
}

func TestTheToolFailsWithTheReason(t *testing.T) {
	run := tool(t, program.WithoutClock)
	require.NoError(t, os.WriteFile("broken.tar", []byte("no archive"), 0o600))
	for name, given := range map[string]struct {
		args []string
		says string
	}{
		"too few arguments": {[]string{"engine.tar"}, "give it an archive to read and one to write"},
		"no image":          {[]string{"broken.tar", "out.tar"}, "image archive broken.tar"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command(run, given.args...).CombinedOutput()
			var failed *exec.ExitError
			require.ErrorAs(t, err, &failed)
			assert.Contains(t, string(out), given.says)
			assert.NoFileExists(t, "out.tar")
		})
	}
}

func TestTheToolTrims(t *testing.T) {
	run := tool(t, program.Trim)
	require.NoError(t, os.Mkdir("packages", 0o700))
	self, err := os.ReadFile(run)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("packages/program", self, 0o700))

	_, err = exec.Command(run, "packages").Output()

	require.NoError(t, err)
	trimmed, err := os.Stat("packages/program")
	require.NoError(t, err)
	assert.Less(t, trimmed.Size(), int64(len(self)))
}

func TestAToolIsWholeWhileItIsCopiedAgain(t *testing.T) {
	path := tool(t, program.WithoutClock)
	whole, err := os.Stat(path)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- program.Copy(program.WithoutClock) }()
	for {
		seen, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, whole.Size(), seen.Size())
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
		}
	}
}
