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

// recorded are objects of a real cluster in the moment in which a deployment was given up, and what it said
// (docs/diagnoses). The files keep the fields that are read, and when they were read.
func TestAssessNamesWhatARealClusterShowed(t *testing.T) {
	const backend, frontend = "deployment/todo-chatbot-backend", "deployment/todo-chatbot-frontend"
	for name, want := range map[string]struct {
		code             Code
		workload, object string
		message          string
	}{
		"quota":         {QuotaExceeded, backend, "replicaset/todo-chatbot-backend-", "exceeded quota: pods"},
		"admission":     {AdmissionDenied, backend, "replicaset/todo-chatbot-backend-", "every pod needs the label team"},
		"unschedulable": {Unschedulable, frontend, "pod/todo-chatbot-frontend-", "didn't match Pod's node affinity/selector"},
		"image-pull":    {ImagePull, frontend, "pod/todo-chatbot-frontend-", "localhost/todo-frontend"},
		"crash-loop":    {CrashLoop, backend, "pod/todo-chatbot-backend-", "exit code 1 (Error)"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", "recorded", name+".json"))
			require.NoError(t, err)
			var at struct{ Began, RecordedAt time.Time }
			require.NoError(t, json.Unmarshal(raw, &at))
			s, err := ParseSnapshot(raw)
			require.NoError(t, err)

			a := Assess(s, AssessOptions{Now: at.RecordedAt, Since: at.Began, Release: "todo-chatbot"})

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
			if len(first.Wanted) == 0 {
				page, err := os.ReadFile(filepath.Join("..", "..", "docs", "diagnoses", name+".md"))
				require.NoError(t, err)
				assert.Contains(t, string(page), first.Text(), "what people read is what is said")
			}

			// A moment after the roll began, the same objects give nobody up who may still succeed.
			early := Assess(s, AssessOptions{Now: at.RecordedAt.Add(-10 * time.Minute), Release: "todo-chatbot"})
			if want.code == Unschedulable || want.code == QuotaExceeded {
				assert.False(t, early.Stuck(), "%v", early.Diagnoses)
			}
		})
	}
}
