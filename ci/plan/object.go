package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// object is one object of Kubernetes, as JSON has it.
type object = map[string]any

// manifests reads YAML documents into objects by kind/name. Helm takes what is empty for nothing, and so does this.
func manifests(text string) (map[string]object, error) {
	found := map[string]object{}
	for i, document := range kube.Documents([]byte(text)) {
		var o object
		if err := kube.DecodeAsHelm(document, &o); err != nil {
			return nil, fmt.Errorf("manifest %d: %w", i+1, err)
		}
		if len(o) == 0 {
			continue
		}
		name, err := nameOf(o)
		if err != nil {
			return nil, fmt.Errorf("manifest %d: %w", i+1, err)
		}
		found[name] = o
	}
	return found, nil
}

// list reads what kubectl prints: nothing, one object, or a List.
func list(text string) (map[string]object, error) {
	found := map[string]object{}
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
		name, err := nameOf(each)
		if err != nil {
			return nil, fmt.Errorf("item %d of kubectl's answer: %w", i, err)
		}
		found[name] = each
	}
	return found, nil
}

// nameOf is kind/name.
func nameOf(o object) (string, error) {
	kind, _ := o["kind"].(string)
	meta, _ := o["metadata"].(object)
	name, _ := meta["name"].(string)
	if kind == "" || name == "" {
		return "", errors.New("it has no kind or no name")
	}
	return strings.ToLower(kind) + "/" + name, nil
}

// names are the keys in order.
func names(objects map[string]object) []string {
	list := make([]string, 0, len(objects))
	for name := range objects {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
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
