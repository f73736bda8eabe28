package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// object is one object of Kubernetes, as JSON has it.
type object = map[string]any

// identity tells objects apart, as Helm does. The namespace is "" for one in the release's own, and for one that is in none.
type identity struct{ group, kind, namespace, name string }

// objects are those of some manifests or of an answer of kubectl's.
type objects map[identity]object

// scope is what an object's identity is read by.
type scope struct {
	// namespace is the release's own.
	namespace string
	// nowhere are the kinds whose objects are in no namespace, as the server's answers show, whatever a chart writes.
	nowhere map[identity]bool
}

// manifests reads YAML documents.
func (s scope) manifests(text string) (objects, error) {
	raws, err := kube.Objects([]byte(text))
	if err != nil {
		return nil, err
	}
	found := objects{}
	for i, raw := range raws {
		var o object
		err := json.Unmarshal(raw, &o)
		id, unnamed := s.identify(o)
		if err := errors.Join(err, unnamed); err != nil {
			return nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		found[id] = o
	}
	return found, nil
}

// list reads what kubectl prints: nothing, one object, or a List.
func (s scope) list(text string) (objects, error) {
	found := objects{}
	if strings.TrimSpace(text) == "" {
		return found, nil
	}
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, errors.New("kubectl's answer is not JSON")
	}
	items, isList := o["items"].([]any)
	if !isList {
		items = []any{o}
	}
	for i, item := range items {
		each, _ := item.(object)
		id, err := s.identify(each)
		if err != nil {
			return nil, fmt.Errorf("item %d of kubectl's answer: %w", i, err)
		}
		if asObject(each["metadata"])["namespace"] == nil {
			s.nowhere[id.ofKind()] = true
		}
		found[id] = each
	}
	return found, nil
}

// identify gives an object's identity.
func (s scope) identify(o object) (identity, error) {
	version, _ := o["apiVersion"].(string)
	kind, _ := o["kind"].(string)
	meta := asObject(o["metadata"])
	namespace, _ := meta["namespace"].(string)
	name, _ := meta["name"].(string)
	if kind == "" || name == "" {
		return identity{}, errors.New("it has no kind or no name")
	}
	id := identity{kube.Group(version), strings.ToLower(kind), namespace, name}
	if namespace == s.namespace || s.nowhere[id.ofKind()] {
		id.namespace = ""
	}
	return id, nil
}

// ofKind is what the objects of a kind have in common.
func (i identity) ofKind() identity { return identity{group: i.group, kind: i.kind} }

// shownAs gives the names by which a plan tells objects. They are of what the chart writes alone, so that a plan reads the same before and
// after the server has answered. The group is in a name where nothing else tells two objects apart.
func (s scope) shownAs(before, after objects) map[identity]string {
	all := maps.Clone(before)
	maps.Copy(all, after)
	shown, alike := map[identity]string{}, map[string]int{}
	for id, o := range all {
		shown[id] = s.shown(id.kind, o)
		alike[shown[id]]++
	}
	for id, name := range shown {
		if alike[name] > 1 && id.group != "" {
			shown[id] = s.shown(id.kind+"."+id.group, all[id])
		}
	}
	return shown
}

// shown is kind/name as kubectl writes it, and the namespace where that is not the release's.
func (s scope) shown(kind string, o object) string {
	meta := asObject(o["metadata"])
	name := fmt.Sprintf("%s/%s", kind, meta["name"])
	if namespace, _ := meta["namespace"].(string); namespace != "" && namespace != s.namespace {
		name += " in namespace " + namespace
	}
	return name
}

// ordered are the identities of some objects, in the order of the names that are shown.
func (o objects) ordered(shown map[identity]string) []identity {
	return slices.SortedFunc(maps.Keys(o), func(a, b identity) int { return strings.Compare(shown[a], shown[b]) })
}

// keys are the fields by which Kubernetes merges lists of objects (the patchMergeKey and listMapKey tags of k8s.io/api).
// The order matters: a container's port has a name as well as a number.
var keys = []string{"name", "mountPath", "containerPort", "port", "topologyKey", "ip", "key", "type"}

// keyOf gives the field by which a list's elements are told apart, "" for a list that is replaced as a whole.
func keyOf(elements []any) string {
	for _, field := range keys {
		if byKey(elements, field) != nil {
			return field
		}
	}
	return ""
}

// byKey gives the elements of a list by a field of theirs, nil when they are not told apart by it.
func byKey(elements []any, field string) map[string]any {
	found := map[string]any{}
	for _, element := range elements {
		value, there := asObject(element)[field]
		if !there {
			return nil
		}
		found[fmt.Sprint(value)] = element
	}
	if len(found) < len(elements) || len(elements) == 0 {
		return nil
	}
	return found
}

// asObject is nil for what is no object.
func asObject(value any) object {
	o, _ := value.(object)
	return o
}

// without gives next less what the revision before set and the one after does not.
func without(next, before, after object) object {
	result := object{}
	for key, value := range next {
		if was, is := before[key], after[key]; was == nil || is != nil {
			result[key] = withoutValue(value, was, is)
		}
	}
	return result
}

func withoutValue(next, before, after any) any {
	if o, ok := next.(object); ok {
		return without(o, asObject(before), asObject(after))
	}
	elements, _ := next.([]any)
	was, _ := before.([]any)
	is, stillList := after.([]any)
	field := keyOf(elements)
	befores, afters := byKey(was, field), byKey(is, field)
	// Where one is no list, or its elements are not told apart, it is replaced as a whole.
	if befores == nil || !stillList || (afters == nil && len(is) > 0) {
		return next
	}
	var kept []any
	for _, element := range elements {
		key := fmt.Sprint(asObject(element)[field])
		old, wasSet := befores[key]
		wanted, isSet := afters[key]
		if !wasSet || isSet {
			kept = append(kept, withoutValue(element, old, wanted))
		}
	}
	return kept
}
