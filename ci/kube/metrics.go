package kube

import (
	"encoding/json"
	"fmt"
)

// MetricsAPI is the APIService by which a cluster serves the metrics that autoscalers read.
const MetricsAPI = "v1beta1.metrics.k8s.io"

// WithoutMetrics says of each autoscaler how many pods it stays at, where the cluster serves no metrics. Services is a List with
// the APIService MetricsAPI, empty where there is none. It gives nothing where metrics are served.
func WithoutMetrics(autoscalers []Autoscaler, services []byte) ([]string, error) {
	var apis struct {
		Items []struct {
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
	}
	if err := json.Unmarshal(services, &apis); err != nil {
		return nil, fmt.Errorf("reading the APIService %s: %w", MetricsAPI, err)
	}
	for _, api := range apis.Items {
		for _, condition := range api.Status.Conditions {
			if condition.Type == "Available" && condition.Status == "True" {
				return nil, nil
			}
		}
	}
	var facts []string
	for _, item := range autoscalers {
		// Without metrics nothing is scaled, except to what is asked for at least.
		facts = append(facts, fmt.Sprintf("the autoscaler %s stays at %d pods: this cluster serves no metrics (metrics.k8s.io); metrics-server would",
			item.Metadata.Name, max(item.Spec.MinReplicas, item.Status.DesiredReplicas, 1)))
	}
	return facts, nil
}
