package kube

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Objects are those of rendered manifests (`helm template`, many YAML documents) as Helm takes them: the items of a list in its place, and
// nothing for a document that is empty.
func Objects(manifests []byte) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for i, document := range Documents(manifests) {
		var raw json.RawMessage
		err := DecodeAsHelm(document, &raw)
		if err == nil {
			all, err = appendObjects(all, raw)
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
	}
	return all, nil
}

// appendObjects appends one object, or the items of a list.
func appendObjects(all []json.RawMessage, raw json.RawMessage) ([]json.RawMessage, error) {
	var head struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Items      []json.RawMessage `json:"items"`
	}
	if err := decodeJSON(raw, &head); err != nil {
		return nil, err
	}
	switch {
	case string(raw) == "null" || string(raw) == "{}":
		return all, nil
	case !IsList(head.Kind, head.Items):
		return append(all, raw), nil
	}
	for _, item := range head.Items {
		item, err := ListItem(head.APIVersion, head.Kind, item)
		if err == nil {
			all, err = appendObjects(all, item)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Group is the API group of an apiVersion, "" for Kubernetes' first one, v1.
func Group(apiVersion string) string {
	group, _, named := strings.Cut(apiVersion, "/")
	if !named {
		return ""
	}
	return group
}

// IsList is true for an object that only holds others: a List, or a DeploymentList.
func IsList(kind string, items []json.RawMessage) bool {
	return kind == "List" || strings.HasSuffix(kind, "List") && items != nil
}

// ListItem gives an item of a list with its kind, which one of a DeploymentList leaves out.
func ListItem(apiVersion, kind string, item json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(item, &fields); err != nil || fields == nil {
		return nil, fmt.Errorf("an item of the %s is no object", kind)
	}
	if fields["kind"] != nil || kind == "List" {
		return item, nil
	}
	fields["kind"], _ = json.Marshal(strings.TrimSuffix(kind, "List"))
	fields["apiVersion"], _ = json.Marshal(apiVersion)
	return json.Marshal(fields)
}
