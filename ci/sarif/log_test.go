package sarif_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/sarif"
)

func one() sarif.Log {
	return sarif.Log{
		Tool: "scan", Version: "1",
		Rules:   []sarif.Rule{{ID: "CVE-1", Summary: "a hole", URL: "https://example.com", Severity: 9.8}},
		Results: []sarif.Result{{RuleID: "CVE-1", Level: sarif.Error, Message: "fix it", File: "a b/uv.lock", Line: 3}},
	}
}

func TestALogHasWhatGitHubAsksFor(t *testing.T) {
	raw, err := one().JSON()
	require.NoError(t, err)
	var log map[string]any
	require.NoError(t, json.Unmarshal(raw, &log))
	assert.Equal(t, "2.1.0", log["version"])
	run := log["runs"].([]any)[0].(map[string]any)
	rule := run["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any)[0].(map[string]any)
	assert.Equal(t, "9.8", rule["properties"].(map[string]any)["security-severity"])
	result := run["results"].([]any)[0].(map[string]any)
	assert.Equal(t, "CVE-1", result["ruleId"])
	assert.EqualValues(t, 0, result["ruleIndex"])
	where := result["locations"].([]any)[0].(map[string]any)["physicalLocation"].(map[string]any)
	assert.Equal(t, "a%20b/uv.lock", where["artifactLocation"].(map[string]any)["uri"])
	assert.EqualValues(t, 3, where["region"].(map[string]any)["startLine"])
	assert.Len(t, result["partialFingerprints"].(map[string]any)["primaryLocationLineHash"], 32)
}

func TestALogWithoutFindingsHasEmptyListsRatherThanNone(t *testing.T) {
	raw, err := sarif.Log{Tool: "scan"}.JSON()
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"results": []`)
	assert.Contains(t, string(raw), `"rules": []`)
}

func TestAFindingStaysTheSameWhenItsLineMoves(t *testing.T) {
	first, err := one().JSON()
	require.NoError(t, err)
	moved := one()
	moved.Results[0].Line = 0
	second, err := moved.JSON()
	require.NoError(t, err)
	assert.NotContains(t, string(second), "startLine")
	assert.Equal(t, fingerprint(t, first), fingerprint(t, second))
}

func fingerprint(t *testing.T, raw []byte) string {
	t.Helper()
	var log struct {
		Runs []struct {
			Results []struct {
				Fingerprints map[string]string `json:"partialFingerprints"`
			} `json:"results"`
		} `json:"runs"`
	}
	require.NoError(t, json.Unmarshal(raw, &log))
	return log.Runs[0].Results[0].Fingerprints["primaryLocationLineHash"]
}

func TestWhatGitHubWouldDropIsRefused(t *testing.T) {
	for name, change := range map[string]func(*sarif.Log){
		"a rule twice":        func(l *sarif.Log) { l.Rules = append(l.Rules, l.Rules[0]) },
		"a rule without name": func(l *sarif.Log) { l.Rules[0].ID = "" },
		"an unknown rule":     func(l *sarif.Log) { l.Results[0].RuleID = "CVE-2" },
		"no message":          func(l *sarif.Log) { l.Results[0].Message = "" },
		"no file":             func(l *sarif.Log) { l.Results[0].File = "" },
		"no such level":       func(l *sarif.Log) { l.Results[0].Level = "fatal" },
		"a negative line":     func(l *sarif.Log) { l.Results[0].Line = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			log := one()
			change(&log)
			_, err := log.JSON()
			assert.ErrorContains(t, err, "sarif: ")
		})
	}
}
