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
