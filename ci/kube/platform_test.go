package kube

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machines are nodes by their names, each with what it runs: linux/arm64, or "" for one that does not say.
func machines(pairs ...string) Snapshot {
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i])
	}
	s := clusterOf("1", "1Gi", "0", names...)
	for i := range s.Nodes {
		info := &s.Nodes[i].Status.NodeInfo
		info.OperatingSystem, info.Architecture, _ = strings.Cut(pairs[2*i+1], "/")
	}
	return s
}

func TestNodesThatNoImageFitsAreNamedBeforeAnythingIsSent(t *testing.T) {
	amd64, arm64 := []string{"linux/amd64"}, []string{"linux/arm64"}
	half := Demand{Pods: []PodDemand{{Name: "pod/a", Resources: Resources{MilliCPU: 500}}}}
	more := Demand{Pods: []PodDemand{{Name: "pod/a", Resources: Resources{MilliCPU: 700}}, {Name: "pod/b", Resources: Resources{MilliCPU: 700}}}}
	const none = "platform: no node runs linux/amd64, which these images are built for; nodes are linux/arm64: call with --platform linux/arm64, " +
		"or deploy what was published with --platforms linux/arm64\n  node/a: linux/arm64\n  node/b: linux/arm64"
	cordon := func(s *Snapshot) { s.Nodes[0].Spec.Unschedulable = true }
	for name, test := range map[string]struct {
		nodes     Snapshot
		platforms []string
		demand    Demand
		change    func(*Snapshot)
		says      string
	}{
		"of the same":                        {machines("a", "linux/arm64"), arm64, half, nil, ""},
		"all of another":                     {machines("b", "linux/arm64", "a", "linux/arm64"), amd64, half, nil, none},
		"of several others":                  {machines("a", "linux/arm64", "b", "linux/s390x"), amd64, half, nil, "nodes are linux/arm64 and linux/s390x: call with --platform linux/arm64, or"},
		"of another system":                  {machines("a", "windows/amd64"), amd64, half, nil, "no node runs linux/amd64, which these images are built for; nodes are windows/amd64"},
		"one of both":                        {machines("a", "linux/arm64", "b", "linux/amd64"), amd64, half, nil, ""},
		"images for both":                    {machines("a", "linux/arm64"), []string{"linux/amd64", "linux/arm64"}, half, nil, ""},
		"images for both, and a third":       {machines("a", "linux/riscv64"), []string{"linux/amd64", "linux/arm64"}, half, nil, "no node runs linux/amd64 or linux/arm64, which"},
		"images of which nothing is known":   {machines("a", "linux/arm64"), nil, half, nil, ""},
		"a node that says nothing":           {machines("a", ""), amd64, half, nil, ""},
		"the one that fits is closed":        {machines("a", "linux/amd64", "b", "linux/arm64"), amd64, half, cordon, "node/a: linux/amd64; cordoned\n  node/b: linux/arm64"},
		"no node takes pods":                 {machines("a", "linux/arm64"), amd64, half, cordon, "capacity: no node takes pods"},
		"room on a node that does not fit":   {machines("a", "linux/arm64", "b", "linux/amd64"), amd64, more, nil, "capacity: the release asks for 1400m CPU"},
		"room on two nodes that fit":         {machines("a", "linux/amd64", "b", "linux/amd64"), amd64, more, nil, ""},
		"a node that starts, and that fits":  {machines("a", "linux/amd64"), amd64, half, func(s *Snapshot) { s.Nodes[0].Status.Conditions[0].Status = "False" }, ErrNodeStarting.Error()},
		"a node that starts, and is another": {machines("a", "linux/arm64"), amd64, half, func(s *Snapshot) { s.Nodes[0].Status.Conditions[0].Status = "False" }, "capacity: no node takes pods"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.change != nil {
				test.change(&test.nodes)
			}
			err := CheckCapacity(test.nodes, test.demand, CapacityOptions{Platforms: test.platforms})
			if test.says == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, test.says == ErrNodeStarting.Error(), errors.Is(err, ErrNodeStarting))
		})
	}
	assert.EqualError(t, CheckCapacity(machines("b", "linux/arm64", "a", "linux/arm64"), half, CapacityOptions{Platforms: amd64}), none)
}

func TestAPodThatMayBePlacedWhereItCannotStartIsNamed(t *testing.T) {
	const pods = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {SELECTOR containers: [{name: web}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: test}
spec: {nodeSelector: {kubernetes.io/arch: amd64}, containers: [{name: test}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec: {jobTemplate: {spec: {template: {spec: {SELECTOR containers: [{name: backup}]}}}}}
`
	mixed := machines("arm", "linux/arm64", "pc", "linux/amd64", "other", "linux/arm64")
	const warned = "a pod of deployment/web, cronjob/backup that is placed on arm, other (linux/arm64) cannot start there: the images are built for linux/amd64; " +
		"give the pods the nodeSelector kubernetes.io/arch: amd64"
	closed := machines("arm", "linux/arm64", "pc", "linux/amd64")
	closed.Nodes[0].Spec.Taints = []Taint{{Key: ArchitectureLabel, Effect: "NoSchedule"}}
	for name, test := range map[string]struct {
		nodes     Snapshot
		platforms []string
		selector  string
		want      string
	}{
		"nodes of both":                       {mixed, []string{"linux/amd64"}, "", warned},
		"and pods that say where":             {mixed, []string{"linux/amd64"}, "nodeSelector: {kubernetes.io/arch: amd64},", ""},
		"and pods that say something else":    {mixed, []string{"linux/amd64"}, "nodeSelector: {disk: fast},", warned},
		"images for both":                     {mixed, []string{"linux/amd64", "linux/arm64"}, "", ""},
		"images of which nothing is known":    {mixed, nil, "", ""},
		"nodes of one":                        {machines("pc", "linux/amd64"), []string{"linux/amd64"}, "", ""},
		"the other's nodes take no such pods": {closed, []string{"linux/amd64"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Misplaced(test.nodes, []byte(strings.ReplaceAll(pods, "SELECTOR", test.selector)), test.platforms)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	_, err := Misplaced(mixed, []byte("kind: Pod\nspec: ["), []string{"linux/amd64"})
	assert.ErrorContains(t, err, "reading what the chart renders: ")
	assert.ErrorContains(t, err, "; look at it: helm template CHART")
}
