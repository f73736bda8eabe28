// Package pins names the images that the pipeline starts from: bases and tools, each by digest, and until when they are supported.
package pins

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"todo-chatbot/ci/flow"
	"todo-chatbot/ci/lines"
)

// FileName is what a file of pins is called.
const FileName = "pins.txt"

// Name is what an image is used for.
type Name string

// The images that the pipeline uses, each one line of a pins file.
const (
	Python        Name = "python"
	Node          Name = "node"
	Uv            Name = "uv"
	Postgres      Name = "postgres"
	KindNode      Name = "kind-node"
	Helm          Name = "helm"
	Kubectl       Name = "kubectl"
	Kubeconform   Name = "kubeconform"
	Jq            Name = "jq"
	MetricsServer Name = "metrics-server"
	Trivy         Name = "trivy"
	Go            Name = "go"
	Gitleaks      Name = "gitleaks"
	Cosign        Name = "cosign"
	Mailpit       Name = "mailpit"
)

// Names gives every name that a pins file must have.
func Names() []Name {
	return []Name{
		Python, Node, Uv, Postgres, KindNode, Helm, Kubectl, Kubeconform, Jq, MetricsServer, Trivy, Go, Gitleaks, Cosign, Mailpit,
	}
}

//go:embed pins.txt
var text string

// Default gives the text of the pins that are used unless a caller has others.
func Default() string { return text }

// Pin is one image.
type Pin struct {
	// Reference has a digest: registry/repository:tag@sha256:….
	Reference string
	// Platforms are those that the image is published for, as linux/amd64: both of Platforms, unless its line says
	// that there is one alone.
	Platforms []string
}

// Platforms gives what images are built for, and so what each pinned image has to have.
func Platforms() []string { return []string{"linux/amd64", "linux/arm64"} }

// Pins maps each name to its image.
type Pins map[Name]Pin

// Reference gives the pinned reference of an image: registry/repository:tag@sha256:….
func (p Pins) Reference(name Name) string { return p[name].Reference }

// Kubernetes gives the version that the pinned node image has, as v1.36.4: what the chart is rendered for where no cluster is
// asked.
func (p Pins) Kubernetes() string { return tagOf(p[KindNode].Reference) }

// tagOf is the tag of a full reference.
func tagOf(reference string) string {
	tagged, _, _ := strings.Cut(reference, "@")
	return tagged[strings.LastIndex(tagged, ":")+1:]
}

// pinned is a full reference: a registry, a repository, a tag for people, and the digest that counts.
var pinned = regexp.MustCompile(`^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}@sha256:[0-9a-f]{64}$`)

// Parse reads a pins file: "name reference" on each line, # before a comment. An image that is published for one
// platform alone has that as a third word, e.g. linux/amd64. It gives every problem at once, a line each: an unknown or
// missing name, a name given twice, a reference without registry, tag or digest, a platform that nothing is built for.
func Parse(raw []byte) (Pins, error) {
	known := map[Name]bool{}
	for _, name := range Names() {
		known[name] = true
	}
	pins, problems := Pins{}, []error{}
	for line := range lines.Of("image pins", raw) {
		fields := line.Fields
		problem := func(format string, args ...any) { problems = append(problems, line.Problem(format, args...)) }
		if len(fields) != 2 && len(fields) != 3 {
			problem("write a name and a reference, e.g. python docker.io/library/python:3.13-slim@sha256:…")
			continue
		}
		pin, name := Pin{Reference: fields[1], Platforms: Platforms()}, Name(fields[0])
		if len(fields) == 3 {
			pin.Platforms = fields[2:]
		}
		_, twice := pins[name]
		switch {
		case !known[name]:
			problem("no image is called %q; the names are %v", name, Names())
		case twice:
			problem("%s is pinned twice; remove one", name)
		case !pinned.MatchString(pin.Reference):
			problem("%s needs a registry, a tag and a digest, as registry/repository:tag@sha256:…", name)
		case len(fields) == 3 && !slices.Contains(Platforms(), fields[2]):
			problem("nothing is built for %q; name the one platform that %s has, one of %v, or none", fields[2], name, Platforms())
		default:
			pins[name] = pin
		}
	}
	for _, name := range Names() {
		if _, ok := pins[name]; !ok && len(problems) == 0 {
			problems = append(problems, fmt.Errorf("image pins: %s is missing; add a line for it", name))
		}
	}
	return pins, errors.Join(problems...)
}

// CheckPlatforms asks of every pinned image which of the platforms it has that images are built for, and holds them against its pin. It gives a table for people, and every pin that is wrong: one whose digest is a single
// platform's where its line does not say so, and one whose line says so without need.
func (p Pins) CheckPlatforms(ctx context.Context, has func(ctx context.Context, reference, platform string) (bool, error)) (string, error) {
	asked := make([]func(context.Context) ([]string, error), len(Names()))
	for i, name := range Names() {
		asked[i] = func(ctx context.Context) ([]string, error) { return platformsOf(ctx, p.Reference(name), has) }
	}
	found, err := flow.Gather(ctx, asked...)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	var problems []error
	for i, name := range Names() {
		pin, has := p[name], strings.Join(found[i], " and ")
		tagged, _, _ := strings.Cut(pin.Reference, "@")
		note := ""
		switch {
		case len(found[i]) == 0:
			problems = append(problems, fmt.Errorf("image pins: %s: %s has none of %v; pin another digest", name, tagged, Platforms()))
		case len(found[i]) < len(pin.Platforms):
			problems = append(problems, fmt.Errorf("image pins: %s: the digest is that of %s alone; pin the index that %s names, or write %s after the reference if it names none",
				name, has, tagged, has))
		case len(found[i]) > len(pin.Platforms):
			problems = append(problems, fmt.Errorf("image pins: %s: the digest has %s; remove %s from its line", name, has, pin.Platforms[0]))
		case len(found[i]) == 1:
			note = "no other, says its line: built on " + has + " alone"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", name, tagged, has, note)
	}
	_ = table.Flush()
	return out.String(), errors.Join(problems...)
}

// platformsOf gives those of Platforms that an image has.
func platformsOf(ctx context.Context, reference string, has func(ctx context.Context, reference, platform string) (bool, error)) ([]string, error) {
	var found []string
	for _, platform := range Platforms() {
		there, err := has(ctx, reference, platform)
		if err != nil {
			return nil, fmt.Errorf("asking for %s of %s: %w", platform, reference, err)
		}
		if there {
			found = append(found, platform)
		}
	}
	return found, nil
}
