package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFileNameIsWhereKubeconformLooks(t *testing.T) {
	for definition, want := range map[string]string{
		"io.k8s.api.apps.v1.Deployment":                     "deployment-apps-v1.json",
		"io.k8s.api.core.v1.Pod":                            "pod-v1.json",
		"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler": "horizontalpodautoscaler-autoscaling-v2.json",
	} {
		assert.Equal(t, want, FileName(definition))
	}
}

func TestClosed(t *testing.T) {
	type object = map[string]any
	tests := map[string]struct{ schema, want object }{
		"an object with known properties has no other": {
			object{"type": "object", "properties": object{"name": object{"type": "string"}}},
			object{"type": "object", "properties": object{"name": object{"type": "string"}}, "additionalProperties": false},
		},
		"a map stays open": {
			object{"type": "object", "additionalProperties": object{"type": "string"}},
			object{"type": "object", "additionalProperties": object{"type": "string"}},
		},
		"what describes is dropped": {
			object{"type": "string", "description": "a name", "format": "int32"},
			object{"type": "string"},
		},
		"a property may be called like a keyword that describes": {
			object{"type": "object", "properties": object{"description": object{"type": "string"}}},
			object{"type": "object", "properties": object{"description": object{"type": "string"}}, "additionalProperties": false},
		},
		"a port is a number or a name": {
			object{"x-kubernetes-int-or-string": true, "anyOf": []any{}},
			object{"type": []any{"string", "integer"}},
		},
		"an object that keeps unknown fields stays open": {
			object{"type": "object", "properties": object{}, "x-kubernetes-preserve-unknown-fields": true},
			object{"type": "object", "properties": object{}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, Closed(test.schema))
		})
	}
}

func TestKindHoldsWhatItRefersTo(t *testing.T) {
	definitions := map[string]map[string]any{
		"io.k8s.api.core.v1.Thing": {
			"type": "object",
			"properties": map[string]any{
				"apiVersion": map[string]any{"type": "string"},
				"spec":       map[string]any{"$ref": "#/definitions/Spec"},
				"status":     map[string]any{"$ref": "#/definitions/Status"},
			},
			"x-kubernetes-group-version-kind": []any{map[string]any{"group": "", "version": "v1", "kind": "Thing"}},
		},
		"Spec":   {"type": "object", "properties": map[string]any{"parent": map[string]any{"$ref": "#/definitions/Spec"}}},
		"Status": {"type": "object"},
	}

	schema, err := Kind(definitions, "io.k8s.api.core.v1.Thing")

	require.NoError(t, err)
	assert.Contains(t, schema["definitions"], "Spec")
	assert.NotContains(t, schema["definitions"], "Status", "a manifest sets no status")
	assert.NotContains(t, schema["properties"], "status")
	assert.Equal(t, map[string]any{"const": "v1"}, schema["properties"].(map[string]any)["apiVersion"])
	assert.ElementsMatch(t, []any{"apiVersion", "kind", "metadata"}, schema["required"])
}

func TestKindNamesTheDefinitionThatIsMissing(t *testing.T) {
	_, err := Kind(map[string]map[string]any{}, "io.k8s.api.core.v1.Thing")

	assert.ErrorContains(t, err, "io.k8s.api.core.v1.Thing")
}
