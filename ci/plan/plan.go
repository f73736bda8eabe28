// Package plan tells what a deployment would change in a cluster, object by object and field by field, from what the API
// server itself answers to a dry run.
package plan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"todo-chatbot/ci/secret"
)

// Action is what happens to an object.
type Action string

// The actions.
const (
	Create Action = "create"
	Change Action = "change"
	Delete Action = "delete"
)

// Object is one object that would not stay as it is.
type Object struct {
	Action Action
	// Name is kind/name as kubectl writes it, and the namespace where that is not the release's.
	Name string
	// Fields are what would change in it, by path; none for an object that is made or removed.
	Fields []Field
	// Digest stands for the whole of an object that is made, so that a plan of it holds for nothing else. "" where the name does.
	Digest string
}

// Field is one value that would change. From is "" for one that is added and To for one that is removed.
type Field struct{ Path, From, To string }

// Plan is what a deployment would change.
type Plan struct {
	// Title says of what, where and from which revision on. It is a part of what Same compares.
	Title string
	// Objects are in the order of their names, those that are made first and those that are removed last.
	Objects []Object
	// Unchanged is how many objects would stay as they are.
	Unchanged int
}

// Input is what a plan is made of. Each is what a command printed.
type Input struct {
	// Namespace is the release's: that of each object that names none.
	Namespace string
	// Before are the manifests of the release's present revision (`helm get manifest`), "" where there is none.
	Before string
	// After are the manifests that the chart renders now (`helm template --no-hooks`).
	After string
	// Live are the objects of both as the cluster has them (`kubectl get --ignore-not-found --output json`).
	Live string
	// Applied are the objects of After as the server answers `kubectl apply --server-side --dry-run=server --output json`,
	// without those whose namespace is not there yet.
	Applied string
	// Secrets are values that are shown nowhere.
	Secrets []string
}

// New compares. The server says what each object would be with defaults and admission; what the present revision set and
// the next one does not is taken out of that, as Helm's three-way merge does. A field that neither sets, an autoscaler's
// replicas for one, is left alone by both.
func New(title string, in Input) (Plan, error) {
	s := scope{in.Namespace, map[identity]bool{}}
	live, errLive := s.list(in.Live)
	applied, errApplied := s.list(in.Applied)
	before, err := s.manifests(in.Before)
	after, errAfter := s.manifests(in.After)
	if err := errors.Join(err, errAfter, errLive, errApplied); err != nil {
		return Plan{}, fmt.Errorf("planning: %w", err)
	}
	return s.compare(secret.Redact(title, in.Secrets), before, after, live, applied, in.Secrets)
}

// Between compares two revisions by their manifests alone: what the chart says, and not what a server makes of that. Hooks are left out,
// as no revision has them among its objects.
func Between(title, namespace, before, after string, secrets []string) (Plan, error) {
	s := scope{namespace: namespace}
	was, err := s.manifests(before)
	is, errAfter := s.manifests(after)
	if err := errors.Join(err, errAfter); err != nil {
		return Plan{}, fmt.Errorf("comparing two revisions: %w", err)
	}
	maps.DeleteFunc(is, func(_ identity, o object) bool { return hook(o) })
	return s.compare(secret.Redact(title, secrets), was, is, was, is, secrets)
}

// hook is true for an object that Helm makes for a moment of its own, such as a test.
func hook(o object) bool {
	return annotation(o, "helm.sh/hook") != ""
}

func (s scope) compare(title string, before, after, live, applied objects, secrets []string) (Plan, error) {
	p := Plan{Title: title}
	shown := s.shownAs(before, after)
	for _, id := range after.ordered(shown) {
		present, there := live[id]
		if !there {
			p.Objects = append(p.Objects, Object{Action: Create, Name: shown[id], Digest: digestOf(after[id])})
			continue
		}
		next, answered := applied[id]
		if !answered {
			return Plan{}, fmt.Errorf("planning: the server's dry run has no %s", shown[id])
		}
		next = without(next, before[id], after[id])
		if fields := differences(present, next, secrets); len(fields) > 0 {
			p.Objects = append(p.Objects, Object{Action: Change, Name: shown[id], Fields: fields})
			continue
		}
		p.Unchanged++
	}
	for _, id := range before.ordered(shown) {
		_, stays := after[id]
		present, there := live[id]
		if !stays && there && !kept(present) {
			p.Objects = append(p.Objects, Object{Action: Delete, Name: shown[id]})
		}
	}
	order := []Action{Create, Change, Delete}
	slices.SortStableFunc(p.Objects, func(a, b Object) int {
		return slices.Index(order, a.Action) - slices.Index(order, b.Action)
	})
	return p, nil
}

// With gives the plan with one more object, that no manifest of the chart has.
func (p Plan) With(o Object) Plan {
	p.Objects = append([]Object{o}, p.Objects...)
	return p
}

// digestOf is short: it tells two objects of one name apart, and proves nothing.
func digestOf(o object) string { return fmt.Sprintf("sha256:%.8x", sha256.Sum256([]byte(text(o)))) }

// kept is true for an object that Helm leaves behind.
func kept(o object) bool {
	return annotation(o, "helm.sh/resource-policy") == "keep"
}

func annotation(o object, name string) string {
	value, _ := asObject(asObject(o["metadata"])["annotations"])[name].(string)
	return value
}

// Text is the plan for people, and as a file the plan that Same compares.
func (p Plan) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", p.Title)
	count := map[Action]int{}
	for _, o := range p.Objects {
		count[o.Action]++
		fmt.Fprintln(&b, strings.TrimSpace(fmt.Sprintf("%s %s %s", o.Action, o.Name, o.Digest)))
		for _, f := range o.Fields {
			fmt.Fprintf(&b, "  %s\n", f.Path)
			if f.From != "" {
				fmt.Fprintf(&b, "    - %s\n", f.From)
			}
			if f.To != "" {
				fmt.Fprintf(&b, "    + %s\n", f.To)
			}
		}
	}
	if len(p.Objects) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%d to create, %d to change, %d to delete, %d as they are\n", count[Create], count[Change], count[Delete], p.Unchanged)
	return b.String()
}

// Same is nil when a saved plan is still what would happen. Otherwise the error has the first lines that differ.
func (p Plan) Same(saved string) error {
	was, is := lines(saved), lines(p.Text())
	if slices.Equal(was, is) {
		return nil
	}
	var b strings.Builder
	shown := 0
	for _, side := range []struct {
		sign     string
		of, from []string
	}{{"was planned:", was, is}, {"would happen now:", is, was}} {
		for _, line := range side.of {
			if line != "" && !slices.Contains(side.from, line) && shown < 12 {
				fmt.Fprintf(&b, "\n  %s %s", side.sign, strings.TrimSpace(line))
				shown++
			}
		}
	}
	return fmt.Errorf("the plan does not hold any more: the cluster, the checkout or the arguments have changed since; "+
		"nothing was changed; make a new plan%s", b.String())
}

func lines(text string) []string {
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), "\n")
}
