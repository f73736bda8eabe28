package image

import (
	"archive/tar"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// PackageManagers gives where the published base of a runtime keeps package managers and the links to them, as patterns
// of path.Match: nodejs/docker-node, 24/alpine3.24/Dockerfile; docker-library/python, 3.13/slim-trixie/Dockerfile. What
// is built needs them, and what is shipped does not. It gives nothing for other images.
func PackageManagers(base Name) []string {
	return map[Name][]string{
		Node: {
			// npm and corepack; nothing else is installed there.
			"/usr/local/lib/node_modules", "/opt/yarn-v*",
			"/usr/local/bin/npm", "/usr/local/bin/npx", "/usr/local/bin/corepack", "/usr/local/bin/yarn", "/usr/local/bin/yarnpkg",
		},
		Python: {"/usr/local/lib/python3*/site-packages/pip*", "/usr/local/lib/python3*/ensurepip", "/usr/local/bin/pip*"},
	}[base]
}

const installs = "installs packages: nothing is installed in a running container"

// manager is the folder or command of a package manager of Node or Python, wherever it is.
var manager = regexp.MustCompile(`^(?:/.*)?/(?:node_modules/(?:npm|corepack|yarn|pnpm)|yarn-v[0-9.]+|(?:site|dist)-packages/(?:pip|uv)|python3[0-9.]*/ensurepip|` +
	`s?bin/(?:npm|npx|corepack|yarn|yarnpkg|pnpm|pnpx|pip[0-9.]*|uv|uvx))(?:/|$)`)

// managersIn names each package manager of Node or Python that a container of the layers would have: what one layer
// brings, a higher one may delete.
func managersIn(layers []v1.Layer) ([]Unwanted, error) {
	files := map[string]string{}
	for i, layer := range layers {
		brought := map[string]string{}
		err := Walk(layer, func(header *tar.Header, _ io.Reader) error {
			name := path.Clean("/" + header.Name)
			if mark := deleted(name); mark != "" {
				maps.DeleteFunc(files, func(file, _ string) bool {
					return file == mark || strings.HasPrefix(file, strings.TrimSuffix(mark, "/")+"/")
				})
			} else if found := manager.FindString(name); found != "" && header.Typeflag != tar.TypeDir {
				brought[name] = strings.TrimSuffix(found, "/")
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		// A mark deletes from the layers below its own, wherever it stands in it.
		maps.Copy(files, brought)
	}
	var found []Unwanted
	for _, where := range slices.Compact(slices.Sorted(maps.Values(files))) {
		found = append(found, Unwanted{where, installs})
	}
	return found, nil
}
