package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxDocument is how many bytes an index, a manifest or a config may have: registries refuse larger ones too.
const maxDocument = 4 << 20

// Open reads the one image of an archive: an OCI layout in a tar file, or what docker save writes. Every blob is held
// against its digest first; layers are read from the file when they are asked for, so it has to stay.
func Open(file string) (v1.Image, error) {
	opened, err := open(file)
	if err != nil {
		return nil, fmt.Errorf("image archive %s: %w", filepath.Base(file), err)
	}
	return opened, nil
}

func open(file string) (v1.Image, error) {
	opened, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	if err := verify(opened); err != nil {
		return nil, err
	}
	blobs, err := contents(opened)
	if err != nil {
		return nil, err
	}
	if _, docker := blobs["manifest.json"]; docker {
		return savedImage(opened)
	}
	found := &layoutImage{archive: opened, blobs: blobs}
	only, err := found.only("index.json", 0)
	if err != nil {
		return nil, err
	}
	if found.manifest, err = found.document(blob(only.Digest)); err != nil {
		return nil, err
	}
	parsed, err := found.parsed()
	if err != nil {
		return nil, err
	}
	if found.config, err = found.document(blob(parsed.Config.Digest)); err != nil {
		return nil, err
	}
	for _, layer := range parsed.Layers {
		if _, ok := blobs[blob(layer.Digest)]; !ok {
			return nil, fmt.Errorf("layer %s is missing; build it again", layer.Digest)
		}
	}
	return partial.CompressedToImage(found)
}

// savedImage is the image of what docker save writes. Its manifest.json lists as many layers as its config has: the library takes that for
// granted.
func savedImage(opened archive) (v1.Image, error) {
	image, err := tarball.Image(opened.opener(), nil)
	if err != nil {
		return nil, err
	}
	manifest, err := tarball.LoadManifest(opened.opener())
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if listed, known := len(manifest[0].Layers), len(config.RootFS.DiffIDs); listed != known {
		return nil, fmt.Errorf("manifest.json lists %d layers and the config has %d; build it again", listed, known)
	}
	return image, nil
}

// span is where a file's content is in an archive.
type span struct{ at, size int64 }

// maxIndexes is how deep an index may lie in another: a builder that adds attestations puts one in that of the layout.
const maxIndexes = 3

// only gives the one image of an index. Attestations, signatures and other artifacts about an image lie beside it and are none.
func (l *layoutImage) only(name string, depth int) (v1.Descriptor, error) {
	raw, err := l.document(name)
	if err != nil {
		return v1.Descriptor{}, err
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(raw, &index); err != nil {
		return v1.Descriptor{}, fmt.Errorf("%s: %w", name, err)
	}
	images := slices.DeleteFunc(index.Manifests, isArtifact)
	switch {
	case len(images) != 1 && depth > 0:
		return v1.Descriptor{}, errors.New("it holds an index of several platforms; export one platform's")
	case len(images) != 1:
		return v1.Descriptor{}, fmt.Errorf("it holds %d images; export one platform's", len(images))
	case !images[0].MediaType.IsIndex():
		return images[0], nil
	case depth == maxIndexes:
		return v1.Descriptor{}, errors.New("it holds an index in an index, and so on; export one platform's image")
	}
	return l.only(blob(images[0].Digest), depth+1)
}

// isArtifact is true for what tells of an image: a builder's attestation (https://docs.docker.com/build/metadata/attestations/attestation-storage),
// or an artifact of another kind.
func isArtifact(d v1.Descriptor) bool {
	platform := d.Platform
	return d.ArtifactType != "" || d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" ||
		platform != nil && platform.OS == "unknown" && platform.Architecture == "unknown"
}

// contents gives where each regular file of an archive is.
func contents(opened archive) (map[string]span, error) {
	found := map[string]span{}
	file := io.NewSectionReader(opened, 0, opened.size)
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, truncated(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		at, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		found[path.Clean(header.Name)] = span{at: at, size: header.Size}
	}
}

func blob(digest v1.Hash) string { return path.Join("blobs", digest.Algorithm, digest.Hex) }

// layoutImage is the image of an OCI layout that is still in its archive.
type layoutImage struct {
	archive          archive
	blobs            map[string]span
	manifest, config []byte
}

// reader gives one file of the archive.
func (l *layoutImage) reader(name string) (io.ReadCloser, error) {
	where, ok := l.blobs[name]
	if !ok {
		return nil, fmt.Errorf("%s is missing; build it again", name)
	}
	return io.NopCloser(io.NewSectionReader(l.archive, where.at, where.size)), nil
}

func (l *layoutImage) document(name string) (_ []byte, err error) {
	if size := l.blobs[name].size; size > maxDocument {
		return nil, fmt.Errorf("%s claims %d bytes; no manifest or config has more than %d", name, size, maxDocument)
	}
	content, err := l.reader(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return io.ReadAll(content)
}

func (l *layoutImage) parsed() (*v1.Manifest, error) {
	var manifest v1.Manifest
	if err := json.Unmarshal(l.manifest, &manifest); err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	return &manifest, nil
}

// MediaType is the manifest's.
func (l *layoutImage) MediaType() (types.MediaType, error) {
	manifest, err := l.parsed()
	if err != nil {
		return "", err
	}
	return manifest.MediaType, nil
}

// RawManifest gives the manifest as it is in the archive.
func (l *layoutImage) RawManifest() ([]byte, error) { return l.manifest, nil }

// RawConfigFile gives the config as it is in the archive.
func (l *layoutImage) RawConfigFile() ([]byte, error) { return l.config, nil }

// LayerByDigest gives a layer that the manifest names.
func (l *layoutImage) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	manifest, err := l.parsed()
	if err != nil {
		return nil, err
	}
	for _, layer := range manifest.Layers {
		if layer.Digest == digest {
			return &layoutLayer{image: l, descriptor: layer}, nil
		}
	}
	return nil, fmt.Errorf("the manifest has no layer %s", digest)
}

type layoutLayer struct {
	image      *layoutImage
	descriptor v1.Descriptor
}

// Digest is the compressed layer's.
func (l *layoutLayer) Digest() (v1.Hash, error) { return l.descriptor.Digest, nil }

// Compressed gives the layer as it is in the archive.
func (l *layoutLayer) Compressed() (io.ReadCloser, error) {
	return l.image.reader(blob(l.descriptor.Digest))
}

// Size is in bytes, compressed: what the archive has, whatever the manifest claims.
func (l *layoutLayer) Size() (int64, error) {
	return l.image.blobs[blob(l.descriptor.Digest)].size, nil
}

// MediaType is the layer's.
func (l *layoutLayer) MediaType() (types.MediaType, error) { return l.descriptor.MediaType, nil }
