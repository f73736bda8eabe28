package release

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
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
		assert.Equal(t, []string{"kubectl --namespace todo get all --selector app.kubernetes.io/instance=todo-chatbot"}, got.report.Reach, "it has no Service")
		assert.Empty(t, got.report.Warnings)
		require.NoError(t, w.client("again").deploy(another(t, "one")).err)
		assert.Empty(t, w.did("again"), "the same is left alone")
	})
}

func TestAnApplicationOfSeveralNamespacesIsPlannedAndLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.others = `---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: texts}, data: {a: b}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: texts, namespace: elsewhere}, data: {c: d}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader, namespace: elsewhere}, rules: [], rules: []}
---
null
`
		require.NoError(t, w.client("run").deploy(another(t, "one")).err)
		got := w.client("again").deploy(another(t, "one"))
		require.NoError(t, got.err)
		assert.Empty(t, got.report.Warnings)
		assert.Empty(t, w.did("again"), "the same is left alone")

		w.others = strings.NewReplacer("{name: texts}", "{name: texts, namespace: todo}", "a: b", "a: c", "c: d", "c: e").Replace(w.others)
		found, err := (&Engine{Cluster: w.client("plan"), Progress: &strings.Builder{}}).Plan(t.Context(), another(t, "one"))
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(found.Text(), `from revision 1

change configmap/texts
  data.a
    - "b"
    + "c"
change configmap/texts in namespace elsewhere
  data.c
    - "d"
    + "e"

0 to create, 2 to change, 0 to delete, 2 as they are
`), found.Text())
		got = w.client("third").deploy(another(t, "one"))
		require.NoError(t, got.err)
		assert.Contains(t, got.report.Plan, "change configmap/texts\n")
		assert.Contains(t, got.report.Plan, "change configmap/texts in namespace elsewhere\n")
	})
}

func TestAnotherApplicationIsReachedThroughItsServices(t *testing.T) {
	service := func(name, address string, ports ...any) any {
		return map[string]any{"metadata": map[string]any{"name": name}, "spec": map[string]any{"clusterIP": address, "ports": ports}}
	}
	port := func(number int, protocol string) any { return map[string]any{"port": number, "protocol": protocol} }
	for name, c := range map[string]struct {
		spoil func(*world)
		want  []string
	}{
		"its own": {func(*world) {}, []string{
			"kubectl --namespace todo port-forward service/book 8080:80", "kubectl --namespace todo port-forward service/book 9090:9090"}},
		"that may not be read": {func(w *world) { w.refuses["get services"] = "forbidden" }, []string{
			"kubectl --namespace todo get all --selector app.kubernetes.io/instance=todo-chatbot"}},
	} {
		bubble(t, func(t *testing.T) {
			w := newWorld()
			w.services = []any{service("book", "10.0.0.1", port(80, "TCP"), port(9090, "")), service("dns", "10.0.0.2", port(53, "UDP")), service("peers", "None", port(80, "TCP"))}
			c.spoil(w)
			got := w.client("run").deploy(another(t, "one"))
			require.NoError(t, got.err)
			assert.Equal(t, c.want, got.report.Reach, name)
			assert.Empty(t, got.report.Warnings)
		})
	}
}

// testHook is a hook of a chart's that tests, with an annotation more where one is given.
func testHook(kind, name string, more ...string) string {
	return fmt.Sprintf("{kind: %s, metadata: {name: %s, annotations: {%s}}}", kind, name, strings.Join(append(more, "helm.sh/hook: test"), ", "))
}

// hooks are several hooks, as Helm runs them one after the other.
func hooks(all ...string) string { return strings.Join(all, "\n---\n") }

func TestATestOfAnotherApplicationThatFailsTellsWhatItPrinted(t *testing.T) {
	for _, kind := range []string{"Pod", "Job"} {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.hooks = testHook(kind, "book-test-health")
				got := w.client("first").deploy(another(t, "one"))
				require.NoError(t, got.err)
				assert.Empty(t, got.report.Journey)
				assert.Empty(t, got.report.Warnings, "it has a test")
				w.broken, w.prints = "two", map[string]string{"book-test-health": "no answer within 10 s"}
				got = w.client("second").deploy(another(t, "two"))
				require.ErrorContains(t, got.err, "the test book-test-health printed:\nno answer within 10 s\nhelm test ended")
				require.ErrorContains(t, got.err, "Rolled back to revision 1: the last that was proven")
				assert.Contains(t, w.live, "registry.acme.dev/one")
			})
		})
	}
}

func TestATestThatHelmDidNotComeToIsNotTold(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *world){
		"there is an old log": func(t *testing.T, w *world) { require.NoError(t, w.client("first").deploy(another(t, "one")).err) },
		"there is none":       func(*testing.T, *world) {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.hooks = hooks(testHook("Pod", "book-test-a"), testHook("Pod", "book-test-b"), testHook("Pod", "book-test-c"), testHook("Pod", "book-test-journey"))
				w.prints = map[string]string{"book-test-a": "a is well", "book-test-b": "b is not", "book-test-c": "c is well"}
				prepare(t, w)
				w.broken, w.fails = "two", "book-test-b"
				got := w.client("second").deploy(another(t, "two"))
				require.ErrorContains(t, got.err, "test the release: the test book-test-a printed:\na is well\nthe test book-test-b printed:\nb is not\nhelm test ended")
				assert.NotContains(t, got.err.Error(), "book-test-c")
				assert.NotContains(t, got.err.Error(), "book-test-journey")
				assert.Empty(t, got.report.Journey, "what it did for an earlier deployment says nothing of this one")
				assert.Equal(t, report.RolledBack, got.report.Outcome)
			})
		})
	}
}

// Helm's rollback makes a revision that says of its tests what the one that it returns to does.
func TestATestThatARollbackDidNotComeToIsNotTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.hooks = hooks(testHook("Pod", "book-test-a"), testHook("Pod", "book-test-journey"))
		require.NoError(t, w.client("first").deploy(another(t, "one")).err)
		require.NoError(t, w.client("second").deploy(another(t, "two")).err)
		w.broken = "one"
		got := w.client("third").rollback(another(t, "one").Target, 1)
		require.ErrorContains(t, got.err, "pod book-test-a failed")
		assert.Empty(t, got.report.Journey)
	})
}

func TestATestThatIsRemovedOnceItEndedHasNoLogAndFailsNothing(t *testing.T) {
	const removed = "helm.sh/hook-delete-policy: hook-succeeded"
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.hooks = hooks(testHook("Pod", "book-test-journey", removed), testHook("Job", "book-test-b", removed), testHook("Pod", "book-test-c"))
		got := w.client("first").deploy(another(t, "one"))
		require.NoError(t, got.err)
		assert.Empty(t, got.report.Journey)
		assert.Empty(t, got.report.Warnings)
		w.converged(t, "one")

		w.broken, w.fails = "two", "book-test-c"
		got = w.client("second").deploy(another(t, "two"))
		require.ErrorContains(t, got.err, "test the release: the test book-test-c printed:")
		assert.NotContains(t, got.err.Error(), "NotFound")
	})
}

func TestALogThatCannotBeReadDoesNotHideWhyATestFailed(t *testing.T) {
	for _, refuse := range []string{"logs", "get pod"} {
		t.Run(refuse, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.hooks, w.broken = testHook("Pod", "book-test-a"), "one"
				w.refuses["logs"], w.refuses[refuse] = "no such container", "pods is forbidden"
				got := w.client("run").deploy(another(t, "one"))
				require.ErrorContains(t, got.err, "test the release: helm test ended with exit code 1:\npod book-test-a failed\nreading the log of the test book-test-a: logs ended")
				require.ErrorContains(t, got.err, "pods is forbidden")
			})
		})
	}
}

func TestAChartWithoutTestsIsTold(t *testing.T) {
	for name, hooks := range map[string]string{
		"no test":           "{kind: Pod, metadata: {name: migrate, annotations: {helm.sh/hook: pre-install}}}",
		"nothing that runs": "{kind: ConfigMap, metadata: {name: script, annotations: {helm.sh/hook: test}}}",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.hooks = hooks
				got := w.client("run").deploy(another(t, "one"))
				require.NoError(t, got.err)
				require.Len(t, got.report.Warnings, 1)
				assert.Contains(t, got.report.Warnings[0], "the chart has no tests (pods or Jobs")
			})
		})
	}
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
