package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
)

// file is one entry of a layer that a test makes.
type file struct {
	tar.Header
	content string
}

// layerOf makes a layer of files, in their order.
func layerOf(t testing.TB, files ...file) v1.Layer {
	t.Helper()
	var raw bytes.Buffer
	archive := tar.NewWriter(&raw)
	for _, f := range files {
		f.Size = int64(len(f.content))
		if f.ModTime.IsZero() {
			f.ModTime = epoch
		}
		require.NoError(t, archive.WriteHeader(&f.Header))
		_, err := archive.Write([]byte(f.content))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(raw.Bytes())), nil
	})
	require.NoError(t, err)
	return layer
}

// imageOf makes an image of a base layer and what is added to it.
func imageOf(t testing.TB, base v1.Layer, added ...v1.Layer) v1.Image {
	t.Helper()
	digest, err := base.Digest()
	require.NoError(t, err)
	additions := []mutate.Addendum{{Layer: base, History: v1.History{CreatedBy: "import image layer " + digest.String()}}}
	for _, layer := range added {
		additions = append(additions, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "Directory.withDirectory"}})
	}
	made, err := mutate.Append(empty.Image, additions...)
	require.NoError(t, err)
	return made
}

func regular(name, content string) file {
	return file{Header: tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, content: content}
}

func tarballTo(path string, made v1.Image) error { return tarball.WriteToFile(path, nil, made) }

// contentOf is what a file of a layer has in it.
func contentOf(t *testing.T, layer v1.Layer, name string) string {
	t.Helper()
	content, err := layer.Uncompressed()
	require.NoError(t, err)
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		require.NoError(t, err)
		if header.Name == name {
			raw, err := io.ReadAll(archive)
			require.NoError(t, err)
			return string(raw)
		}
	}
}
