package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/sync/errgroup"
)

// What a history says of a layer, in an engine's own words.
const (
	// imported is before the digest of a layer that came with the base image. Such a layer is shared with whoever else has
	// the base, so it stays as its publisher made it.
	imported = "import image layer "
	// added is said of a layer that a build put on top.
	added = "Directory.withDirectory"
	// removed is before the paths that a build deleted, of a layer that has nothing but the marks of that.
	removed = "without "
)

// history gives the entries that stand for a layer, in the layers' order.
func history(config *v1.ConfigFile) []v1.History {
	var made []v1.History
	for _, entry := range config.History {
		if !entry.EmptyLayer {
			made = append(made, entry)
		}
	}
	return made
}

// BaseLayers gives the layers of an image that came with its base, by the sums of what is in them, as Normalize leaves them
// in an image's config.
func BaseLayers(config *v1.ConfigFile) ([]string, error) {
	made := history(config)
	if len(made) != len(config.RootFS.DiffIDs) {
		return nil, fmt.Errorf("the config tells of %d layers and has %d", len(made), len(config.RootFS.DiffIDs))
	}
	var base []string
	for i, entry := range made {
		if strings.HasPrefix(entry.CreatedBy, imported) {
			base = append(base, config.RootFS.DiffIDs[i].String())
		}
	}
	return base, nil
}

// ownLayers gives the layers of an engine's export that came with the base image as its publisher made them, and whether those are
// all that came with it: an engine says so of each by its digest. One that was started again has only the files that it once unpacked,
// and packs layers of its own from them.
func ownLayers(layers []v1.Layer, made []v1.History) (base []v1.Layer, own bool) {
	own = true
	for i, layer := range layers {
		digest, err := layer.Digest()
		switch by := made[i].CreatedBy; {
		case err == nil && by == imported+digest.String() && len(base) == i:
			base = append(base, layer)
		case by != added && !strings.HasPrefix(by, removed):
			own = false
		}
	}
	return base, own
}

// published gives the layers of the base from its publisher, in place of those that an engine packed of its files.
func published(ask func(v1.Platform) (v1.Image, error), config *v1.ConfigFile, packed []v1.Layer, work string) ([]v1.Layer, error) {
	layers, err := fromPublisher(ask, config, packed, work)
	if err != nil {
		return nil, fmt.Errorf("the engine, started again, has the base image's files and no longer its layers: %w; "+
			`write in --pins a registry that can be reached without credentials, or call "dagger core engine local-cache prune" and build again`, err)
	}
	return layers, nil
}

func fromPublisher(ask func(v1.Platform) (v1.Image, error), config *v1.ConfigFile, packed []v1.Layer, work string) ([]v1.Layer, error) {
	image, err := ask(v1.Platform{OS: config.OS, Architecture: config.Architecture})
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) > len(packed) {
		return nil, fmt.Errorf("it has %d layers and its base has %d", len(packed), len(layers))
	}
	var group errgroup.Group
	for i, layer := range layers {
		group.Go(func() error {
			fetched, err := fetch(layer, filepath.Join(work, fmt.Sprintf("base-%d", i)))
			if err == nil {
				err = within(packed[i], fetched)
			}
			if err != nil {
				return fmt.Errorf("layer %d of its base: %w", i, err)
			}
			layers[i] = fetched
			return nil
		})
	}
	return layers, group.Wait()
}

// fetch reads a layer from its registry once; it is read several times after that.
func fetch(layer v1.Layer, file string) (_ v1.Layer, err error) {
	content, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	to, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(to, content)
	if err := errors.Join(err, to.Close()); err != nil {
		return nil, err
	}
	return tarball.LayerFromFile(file)
}

// within sees that each file of a layer that an engine packed is in the publisher's, so that no layer takes the place of
// another. The engine's may have fewer: what a layer only repeats is not packed again.
func within(packed, publishers v1.Layer) error {
	known, err := fileNames(publishers)
	if err != nil {
		return err
	}
	found, err := fileNames(packed)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !known[name] {
			return fmt.Errorf("it has no %s, and what the engine has in its place does", name)
		}
	}
	return nil
}

// fileNames gives the names of a layer's files and links. Directories and marks of what is deleted are each packer's own.
func fileNames(layer v1.Layer) (map[string]bool, error) {
	found := map[string]bool{}
	err := Walk(layer, func(header *tar.Header, _ io.Reader) error {
		if header.Typeflag != tar.TypeDir && deleted(header.Name) == "" {
			found[path.Clean("/"+header.Name)] = true
		}
		return nil
	})
	return found, err
}
