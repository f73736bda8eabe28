package image_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// refusedOrWritten reads an archive in every way there is. It may be refused, never half-written.
func refusedOrWritten(t *testing.T, in string) {
	t.Helper()
	if found, err := image.Open(in); err == nil {
		_, _ = image.Measure(found)
		_ = image.Accept(found)
		if again, err := image.Open(in); err == nil {
			_, _ = image.Diff(found, again)
		}
	}
	out := filepath.Join(t.TempDir(), "out.tar")
	base := func(v1.Platform) (v1.Image, error) { return imageOf(t, layerOf(t, regular("bin/sh", "#!"))), nil }
	if _, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Base: base}); err != nil {
		assert.NoFileExists(t, out)
	}
	if image.MissingBlobs(in, out, nil) != nil {
		assert.NoFileExists(t, out+".partial")
	}
}

// A damaged archive is refused or read; it is never a panic.
func FuzzArchive(f *testing.F) {
	layer := layerOf(f, regular("bin/sh", "#!"))
	saved := filepath.Join(f.TempDir(), "saved.tar")
	require.NoError(f, tarballTo(saved, imageOf(f, layer, layer)))
	out := filepath.Join(f.TempDir(), "out.tar")
	_, err := image.Normalize(saved, out, image.NormalizeOptions{Epoch: epoch})
	require.NoError(f, err)
	for _, path := range []string{saved, out} {
		raw, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := filepath.Join(t.TempDir(), "in.tar")
		require.NoError(t, os.WriteFile(in, raw, 0o600))
		refusedOrWritten(t, in)
	})
}

// So is one whose digests are right while its documents and its layer are not what they should be.
func FuzzDocuments(f *testing.F) {
	const config = `{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["LAYER"]},"history":[{"created_by":"Directory.withDirectory"}]}`
	const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"CONFIG","size":1},` +
		`"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"LAYER","size":1}]}`
	content, err := layerOf(f, regular("app/a", "a"), regular("../../etc/passwd", "root")).Uncompressed()
	require.NoError(f, err)
	layer, err := io.ReadAll(content)
	require.NoError(f, err)
	f.Add([]byte(manifest), []byte(config), layer, false)
	f.Add([]byte(manifest), []byte(config), layer, true)
	f.Add([]byte(manifest), []byte(config), sparse(f, "a", "77777777777"), false)
	f.Add([]byte(strings.Replace(manifest, `"LAYER"`, `null`, 1)), []byte(`{"rootfs":null,"history":[{}]}`), layer, true)
	f.Fuzz(func(t *testing.T, manifest, config, layer []byte, docker bool) {
		blob := func(raw []byte) (string, file) {
			sum := sha256.Sum256(raw)
			name := hex.EncodeToString(sum[:])
			return "sha256:" + name, regular("blobs/sha256/"+name, string(raw))
		}
		layerDigest, layerBlob := blob(layer)
		configDigest, configBlob := blob([]byte(strings.ReplaceAll(string(config), "LAYER", layerDigest)))
		manifestDigest, manifestBlob := blob([]byte(strings.NewReplacer("LAYER", layerDigest, "CONFIG", configDigest).Replace(string(manifest))))
		files := []file{layerBlob, configBlob, manifestBlob, regular("index.json", fmt.Sprintf(
			`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":1}]}`, manifestDigest))}
		if docker {
			files = append(files, regular("manifest.json", fmt.Sprintf(`[{"Config":%q,"Layers":[%q]}]`, configBlob.Name, layerBlob.Name)))
		}
		refusedOrWritten(t, packed(t, files...))
	})
}
