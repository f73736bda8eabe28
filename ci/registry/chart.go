package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"sigs.k8s.io/yaml"
)

// The media types of a Helm chart in a registry, as Helm's own documentation of OCI registries has them.
const (
	chartConfig  = types.MediaType("application/vnd.cncf.helm.config.v1+json")
	chartContent = types.MediaType("application/vnd.cncf.helm.chart.content.v1.tar+gzip")
)

// maxChart is how many bytes a packaged chart may have: ours has a thousandth of it.
const maxChart = 20 << 20

// OpenChart reads a packaged chart as what "helm push" makes of one, and gives its version. Helm's push wants a tag at
// once, which is why this is not left to it.
func OpenChart(file string) (v1.Image, string, error) {
	packed, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("reading the packaged chart: %w", err)
	}
	metadata, err := chartMetadata(packed)
	if err != nil {
		return nil, "", fmt.Errorf("reading the packaged chart: %w", err)
	}
	var known struct{ Name, Version string }
	if err := yaml.Unmarshal(metadata, &known); err != nil || known.Name == "" || known.Version == "" {
		return nil, "", errors.Join(errors.New("reading the packaged chart: its Chart.yaml has no name or no version"), err)
	}
	config, err := yaml.YAMLToJSON(metadata)
	if err != nil {
		return nil, "", fmt.Errorf("reading the packaged chart: %w", err)
	}
	image, err := partial.CompressedToImage(&chartImage{config: config, content: static.NewLayer(packed, chartContent)})
	// A tag has no plus; Helm writes an underscore in its place.
	return image, strings.ReplaceAll(known.Version, "+", "_"), err
}

// chartMetadata gives the Chart.yaml of the chart itself, not of one that it depends on.
func chartMetadata(packed []byte) ([]byte, error) {
	if len(packed) > maxChart {
		return nil, fmt.Errorf("it has %d bytes; no chart of ours has more than %d", len(packed), maxChart)
	}
	content, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("it is no packaged chart: %w", err)
	}
	for archive := tar.NewReader(io.LimitReader(content, maxChart)); ; {
		header, err := archive.Next()
		if err != nil {
			return nil, fmt.Errorf("it has no Chart.yaml: %w", err)
		}
		if dir, base, _ := strings.Cut(header.Name, "/"); dir != "" && base == "Chart.yaml" {
			return io.ReadAll(archive)
		}
	}
}

// chartImage is a chart in the form of an image, without the image's own config.
type chartImage struct {
	config  []byte
	content v1.Layer
}

// MediaType is the manifest's.
func (c *chartImage) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// RawConfigFile is the chart's Chart.yaml as JSON.
func (c *chartImage) RawConfigFile() ([]byte, error) { return c.config, nil }

// RawManifest names the config and the packaged chart.
func (c *chartImage) RawManifest() ([]byte, error) { return manifest(c.config, c.content) }

// LayerByDigest gives the packaged chart.
func (c *chartImage) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	if own, err := c.content.Digest(); err != nil || own != digest {
		return nil, errors.Join(fmt.Errorf("the chart has no layer %s", digest), err)
	}
	return c.content, nil
}
func manifest(config []byte, content v1.Layer) ([]byte, error) {
	configDigest, configSize, err := v1.SHA256(bytes.NewReader(config))
	if err != nil {
		return nil, err
	}
	digest, err := content.Digest()
	if err != nil {
		return nil, err
	}
	size, err := content.Size()
	if err != nil {
		return nil, err
	}
	return json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: v1.Descriptor{MediaType: chartConfig, Digest: configDigest, Size: configSize},
		Layers: []v1.Descriptor{{MediaType: chartContent, Digest: digest, Size: size}},
	})
}
