// Package image holds the rules of images: which bases and tools are used, what an image without a clock is, how two
// images differ, and how large one may be.
package image

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
)

// Name is what an image is used for.
type Name string

// The images that the pipeline uses, each one line of a pins file.
const (
	Python        Name = "python"
	Node          Name = "node"
	Uv            Name = "uv"
	Postgres      Name = "postgres"
	KindNode      Name = "kind-node"
	KubeTools     Name = "kube-tools"
	MetricsServer Name = "metrics-server"
	Trivy         Name = "trivy"
	Go            Name = "go"
	Gitleaks      Name = "gitleaks"
	Cosign        Name = "cosign"
)

// Names gives every name that a pins file must have.
func Names() []Name {
	return []Name{Python, Node, Uv, Postgres, KindNode, KubeTools, MetricsServer, Trivy, Go, Gitleaks, Cosign}
}

//go:embed pins.txt
var defaultPins string

// DefaultPins gives the text of the pins that are used unless a caller has others.
func DefaultPins() string { return defaultPins }

// Pins maps each name to a reference with a digest.
type Pins map[Name]string

// Reference gives the pinned reference of an image: registry/repository:tag@sha256:….
func (p Pins) Reference(name Name) string { return p[name] }

// pinned is a full reference: a registry, a repository, a tag for people, and the digest that counts.
var pinned = regexp.MustCompile(`^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}@sha256:[0-9a-f]{64}$`)

// ParsePins reads a pins file: "name reference" on each line, # before a comment. It gives every problem at once, a
// line each: an unknown or missing name, a name given twice, a reference without registry, tag or digest.
func ParsePins(raw []byte) (Pins, error) {
	known := map[Name]bool{}
	for _, name := range Names() {
		known[name] = true
	}
	pins, problems := Pins{}, []error{}
	for line := range lines("image pins", raw) {
		fields := line.fields
		problem := func(format string, args ...any) { problems = append(problems, line.problem(format, args...)) }
		if len(fields) != 2 {
			problem("write a name and a reference, e.g. python docker.io/library/python:3.13-slim@sha256:…")
			continue
		}
		name, reference := Name(fields[0]), fields[1]
		switch {
		case !known[name]:
			problem("no image is called %q; the names are %v", name, Names())
		case pins[name] != "":
			problem("%s is pinned twice; remove one", name)
		case !pinned.MatchString(reference):
			problem("%s needs a registry, a tag and a digest, as registry/repository:tag@sha256:…", name)
		default:
			pins[name] = reference
		}
	}
	for _, name := range Names() {
		if pins[name] == "" && len(problems) == 0 {
			problems = append(problems, fmt.Errorf("image pins: %s is missing; add a line for it", name))
		}
	}
	return pins, errors.Join(problems...)
}
