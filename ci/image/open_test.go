package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// packed writes an archive of these files.
func packed(t testing.TB, files ...file) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	var raw bytes.Buffer
	archive := tar.NewWriter(&raw)
	for _, f := range files {
		f.Size = int64(len(f.content))
		require.NoError(t, archive.WriteHeader(&f.Header))
		_, err := archive.Write([]byte(f.content))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, os.WriteFile(path, raw.Bytes(), 0o600))
	return path
}

func TestAnArchiveWithoutClockIsReadAsItIs(t *testing.T) {
	out, digest := without(t, build{at: epoch}.archive(t))
	found, err := opened(t, out).Digest()
	require.NoError(t, err)
	assert.Equal(t, digest, found)
}

func TestArchivesThatAreNotOneImageAreRefused(t *testing.T) {
	digest := strings.Repeat("0", 64)
	descriptor := `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:` + digest + `","size":1}`
	for name, test := range map[string]struct{ index, want string }{
		"no index":                   {"", "index.json is missing"},
		"no JSON":                    {"index", "index.json: invalid character"},
		"no image":                   {`{"manifests":[]}`, "it holds 0 images"},
		"two images":                 {`{"manifests":[` + descriptor + "," + descriptor + `]}`, "it holds 2 images"},
		"no manifest":                {`{"manifests":[` + descriptor + `]}`, digest + " is missing; build it again"},
		"an index that is not there": {`{"manifests":[` + strings.Replace(descriptor, "manifest.v1", "index.v1", 1) + `]}`, digest + " is missing; build it again"},
		"a path for a name": {`{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../../etc/passwd","size":1}]}`,
			"index.json: "},
	} {
		t.Run(name, func(t *testing.T) {
			files := []file{regular("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)}
			if test.index != "" {
				files = append(files, regular("index.json", test.index))
			}
			_, err := image.Open(packed(t, files...))
			assert.ErrorContains(t, err, test.want)
			assert.ErrorContains(t, err, "image archive image.tar: ")
		})
	}
}

func TestASavedImageListsEveryLayerOfItsConfig(t *testing.T) {
	config := `{"rootfs":{"type":"layers","diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`
	in := packed(t, regular("config.json", config), regular("manifest.json", `[{"Config":"config.json","Layers":[]}]`))
	_, err := image.Open(in)
	assert.ErrorContains(t, err, "manifest.json lists 0 layers and the config has 1; build it again")
	_, err = image.Normalize(in, filepath.Join(t.TempDir(), "out.tar"), image.NormalizeOptions{Epoch: epoch})
	assert.ErrorContains(t, err, "manifest.json lists 0 layers")
}

func TestAManifestThatClaimsTooMuchIsNotRead(t *testing.T) {
	_, err := image.Open(packed(t, regular("index.json", strings.Repeat(" ", 5<<20))))
	assert.ErrorContains(t, err, "index.json claims 5242880 bytes")
}

func TestAMissingLayerIsToldBeforeItIsRead(t *testing.T) {
	out, _ := without(t, build{at: epoch}.archive(t))
	layers, err := opened(t, out).Layers()
	require.NoError(t, err)
	digest, err := layers[1].Digest()
	require.NoError(t, err)
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	var kept []file
	for archive := tar.NewReader(bytes.NewReader(raw)); ; {
		header, err := archive.Next()
		if err != nil {
			break
		}
		var content bytes.Buffer
		_, err = content.ReadFrom(archive)
		require.NoError(t, err)
		if !strings.HasSuffix(header.Name, digest.Hex) {
			kept = append(kept, regular(header.Name, content.String()))
		}
	}
	_, err = image.Open(packed(t, kept...))
	assert.ErrorContains(t, err, "layer "+digest.String()+" is missing; build it again")
}

// sparse is an entry of one block that claims to be as long as it likes.
func sparse(t testing.TB, name, claimed string) []byte {
	t.Helper()
	var raw bytes.Buffer
	archive := tar.NewWriter(&raw)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Format: tar.FormatGNU}))
	require.NoError(t, archive.Close())
	block := raw.Bytes()
	block[156] = tar.TypeGNUSparse
	copy(block[386:], "00000000000\x0000000000000\x00") // one piece, of no bytes
	copy(block[483:], claimed+"\x00")
	copy(block[148:], "        ")
	sum := 0
	for _, b := range block[:512] {
		sum += int(b)
	}
	copy(block[148:], []byte(octal(sum)))
	return block
}

func octal(n int) string {
	digits := []byte("000000\x00 ")
	for i := 5; i >= 0; i, n = i-1, n/8 {
		digits[i] = byte('0' + n%8)
	}
	return string(digits)
}

func TestALengthThatIsOnlyClaimedIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, os.WriteFile(path, sparse(t, "blobs/sha256/"+strings.Repeat("0", 64), "77777777777"), 0o600))
	_, err := image.Open(path)
	assert.ErrorContains(t, err, "claims 8589934591 bytes, more than the archive has")
}

func TestALayerThatClaimsMoreThanItHasIsNotUnpacked(t *testing.T) {
	raw := sparse(t, "app/hole", "77777777777")
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil })
	require.NoError(t, err)
	made := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layer)
	_, err = image.Measure(made)
	assert.ErrorContains(t, err, "measuring layer 1: reading the layer: it claims to unpack to more than 4294.97 MB; make the archive anew")

	in, out := filepath.Join(t.TempDir(), "in.tar"), filepath.Join(t.TempDir(), "out.tar")
	require.NoError(t, tarballTo(in, made))
	_, err = image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch})
	assert.ErrorContains(t, err, "app/hole: reading the layer: it claims to unpack to more than 4294.97 MB; make the archive anew")
	assert.NoFileExists(t, out)
}
