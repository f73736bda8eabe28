package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// layoutOf writes an OCI layout with this index as a tar archive.
func layoutOf(t *testing.T, index v1.ImageIndex) string {
	t.Helper()
	dir := t.TempDir()
	_, err := layout.Write(dir, index)
	require.NoError(t, err)
	var files []file
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files = append(files, regular(filepath.ToSlash(name), string(raw)))
		return err
	}))
	return packed(t, files...)
}

func beside(made v1.Image, others ...v1.Descriptor) v1.ImageIndex {
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: made, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	for i, other := range others {
		note := mutate.Annotations(empty.Image, map[string]string{"about": fmt.Sprint(i)}).(v1.Image)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: note, Descriptor: other})
	}
	return index
}

func TestAnImageIsFoundAmongWhatTellsOfIt(t *testing.T) {
	made := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layerOf(t, regular("srv/app", "app")))
	want, err := made.Digest()
	require.NoError(t, err)
	nowhere := &v1.Platform{OS: "unknown", Architecture: "unknown"}
	attested := v1.Descriptor{Platform: nowhere, Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}}
	nested := func(index v1.ImageIndex, times int) v1.ImageIndex {
		for range times {
			index = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})
		}
		return index
	}
	for name, index := range map[string]v1.ImageIndex{
		"a builder's attestation":              beside(made, attested),
		"two of them":                          beside(made, attested, attested),
		"one without its annotation":           beside(made, v1.Descriptor{Platform: nowhere}),
		"one without a platform":               beside(made, v1.Descriptor{Annotations: attested.Annotations}),
		"an index in an index":                 nested(beside(made), 1),
		"attestations in an index in an index": nested(beside(made, attested), 2),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := opened(t, layoutOf(t, index)).Digest()
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	for want, index := range map[string]v1.ImageIndex{
		"it holds 2 images":               beside(made, v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}),
		"it holds 2 images;":              beside(made, v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "unknown"}}),
		"an index of several platforms":   nested(beside(made, v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}), 1),
		"an index in an index, and so on": nested(beside(made), 5),
	} {
		_, err := image.Open(layoutOf(t, index))
		assert.ErrorContains(t, err, want)
	}
}

func TestAnArtifactBesideAnImageIsNone(t *testing.T) {
	made := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layerOf(t, regular("srv/app", "app")))
	dir := t.TempDir()
	_, err := layout.Write(dir, beside(made, v1.Descriptor{}))
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	require.NoError(t, err)
	index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	require.NoError(t, err)
	index.Manifests[1].ArtifactType = "application/vnd.example.bom"
	raw, err = json.Marshal(index)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.json"), raw, 0o600))
	path := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, os.WriteFile(path, gnuTar(t, dir), 0o600))
	want, err := made.Digest()
	require.NoError(t, err)
	got, err := opened(t, path).Digest()
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestAnArchiveMayBeGzipped(t *testing.T) {
	made := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layerOf(t, regular("srv/app", "app")))
	docker := filepath.Join(t.TempDir(), "docker.tar")
	require.NoError(t, tarballTo(docker, made))
	for name, plain := range map[string]string{"of a layout": layoutOf(t, beside(made)), "of docker save": docker} {
		raw, err := os.ReadFile(plain)
		require.NoError(t, err)
		var zipped bytes.Buffer
		to := gzip.NewWriter(&zipped)
		_, err = to.Write(raw)
		require.NoError(t, err)
		require.NoError(t, to.Close())
		path := filepath.Join(t.TempDir(), "image.tar.gz")
		require.NoError(t, os.WriteFile(path, zipped.Bytes(), 0o600))
		found := opened(t, path)
		got, err := found.ConfigName()
		require.NoError(t, err)
		config, err := made.ConfigName()
		require.NoError(t, err)
		assert.Equal(t, config, got, name)
		layers, err := found.Layers()
		require.NoError(t, err)
		content, err := layers[1].Uncompressed()
		require.NoError(t, err)
		_, err = io.ReadAll(content)
		assert.NoError(t, err, name)
		if name == "of docker save" {
			in, out := path, filepath.Join(t.TempDir(), "out.tar")
			_, err = image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch})
			assert.NoError(t, err)
		}
		require.NoError(t, os.WriteFile(path, zipped.Bytes()[:zipped.Len()/2], 0o600))
		_, err = image.Open(path)
		assert.ErrorContains(t, err, "truncated", name)
	}
	path := filepath.Join(t.TempDir(), "image.tar.zst")
	require.NoError(t, os.WriteFile(path, []byte{0x28, 0xb5, 0x2f, 0xfd, 0}, 0o600))
	_, err := image.Open(path)
	assert.ErrorContains(t, err, "zstd --decompress")
}

// gnuTar packs a folder as GNU's tar does with these options, its files as it finds them.
func gnuTar(t *testing.T, dir string, options ...string) []byte {
	t.Helper()
	if version, err := exec.Command("tar", "--version").Output(); err != nil || !strings.Contains(string(version), "GNU tar") {
		t.Skip("no GNU tar here")
	}
	out := filepath.Join(t.TempDir(), "out.tar")
	require.NoError(t, exec.Command("tar", append(options, "--create", "--file", out, "--directory", dir, ".")...).Run())
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	return raw
}

// holes makes a folder with a file that is mostly zeros.
func holes(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	made, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	require.NoError(t, made.Truncate(1<<20))
	_, err = made.WriteAt([]byte("the end"), 1<<20-7)
	require.NoError(t, err)
	require.NoError(t, made.Close())
	return dir
}

func TestALayerMayHaveSparseFilesAndGlobalHeaders(t *testing.T) {
	global := func(raw []byte) []byte {
		var head bytes.Buffer
		w := tar.NewWriter(&head)
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "1f0c"}}))
		require.NoError(t, w.Flush())
		return append(head.Bytes(), raw...)
	}
	dir := holes(t)
	for name, raw := range map[string][]byte{
		"sparse as GNU has it":    gnuTar(t, dir, "--sparse", "--format=gnu"),
		"sparse as PAX has it":    gnuTar(t, dir, "--sparse", "--format=pax"),
		"a global header":         global(gnuTar(t, dir, "--format=pax")),
		"a global header, sparse": global(gnuTar(t, dir, "--sparse", "--format=pax", "--sparse-version=0.1")),
	} {
		t.Run(name, func(t *testing.T) {
			layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil })
			require.NoError(t, err)
			made := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layer)
			in, out := filepath.Join(t.TempDir(), "in.tar"), filepath.Join(t.TempDir(), "out.tar")
			require.NoError(t, tarballTo(in, made))
			_, err = image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch})
			require.NoError(t, err)
			layers, err := opened(t, out).Layers()
			require.NoError(t, err)
			seen := false
			require.NoError(t, image.Walk(layers[1], func(header *tar.Header, content io.Reader) error {
				assert.NotEqual(t, byte(tar.TypeXGlobalHeader), header.Typeflag)
				if header.Name != "log" {
					return nil
				}
				seen = true
				assert.Equal(t, byte(tar.TypeReg), header.Typeflag)
				whole, err := io.ReadAll(content)
				assert.Len(t, whole, 1<<20)
				assert.True(t, bytes.HasSuffix(whole, []byte("the end")))
				return err
			}))
			assert.True(t, seen)
		})
	}
}

func TestAnArchiveMayHaveSparseFiles(t *testing.T) {
	made := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layerOf(t, regular("srv/app", "app")))
	dir := t.TempDir()
	_, err := layout.Write(dir, beside(made))
	require.NoError(t, err)
	notes, err := os.OpenFile(filepath.Join(dir, "notes"), os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	require.NoError(t, notes.Truncate(1<<14))
	require.NoError(t, notes.Close())
	want, err := made.Digest()
	require.NoError(t, err)
	for _, format := range []string{"gnu", "pax"} {
		path := filepath.Join(t.TempDir(), "image.tar")
		raw := gnuTar(t, dir, "--sparse", "--format="+format)
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		got, err := opened(t, path).Digest()
		require.NoError(t, err, format)
		assert.Equal(t, want, got)
	}
}
