package image_test

import (
	"path"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/pins"
)

func TestNoImageHasAPackageManagerWhicheverLayerBroughtIt(t *testing.T) {
	npm := layerOf(t, regular("usr/local/lib/node_modules/npm/bin/npm-cli.js", ""), regular("usr/local/bin/node", ""))
	application := layerOf(t, regular("app/server.js", ""))
	const carried = "/usr/local/lib/node_modules/npm installs packages: nothing is installed in a running container"
	for name, given := range map[string]struct {
		layers []v1.Layer
		says   string
	}{
		"the base's":                           {[]v1.Layer{npm, application}, carried},
		"one of ours":                          {[]v1.Layer{application, npm, application}, carried},
		"deleted with its folder":              {[]v1.Layer{npm, layerOf(t, regular("usr/local/lib/.wh.node_modules", "")), application}, ""},
		"deleted itself":                       {[]v1.Layer{npm, layerOf(t, regular("./usr/local/lib/node_modules/.wh.npm", "")), application}, ""},
		"hidden by a folder that is new":       {[]v1.Layer{npm, layerOf(t, regular("usr/local/lib/.wh..wh..opq", "")), application}, ""},
		"deleted below its own folder":         {[]v1.Layer{npm, layerOf(t, regular("usr/local/lib/node_modules/npm/.wh.bin", "")), application}, ""},
		"another of its name is deleted":       {[]v1.Layer{npm, layerOf(t, regular("opt/lib/.wh.node_modules", "")), application}, carried},
		"one whose name only begins like it":   {[]v1.Layer{npm, layerOf(t, regular("usr/local/lib/.wh.node", "")), application}, carried},
		"deleted and brought again":            {[]v1.Layer{npm, layerOf(t, regular("usr/local/lib/.wh.node_modules", "")), npm, application}, carried},
		"deleted below the layer that has it":  {[]v1.Layer{application, layerOf(t, regular("usr/local/lib/.wh.node_modules", "")), npm, application}, carried},
		"brought by the layer that deletes it": {[]v1.Layer{npm, layerOf(t, regular("usr/local/lib/node_modules/npm/a", ""), regular("usr/local/lib/.wh.node_modules", "")), application}, carried},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := mutate.Config(imageOf(t, given.layers[0], given.layers[1:]...), v1.Config{User: "1001:1001"})
			require.NoError(t, err)
			found, err := image.Inspect(made)
			require.NoError(t, err)
			if given.says == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			assert.Equal(t, given.says, found[0].String())
		})
	}
}

// published is where docker-node's and docker-library's images of Node 24 and Python 3.13 have package managers.
var published = map[pins.Name][]string{
	pins.Node: {
		"/usr/local/lib/node_modules/npm/package.json", "/usr/local/lib/node_modules/corepack/dist/corepack.js", "/opt/yarn-v1.22.22/bin/yarn.js",
		"/usr/local/bin/npm", "/usr/local/bin/npx", "/usr/local/bin/corepack", "/usr/local/bin/yarn", "/usr/local/bin/yarnpkg",
	},
	pins.Python: {
		"/usr/local/lib/python3.13/site-packages/pip/__init__.py", "/usr/local/lib/python3.13/ensurepip/_bundled/pip-26.1-py3-none-any.whl",
		"/usr/local/bin/pip", "/usr/local/bin/pip3", "/usr/local/bin/pip3.13",
	},
}

func TestWhatIsDeletedFromABaseIsWhatNoImageMayHave(t *testing.T) {
	for base, files := range published {
		for _, name := range files {
			t.Run(name, func(t *testing.T) {
				made, err := mutate.Config(imageOf(t, layerOf(t, regular(strings.TrimPrefix(name, "/"), "")), layerOf(t, regular("app/server", ""))), v1.Config{User: "app"})
				require.NoError(t, err)
				found, err := image.Inspect(made)
				require.NoError(t, err)
				require.Len(t, found, 1)
				deleted := false
				for _, pattern := range pins.PackageManagers(base) {
					for above := name; above != "/"; above = path.Dir(above) {
						matches, err := path.Match(pattern, above)
						require.NoError(t, err)
						deleted = deleted || matches
					}
				}
				assert.True(t, deleted, "no pattern deletes it")
			})
		}
	}
	assert.Empty(t, pins.PackageManagers(pins.Postgres))
}

func TestWhatARunNeedsOfABaseIsNoPackageManager(t *testing.T) {
	made, err := mutate.Config(imageOf(t, layerOf(t, regular("usr/local/bin/node", ""), regular("sbin/apk", ""), regular("usr/local/bin/python3.13", ""),
		regular("usr/local/lib/python3.13/pydoc.py", ""), regular("app/node_modules/npm-package-arg/a.js", ""), regular("usr/lib/python3.13/site-packages/pipeline/a.py", "")),
		layerOf(t, regular("app/server.js", ""))), v1.Config{User: "app"})
	require.NoError(t, err)
	assert.NoError(t, image.Accept(made))
}
