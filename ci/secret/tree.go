package secret

import (
	"fmt"
	"strings"
)

// Tree gives a value as JSON has it with what is secret in it masked: what its name says, beside it or above it, what a Secret of
// Kubernetes holds, and what Redact finds in its texts. The name is that of the value itself, "" where it has none.
func Tree(name string, value any, secrets []string) any {
	switch value := value.(type) {
	case map[string]any:
		inner := make(map[string]any, len(value))
		beside, _ := value["name"].(string)
		for key, each := range value {
			switch {
			case value["kind"] == "Secret" && (key == "data" || key == "stringData"):
				inner[key] = hidden(each)
			case key == "value" && beside != "":
				inner[key] = Tree(beside, each, secrets)
			default:
				inner[key] = Tree(key, each, secrets)
			}
		}
		return inner
	case []any:
		inner := make([]any, 0, len(value))
		for i, each := range value {
			inner = append(inner, Tree(nameIn(value, i, name), each, secrets))
		}
		return inner
	case string:
		if Named(name, value) {
			return Masked
		}
		return Redact(value, secrets)
	case nil, bool:
		return value
	}
	if Named(name, fmt.Sprint(value)) {
		return Masked
	}
	return value
}

// nameIn is the name of an element of a list: the flag before it, or that of the list.
func nameIn(list []any, i int, name string) string {
	if i > 0 {
		if flag, isText := list[i-1].(string); isText && strings.HasPrefix(flag, "-") && !strings.Contains(flag, "=") {
			return flag
		}
	}
	return name
}

// hidden masks every value of what a Secret holds.
func hidden(value any) any {
	fields, isMap := value.(map[string]any)
	if !isMap {
		return Masked
	}
	inner := make(map[string]any, len(fields))
	for key := range fields {
		inner[key] = Masked
	}
	return inner
}
