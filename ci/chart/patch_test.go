package chart_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/chart"
)

// starts are the components' starts as the tests take them to be.
var starts = map[string]time.Duration{"backend": 15 * time.Second, "frontend": 10 * time.Second}

// names are the rules that findings break, each once, in order.
func names(findings []chart.Finding) []string {
	var found []string
	for _, f := range findings {
		found = append(found, f.Rule)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// patch changes a field of a rendered object: what it is, where, as a JSON pointer (RFC 6901), and to what; nil takes it away.
type patch struct {
	object, pointer string
	value           any
}

// patched gives manifests with patches. One that changes nothing is a mistake in the test.
func patched(t testing.TB, manifests []byte, patches ...patch) []byte {
	t.Helper()
	documents := regexp.MustCompile(`(?m)^---\n`).Split(string(manifests), -1)
	for _, p := range patches {
		done := false
		kind, name, _ := strings.Cut(p.object, "/")
		for i, document := range documents {
			if !strings.Contains(document, "kind: "+kind+"\n") || !strings.Contains(document, "name: "+name+"\n") {
				continue
			}
			var object map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(document), &object))
			if object["kind"] != kind || object["metadata"].(map[string]any)["name"] != name {
				continue
			}
			done = true
			if p.pointer == "" {
				documents[i] = ""
				continue
			}
			before, err := yaml.Marshal(object)
			require.NoError(t, err)
			changed := apply(t, object, strings.Split(p.pointer, "/")[1:], p.value)
			after, err := yaml.Marshal(changed)
			require.NoError(t, err)
			require.NotEqual(t, string(before), string(after), "%s %s is that already", p.object, p.pointer)
			comment, _, _ := strings.Cut(document, "\n")
			documents[i] = comment + "\n" + string(after)
		}
		require.True(t, done, "%s is not rendered", p.object)
	}
	return []byte(strings.Join(documents, "---\n"))
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// apply sets or takes away the field that a pointer's parts lead to, and gives what holds it.
func apply(t testing.TB, in any, parts []string, value any) any {
	t.Helper()
	key, rest := unescape.Replace(parts[0]), parts[1:]
	switch in := in.(type) {
	case []any:
		if key == "-" {
			return append(in, value)
		}
		i, err := strconv.Atoi(key)
		require.NoError(t, err)
		require.Less(t, i, len(in))
		switch {
		case len(rest) > 0:
			in[i] = apply(t, in[i], rest, value)
		case value == nil:
			return slices.Delete(in, i, i+1)
		default:
			in[i] = value
		}
		return in
	case map[string]any:
		switch {
		case len(rest) > 0:
			if in[key] == nil {
				in[key] = map[string]any{}
			}
			in[key] = apply(t, in[key], rest, value)
		case value == nil:
			require.Contains(t, in, key)
			delete(in, key)
		default:
			in[key] = value
		}
		return in
	}
	require.Failf(t, "no such field", "%s", key)
	return nil
}
