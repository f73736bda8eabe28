package release

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnImageIsWrittenAsTheChartWritesItsOwn(t *testing.T) {
	const sum = "4444444444444444444444444444444444444444444444444444444444444444"
	for name, c := range map[string]struct{ values, part, becomes string }{
		"a digest of its own":    {`{api: {image: {repository: x, tag: "1", digest: ""}}}`, "api", `{"api": {"image": {"repository": "localhost/api", "digest": "sha256:` + sum + `", "tag": ""}}}`},
		"a tag alone":            {`{api: {image: {repository: x, tag: "1"}}}`, "api", `{"api": {"image": {"repository": "localhost/api@sha256", "tag": "` + sum + `"}}}`},
		"as helm create has it":  {`{image: {repository: nginx, pullPolicy: IfNotPresent, tag: ""}}`, "web", `{"image": {"repository": "localhost/api@sha256", "tag": "` + sum + `"}}`},
		"a registry of its own":  {`{image: {registry: docker.io, repository: x, digest: ""}}`, "web", `{"image": {"registry": "localhost", "repository": "api", "digest": "sha256:` + sum + `", "tag": ""}}`},
		"a registry without one": {`{image: {registry: docker.io, repository: x}}`, "web", `{"image": {"registry": "localhost", "repository": "api@sha256", "tag": "` + sum + `"}}`},
		"a key that is twice":    {`{api: {image: {repository: x, digest: ""}}, api: {image: {repository: x}}}`, "api", `{"api": {"image": {"repository": "localhost/api@sha256", "tag": "` + sum + `"}}}`},
		"a part goes before all": {`{image: {repository: x}, api: {image: {repository: x}}}`, "api", `{"api": {"image": {"repository": "localhost/api@sha256", "tag": "` + sum + `"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ImageValues(chartOf(t, c.values), map[string]string{c.part: "localhost/api@sha256:" + sum})
			require.NoError(t, err)
			assert.JSONEq(t, c.becomes, string(asJSON(got)))
		})
	}
}

func TestAnImageThatTheChartHasNoPlaceForIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		values string
		parts  []string
		says   string
	}{
		"no such part":       {`{web: {image: {repository: x}}, db: {image: {repository: y}}, other: 1}`, []string{"api"}, "image api: the chart's values.yaml has neither api.image.repository nor image.repository; parts with an image are db, web"},
		"no image at all":    {`{replicas: 1}`, []string{"api"}, "image api: the chart's values.yaml has neither api.image.repository nor image.repository"},
		"an image as a text": {`{api: {image: "nginx:1"}}`, []string{"api"}, "neither api.image.repository"},
		"two for one place":  {`{image: {repository: x}}`, []string{"api", "web"}, "image web: the chart has no part of that name, and its one image is another's"},
		"no values":          {"", []string{"api"}, "neither api.image.repository"},
		"no YAML":            {"{", []string{"api"}, "reading the chart: values.yaml: not valid YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			images := map[string]string{}
			for _, part := range c.parts {
				images[part] = "localhost/" + part + digest
			}
			_, err := ImageValues(chartOf(t, c.values), images)
			require.ErrorContains(t, err, c.says)
		})
	}
	none, err := ImageValues("/no/such/folder", nil)
	require.NoError(t, err, "a chart may bring images of its own")
	assert.Empty(t, none)
}

// chartOf is a chart's folder with values, without the file where they are "".
func chartOf(t *testing.T, values string) string {
	t.Helper()
	folder := t.TempDir()
	if values != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "values.yaml"), []byte(values), 0o600))
	}
	return folder
}
