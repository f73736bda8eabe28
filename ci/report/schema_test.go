package report

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/kube"
)

const contract = "../../docs/contracts/report.schema.json"

// TestTheContractOfTheReportIsWhatIsWritten makes the schema of report.json from the types, and holds the page to it:
// go test ./ci/report -update writes it anew.
func TestTheContractOfTheReportIsWhatIsWritten(t *testing.T) {
	schema := schemaOf(reflect.TypeFor[Run]())
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "report.json: one run of the pipeline"
	raw, err := json.MarshalIndent(schema, "", "  ")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(contract, append(raw, '\n'), 0o644))
	}
	kept, err := os.ReadFile(contract)
	require.NoError(t, err)
	assert.Equal(t, string(raw)+"\n", string(kept), "run: hack/dagger generate, or: go test ./ci/report -update")
}

func TestTheContractNamesWhatAReaderMayRelyOn(t *testing.T) {
	schema := schemaOf(reflect.TypeFor[Run]())
	assert.Equal(t, []string{"schemaVersion", "name", "release", "namespace", "outcome", "started", "tookMilliseconds", "steps"}, schema["required"])
	assert.Equal(t, false, schema["additionalProperties"])
	properties := schema["properties"].(map[string]any)
	assert.Equal(t, map[string]any{"type": "integer", "minimum": 0}, properties["tookMilliseconds"])
	assert.Equal(t, map[string]any{"type": "string", "enum": []string{"passed", "failed", "rolled back"}}, properties["outcome"])
	assert.Contains(t, properties["diagnoses"].(map[string]any)["items"].(map[string]any)["properties"], "hint")
	assert.NotContains(t, schemaOf(reflect.TypeFor[kube.Progress]())["properties"], "unobserved")
}

// schemaOf is the JSON schema of what encoding/json writes of a type.
func schemaOf(of reflect.Type) map[string]any {
	switch of {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Duration]():
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.TypeFor[Outcome]():
		return map[string]any{"type": "string", "enum": []string{string(Passed), string(Failed), string(RolledBack)}}
	}
	switch of.Kind() { //nolint:exhaustive // The rest is in no report, and panics.
	case reflect.Pointer:
		return schemaOf(of.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(of.Elem())}
	case reflect.Struct:
		properties, required := map[string]any{}, []string{}
		for _, field := range reflect.VisibleFields(of) {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !field.IsExported() || name == "-" {
				continue
			}
			properties[name] = schemaOf(field.Type)
			if !strings.Contains(options, "omitempty") {
				required = append(required, name)
			}
		}
		return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	panic("report: the contract does not know how " + of.String() + " is written")
}
