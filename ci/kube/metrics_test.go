package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAutoscalerWithoutMetricsIsToldAsAFact(t *testing.T) {
	const backend = `{"kind":"List","items":[{"metadata":{"name":"todo-chatbot-backend"},"spec":{"minReplicas":2,"maxReplicas":5},"status":{"desiredReplicas":0}}]}`
	stays := []string{"the autoscaler todo-chatbot-backend stays at 2 pods: this cluster serves no metrics (metrics.k8s.io); metrics-server would"}
	for name, c := range map[string]struct {
		autoscalers, service string
		want                 []string
	}{
		"where there is no metrics API":       {backend, "", stays},
		"where it is there and does not work": {backend, `{"status":{"conditions":[{"type":"Available","status":"False"}]}}`, stays},
		"where it says nothing yet":           {backend, `{"status":{}}`, stays},
		"not where metrics are served":        {backend, `{"status":{"conditions":[{"type":"Available","status":"True"}]}}`, nil},
		"not without an autoscaler":           {`{"kind":"List","items":[]}`, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			facts, err := WithoutMetrics([]byte(c.autoscalers), []byte(`{"kind":"List","items":[`+c.service+`]}`))
			require.NoError(t, err)
			assert.Equal(t, c.want, facts)
		})
	}
	facts, err := WithoutMetrics([]byte(`{"items":[{"metadata":{"name":"a"},"spec":{"minReplicas":2},"status":{"desiredReplicas":4}}]}`), []byte(`{"items":[]}`))
	require.NoError(t, err)
	assert.Contains(t, facts[0], "stays at 4 pods", "where it had scaled before the metrics went")

	_, err = WithoutMetrics([]byte("an error page"), []byte(`{"items":[]}`))
	assert.ErrorContains(t, err, "reading the autoscalers")
	_, err = WithoutMetrics([]byte(backend), []byte("an error page"))
	assert.ErrorContains(t, err, "reading the APIService v1beta1.metrics.k8s.io")
}
