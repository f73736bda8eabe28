package release

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// another asks for a release of another application: a chart with one image, which is told nothing else.
func another(t *testing.T, image string) Request {
	t.Helper()
	return Request{
		Target: Target{Release: "todo-chatbot", Namespace: "todo", Cluster: "context test", Timeout: Duration(time.Minute)},
		Chart:  chartOf(t, `{web: {image: {repository: x, digest: ""}}}`),
		Images: map[string]string{"web": "registry.acme.dev/" + image + digest},
	}
}

func TestAnotherApplicationIsDeployedTestedAndRecorded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		got := w.client("run").deploy(another(t, "one"))
		require.NoError(t, got.err)
		w.converged(t, "registry.acme.dev/one")
		assert.NotContains(t, w.did("run"), "apply secret", "it was given none")
		assert.Equal(t, "sign-up", got.report.Journey[0].Name, "a pod that is named as a journey is one, in any chart")
		assert.Empty(t, got.report.Reach, "nobody knows how it is reached")
		assert.Empty(t, got.report.Warnings)
		require.NoError(t, w.client("again").deploy(another(t, "one")).err)
		assert.Empty(t, w.did("again"), "the same is left alone")
	})
}

func TestATestOfAnotherApplicationThatFailsTellsWhatItPrinted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.hooks = strings.ReplaceAll(journeyPod, "todo-chatbot-test-journey", "book-test-health")
		got := w.client("first").deploy(another(t, "one"))
		require.NoError(t, got.err)
		assert.Empty(t, got.report.Journey)
		w.broken = "two"
		got = w.client("second").deploy(another(t, "two"))
		require.ErrorContains(t, got.err, "the test book-test-health printed:\nno answer within 10 s")
		require.ErrorContains(t, got.err, "Rolled back to revision 1: the last that was proven")
		assert.Contains(t, w.live, "registry.acme.dev/one")
	})
}

func TestAChartWithoutTestsIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.hooks = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
		got := w.client("run").deploy(another(t, "one"))
		require.NoError(t, got.err)
		require.Len(t, got.report.Warnings, 1)
		assert.Contains(t, got.report.Warnings[0], "the chart has no tests")
	})
}

func TestAnotherApplicationsImagesAreHeldAgainstItsChart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		r := another(t, "one")
		r.Images["api"] = "registry.acme.dev/api" + digest
		got := w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "image api: the chart's values.yaml has neither")
		r = another(t, "one")
		r.Images["web"] = "registry.acme.dev/one:latest"
		require.ErrorContains(t, w.client("run").deploy(r).err, "is no image by digest")
		r.Release = "No Name"
		require.ErrorContains(t, w.client("run").deploy(r).err, "release: ")
		assert.Empty(t, w.writes)
	})
}
