package image_test

import (
	"archive/tar"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

func TestTheFirstFileThatDiffersIsNamedWithItsAttribute(t *testing.T) {
	changed := func(change func(*tar.Header)) []file {
		f := regular("app/a", "same")
		change(&f.Header)
		return []file{f, regular("app/b", "same")}
	}
	for name, test := range map[string]struct {
		files []file
		want  string
	}{
		"content": {[]file{regular("app/a", "else"), regular("app/b", "same")}, "layer 1: app/a: content differs: 4 bytes, sha256:"},
		"mode":    {changed(func(h *tar.Header) { h.Mode = 0o755 }), "layer 1: app/a: mode differs: 0644, and 0755"},
		"owner":   {changed(func(h *tar.Header) { h.Uid = 1000 }), `layer 1: app/a: owner differs: 0:0 "":"", and 1000:0 "":""`},
		"time": {changed(func(h *tar.Header) { h.ModTime = epoch.Add(time.Second) }),
			"layer 1: app/a: time differs: 2026-11-01T00:00:00Z, and 2026-11-01T00:00:01Z"},
		"extended attributes": {changed(func(h *tar.Header) {
			h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"SCHILY.xattr.user.a": "1"}
		}), `layer 1: app/a: extended attributes differs: [], and [SCHILY.xattr.user.a="1"]`},
		"order":   {[]file{regular("app/b", "same"), regular("app/a", "same")}, "layer 1: app/a: order differs: entry 0 is app/a, and entry 0 is app/b"},
		"missing": {[]file{regular("app/a", "same")}, "layer 1: app/b: presence differs: there, and missing"},
		"new":     {[]file{regular("app/a", "same"), regular("app/b", "same"), regular("app/c", "")}, "layer 1: app/c: presence differs: missing, and there"},
		"type": {[]file{{Header: tar.Header{Name: "app/a", Typeflag: tar.TypeSymlink, Linkname: "b", Mode: 0o644}}, regular("app/b", "same")},
			`layer 1: app/a: type differs: type '0', and type '2'`},
	} {
		t.Run(name, func(t *testing.T) {
			base := layerOf(t, regular("bin/sh", "#!"))
			one := imageOf(t, base, layerOf(t, regular("app/a", "same"), regular("app/b", "same")))
			found, err := image.Diff(one, imageOf(t, base, layerOf(t, test.files...)))
			require.NoError(t, err)
			require.NotNil(t, found)
			assert.Contains(t, found.String(), test.want)
		})
	}
}

func TestALinkThatPointsElsewhereIsNamed(t *testing.T) {
	to := func(target string) v1.Layer {
		return layerOf(t, file{Header: tar.Header{Name: "app/link", Typeflag: tar.TypeSymlink, Linkname: target}})
	}
	base := layerOf(t, regular("bin/sh", "#!"))
	found, err := image.Diff(imageOf(t, base, to("one")), imageOf(t, base, to("two")))
	require.NoError(t, err)
	assert.Equal(t, `layer 1: app/link: link differs: to "one", and to "two"`, found.String())
}

func TestTheFirstConfigFieldThatDiffersIsNamed(t *testing.T) {
	base := imageOf(t, layerOf(t, regular("bin/sh", "#!")))
	one, err := mutate.Config(base, v1.Config{Env: []string{"A=1", "B=1"}})
	require.NoError(t, err)
	other, err := mutate.Config(base, v1.Config{Env: []string{"A=1", "B=2"}})
	require.NoError(t, err)
	found, err := image.Diff(one, other)
	require.NoError(t, err)
	assert.Equal(t, `config: .config.Env[1]: field differs: "B=1", and "B=2"`, found.String())
}

func TestAnAnnotationThatDiffersIsNamed(t *testing.T) {
	base := imageOf(t, layerOf(t, regular("bin/sh", "#!")))
	noted := mutate.Annotations(base, map[string]string{"revision": "abc"}).(v1.Image)
	found, err := image.Diff(base, noted)
	require.NoError(t, err)
	assert.Equal(t, `manifest: .annotations: field differs: null, and {"revision":"abc"}`, found.String())
}

func TestAnImageDoesNotDifferFromItself(t *testing.T) {
	layer := layerOf(t, regular("bin/sh", "#!"))
	found, err := image.Diff(imageOf(t, layer), imageOf(t, layer))
	require.NoError(t, err)
	assert.Nil(t, found)
}

func TestABuildsClockIsFoundAndGoneAfterwards(t *testing.T) {
	first := build{at: time.Unix(1_700_000_000, 0), owner: "ci"}.archive(t)
	second := build{at: time.Unix(1_800_000_000, 0), owner: "ci"}.archive(t)
	found, err := image.Diff(opened(t, first), opened(t, second))
	require.NoError(t, err)
	assert.Equal(t, "layer 1: app/: time differs: 2023-11-14T22:13:20Z, and 2027-01-15T08:00:00Z", found.String())

	one, _ := without(t, first)
	other, _ := without(t, second)
	found, err = image.Diff(opened(t, one), opened(t, other))
	require.NoError(t, err)
	assert.Nil(t, found)
}

func opened(t *testing.T, path string) v1.Image {
	t.Helper()
	found, err := image.Open(path)
	require.NoError(t, err)
	return found
}
