package kube

import (
	"encoding/json"
	"fmt"
	"strings"
)

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
