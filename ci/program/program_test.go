package program_test

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
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
	planted(t, "engine.tar", "Directory.withDirectory")

	printed, err := exec.Command(run, "engine.tar", "out.tar", "1763900000", "none").Output()

	require.NoError(t, err)
	written, err := image.Open("out.tar")
	require.NoError(t, err)
	digest, err := written.Digest()
	require.NoError(t, err)
	assert.Equal(t, digest.String(), string(printed), "what it prints is the digest of what it wrote, and nothing else")
	config, err := written.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "2025-11-23T12:13:20Z", config.Created.Format(time.RFC3339))
}

func TestTheToolAsksTheRegistryForABaseThatTheEngineHasNotWhole(t *testing.T) {
	run := tool(t, program.WithoutClock)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	base, err := mutate.AppendLayers(empty.Image, aTest(t, time.Unix(1_700_000_000, 0)))
	require.NoError(t, err)
	digest, err := base.Digest()
	require.NoError(t, err)
	reference := strings.TrimPrefix(server.URL, "http://") + "/library/base:1@" + digest.String()
	parsed, err := name.NewDigest(reference)
	require.NoError(t, err)
	require.NoError(t, remote.Write(parsed, base))
	planted(t, "engine.tar", "rehydrated persisted snapshot")

	out, err := exec.Command(run, "engine.tar", "out.tar", "0", reference).CombinedOutput()

	require.NoError(t, err, "%s", out)
	written, err := image.Open("out.tar")
	require.NoError(t, err)
	wanted, err := base.Layers()
	require.NoError(t, err)
	found, err := written.Layers()
	require.NoError(t, err)
	require.Len(t, found, 1)
	published, err := wanted[0].Digest()
	require.NoError(t, err)
	kept, err := found[0].Digest()
	require.NoError(t, err)
	assert.Equal(t, published, kept)
}

func TestTheToolFailsWithTheReason(t *testing.T) {
	run := tool(t, program.WithoutClock)
	require.NoError(t, os.WriteFile("broken.tar", []byte("no archive"), 0o600))
	for name, given := range map[string]struct {
		args []string
		says string
	}{
		"too few arguments": {[]string{"engine.tar"}, "give it an archive to read, one to write, a time and the base image"},
		"no time":           {[]string{"engine.tar", "out.tar", "today", "none"}, `"today" is no number of seconds`},
		"a time before":     {[]string{"engine.tar", "out.tar", "-1", "none"}, `"-1" is no number of seconds`},
		"no image":          {[]string{"broken.tar", "out.tar", "0", "none"}, "image archive broken.tar"},
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

// aTest is a layer with a test in it.
func aTest(t *testing.T, at time.Time) v1.Layer {
	t.Helper()
	var raw bytes.Buffer
	archive := tar.NewWriter(&raw)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: "app/tests/a.py", Mode: 0o644, ModTime: at}))
	require.NoError(t, archive.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw.Bytes())), nil })
	require.NoError(t, err)
	return layer
}

// planted writes an archive of one image that has a test in it, in a layer that was made by a step.
func planted(t *testing.T, path, by string) {
	t.Helper()
	made, err := mutate.Append(empty.Image, mutate.Addendum{Layer: aTest(t, time.Time{}), History: v1.History{CreatedBy: by}})
	require.NoError(t, err)
	require.NoError(t, tarball.WriteToFile(path, nil, made))
}

func TestTheToolInspects(t *testing.T) {
	run := tool(t, program.Inspect)
	planted(t, "image.tar", "Directory.withDirectory")
	printed, err := exec.Command(run, "backend", "image.tar").Output()
	var failed *exec.ExitError
	require.ErrorAs(t, err, &failed)
	assert.Contains(t, string(printed), "added to the base", "the table comes first")
	assert.Contains(t, string(failed.Stderr), "image budget: line", "the budget names what is not in this image")
	assert.Contains(t, string(failed.Stderr), "image content: /app/tests/a.py is of a test")

	out, err := exec.Command(run, "other", "image.tar").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "no limit for other")
}

func TestTheToolWeighs(t *testing.T) {
	run := tool(t, program.Weigh)
	planted(t, "image.tar", "Directory.withDirectory")
	printed, err := exec.Command(run, "image.tar").Output()
	require.NoError(t, err, "what no image may carry is not this tool's matter")
	assert.Contains(t, string(printed), "/app/tests")
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

func TestTheToolLeavesOutWhatAStoreHas(t *testing.T) {
	clock := tool(t, program.WithoutClock)
	require.NoError(t, program.Copy(program.Rest))
	run, err := filepath.Abs(program.Rest)
	require.NoError(t, err)
	planted(t, "engine.tar", "Directory.withDirectory")
	require.NoError(t, exec.Command(clock, "engine.tar", "image.tar", "0", "none").Run())
	opened, err := image.Open("image.tar")
	require.NoError(t, err)
	layers, err := opened.Layers()
	require.NoError(t, err)
	has, err := layers[0].Digest()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("has", []byte("sha256:of-another\n"+has.String()+"\n"), 0o600))

	out, err := exec.Command(run, "image.tar", "rest.tar", "has").CombinedOutput()

	require.NoError(t, err, "%s", out)
	_, err = image.Open("rest.tar")
	require.ErrorContains(t, err, has.Hex, "the layer that the store has is not in it")
}
