// Package publish puts a release into an OCI registry in the one order that leaves no tag on anything unsigned: every
// artifact is pushed by digest, attested, signed and verified before the first tag names one.
package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/registry"
)

// Request is one publication.
type Request struct {
	// Registry is a host and a path, e.g. ghcr.io/somebody. Each artifact gets a repository below it.
	Registry string `json:"registry"`
	// Tag is the release's. It never moves to something else, unless it is latest, edge or main.
	Tag string `json:"tag"`
	// Build is the same for every artifact but for its call and its bases.
	Build provenance.Build `json:"build"`
	// Folder has the artifacts, as Folder reads them, where they are not listed.
	Folder    string     `json:"folder,omitempty"`
	Artifacts []Artifact `json:"artifacts,omitempty"`
}

// Kind is what an artifact is.
type Kind string

// The kinds of artifacts.
const (
	Image Kind = "image"
	Chart Kind = "chart"
)

// Artifact is one thing that is published.
type Artifact struct {
	Kind Kind `json:"kind"`
	// Name is the last part of its repository.
	Name string `json:"name"`
	// File is the path of an image's OCI archive, or of a packaged chart.
	File string `json:"file"`
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
		if r.Artifacts, err = Folder(r.Folder); err != nil {
			return r, err
		}
	}
	switch {
	case r.Tag == "":
		return r, errors.New("reading the publication: it has no tag")
	case len(r.Artifacts) == 0:
		return r, errors.New("reading the publication: it has no artifacts")
	}
	return r, ValidRegistry(r.Registry)
}

// ValidRegistry fails unless an address is a host and a path below it.
func ValidRegistry(address string) error {
	host, path, _ := strings.Cut(address, "/")
	if host == "" || path == "" || strings.Contains(address, "://") {
		return fmt.Errorf("registry %q: write a host and a path, e.g. ghcr.io/somebody", address)
	}
	return nil
}

// opened is an artifact that was read.
type opened struct {
	Artifact
	image      v1.Image
	repository string
	digest     string
	// tags are those that shall name it.
	tags []string
}

func (o opened) reference() string { return o.repository + "@" + o.digest }

// open reads an artifact. A chart's version is a tag of its own, unless the release's tag is one that moves.
func (r Request) open(a Artifact) (opened, error) {
	o := opened{Artifact: a, repository: r.Registry + "/" + a.Name, tags: []string{r.Tag}}
	var err error
	switch a.Kind {
	case Image:
		o.image, err = image.Open(a.File)
	case Chart:
		var version string
		o.image, version, err = registry.OpenChart(a.File)
		if !registry.Moves(r.Tag) && version != r.Tag {
			o.tags = append(o.tags, version)
		}
	default:
		err = fmt.Errorf("publishing %s: %q is neither image nor chart", a.Name, a.Kind)
	}
	if err != nil {
		return o, err
	}
	digest, err := o.image.Digest()
	o.digest = digest.String()
	return o, err
}
