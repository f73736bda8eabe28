package main

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

// entry is one file of a layer that a test makes.
type entry struct {
	tar.Header
	content string
}

func dir(name string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}}
}

func plain(name, content string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, content: content}
}

func program(name string) entry {
	made := plain(name, "#!")
	made.Mode = 0o755
	return made
}

func owned(made entry, uid, gid int) entry {
	made.Uid, made.Gid = uid, gid
	return made
}

func moded(made entry, mode int64) entry {
	made.Mode = mode
	return made
}

func link(name, target string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}}
}

func same(name, as string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: as, Mode: 0o644}}
}

// made gives an image of layers, the lowest first.
func made(t *testing.T, config v1.Config, layers ...[]entry) v1.Image {
	t.Helper()
	image, err := mutate.Config(empty.Image, config)
	require.NoError(t, err)
	for _, entries := range layers {
		var raw bytes.Buffer
		archive := tar.NewWriter(&raw)
		for _, file := range entries {
			header := file.Header
			header.Size = int64(len(file.content))
			require.NoError(t, archive.WriteHeader(&header))
			_, err := archive.Write([]byte(file.content))
			require.NoError(t, err)
		}
		require.NoError(t, archive.Close())
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw.Bytes())), nil })
		require.NoError(t, err)
		image, err = mutate.AppendLayers(image, layer)
		require.NoError(t, err)
	}
	return image
}
