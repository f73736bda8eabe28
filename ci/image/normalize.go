// Package image holds the rules of images: what an image without a clock is, how two images differ, and how large one may be.
package image

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

// NormalizeOptions says what an image is to carry in place of the time of its build.
type NormalizeOptions struct {
	// Epoch is the time of every file that was added to the base.
	Epoch time.Time
	// Created is the time in the config and its history, e.g. the commit's; the epoch where there is none. The layers do
	// not have it, or each commit would send all of them again.
	Created time.Time
	// Base gives the base image from its publisher. It is asked only if the archive has other layers in place of the
	// base's own: docs/decisions/reproducible-images.md. Where it is nil, those are written anew as what was added is, and programs for
	// another machine are no error: somebody else's image may carry those of several.
	Base func(v1.Platform) (v1.Image, error)
	// Platform is what the image has to be for, e.g. linux/arm64, "" for any: an engine takes the one image that a pin names, whatever was
	// asked for.
	Platform string
}

// Normalize reads an image archive, as an engine exports it, and writes it to out as an OCI layout archive that has
// nothing in it of when and where it was built: times are those of the options, the history tells of layers and not of a build, and
// what was added to the base has neither user names nor access times, and in the working directory the modes that Git knows. The same
// content gives the same bytes.
//
// It returns the digest of the image's manifest. An archive that is truncated, has a blob that is not its digest's, or
// holds several images is an error, and so is a program that was added and is for another machine; out is then not written.
func Normalize(in, out string, o NormalizeOptions) (v1.Hash, error) {
	opened, err := openArchive(in)
	if err == nil {
		err = verify(opened)
	}
	if err != nil {
		return v1.Hash{}, fmt.Errorf("image archive %s: %w", filepath.Base(in), err)
	}
	source, err := savedImage(opened)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("image archive %s: %w", filepath.Base(in), err)
	}
	work, err := os.MkdirTemp(filepath.Dir(out), "layers")
	if err != nil {
		return v1.Hash{}, fmt.Errorf("image archive %s: %w", filepath.Base(in), err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	normal, err := normalize(source, work, o)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("image archive %s: %w", filepath.Base(in), err)
	}
	digest, err := normal.Digest()
	if err != nil {
		return v1.Hash{}, fmt.Errorf("image archive %s: %w", filepath.Base(in), err)
	}
	return digest, writeLayout(normal, work, out)
}

func normalize(source v1.Image, work string, o NormalizeOptions) (v1.Image, error) {
	if o.Created.IsZero() {
		o.Created = o.Epoch
	}
	config, err := source.ConfigFile()
	if err != nil {
		return nil, err
	}
	if platform, err := PlatformOf(source); err != nil {
		return nil, err
	} else if o.Platform != "" && platform != o.Platform {
		return nil, fmt.Errorf("it is for %q, and %s was asked for; pin a base that has an image for that", platform, o.Platform)
	}
	layers, err := source.Layers()
	if err != nil {
		return nil, err
	}
	made := history(config)
	if len(made) != len(layers) {
		return nil, fmt.Errorf("the config tells of %d layers and the archive has %d", len(made), len(layers))
	}
	base, own := ownLayers(layers, made)
	if !own && o.Base != nil {
		if base, err = published(o.Base, config, layers, work); err != nil {
			return nil, err
		}
	}
	as := addition{epoch: o.Epoch}
	if o.Base != nil {
		as.architecture, as.home = config.Architecture, config.Config.WorkingDir
	}
	additions := make([]mutate.Addendum, len(layers))
	var group errgroup.Group
	for i, layer := range layers {
		group.Go(func() error {
			by, normal := added, rewrite
			if i < len(base) {
				digest, err := base[i].Digest()
				if err != nil {
					return fmt.Errorf("layer %d: %w", i, err)
				}
				layer, by, normal = base[i], imported+digest.String(), keep
			}
			layer, err := normal(layer, filepath.Join(work, strconv.Itoa(i)), as)
			if err != nil {
				return fmt.Errorf("layer %d: %w", i, err)
			}
			additions[i] = mutate.Addendum{
				Layer: layer, MediaType: types.OCILayer,
				History: v1.History{Created: v1.Time{Time: o.Created}, CreatedBy: by},
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	// Whether an engine packs a step that changed nothing is its own matter.
	additions = slices.DeleteFunc(additions, func(a mutate.Addendum) bool { return a.Layer == nil })
	// A config of its own, so that nothing comes along that a later engine may add.
	fresh := &v1.ConfigFile{
		Architecture: config.Architecture, OS: config.OS, OSVersion: config.OSVersion, Variant: config.Variant,
		Created: v1.Time{Time: o.Created}, Config: config.Config,
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
	}
	image, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), fresh)
	if err != nil {
		return nil, err
	}
	if image, err = mutate.Append(image, additions...); err != nil {
		return nil, err
	}
	return image, nil
}

// addition is what a layer that was added to a base has to be like.
type addition struct {
	// epoch is the time of its files.
	epoch time.Time
	// architecture is that of its programs, "" for any.
	architecture string
	// home is the application's folder. Its files have the modes that git knows, whatever the umask of who checked them out; "" for none.
	home string
}

// mode of an entry: what the application's folder has everybody may read, and write only its owner.
func (a addition) mode(header *tar.Header) int64 {
	inside := a.home != "" && strings.HasPrefix(path.Clean("/"+header.Name)+"/", path.Clean(a.home)+"/")
	switch {
	case !inside || header.Typeflag == tar.TypeSymlink:
		return header.Mode
	case header.Typeflag == tar.TypeDir || header.Mode&0o111 != 0:
		return header.Mode&^0o777 | 0o755
	}
	return header.Mode&^0o777 | 0o644
}

// rewrite gives a layer the same files, and marks of what it deletes, with one time and without names. It gives none for
// a layer that has nothing in it.
func rewrite(layer v1.Layer, path string, as addition) (_ v1.Layer, err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	packed, unpacked := sha256.New(), sha256.New()
	zipped, err := gzip.NewWriterLevel(io.MultiWriter(file, packed), gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	entries, err := retime(tar.NewReader(content), tar.NewWriter(io.MultiWriter(zipped, unpacked)), as)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := errors.Join(zipped.Close(), file.Close()); err != nil || entries == 0 {
		return nil, err
	}
	return partial.CompressedToLayer(rewritten{path, sum(packed), sum(unpacked)})
}

// rewritten is a layer in a file, whose sums are known from its writing: to read it again for them takes as long as to write it.
type rewritten struct {
	path           string
	digest, diffID v1.Hash
}

func (r rewritten) Digest() (v1.Hash, error)            { return r.digest, nil }
func (r rewritten) DiffID() (v1.Hash, error)            { return r.diffID, nil }
func (r rewritten) Compressed() (io.ReadCloser, error)  { return os.Open(r.path) }
func (r rewritten) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (r rewritten) Size() (int64, error) {
	info, err := os.Stat(r.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// hashed is a layer with the sum of what is in it.
type hashed struct {
	v1.Layer
	diffID v1.Hash
}

func (h hashed) DiffID() (v1.Hash, error) { return h.diffID, nil }

// keep leaves a layer as it is and sums what is in it, which costs as much as rewriting another beside it.
func keep(layer v1.Layer, _ string, _ addition) (v1.Layer, error) {
	diffID, err := layer.DiffID()
	return hashed{layer, diffID}, err
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

// retime copies a layer and gives the number of its entries.
func retime(from *tar.Reader, to *tar.Writer, as addition) (entries int, _ error) {
	for total := int64(0); ; entries++ {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			return entries, to.Close()
		}
		if err != nil {
			return entries, fmt.Errorf("reading the layer: %w", err)
		}
		if !asFile(header) {
			entries--
			continue
		}
		if total += header.Size; total > maxUnpacked || total < 0 {
			return entries, fmt.Errorf("%s: reading the layer: %w", header.Name, tooLarge("claims to unpack"))
		}
		header.ModTime, header.AccessTime, header.ChangeTime = as.epoch, time.Time{}, time.Time{}
		header.Uname, header.Gname = "", ""
		header.Mode = as.mode(header)
		header.Format = tar.FormatPAX
		for key := range header.PAXRecords {
			if !strings.HasPrefix(key, "SCHILY.xattr.") {
				delete(header.PAXRecords, key)
			}
		}
		start, content, err := peek(from)
		if err != nil {
			return entries, fmt.Errorf("reading %s: %w", header.Name, err)
		}
		if machine := foreign(start, as.architecture); machine != "" {
			return entries, errors.New(unfit(header.Name, machine, as.architecture).String())
		}
		if err := to.WriteHeader(header); err != nil {
			return entries, fmt.Errorf("writing %s: %w", header.Name, err)
		}
		if _, err := io.Copy(to, content); err != nil {
			return entries, fmt.Errorf("copying %s: %w", header.Name, err)
		}
	}
}
