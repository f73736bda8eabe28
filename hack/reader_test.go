package hack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

func TestTheReaderSeesNoSecretAndChangesNothing(t *testing.T) {
	var rules []rule
	for text := range strings.SplitSeq(read(t, "examples/reader.yaml"), "\n---\n") {
		var object struct {
			Kind  string `json:"kind"`
			Rules []rule `json:"rules"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &object))
		assert.NotContains(t, object.Kind, "Cluster", "its rights end at the namespace")
		rules = append(rules, object.Rules...)
	}
	require.NotEmpty(t, rules)
	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			assert.Contains(t, []string{"get", "list", "watch"}, verb, rule.Resources)
		}
		for _, resource := range rule.Resources {
			assert.False(t, slices.Contains([]string{"secrets", "*", "pods/exec", "pods/attach", "pods/portforward"}, resource), resource)
		}
		assert.NotContains(t, rule.APIGroups, "*")
	}
}
