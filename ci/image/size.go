package image

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Size is what an image weighs. All numbers are bytes; a file that a higher layer hides or deletes still counts, since
// it is still carried.
type Size struct {
	Layers []LayerSize
	// Directories are those that were added to the base, two levels deep, the largest first.
	Directories []DirectorySize
	// Packages are the added packages of Python and Node, the largest first.
	Packages []DirectorySize
}

// LayerSize is one layer's share.
type LayerSize struct {
	// CreatedBy is the step that made it, in the engine's words.
	CreatedBy string
	// Base is true for a layer that came with the base image.
	Base bool
	// Compressed is what is sent to a registry, Unpacked the sum of the files' lengths.
	Compressed, Unpacked int64
	Files                int
}

// DirectorySize is the share of one directory with all that is below it.
type DirectorySize struct {
	Path     string
	Unpacked int64
	Files    int
}

// Measure weighs an image: each layer is read once.
func Measure(image v1.Image) (Size, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return Size{}, fmt.Errorf("measuring the image: %w", err)
	}
	layers, err := image.Layers()
	if err != nil {
		return Size{}, fmt.Errorf("measuring the image: %w", err)
	}
	made, measured := history(config), Size{}
	directories, packages := shares{}, shares{}
	for i, layer := range layers {
		share := LayerSize{}
		if len(made) == len(layers) {
			share.CreatedBy, share.Base = made[i].CreatedBy, strings.HasPrefix(made[i].CreatedBy, imported)
		}
		if share.Compressed, err = layer.Size(); err != nil {
			return Size{}, fmt.Errorf("measuring layer %d: %w", i, err)
		}
		files, err := entries(layer)
		if err != nil {
			return Size{}, fmt.Errorf("measuring layer %d: %w", i, err)
		}
		for _, file := range files {
			share.Unpacked += file.Size
			share.Files++
			if share.Base || deleted(file.Name) != "" {
				continue
			}
			directories.add(top(file.Name), file.Size)
			if found := packaged.FindString(file.Name); found != "" {
				packages.add("/"+found, file.Size)
			}
		}
		measured.Layers = append(measured.Layers, share)
	}
	measured.Directories, measured.Packages = directories.largestFirst(), packages.largestFirst()
	return measured, nil
}

// shares adds up files by directory.
type shares map[string]DirectorySize

func (s shares) add(directory string, bytes int64) {
	in := s[directory]
	s[directory] = DirectorySize{Path: directory, Unpacked: in.Unpacked + bytes, Files: in.Files + 1}
}

func (s shares) largestFirst() []DirectorySize {
	return slices.SortedFunc(maps.Values(s), func(a, b DirectorySize) int {
		return cmp.Or(cmp.Compare(b.Unpacked, a.Unpacked), cmp.Compare(a.Path, b.Path))
	})
}

// packaged is the directory of a package, as uv and npm lay them out; npm has those of an organisation one level deeper.
var packaged = regexp.MustCompile(`^.*?/(site-packages|node_modules)/(@[^/]+/)?[^/]+`)

// top gives the directory, two levels deep at most, that a file counts for; a file of the root for "/".
func top(name string) string {
	parts := strings.Split(strings.Trim(path.Clean("/"+name), "/"), "/")
	return "/" + strings.Join(parts[:min(2, max(0, len(parts)-1))], "/")
}

// Unpacked is the whole image's, in bytes.
func (s Size) Unpacked() int64 { return s.sum(func(l LayerSize) int64 { return l.Unpacked }) }

// Compressed is what the whole image sends to an empty registry, in bytes.
func (s Size) Compressed() int64 { return s.sum(func(l LayerSize) int64 { return l.Compressed }) }

// Added is the unpacked size of what is not the base's, in bytes.
func (s Size) Added() int64 {
	return s.sum(func(l LayerSize) int64 {
		if l.Base {
			return 0
		}
		return l.Unpacked
	})
}

// Change is what a change of the application alone sends to a registry again, in bytes: the last layer.
func (s Size) Change() int64 {
	if len(s.Layers) == 0 {
		return 0
	}
	return s.Layers[len(s.Layers)-1].Compressed
}

// Largest names the largest packages, or directories where there are none, with their sizes.
func (s Size) Largest() string {
	parts := s.Packages
	if len(parts) == 0 {
		parts = s.Directories
	}
	var named []string
	for _, part := range parts[:min(3, len(parts))] {
		named = append(named, part.Path+" "+size(part.Unpacked))
	}
	return strings.Join(named, ", ")
}

func (s Size) sum(of func(LayerSize) int64) (total int64) {
	for _, layer := range s.Layers {
		total += of(layer)
	}
	return total
}

// listed is how many packages a table has: the rest weigh little each.
const listed = 12

// Table gives the size for people: each layer, then each directory that was added, the largest packages, then the sums.
func (s Size) Table() string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(unpacked, compressed, files, what string) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t  %s\n", unpacked, compressed, files, what)
	}
	row("UNPACKED", "COMPRESSED", "FILES", "LAYER OR DIRECTORY")
	for i, layer := range s.Layers {
		kind := "added"
		if layer.Base {
			kind = "base"
		}
		row(size(layer.Unpacked), size(layer.Compressed), strconv.Itoa(layer.Files), fmt.Sprintf("layer %d, %s", i, kind))
	}
	for _, directory := range s.Directories {
		row(size(directory.Unpacked), "", strconv.Itoa(directory.Files), directory.Path)
	}
	for _, part := range s.Packages[:min(listed, len(s.Packages))] {
		row(size(part.Unpacked), "", strconv.Itoa(part.Files), part.Path)
	}
	row("", size(s.Change()), "", "sent again by a change of the application")
	row(size(s.Added()), "", "", "added to the base")
	row(size(s.Unpacked()), size(s.Compressed()), "", "the image")
	_ = table.Flush()
	return out.String()
}

// size writes bytes in MB (10^6 bytes), as registries do.
func size(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }
