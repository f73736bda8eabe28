package kube

import (
	"encoding/json"
	"fmt"
)

// AutoscalerKinds is the resource argument of the kubectl call whose output ParseAutoscalers reads.
const AutoscalerKinds = "horizontalpodautoscalers"

// Autoscaler is a HorizontalPodAutoscaler.
type Autoscaler struct {
	Metadata Meta `json:"metadata"`
	Spec     struct {
		MinReplicas    int    `json:"minReplicas,omitempty"`
		MaxReplicas    int    `json:"maxReplicas,omitempty"`
		ScaleTargetRef Target `json:"scaleTargetRef"`
	} `json:"spec"`
	Status struct {
		CurrentReplicas int `json:"currentReplicas,omitempty"`
		DesiredReplicas int `json:"desiredReplicas,omitempty"`
	} `json:"status"`
}

// Target is what an autoscaler scales.
type Target struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// ParseAutoscalers reads a List of AutoscalerKinds.
func ParseAutoscalers(raw []byte) ([]Autoscaler, error) {
	var list struct{ Items []Autoscaler }
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("reading the autoscalers: %w", err)
	}
	return list.Items, nil
}
