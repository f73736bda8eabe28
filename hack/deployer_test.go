package hack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/kube"
)

type rule struct {
	APIGroups     []string `json:"apiGroups"`
	Resources     []string `json:"resources"`
	ResourceNames []string `json:"resourceNames"`
	Verbs         []string `json:"verbs"`
}

// deployer gives the rules of the Role and of the ClusterRole in examples/deployer.yaml.
func deployer(t *testing.T) (role, clusterRole []rule) {
	t.Helper()
	raw, err := os.ReadFile("../examples/deployer.yaml")
	require.NoError(t, err)
	for text := range strings.SplitSeq(string(raw), "\n---\n") {
		var object struct {
			Kind  string `json:"kind"`
			Rules []rule `json:"rules"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &object))
		switch object.Kind {
		case "Role":
			role = object.Rules
		case "ClusterRole":
			clusterRole = object.Rules
		}
	}
	require.NotEmpty(t, role)
	require.NotEmpty(t, clusterRole)
	return role, clusterRole
}

func TestTheDeployerMayDoWithEachObjectOfTheChartWhatHelmDoes(t *testing.T) {
	role, _ := deployer(t)
	plural := map[string]string{"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
	files, err := filepath.Glob("../ci/chart/testdata/**/*.yaml")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for text := range strings.SplitSeq(string(raw), "\n---") {
			var object struct {
				APIVersion string `json:"apiVersion"`
				Kind       string `json:"kind"`
			}
			if yaml.Unmarshal([]byte(text), &object) != nil || object.Kind == "" || object.Kind == "Namespace" {
				continue // The namespace is in examples/deployer.yaml itself, and the chart makes one only when told.
			}
			group, _, grouped := strings.Cut(object.APIVersion, "/")
			if !grouped {
				group = ""
			}
			resource := plural[object.Kind]
			if resource == "" {
				resource = strings.ToLower(object.Kind) + "s"
			}
			seen[resource] = true
			for _, verb := range []string{"get", "create", "patch", "delete"} {
				assert.True(t, slices.ContainsFunc(role, func(r rule) bool {
					return slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, verb)
				}), "the deployer may not %s %s of %q, and the chart renders one (%s)", verb, resource, group, file)
			}
		}
	}
	assert.Greater(t, len(seen), 8)
}

func TestTheDeployerOwnsNothingButTheReleasesNamespace(t *testing.T) {
	role, clusterRole := deployer(t)
	for _, r := range slices.Concat(role, clusterRole) {
		for _, all := range [][]string{r.APIGroups, r.Resources, r.Verbs} {
			assert.NotContains(t, all, "*")
		}
		for _, verb := range []string{"bind", "escalate", "impersonate"} {
			assert.NotContains(t, r.Verbs, verb)
		}
		assert.NotContains(t, r.Resources, "pods/exec")
	}
	for _, r := range clusterRole {
		assert.Subset(t, []string{"get", "list"}, r.Verbs)
		assert.NotContains(t, r.Resources, "secrets")
	}
}

func TestTheDeployerMayReadAllThatADiagnosisRestsOn(t *testing.T) {
	role, clusterRole := deployer(t)
	for _, kinds := range []string{kube.SnapshotKinds, kube.AutoscalerKinds} {
		for kind := range strings.SplitSeq(kinds, ",") {
			assert.True(t, slices.ContainsFunc(slices.Concat(role, clusterRole), func(r rule) bool {
				return slices.Contains(r.Resources, kind) && slices.Contains(r.Verbs, "list") && len(r.ResourceNames) == 0
			}), "kubectl get of several kinds fails when one may not be listed: %s", kind)
		}
	}
}
