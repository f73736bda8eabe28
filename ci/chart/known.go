package chart

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"
)

// Known gives values, as JSON, without the keys that a chart's schema is closed to, and the paths of those in order: a set of
// values of this version, as a version before could have been given it. The schema is its values.schema.json, of which
// `properties`, `additionalProperties: false` and a `$ref` within it are read. What is no YAML, or no schema, is an error.
func Known(values, schema []byte) (known []byte, unknown []string, err error) {
	var given map[string]any
	if err := yaml.Unmarshal(values, &given); err != nil {
		return nil, nil, fmt.Errorf("values: %w", err)
	}
	var root map[string]any
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, nil, fmt.Errorf("values.schema.json: %w", err)
	}
	k := knower{root: root}
	k.prune(given, root, "")
	sort.Strings(k.unknown)
	known, err = json.Marshal(given)
	return known, k.unknown, err
}

type knower struct {
	root    map[string]any
	unknown []string
}

func (k *knower) prune(given, schema map[string]any, path string) {
	schema = k.resolved(schema)
	properties, _ := schema["properties"].(map[string]any)
	for key, value := range given {
		property, found := properties[key].(map[string]any)
		if !found && schema["additionalProperties"] == false {
			k.unknown = append(k.unknown, path+key)
			delete(given, key)
			continue
		}
		if inner, isMap := value.(map[string]any); isMap && found {
			k.prune(inner, property, path+key+".")
		}
	}
}

// resolved is what a `$ref` to a place in the same schema stands for.
func (k *knower) resolved(schema map[string]any) map[string]any {
	ref, _ := schema["$ref"].(string)
	at, isLocal := strings.CutPrefix(ref, "#/")
	if !isLocal {
		return schema
	}
	found := k.root
	for part := range strings.SplitSeq(at, "/") {
		found, _ = found[part].(map[string]any)
	}
	return found
}
