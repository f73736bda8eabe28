package main

import (
	"fmt"
	"strings"
)

const (
	definitionsRef = "#/definitions/"
	draft          = "http://json-schema.org/draft-07/schema#"
)

// anyScalar are the types whose description says "string" although the API takes numbers too.
var anyScalar = map[string][]any{
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"string", "integer"},
	"io.k8s.apimachinery.pkg.api.resource.Quantity":   {"string", "number"},
}

// FileName gives the name under which kubeconform looks for a kind: "io.k8s.api.apps.v1.Deployment" is
// "deployment-apps-v1.json", and one of the core group "pod-v1.json".
func FileName(definition string) string {
	parts := strings.Split(strings.ToLower(strings.TrimPrefix(definition, "io.k8s.api.")), ".")
	group, version, kind := parts[0], parts[1], parts[2]
	if group == "core" {
		return fmt.Sprintf("%s-%s.json", kind, version)
	}
	return fmt.Sprintf("%s-%s-%s.json", kind, group, version)
}

// Kind gives the closed schema of one definition with all that it refers to. It returns an error if a definition is
// missing.
func Kind(definitions map[string]map[string]any, name string) (map[string]any, error) {
	used := map[string]any{}
	root, err := collect(definitions, name, used)
	if err != nil {
		return nil, err
	}
	id, err := identity(definitions[name])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	schema := sealRoot(root, id.apiVersion(), id.kind)
	delete(used, name)
	schema["definitions"] = used
	return schema, nil
}

// CustomResource gives the closed schema of a custom resource.
func CustomResource(openAPI map[string]any, apiVersion, kind string) map[string]any {
	schema, _ := Closed(openAPI).(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	// a definition leaves metadata to the API server
	properties["metadata"] = map[string]any{"type": "object"}
	return sealRoot(schema, apiVersion, kind)
}

// sealRoot demands apiVersion and kind, and takes the status away: it is not a manifest's to set.
func sealRoot(schema map[string]any, apiVersion, kind string) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	properties["apiVersion"] = map[string]any{"const": apiVersion}
	properties["kind"] = map[string]any{"const": kind}
	delete(properties, "status")
	required, _ := schema["required"].([]any)
	schema["required"] = append([]any{"apiVersion", "kind", "metadata"}, required...)
	schema["$schema"] = draft
	return schema
}

// collect gives a definition closed, and puts whatever it refers to into used.
func collect(definitions map[string]map[string]any, name string, used map[string]any) (map[string]any, error) {
	definition, ok := definitions[name]
	if !ok {
		return nil, fmt.Errorf("no definition %s", name)
	}
	if types, ok := anyScalar[name]; ok {
		used[name] = map[string]any{"type": types}
		return nil, nil
	}
	closed := closedObject(definition)
	used[name] = closed
	if properties, ok := closed["properties"].(map[string]any); ok {
		// both are the API server's to write; what describes a status is then not reached either
		delete(properties, "status")
		delete(properties, "managedFields")
	}
	for _, next := range references(closed) {
		if _, seen := used[next]; seen {
			continue
		}
		if _, err := collect(definitions, next, used); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return closed, nil
}

// kept are the keywords that decide what is valid; the rest describes.
var kept = map[string]bool{
	"$ref": true, "additionalProperties": true, "allOf": true, "anyOf": true, "enum": true, "items": true,
	"maxItems": true, "maxLength": true, "maximum": true, "maxProperties": true, "minItems": true, "minLength": true,
	"minimum": true, "minProperties": true, "not": true, "oneOf": true, "pattern": true, "properties": true,
	"required": true, "type": true,
}

// Closed gives a copy of a schema in which an object with known properties has no other, without what decides nothing.
func Closed(schema any) any {
	switch schema := schema.(type) {
	case map[string]any:
		return closedObject(schema)
	case []any:
		list := make([]any, len(schema))
		for i, item := range schema {
			list[i] = Closed(item)
		}
		return list
	default:
		return schema
	}
}

func closedObject(schema map[string]any) map[string]any {
	if schema["x-kubernetes-int-or-string"] == true {
		return map[string]any{"type": []any{"string", "integer"}}
	}
	closed := map[string]any{}
	for keyword, value := range schema {
		switch {
		case keyword == "properties":
			properties := map[string]any{}
			named, _ := value.(map[string]any)
			for name, property := range named {
				properties[name] = Closed(property)
			}
			closed[keyword] = properties
		case kept[keyword]:
			closed[keyword] = Closed(value)
		}
	}
	_, hasProperties := closed["properties"]
	_, says := closed["additionalProperties"]
	if closed["type"] == "object" && hasProperties && !says && schema["x-kubernetes-preserve-unknown-fields"] != true {
		closed["additionalProperties"] = false
	}
	return closed
}

// references lists the definitions that a schema refers to.
func references(schema any) []string {
	var names []string
	switch schema := schema.(type) {
	case map[string]any:
		for keyword, value := range schema {
			if ref, ok := value.(string); ok && keyword == "$ref" {
				names = append(names, strings.TrimPrefix(ref, definitionsRef))
				continue
			}
			names = append(names, references(value)...)
		}
	case []any:
		for _, item := range schema {
			names = append(names, references(item)...)
		}
	}
	return names
}

type groupVersionKind struct{ group, version, kind string }

func (id groupVersionKind) apiVersion() string {
	if id.group == "" {
		return id.version
	}
	return id.group + "/" + id.version
}

func identity(definition map[string]any) (groupVersionKind, error) {
	ids, _ := definition["x-kubernetes-group-version-kind"].([]any)
	if len(ids) != 1 {
		return groupVersionKind{}, fmt.Errorf("has %d group-version-kinds, not one", len(ids))
	}
	id, _ := ids[0].(map[string]any)
	group, _ := id["group"].(string)
	version, _ := id["version"].(string)
	kind, _ := id["kind"].(string)
	return groupVersionKind{group, version, kind}, nil
}
