package chart_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"todo-chatbot/ci/chart"
)

// Whatever is passed for manifests is checked or refused: never a panic, and never "no findings" for what holds no release.
func FuzzCheck(f *testing.F) {
	// small ones: the fuzzer makes what it keeps as small as it can, and would do nothing else with a whole release
	for _, text := range []string{"", "---\n", "null", "--- {}", configMap, configMap + "...\n" + configMap,
		"apiVersion: v1\nkind: List\nitems: [null, {}]", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\n" +
			"spec: {jobTemplate: {spec: {template: {spec: {containers: [null]}}}}}",
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 9, template: {metadata: {labels: {app.kubernetes.io/component: backend}}, " +
			"spec: {volumes: [{name: a, projected: {sources: [{secret: {name: b}}]}}], " +
			"containers: [{name: backend, image: a@b, env: [{name: A, value: 'http://a:1'}], " +
			"livenessProbe: {httpGet: {port: x}}, resources: {limits: {cpu: 1e3}}}]}}}",
		"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n" +
			"spec: {ingress: [{from: [{ipBlock: {cidr: ::/0, except: [a]}}], ports: [{port: x, endPort: 9}]}], egress: [null]}",
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {}, ports: [null, {targetPort: a}]}"} {
		f.Add([]byte(text))
	}
	o := options()
	o.Budget, o.Secrets, o.Starts = chart.Development, []string{"swordfish-and-chips"}, map[string]time.Duration{"backend": time.Second}
	f.Fuzz(func(t *testing.T, manifests []byte) {
		findings, err := chart.Check(manifests, o)
		if err != nil {
			assert.Nil(t, findings)
			return
		}
		for _, finding := range findings {
			assert.NotEmpty(t, finding.Message)
			assert.NotEmpty(t, finding.Fix)
		}
		_, err = chart.Sarif("", "helm", findings)
		assert.NoError(t, err)
	})
}
