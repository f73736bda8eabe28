package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withoutMetrics reads the autoscalers first, as the release engine does.
func withoutMetrics(autoscalers, services string) ([]string, error) {
	list, err := ParseAutoscalers([]byte(autoscalers))
	if err != nil {
		return nil, err
	}
	return WithoutMetrics(list, []byte(services))
}

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
			facts, err := withoutMetrics(c.autoscalers, `{"kind":"List","items":[`+c.service+`]}`)
			require.NoError(t, err)
			assert.Equal(t, c.want, facts)
		})
	}
	facts, err := withoutMetrics(`{"items":[{"metadata":{"name":"a"},"spec":{"minReplicas":2},"status":{"desiredReplicas":4}}]}`, `{"items":[]}`)
	require.NoError(t, err)
	assert.Contains(t, facts[0], "stays at 4 pods", "where it had scaled before the metrics went")

	_, err = withoutMetrics("an error page", `{"items":[]}`)
	assert.ErrorContains(t, err, "reading the autoscalers")
	_, err = withoutMetrics(backend, "an error page")
	assert.ErrorContains(t, err, "reading the APIService v1beta1.metrics.k8s.io")
}
