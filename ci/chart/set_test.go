package chart_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/chart"
)

// set is the development release with a set of values of its own.
func set(t *testing.T, name, content string, patches ...patch) chart.Rendered {
	t.Helper()
	return chart.Rendered{Values: name, Content: []byte(content), Manifests: patched(t, rendered(t, "development"), patches...)}
}

func TestASetIsHeldAsItsValuesSayThatItIsMeant(t *testing.T) {
	more := patch{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/minReplicas", 3}
	theirs := patch{backend, container + "/env/0/valueFrom/secretKeyRef/name", "theirs"}
	tests := map[string]struct {
		content string
		patches []patch
		rules   []string
	}{
		"development has a budget, by default too":      {"", []patch{more}, []string{"autoscaler-figures", "budget"}},
		"production has the cluster that it needs":      {"environment: production", []patch{more}, []string{"autoscaler-figures"}},
		"a Secret that is named is there":               {"existingSecret: theirs", []patch{theirs}, nil},
		"a Secret that is not named is not there":       {"", []patch{theirs}, []string{"key-exists"}},
		"an exception takes its rule away and no other": {"# except budget: a large node", []patch{more}, []string{"autoscaler-figures"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			findings, err := chart.CheckSets([]chart.Rendered{set(t, "ci/a.yaml", test.content, test.patches...)})
			require.NoError(t, err)
			assert.Equal(t, test.rules, names(findings))
		})
	}
}

func TestAFindingIsGivenOnceWithTheSetsThatShowIt(t *testing.T) {
	broken := patch{backend, container + "/image", "todo-backend"}
	findings, err := chart.CheckSets([]chart.Rendered{set(t, "ci/a.yaml", "", broken), set(t, "ci/b.yaml", ""), set(t, "ci/c.yaml", "", broken)})
	require.NoError(t, err)
	require.Len(t, findings, 1)
	assert.Equal(t, []string{"ci/a.yaml", "ci/c.yaml"}, findings[0].Sets)
	assert.Contains(t, chart.Text(findings), "  with  ci/a.yaml, ci/c.yaml\n")
	raw, err := chart.Sarif("", "helm", findings)
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(raw), `"ruleId"`))
}

func TestSetsThatCannotBeHeldAreErrors(t *testing.T) {
	tests := map[string]struct {
		sets    []chart.Rendered
		problem string
	}{
		"no set":                               {nil, "there is no set of values"},
		"nothing rendered":                     {[]chart.Rendered{{Values: "ci/a.yaml"}}, "ci/a.yaml: checking the chart's manifests: "},
		"values that are none":                 {[]chart.Rendered{set(t, "ci/a.yaml", "swordfish: {")}, "ci/a.yaml: the values are not valid YAML"},
		"an exception that nothing needs":      {[]chart.Rendered{set(t, "ci/a.yaml", "# except no-token: no reason")}, "ci/a.yaml: the exception from no-token excepts nothing"},
		"an exception from what is not a rule": {[]chart.Rendered{set(t, "ci/a.yaml", "# except qos: no reason")}, "the exception from qos excepts nothing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := chart.CheckSets(test.sets)
			require.ErrorContains(t, err, test.problem)
			assert.NotContains(t, err.Error(), "swordfish")
		})
	}
}

func TestAnExceptionWithoutAReasonIsNone(t *testing.T) {
	findings, err := chart.CheckSets([]chart.Rendered{set(t, "ci/a.yaml", "# except image-pinned: \n", patch{backend, container + "/image", "todo-backend"})})
	require.NoError(t, err)
	assert.Equal(t, []string{"image-pinned"}, names(findings))
}

// What the rules take an existing Secret to hold is what the chart can read of one.
func TestAnExistingSecretHasTheKeysOfTheChartsOwn(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(source, "values.yaml"))
	require.NoError(t, err)
	var values struct {
		Secrets map[string]string `json:"secrets"`
	}
	require.NoError(t, yaml.Unmarshal(raw, &values))
	for key := range values.Secrets {
		reads := patch{backend, container + "/env/0/valueFrom/secretKeyRef", m{"name": chart.Placeholder, "key": key}}
		findings, err := chart.CheckSets([]chart.Rendered{set(t, "ci/a.yaml", "", reads)})
		require.NoError(t, err)
		assert.False(t, slices.Contains(names(findings), "key-exists"), key)
	}
}

func TestAnEnvironmentHasItsValues(t *testing.T) {
	for _, environment := range []string{"development", "staging", "production"} {
		file, err := chart.ValuesOf(environment)
		require.NoError(t, err)
		raw, err := os.ReadFile(filepath.Join(source, file))
		require.NoError(t, err)
		assert.Contains(t, string(raw), "\nenvironment: "+environment+"\n")
	}
	_, err := chart.ValuesOf("prod")
	assert.EqualError(t, err, `environment "prod" is not known; use one of development, production, staging`)
}
