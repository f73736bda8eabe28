// Package publish puts a release into an OCI registry in the one order that leaves no tag on anything unsigned: every
// artifact is pushed by digest, attested, signed and verified before the first tag names one.
package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"
	"todo-chatbot/ci/registry/address"
)

// Request is one publication.
type Request struct {
	// Registry is a host and a path, e.g. ghcr.io/somebody. Each artifact gets a repository below it.
	Registry string `json:"registry"`
	// Tag is the release's. It never moves to something else, unless it is latest, edge or main.
	Tag string `json:"tag"`
	// Build is the same for every artifact but for its call and its bases.
	Build provenance.Build `json:"build"`
	// Platforms are those that an index is published of, e.g. linux/arm64; none is one image, for the platform of whoever builds.
	Platforms []string `json:"platforms,omitempty"`
	// Folder has the artifacts, as Folder reads them, where they are not listed.
	Folder    string     `json:"folder,omitempty"`
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// Kind is what an artifact is.
type Kind string

// The kinds of artifacts.
const (
	Image Kind = "image"
	// Index is of an image for each of several platforms.
	Index Kind = "index"
	Chart Kind = "chart"
)

// Artifact is one thing that is published.
type Artifact struct {
	Kind Kind `json:"kind"`
	// Name is the last part of its repository.
	Name string `json:"name"`
	// File is the path of an image's OCI archive, or of a packaged chart; an index has none.
	File string `json:"file,omitempty"`
	// Platform is what an image of an index is built for, and Images are those of an index.
	Platform string     `json:"platform,omitempty"`
	Images   []Artifact `json:"images,omitempty"`
	// Call and Bases are for its provenance, as in provenance.Build.
	Call  string   `json:"call"`
	Bases []string `json:"bases"`
	// Attestations are paths of predicates, by the name that cosign has for their type, e.g. spdxjson.
	Attestations map[string]string `json:"attestations,omitempty"`
}

// ParseRequest reads a request. A field that nobody knows is an error.
func ParseRequest(raw []byte) (Request, error) {
	var r Request
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("reading the publication: %w", err)
	}
	if r.Folder != "" {
		var err error
		if r.Artifacts, err = Folder(r.Folder, r.Platforms); err != nil {
			return r, err
		}
	}
	switch {
	case r.Tag == "":
		return r, errors.New("reading the publication: it has no tag")
	case len(r.Artifacts) == 0:
		return r, errors.New("reading the publication: it has no artifacts")
	}
	return r, address.Validate(r.Registry)
}

// opened is an artifact that was read.
type opened struct {
	Artifact
	content    registry.Content
	repository string
	digest     string
	// version is a chart's own.
	version string
	// tags are those that shall name it, and images those of an index.
	tags   []string
	images []opened
}

func (o opened) reference() string { return o.repository + "@" + o.digest }

// tags are the release's, and, unless that is one that moves, the chart's version: Helm asks for the chart by it, and the chart for its
// images.
func (r Request) tags(artifacts []opened) []string {
	tags := []string{r.Tag}
	for _, o := range artifacts {
		if o.Kind == Chart && o.version != r.Tag && !registry.Moves(r.Tag) {
			tags = append(tags, o.version)
		}
	}
	return tags
}

// open reads an artifact. No tag names it yet.
func (r Request) open(a Artifact) (opened, error) {
	o := opened{Artifact: a, repository: r.Registry + "/" + a.Name}
	var err error
	switch a.Kind {
	case Image:
		o.content, err = image.Open(a.File)
	case Index:
		o.content, o.images, err = r.index(a)
	case Chart:
		o.content, o.version, err = registry.OpenChart(a.File)
	default:
		err = fmt.Errorf("publishing %s: %q is none of %s, %s, %s", a.Name, a.Kind, Image, Index, Chart)
	}
	if err != nil {
		return o, err
	}
	digest, err := o.content.Digest()
	o.digest = digest.String()
	return o, err
}

// index makes an index of images, which get no tags. An image that is for another platform than its own is an error.
func (r Request) index(a Artifact) (v1.ImageIndex, []opened, error) {
	var images []opened
	var entries []mutate.IndexAddendum
	for _, one := range a.Images {
		o := opened{Artifact: one, repository: r.Registry + "/" + a.Name}
		archive, err := image.Open(one.File)
		if err != nil {
			return nil, nil, err
		}
		config, err := archive.ConfigFile()
		if err != nil {
			return nil, nil, err
		}
		platform, err := image.PlatformOf(archive)
		if err == nil && platform != one.Platform {
			err = fmt.Errorf("publishing %s: its image for %s is for %q; build it again", a.Name, one.Platform, platform)
		}
		if err != nil {
			return nil, nil, err
		}
		digest, err := archive.Digest()
		if err != nil {
			return nil, nil, err
		}
		o.content, o.digest = archive, digest.String()
		images = append(images, o)
		entries = append(entries, mutate.IndexAddendum{Add: archive, Descriptor: v1.Descriptor{Platform: config.Platform()}})
	}
	return mutate.AppendManifests(empty.Index, entries...), images, nil
}
