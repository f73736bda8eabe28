package chart_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// A value that is left blank is none: Helm takes the chart's own for taken away. What has an empty default may be blank, and
// whatever else is asked for by the schema. A probe's figures are Kubernetes' own then.
func TestWhatIsLeftBlankIsAskedForOrIsTheDefault(t *testing.T) {
	var values, schema m
	raw, err := os.ReadFile(filepath.Join(source, "values.yaml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &values))
	raw, err = os.ReadFile(filepath.Join(source, "values.schema.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &schema))

	var blank []string
	var walk func(values, part m, path string)
	walk = func(values, part m, path string) {
		if ref, isRef := part["$ref"].(string); isRef {
			part = schema["definitions"].(m)[strings.TrimPrefix(ref, "#/definitions/")].(m)
		}
		required, _ := part["required"].([]any)
		for key, value := range values {
			inner, isMap := value.(m)
			list, isList := value.([]any)
			switch {
			case value == "" || isMap && len(inner) == 0 || isList && len(list) == 0:
				blank = append(blank, path+key+"=null")
			case isList:
			case path+key == "frontend.service.externalTrafficPolicy": // not asked for: a release of before has none in its values
				blank = append(blank, path+key+"=null")
			case !slices.Contains(required, any(key)):
				assert.Fail(t, "the schema does not ask for "+path+key)
			case isMap && !strings.HasSuffix(key, "Probe"):
				walk(inner, part["properties"].(m)[key].(m), path+key+".")
			}
		}
	}
	walk(values, schema, "")
	require.Greater(t, len(blank), 40)
	assert.Contains(t, blank, "backend.maxUnavailable=null")
	needed := func(set string) bool { return strings.HasPrefix(set, "secrets.") }
	assert.Equal(t, objects(t, render(t, "ci/default-values.yaml")), objects(t, render(t, "ci/default-values.yaml", slices.DeleteFunc(blank, needed)...)))
}
