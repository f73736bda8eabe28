package chart_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/chart"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"

func TestWhatCannotBeReadIsNeverNoFindings(t *testing.T) {
	tests := map[string]struct{ manifests, problem string }{
		"nothing":                       {"", "there is no object in them"},
		"only comments":                 {"# Source: a.yaml\n---\n# nothing\n", "there is no object in them"},
		"an empty list":                 {"apiVersion: v1\nkind: List\nitems: []\n", "there is no object in them"},
		"no YAML":                       {configMap + "---\na: [\n", "document 2: not valid YAML"},
		"an error page":                 {"<html>", "document 1: not of the expected shape"},
		"Helm's own error":              {"Error: chart not found", "document 1: no Kubernetes object"},
		"null":                          {"null", "document 1: no Kubernetes object"},
		"a list at the top":             {"- a\n", "document 1: not of the expected shape"},
		"no kind":                       {strings.Replace(configMap, "kind", "kin", 1), "lacks apiVersion, kind or metadata.name"},
		"no name":                       {strings.Replace(configMap, "name", "nam", 1), "lacks apiVersion, kind or metadata.name"},
		"a key that is given twice":     {configMap + "kind: Secret\n", "a key is given a second time at line"},
		"an object that is there twice": {configMap + "---\n" + configMap, "ConfigMap/a is there twice"},
		"a field of another type":       {configMap + "data: [a]\n", "field data is not of the expected type"},
		"a spec of another type": {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: {}}",
			"Pod/a: spec: field containers is not of the expected type"},
		"a pod without containers":          {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", "has no container"},
		"a Secret that is not base64":       {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {KEY: '!'}\n", "not base64"},
		"another encoding":                  {"a: \xff\xfe", "not UTF-8"},
		"a document that ends unseen":       {configMap + "data: {}\r---\rkind: Pod", "no newline"},
		"an item that is no object":         {"apiVersion: v1\nkind: List\nitems: [{}]\n", "item 1: no Kubernetes object"},
		"a document after an end":           {configMap + "...\nkind: Pod\n", "document 2"},
		"a document on its separator":       {configMap + "--- {kind: Pod}\n", "document 2: no Kubernetes object"},
		"a template that no rule may read":  {"apiVersion: v1\nkind: PodTemplate\nmetadata: {name: a}\n", "no rule reads the kind"},
		"a port that is no number, no name": {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{targetPort: []}]}\n", "spec: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			findings, err := chart.Check([]byte(test.manifests), chart.Options{})
			require.ErrorContains(t, err, test.problem)
			require.ErrorContains(t, err, "checking the chart's manifests: ")
			assert.Nil(t, findings)
		})
	}
}

func TestAnErrorNeverRepeatsASecret(t *testing.T) {
	for _, broken := range []string{"data: {KEY: swordfish!}", "data: {KEY: swordfish", "data: [swordfish]", "data: swordfish", "swordfish"} {
		_, err := chart.Check([]byte("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"+broken+"\n"), chart.Options{})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "swordfish")
	}
}

func TestAnExceptionFromARuleThatDoesNotExistIsAnError(t *testing.T) {
	_, err := chart.Check(rendered(t, "development"), chart.Options{Except: []string{"qos"}})
	assert.ErrorContains(t, err, `no rule is called "qos"`)
}

func TestAnExceptedRuleIsNotHeldAndTheOthersAre(t *testing.T) {
	broken := patched(t, rendered(t, "development"), patch{backend, container + "/image", "todo-backend"},
		patch{backend, podSpec + "/automountServiceAccountToken", nil})
	findings, err := chart.Check(broken, chart.Options{Except: []string{"image-pinned"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"no-token"}, names(findings))
}

func TestAListIsReadAsItsItems(t *testing.T) {
	list := "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata: {name: a}\n"
	findings, err := chart.Check([]byte(list), chart.Options{})
	require.NoError(t, err)
	assert.Contains(t, names(findings), "no-token")
}

func TestAListOfAKindIsReadAsItsItems(t *testing.T) {
	list := "apiVersion: v1\nkind: ServiceAccountList\nitems:\n- metadata: {name: a}\n"
	findings, err := chart.Check([]byte(list), chart.Options{})
	require.NoError(t, err)
	assert.Contains(t, names(findings), "no-token")

	custom := "apiVersion: example.test/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n"
	_, err = chart.Check([]byte(custom), chart.Options{})
	assert.NoError(t, err, "a custom resource whose name ends so is no list")
}

func TestACustomResourceShowsNoSecretEither(t *testing.T) {
	custom := "apiVersion: rollouts.example.test/v1\nkind: Rollout\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n" +
		"      - name: api\n        env: [{name: SMTP_PASSWORD, value: planted}, {name: PORT, value: \"1\"}]\n"
	findings, err := chart.Check([]byte(custom), chart.Options{})
	require.NoError(t, err)
	var paths []string
	for _, f := range findings {
		if f.Rule == "no-plain-secret" {
			paths = append(paths, f.Path)
			assert.NotContains(t, f.Message, "planted")
		}
	}
	assert.Equal(t, []string{"spec.template.spec.containers[0].env[0].value"}, paths)
}

func TestWhatIsRightInAnotherFormIsNoFinding(t *testing.T) {
	budget := "PodDisruptionBudget/todo-chatbot-backend"
	sleeps := func(command ...any) patch {
		return patch{frontend, container + "/lifecycle", m{"preStop": m{"exec": m{"command": command}}}}
	}
	for name, patches := range map[string][]patch{
		"half of two pods":                         {{budget, "/spec/maxUnavailable", nil}, {budget, "/spec/minAvailable", "50%"}},
		"a part of one, rounded up":                {{budget, "/spec/maxUnavailable", "10%"}},
		"half of two pods at once, in development": {{backend, "/spec/strategy/rollingUpdate/maxUnavailable", 1}},
		"a sleep by a command":                     {sleeps("/bin/sleep", "5")},
		"a sleep by a shell":                       {sleeps("/bin/sh", "-c", "sleep 5s && kill -QUIT 1")},
		"a sleep by Python":                        {sleeps("python", "-c", "import time; time.sleep(4.5)")},
		"one pod without a budget":                 {{"PodDisruptionBudget/todo-chatbot-frontend", "", nil}},
		"numbers of tokens": {{"ConfigMap/todo-chatbot-backend", "/data/OPENAI_MAX_TOKENS", "1024"},
			{backend, container + "/env/-", m{"name": "MAX_TOKENS", "value": "4096"}}},
		"what is about secrets": {{backend, container + "/args", []any{"--token-ttl", "1h", "--password-file=/run/secrets/a", "--token=$(TOKEN)"}},
			{"ConfigMap/todo-chatbot-backend", "/data/passwordPolicy", "strong"}, {"ConfigMap/todo-chatbot-backend", "/data/TOKEN_URL", "https://example.test/token"},
			{"ConfigMap/todo-chatbot-backend", "/data/settings.yaml", "secretName: a\npassword: ${PASSWORD}\n"}},
		"the cluster's authority": {{backend, podSpec + "/volumes/-", m{"name": "authority", "configMap": m{"name": "kube-root-ca.crt",
			"items": []any{m{"key": "ca.crt", "path": "ca.crt"}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			findings, err := chart.Check(patched(t, rendered(t, "development"), patches...), chart.Options{})
			require.NoError(t, err)
			assert.Empty(t, findings, chart.Text(findings))
		})
	}
}

func TestFindingsSayWhatWhereWhyAndHowToMend(t *testing.T) {
	broken := patched(t, rendered(t, "development"), patch{backend, container + "/image", "todo-backend"})
	findings, err := chart.Check(broken, chart.Options{})
	require.NoError(t, err)
	assert.Equal(t, []chart.Finding{{
		Rule: "image-pinned", Severity: chart.Error,
		Object:   chart.Object{Kind: "Deployment", Namespace: "todo-chatbot", Name: "todo-chatbot-backend"},
		Path:     "spec.template.spec.containers[0].image",
		Template: "todo-chatbot/templates/backend-deployment.yaml",
		Message:  "todo-backend has neither tag nor digest, which means latest",
		Why:      "What runs is otherwise not what was tested.",
		Fix:      "name a digest or a version",
	}}, findings)
	assert.Equal(t, strings.Join([]string{
		"error  image-pinned  Deployment/todo-chatbot/todo-chatbot-backend spec.template.spec.containers[0].image",
		"  what  todo-backend has neither tag nor digest, which means latest",
		"  why   What runs is otherwise not what was tested.",
		"  fix   name a digest or a version",
		"  in    todo-chatbot/templates/backend-deployment.yaml",
		"",
	}, "\n"), chart.Text(findings))
	assert.Equal(t, "no findings\n", chart.Text(nil))
}

func TestTheGravestFindingComesFirst(t *testing.T) {
	broken := patched(t, rendered(t, "development"), patch{backend, "/metadata/labels/app.kubernetes.io~1version", nil},
		patch{backend, container + "/image", "todo-backend"})
	findings, err := chart.Check(broken, chart.Options{})
	require.NoError(t, err)
	require.Len(t, findings, 2)
	assert.Equal(t, []chart.Severity{chart.Error, chart.Warning}, []chart.Severity{findings[0].Severity, findings[1].Severity})
}

func TestSarifPointsAtTheTemplate(t *testing.T) {
	broken := patched(t, rendered(t, "development"), patch{backend, container + "/image", "todo-backend"},
		patch{journey, "", nil})
	findings, err := chart.Check(broken, chart.Options{})
	require.NoError(t, err)
	raw, err := chart.Sarif("1.0.0", "helm", findings)
	require.NoError(t, err)
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Rules []struct{ ID string } `json:"rules"`
				} `json:"driver"`
			} `json:"tool"`
			Results []struct {
				RuleID    string `json:"ruleId"`
				Locations []struct {
					Physical struct {
						Artifact struct{ URI string } `json:"artifactLocation"`
					} `json:"physicalLocation"`
				} `json:"locations"`
			} `json:"results"`
		} `json:"runs"`
	}
	require.NoError(t, json.Unmarshal(raw, &log))
	run := log.Runs[0]
	assert.Len(t, run.Tool.Driver.Rules, len(chart.Rules()))
	files := map[string]string{}
	for _, result := range run.Results {
		files[result.RuleID] = result.Locations[0].Physical.Artifact.URI
	}
	assert.Equal(t, map[string]string{
		"image-pinned":     "helm/todo-chatbot/templates/backend-deployment.yaml",
		"helm-test":        "helm",
		"selector-matches": "helm/todo-chatbot/templates/networkpolicy.yaml",
	}, files)
}

func TestEveryRuleSaysWhatItIsAndWhereItComesFrom(t *testing.T) {
	ids := map[string]bool{}
	for _, rule := range chart.Rules() {
		assert.False(t, ids[rule.ID], "%s is there twice", rule.ID)
		ids[rule.ID] = true
		assert.NotEmpty(t, rule.Summary, rule.ID)
		assert.NotEmpty(t, rule.Why, rule.ID)
		assert.Regexp(t, `^https://\S+$`, rule.Source, rule.ID)
	}
}

func TestEveryPodOfAClusterHasToBeGuaranteed(t *testing.T) {
	require.NoError(t, chart.CheckClasses("todo-chatbot-backend-1   Guaranteed\ntodo-chatbot-postgres-0  Guaranteed\n"))
	for listing, problem := range map[string]string{
		"":                           `pod "" is not Guaranteed`,
		"a Guaranteed\nb  Burstable": `pod "b  Burstable" is not Guaranteed`,
		"a <none>\nb Guaranteed":     `pod "a <none>" is not Guaranteed`,
		"a":                          `pod "a" is not Guaranteed`,
	} {
		assert.ErrorContains(t, chart.CheckClasses(listing), problem)
	}
}
