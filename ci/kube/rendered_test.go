package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const renderedWeb = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app.kubernetes.io/instance: book}}
spec: {template: {spec: {initContainers: [{name: a, image: one}], containers: [{name: b, image: two}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: book-test, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: c, image: three}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{name: d, image: five}], containers: [{name: e, image: six}]}}}}}
`

func TestWhatIsRenderedCanBeFollowedAndRunsTheImages(t *testing.T) {
	require.NoError(t, CheckRendered([]byte(renderedWeb), "book", []string{"one", "two", "three", "five", "six"}))
	require.NoError(t, CheckRendered([]byte(renderedWeb), "book", nil))
}

func TestATagBesideADigestMakesNoOtherImage(t *testing.T) {
	for rendered, asked := range map[string]string{
		"registry.test:5000/web:1.2.3@sha256:aa": "registry.test:5000/web@sha256:aa",
		"registry.test:5000/web@sha256:aa":       "registry.test:5000/web:1.2.3@sha256:aa",
		"web:1.2.3@sha256:aa":                    "web@sha256:aa",
		"web:1.2.3":                              "web:1.2.3",
	} {
		manifests := []byte(strings.Replace(renderedWeb, "two", `"`+rendered+`"`, 1))
		require.NoError(t, CheckRendered(manifests, "book", []string{asked}), rendered)
	}
	for rendered, asked := range map[string]string{
		"web:1.2.3@sha256:aa":                    "web@sha256:bb",
		"web:1.2.3":                              "web",
		"registry.test:5000/web:1.2.3@sha256:aa": "registry.test/web@sha256:aa",
		"registry.test:5000/web@sha256:aa":       "registry.test@sha256:aa",
	} {
		manifests := []byte(strings.Replace(renderedWeb, "two", `"`+rendered+`"`, 1))
		assert.EqualError(t, CheckRendered(manifests, "book", []string{asked}),
			"no pod of the chart runs "+asked+": its templates do not use the values of that image")
	}
}

func TestWhatIsRenderedAndCannotBeFollowedIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ manifests, says string }{
		"another release": {renderedWeb, "deployment/web: the label app.kubernetes.io/instance has to be blue"},
		"no label": {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}}\n---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: log}}",
			"statefulset/db, daemonset/log: the label"},
		"no workload":   {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "makes no Deployment, StatefulSet or DaemonSet"},
		"no Kubernetes": {"a: [", "; look at it: helm template CHART"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, CheckRendered([]byte(c.manifests), "blue", nil), c.says)
		})
	}
	err := CheckRendered([]byte(renderedWeb), "book", []string{"two", "four"})
	assert.EqualError(t, err, "no pod of the chart runs four: its templates do not use the values of that image")
}
