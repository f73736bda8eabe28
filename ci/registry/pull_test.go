package registry_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	own "todo-chatbot/ci/registry"
)

var arm = v1.Platform{OS: "linux", Architecture: "arm64"}

// indexed puts an index of two platforms into a registry, and gives its reference and the image for arm64.
func indexed(t *testing.T, repository string) (string, v1.Image) {
	t.Helper()
	other, _ := made(t)
	wanted, _ := made(t)
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		// A publisher names the variant that every arm64 has.
		mutate.IndexAddendum{Add: wanted, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}})
	digest, err := index.Digest()
	require.NoError(t, err)
	reference, err := name.NewDigest(repository + "@" + digest.String())
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(reference, index))
	return repository + ":1@" + digest.String(), wanted
}

func TestAPulledImageIsThePlatforms(t *testing.T) {
	reference, wanted := indexed(t, served(t, nil))
	found, err := own.Pull(reference, arm)
	require.NoError(t, err)
	want, err := wanted.Digest()
	require.NoError(t, err)
	got, err := found.Digest()
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestALayerThatIsNotWhatItsDigestSaysIsRefused(t *testing.T) {
	var damaged string
	reference, wanted := indexed(t, served(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || damaged == "" || !strings.HasSuffix(r.URL.Path, damaged) {
			return false
		}
		_, _ = io.Copy(w, bytes.NewReader(make([]byte, 200)))
		return true
	}))
	layers, err := wanted.Layers()
	require.NoError(t, err)
	digest, err := layers[0].Digest()
	require.NoError(t, err)
	damaged = digest.String()

	found, err := own.Pull(reference, arm)
	require.NoError(t, err)
	layer, err := found.LayerByDigest(digest)
	require.NoError(t, err)
	content, err := layer.Compressed()
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, content)
	assert.ErrorContains(t, err, "error verifying")
}

func TestAPullThatFailsIsOneLine(t *testing.T) {
	repository := served(t, nil)
	reference, _ := indexed(t, repository)
	absent := repository + "@sha256:" + strings.Repeat("0", 64)
	for what, given := range map[string]struct{ reference, says string }{
		"no digest":   {repository + ":1", "is no reference by digest"},
		"not there":   {absent, "asking for " + absent},
		"nobody home": {"127.0.0.1:1/library/base@sha256:" + strings.Repeat("0", 64), "connection refused"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := own.Pull(given.reference, arm)
			require.ErrorContains(t, err, given.says)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := own.Pull(reference, v1.Platform{OS: "linux", Architecture: "s390x"})
	assert.ErrorContains(t, err, "s390x")
}

func TestAnIndexIsPushedWithItsImagesAndRead(t *testing.T) {
	repository, r := served(t, nil), own.Registry{}
	one, first := made(t)
	other, second := made(t)
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: one}, mutate.IndexAddendum{Add: other})
	digest, err := index.Digest()
	require.NoError(t, err)
	reference, err := r.Push(t.Context(), repository, index)
	require.NoError(t, err)
	assert.Equal(t, repository+"@"+digest.String(), reference)
	require.NoError(t, r.Tag(t.Context(), repository, digest.String(), "v1"))
	tagged, err := r.Resolve(t.Context(), repository, "v1")
	require.NoError(t, err)
	assert.Equal(t, digest.String(), tagged)

	for reference, want := range map[string][]string{reference: {first, second}, repository + "@" + second: {second}} {
		images, err := r.Images(t.Context(), reference)
		require.NoError(t, err)
		var got []string
		for _, image := range images {
			digest, err := image.Digest()
			require.NoError(t, err)
			got = append(got, digest.String())
		}
		assert.Equal(t, want, got)
	}
	for reference, says := range map[string]string{repository + ":v1": "is no reference", repository + "@sha256:" + strings.Repeat("0", 64): "(404)"} {
		_, err := r.Images(t.Context(), reference)
		assert.ErrorContains(t, err, says)
	}
}
