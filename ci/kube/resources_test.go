package kube

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuantitiesAreReadAsKubernetesReadsThem(t *testing.T) {
	for text, want := range map[Quantity]struct{ milli, value int64 }{
		"": {0, 0}, "0": {0, 0}, "2": {2000, 2}, "500m": {500, 1}, "1.5": {1500, 2}, ".5": {500, 1}, "0.0001": {1, 1},
		"100n": {1, 1}, "250u": {1, 1}, "1k": {1_000_000, 1000}, "1e3": {1_000_000, 1000}, "12E-1": {1200, 2},
		"64Ki": {65536000, 65536}, "256Mi": {268435456000, 268435456}, "1.5Gi": {1610612736000, 1610612736},
		"3916712Ki": {4010713088000, 4010713088}, "1G": {1e12, 1e9}, "1T": {1e15, 1e12}, "-1": {-1000, -1}, "1.": {1000, 1},
	} {
		milli, err := text.Milli()
		require.NoError(t, err, text)
		assert.Equal(t, want.milli, milli, text)
		value, err := text.Value()
		require.NoError(t, err, text)
		assert.Equal(t, want.value, value, text)
	}
	for _, text := range []Quantity{"x", "1 Gi", "1GiB", "1e999999999", "Mi", "--1", "1.2.3", "0x10", "½", "9E", "99999999999999999999"} {
		_, err := text.Milli()
		assert.Error(t, err, text)
	}
	value, err := Quantity("7Ei").Value()
	require.NoError(t, err)
	assert.Less(t, value, int64(math.MaxInt64))
}

func TestQuantitiesMayBeNumbers(t *testing.T) {
	var list map[string]Quantity
	require.NoError(t, json.Unmarshal([]byte(`{"a": 2, "b": "500m", "c": 0.5}`), &list))
	assert.Equal(t, map[string]Quantity{"a": "2", "b": "500m", "c": "0.5"}, list)
	assert.Error(t, json.Unmarshal([]byte(`{"a": []}`), &list))
}

func TestAPodAsksForWhatTheSchedulerCounts(t *testing.T) {
	needs := func(cpu Quantity) Requirements { return Requirements{Requests: map[string]Quantity{"cpu": cpu}} }
	for name, test := range map[string]struct {
		pod  PodSpec
		want int64
	}{
		"nothing":                {PodSpec{Containers: []Container{{}}}, 0},
		"its containers' sum":    {PodSpec{Containers: []Container{{Resources: needs("100m")}, {Resources: needs("50m")}}}, 150},
		"a larger init":          {PodSpec{InitContainers: []Container{{Resources: needs("1")}, {Resources: needs("2")}}, Containers: []Container{{Resources: needs("100m")}}}, 2000},
		"a smaller init":         {PodSpec{InitContainers: []Container{{Resources: needs("50m")}}, Containers: []Container{{Resources: needs("100m")}}}, 100},
		"a sidecar all along":    {PodSpec{InitContainers: []Container{{RestartPolicy: "Always", Resources: needs("50m")}}, Containers: []Container{{Resources: needs("100m")}}}, 150},
		"an init beside sidecar": {PodSpec{InitContainers: []Container{{RestartPolicy: "Always", Resources: needs("50m")}, {Resources: needs("1")}}, Containers: []Container{{Resources: needs("100m")}}}, 1050},
		"an init before sidecar": {PodSpec{InitContainers: []Container{{Resources: needs("1")}, {RestartPolicy: "Always", Resources: needs("50m")}}, Containers: []Container{{Resources: needs("100m")}}}, 1000},
		"a limit alone":          {PodSpec{Containers: []Container{{Resources: Requirements{Limits: map[string]Quantity{"cpu": "300m"}}}}}, 300},
		"a request below limit":  {PodSpec{Containers: []Container{{Resources: Requirements{Limits: map[string]Quantity{"cpu": "300m"}, Requests: map[string]Quantity{"cpu": "200m"}}}}}, 200},
		"the pod's own":          {PodSpec{Resources: needs("400m"), Containers: []Container{{Resources: needs("100m")}}}, 400},
		"a runtime's overhead":   {PodSpec{Overhead: map[string]Quantity{"cpu": "25m"}, Containers: []Container{{Resources: needs("100m")}}}, 125},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.pod.requests()
			require.NoError(t, err)
			assert.Equal(t, test.want, got.MilliCPU)
		})
	}
	_, err := PodSpec{Containers: []Container{{Name: "app", Resources: needs("much")}}}.requests()
	assert.ErrorContains(t, err, `container app: cpu: "much" is no quantity`)
}
