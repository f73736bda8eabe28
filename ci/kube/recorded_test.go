package kube

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded are objects of a real cluster in the moment in which a deployment was given up: hack/lab/faults provoked it, and
// hack/record kept what is read of them. The page of the same name in docs/diagnoses has what that deployment said.
func TestAssessNamesWhatARealClusterShowed(t *testing.T) {
	const backend, frontend = "deployment/todo-chatbot-backend", "deployment/todo-chatbot-frontend"
	for name, want := range map[string]struct {
		code             Code
		workload, object string
		message          string
		waits            bool // for what may still pass
		// later is how much longer such a failure is let pass today than when it was recorded.
		later time.Duration
	}{
		"quota":           {QuotaExceeded, backend, "replicaset/todo-chatbot-backend-", "exceeded quota: pods", true, 0},
		"admission":       {AdmissionDenied, backend, "replicaset/todo-chatbot-backend-", "every pod needs the label team", false, 0},
		"unschedulable":   {Unschedulable, frontend, "pod/todo-chatbot-frontend-", "didn't match Pod's node affinity/selector", true, 0},
		"image-pull":      {ImagePull, backend, "pod/todo-chatbot-backend-", "localhost/todo-backend", false, 0},
		"configuration":   {ContainerConfig, backend, "pod/todo-chatbot-backend-", `secret "missing" not found`, false, 0},
		"volume":          {VolumeMount, backend, "pod/todo-chatbot-backend-", `configmap "missing" not found`, true, 0},
		"out-of-memory":   {OOMKilled, backend, "pod/todo-chatbot-backend-", "exit code 137 (OOMKilled)", false, 0},
		"migration":       {MigrationFailed, backend, "pod/todo-chatbot-backend-", "exit code 255 (Error)", false, 0},
		"crash-loop":      {CrashLoop, backend, "pod/todo-chatbot-backend-", "exit code 1 (Error)", false, 0},
		"claim":           {VolumePending, backend, "persistentvolumeclaim/todo-chatbot-backend-", `"missing" not found`, true, 0},
		"evicted":         {PodFailed, backend, "pod/todo-chatbot-backend-", "3 pods of this revision failed", false, 0},
		"program":         {CannotStart, frontend, "pod/todo-chatbot-frontend-", `exec: "node": executable file not found`, false, 0},
		"busy-registry":   {ImagePull, backend, "pod/todo-chatbot-backend-", "429 Too Many Requests", false, 0},
		"memory-at-start": {OOMKilled, frontend, "pod/todo-chatbot-frontend-", "unable to set memory limit", false, 0},
		"unready":         {ReadinessProbe, backend, "pod/todo-chatbot-backend-", "HTTP probe failed with statuscode: 404", true, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", "recorded", name+".json"))
			require.NoError(t, err)
			var at struct{ Began, RecordedAt time.Time }
			require.NoError(t, json.Unmarshal(raw, &at))
			s, err := ParseSnapshot(raw)
			require.NoError(t, err)

			a := Assess(s, AssessOptions{Now: at.RecordedAt.Add(want.later), Since: at.Began, Release: "todo-chatbot"})

			require.NotEmpty(t, a.Diagnoses)
			first := a.Diagnoses[0]
			assert.Equal(t, want.code, first.Code)
			assert.Equal(t, want.workload, first.Workload)
			assert.True(t, strings.HasPrefix(first.Object, want.object), first.Object)
			assert.Contains(t, first.Message, want.message)
			assert.False(t, a.Done())
			if first.Code == QuotaExceeded || first.Code == AdmissionDenied {
				assert.Len(t, first.Events, 1, "each try has a pod's name of its own, and says the same")
			}
			assertSaid(t, name, a.Diagnoses)

			// A moment after the roll began, the same objects give nobody up who may still succeed.
			if want.waits {
				early := Assess(s, AssessOptions{Now: at.RecordedAt.Add(-10 * time.Minute), Release: "todo-chatbot"})
				assert.False(t, early.Stuck(), "%v", early.Diagnoses)
			}
		})
	}
}

// assertSaid holds the diagnoses against the page that people read. Log lines, which are fetched later, stand there before the
// next step.
func assertSaid(t *testing.T, page string, diagnoses []Diagnosis) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "diagnoses", page+".md"))
	require.NoError(t, err)
	for _, d := range diagnoses {
		parts := []string{d.Text()}
		if len(d.Wanted) > 0 {
			parts = strings.SplitAfter(d.Text(), "\n  next: ")
			parts[0] = strings.TrimSuffix(parts[0], "  next: ") + "  last lines of " + d.Container
		}
		for _, part := range parts {
			assert.Contains(t, string(raw), part, "what people read is what is said")
		}
	}
}
