package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/sbom"
)

// made says which call of the pipeline makes an artifact, and from which pinned images.
var made = map[string]struct {
	kind  Kind
	call  string
	bases []image.Name
}{
	"todo-backend":  {Image, "backend image archive", []image.Name{image.Python, image.Uv}},
	"todo-frontend": {Image, "frontend image archive", []image.Name{image.Node}},
	"todo-chatbot":  {Chart, "chart package", []image.Name{image.Helm}},
}

// PinsFile is the name of the pins in a folder of artifacts.
const PinsFile = "pins.txt"

// Folder gives the artifacts of a folder: of each image its archive, as NAME.tar, with its bills of materials, as NAME.spdx.json
// and NAME.cyclonedx.json; the chart's package, as NAME-VERSION.tgz; and the pins of what they are made from. An artifact that is
// not there is an error.
func Folder(folder string) ([]Artifact, error) {
	raw, err := os.ReadFile(filepath.Join(folder, PinsFile))
	if err != nil {
		return nil, fmt.Errorf("reading what is to be published: %w", err)
	}
	pins, err := image.ParsePins(raw)
	if err != nil {
		return nil, err
	}
	var artifacts []Artifact
	for _, name := range []string{"todo-backend", "todo-frontend", "todo-chatbot"} {
		a := Artifact{Kind: made[name].kind, Name: name, Call: made[name].call}
		for _, base := range made[name].bases {
			a.Bases = append(a.Bases, pins.Reference(base))
		}
		pattern := name + ".tar"
		if a.Kind == Chart {
			pattern = name + "-*.tgz"
		}
		if a.File, err = only(folder, pattern); err != nil {
			return nil, err
		}
		if a.Kind == Image {
			a.Attestations = map[string]string{}
			for _, format := range sbom.Formats() {
				if a.Attestations[format.PredicateType()], err = only(folder, name+"."+format.Name()+".json"); err != nil {
					return nil, err
				}
			}
		}
		artifacts = append(artifacts, a)
	}
	return artifacts, nil
}

// only is the one file that a pattern finds in a folder.
func only(folder, pattern string) (string, error) {
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("reading what is to be published: there is not one %s but [%s]", pattern, strings.Join(found, " "))
	}
	return found[0], nil
}
