package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/sbom"
)

// made are the artifacts, with the call of the pipeline that makes each and the pinned images that it is made from.
var made = []struct {
	name  string
	kind  Kind
	call  string
	bases []pins.Name
}{
	{"todo-backend", Image, "backend image archive", []pins.Name{pins.Python, pins.Uv}},
	{"todo-frontend", Image, "frontend image archive", []pins.Name{pins.Node}},
	{"todo-chatbot", Chart, "chart package", []pins.Name{pins.Helm}},
}

// Folder gives the artifacts of a folder: of each image its archive, as NAME.tar, with its bills of materials, as NAME.spdx.json
// and NAME.cyclonedx.json; the chart's package, as NAME-VERSION.tgz; and the pins of what they are made from. Where platforms are
// named, each image is an index of theirs, and the files of one are in a folder of that name, e.g. linux/arm64. An artifact that is
// not there is an error.
func Folder(folder string, platforms []string) ([]Artifact, error) {
	raw, err := os.ReadFile(filepath.Join(folder, pins.FileName))
	if err != nil {
		return nil, fmt.Errorf("reading what is to be published: %w", err)
	}
	pinned, err := pins.Parse(raw)
	if err != nil {
		return nil, err
	}
	var artifacts []Artifact
	for _, m := range made {
		a := Artifact{Kind: m.kind, Name: m.name, Call: m.call}
		for _, base := range m.bases {
			a.Bases = append(a.Bases, pinned.Reference(base))
		}
		switch {
		case a.Kind == Chart:
			a.File, err = only(folder, m.name+"-*.tgz")
		case len(platforms) == 0:
			err = a.read(folder)
		default:
			err = a.each(folder, platforms)
		}
		if err != nil {
			return nil, err
		}
		artifacts = append(artifacts, a)
	}
	return artifacts, nil
}

// read finds the files of an image.
func (a *Artifact) read(folder string) (err error) {
	if a.File, err = only(folder, a.Name+".tar"); err != nil {
		return err
	}
	a.Attestations = map[string]string{}
	for _, format := range sbom.Formats() {
		if a.Attestations[format.PredicateType()], err = only(folder, a.Name+"."+format.Name()+".json"); err != nil {
			return err
		}
	}
	return nil
}

// each makes of an image an index of one for each platform.
func (a *Artifact) each(folder string, platforms []string) error {
	for _, platform := range platforms {
		one := Artifact{Kind: Image, Name: a.Name, Platform: platform, Call: "--platform " + platform + " " + a.Call, Bases: a.Bases}
		if err := one.read(filepath.Join(folder, platform)); err != nil {
			return err
		}
		a.Images = append(a.Images, one)
	}
	a.Kind, a.Call = Index, "registry publish --platforms "+strings.Join(platforms, ",")
	return nil
}

// only is the one file that a pattern finds in a folder.
func only(folder, pattern string) (string, error) {
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("reading what is to be published: there is not one %s but [%s]", pattern, strings.Join(found, " "))
	}
	return found[0], nil
}
