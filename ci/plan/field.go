package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"todo-chatbot/ci/secret"
)

// bookkeeping is what the server writes for itself, and the namespace, by which objects are told apart.
var bookkeeping = []string{
	"status", "metadata.namespace", "metadata.managedFields", "metadata.resourceVersion", "metadata.uid", "metadata.generation",
	"metadata.creationTimestamp", "metadata.selfLink", `metadata.annotations["deployment.kubernetes.io/revision"]`,
}

// longest is how many characters of a value are shown. What follows is told by its digest.
const longest = 160

// differences lists the fields in which two states of an object differ, by path, without the server's bookkeeping.
func differences(from, to object, secrets []string) []Field {
	was, is := leavesOf(from, secrets), leavesOf(to, secrets)
	paths := map[string]bool{}
	for path := range was {
		paths[path] = true
	}
	for path := range is {
		paths[path] = true
	}
	var found []Field
	for path := range paths {
		if was[path].text == is[path].text || slices.ContainsFunc(bookkeeping, func(b string) bool { return within(path, b) }) {
			continue
		}
		found = append(found, Field{Path: path, From: shortened(was[path].shown), To: shortened(is[path].shown)})
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

// leaf is a value as JSON, to compare, and what is shown of it.
type leaf struct{ text, shown string }

// leavesOf gives a value's leaves by path: `spec.template.spec.containers[backend].image`. An empty object or list is nothing.
func leavesOf(o object, secrets []string) map[string]leaf {
	leaves := map[string]leaf{}
	masked, _ := secret.Tree("", o, secrets).(object)
	flatten("", o, masked, leaves)
	return leaves
}

func flatten(path string, value, masked any, into map[string]leaf) {
	switch v := value.(type) {
	case object:
		for key, inner := range v {
			next := path + "." + key
			if !plain.MatchString(key) {
				next = fmt.Sprintf("%s[%q]", path, key)
			}
			flatten(strings.TrimPrefix(next, "."), inner, asObject(masked)[key], into)
		}
	case []any:
		shown, _ := masked.([]any)
		field := keyOf(v)
		if field == "" && len(v) > 0 {
			into[path] = leaf{text(v), text(masked)}
		}
		for i, element := range v {
			if field != "" {
				flatten(fmt.Sprintf("%s[%v]", path, asObject(element)[field]), element, shown[i], into)
			}
		}
	case nil:
	default:
		into[path] = leaf{text(v), text(masked)}
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

// shortened is a value as the plan has it where it is long.
func shortened(value string) string {
	if characters := []rune(value); len(characters) > longest {
		value = fmt.Sprintf("%s… (%d characters, SHA-256 %x)", string(characters[:longest]), len(characters), sha256.Sum256([]byte(value)))
	}
	return value
}
