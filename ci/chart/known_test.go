package chart

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKnownLeavesOutWhatAVersionBeforeCouldNotBeTold(t *testing.T) {
	const schema = `{"additionalProperties": false, "properties": {
  "labels": {"additionalProperties": {"type": "string"}},
  "backend": {"additionalProperties": false, "properties": {"image": {"$ref": "#/definitions/image"}}},
  "open": {"type": "object"}},
 "definitions": {"image": {"additionalProperties": false, "properties": {"tag": {"type": "string"}}}}}`
	for name, test := range map[string]struct {
		values, known string
		unknown       []string
	}{
		"all of it is known":   {"labels: {a: b}\nbackend: {image: {tag: v1}}", `{"labels":{"a":"b"},"backend":{"image":{"tag":"v1"}}}`, nil},
		"a new key":            {"labels: {a: b}\nnew: {a: b}", `{"labels":{"a":"b"}}`, []string{"new"}},
		"a new key below":      {"backend: {image: {tag: v1}, new: 1}", `{"backend":{"image":{"tag":"v1"}}}`, []string{"backend.new"}},
		"a new key by a $ref":  {"backend: {image: {tag: v1, new: 1}}", `{"backend":{"image":{"tag":"v1"}}}`, []string{"backend.image.new"}},
		"several, in order":    {"z: 1\nbackend: {x: 1}\na: 1", `{"backend":{}}`, []string{"a", "backend.x", "z"}},
		"where any key may be": {"open: {a: {b: c}}", `{"open":{"a":{"b":"c"}}}`, nil},
		"nothing":              {"", "null", nil},
	} {
		t.Run(name, func(t *testing.T) {
			known, unknown, err := Known([]byte(test.values), []byte(schema))
			require.NoError(t, err)
			assert.JSONEq(t, test.known, string(known))
			assert.Equal(t, test.unknown, unknown)
		})
	}
}

func TestKnownTakesEverySetOfTheChartItself(t *testing.T) {
	schema, err := os.ReadFile("../../helm/todo-chatbot/values.schema.json")
	require.NoError(t, err)
	sets, err := filepath.Glob("../../helm/todo-chatbot/ci/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, sets)
	for _, set := range sets {
		values, err := os.ReadFile(set)
		require.NoError(t, err)
		_, unknown, err := Known(values, schema)
		require.NoError(t, err)
		assert.Empty(t, unknown, set)
	}
}

func TestKnownRefusesWhatItCannotRead(t *testing.T) {
	_, _, err := Known([]byte("a: b: c"), []byte("{}"))
	require.ErrorContains(t, err, "values: ")
	_, _, err = Known(nil, []byte("{"))
	assert.ErrorContains(t, err, "values.schema.json: ")
}
