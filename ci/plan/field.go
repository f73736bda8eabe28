package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// bookkeeping is what the server writes for itself.
var bookkeeping = []string{
	"status", "metadata.managedFields", "metadata.resourceVersion", "metadata.uid", "metadata.generation",
	"metadata.creationTimestamp", "metadata.selfLink", `metadata.annotations["deployment.kubernetes.io/revision"]`,
}

// longest is how many characters of a value are shown. What follows is told by its digest.
const longest = 160

// differences lists the fields in which two states of an object differ, by path, without the server's bookkeeping.
func differences(from, to object, secrets []string) []Field {
	was, is := map[string]string{}, map[string]string{}
	flatten("", from, was)
	flatten("", to, is)
	paths := map[string]bool{}
	for path := range was {
		paths[path] = true
	}
	for path := range is {
		paths[path] = true
	}
	kind, _ := from["kind"].(string)
	var found []Field
	for path := range paths {
		if was[path] == is[path] || slices.ContainsFunc(bookkeeping, func(b string) bool { return within(path, b) }) {
			continue
		}
		show := func(value string) string { return shown(kind, path, value, secrets) }
		found = append(found, Field{Path: path, From: show(was[path]), To: show(is[path])})
	}
	slices.SortFunc(found, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// within is true for a path and everything under it.
func within(path, root string) bool {
	rest, found := strings.CutPrefix(path, root)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// plain is a key that needs no quotes in a path.
var plain = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// flatten writes a value's leaves as JSON by path: `spec.template.spec.containers[backend].image`. An empty object or list
// is nothing.
func flatten(path string, value any, into map[string]string) {
	switch v := value.(type) {
	case object:
		for key, inner := range v {
			next := path + "." + key
			if !plain.MatchString(key) {
				next = fmt.Sprintf("%s[%q]", path, key)
			}
			flatten(strings.TrimPrefix(next, "."), inner, into)
		}
	case []any:
		field := keyOf(v)
		if field == "" && len(v) > 0 {
			into[path] = text(v)
		}
		for key, inner := range byKey(v, field) {
			flatten(fmt.Sprintf("%s[%s]", path, key), inner, into)
		}
	case nil:
	default:
		into[path] = text(v)
	}
}

// text is a value as JSON.
func text(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(b.String())
}

// secretive are names of variables whose value nobody wants to read in a plan.
var secretive = regexp.MustCompile(`(?i)\.env\[[^]]*(password|secret|token|key|credential)[^]]*\]\.value$`)

// shown is a value as the plan has it: masked where it is secret, shortened where it is long.
func shown(kind, path, value string, secrets []string) string {
	switch {
	case value == "":
		return ""
	case kind == "Secret" && (within(path, "data") || within(path, "stringData")), secretive.MatchString(path):
		return "***"
	}
	value = kube.Redact(value, secrets)
	if characters := []rune(value); len(characters) > longest {
		value = fmt.Sprintf("%s… (%d characters, SHA-256 %x)", string(characters[:longest]), len(characters), sha256.Sum256([]byte(value)))
	}
	return value
}
