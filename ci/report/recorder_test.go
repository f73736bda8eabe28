package report_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

func started() *report.Recorder {
	return report.Start(report.Run{Name: "deploy", Release: "todo", Namespace: "shop"})
}

func TestARunThatSaysNothingHasFailed(t *testing.T) {
	run := started().End(nil)
	assert.Equal(t, report.Failed, run.Outcome)
	assert.Equal(t, "deploy", run.Name)
	assert.WithinDuration(t, time.Now(), run.Started, time.Minute)
}

func TestEachStepIsToldWhetherItFailedOrNot(t *testing.T) {
	recorder, broken := started(), errors.New("broken")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { assert.NoError(t, recorder.Step("build", func() error { return nil })) })
	}
	group.Wait()
	assert.Equal(t, broken, recorder.Step("check", func() error { time.Sleep(2 * time.Millisecond); return broken }))
	steps := recorder.End(nil).Steps
	require.Len(t, steps, 21)
	assert.Equal(t, report.Passed, steps[0].Outcome)
	assert.Equal(t, report.Failed, steps[20].Outcome)
	assert.Equal(t, "check", steps[20].Name)
	assert.GreaterOrEqual(t, time.Duration(steps[20].Took), 2*time.Millisecond)
}

func TestARunFailedAtWhatWatchedItAndNotAtWhatThatEnded(t *testing.T) {
	recorder, full, ended := started(), errors.New("no room"), errors.New("ended")
	watched, end := context.WithCancel(t.Context())
	assert.Equal(t, full, recorder.Watch(watched, "look at the cluster", func(context.Context) error { return full }))
	assert.Equal(t, ended, recorder.Step("build", func() error { return ended }))
	assert.Equal(t, "look at the cluster", recorder.End(full).FailedStep())

	recorder = started()
	require.NoError(t, recorder.Watch(watched, "look at the cluster", func(context.Context) error { return nil }))
	assert.Equal(t, ended, recorder.Watch(watched, "look at the cluster", func(ctx context.Context) error {
		end()
		<-ctx.Done()
		return ended
	}))
	assert.Empty(t, recorder.End(nil).Steps, "what passed, and what was ended, is not told of")
}

func TestTheStepsOfARunWithoutAReportGoOn(t *testing.T) {
	var none *report.Recorder
	broken := errors.New("broken")
	assert.Equal(t, broken, none.Step("check", func() error { return broken }))
	assert.Equal(t, broken, none.Watch(t.Context(), "look at the cluster", func(context.Context) error { return broken }))
}

func TestStepsAreInTheOrderInWhichTheyBeganAndSayWhatTheyWaitedFor(t *testing.T) {
	recorder := started()
	require.NoError(t, recorder.Include(`{"outcome": "passed", "steps": [
		{"name": "load", "started": "2026-11-23T12:00:20Z", "tookMilliseconds": 5000},
		{"name": "check", "started": "2026-11-23T12:00:00Z", "tookMilliseconds": 60000},
		{"name": "build", "started": "2026-11-23T12:00:00.5Z", "tookMilliseconds": 19500},
		{"name": "image", "started": "2026-11-23T12:00:01Z", "tookMilliseconds": 3000},
		{"name": "install", "started": "2026-11-23T12:00:25.01Z", "tookMilliseconds": 0},
		{"name": "wait", "started": "2026-11-23T12:00:25.02Z", "tookMilliseconds": 40000}]}`, nil))
	var told []string
	for _, step := range recorder.End(nil).Steps {
		told = append(told, step.Name+" after "+step.After)
	}
	assert.Equal(t, []string{"check after ", "build after ", "image after ", "load after build", "install after load", "wait after install"}, told)
}

func TestTheReportOfAPartIsTakenOverBehindTheStepsBefore(t *testing.T) {
	recorder := started()
	require.NoError(t, recorder.Step("build", func() error { return nil }))
	require.NoError(t, recorder.Include("", nil))
	require.ErrorContains(t, recorder.Include("{", nil), "reading the report of the release")
	require.NoError(t, recorder.Include(`{"name": "deploy", "outcome": "passed", "started": "2020-01-01T00:00:00Z", "warnings": ["old"],
		"steps": [{"name": "install", "started": "2999-01-01T00:00:00Z"}]}`, nil))
	run := recorder.End(nil)
	assert.Equal(t, report.Passed, run.Outcome)
	assert.Equal(t, []string{"old"}, run.Warnings)
	require.Len(t, run.Steps, 2)
	assert.Equal(t, "build", run.Steps[0].Name)
	assert.Equal(t, "install", run.Steps[1].Name)
	assert.WithinDuration(t, time.Now(), run.Started, time.Minute, "the whole began before the part")
	assert.Less(t, time.Duration(run.Took), time.Minute)
}

func TestAFailureIsToldAndARollbackStaysOne(t *testing.T) {
	for said, outcome := range map[string]report.Outcome{"passed": report.Failed, "failed": report.Failed, "rolled back": report.RolledBack} {
		recorder := started()
		require.NoError(t, recorder.Include(`{"outcome": "`+said+`"}`, nil))
		run := recorder.End(errors.New("no room"))
		assert.Equal(t, outcome, run.Outcome, said)
		assert.Equal(t, "no room", run.Failure)
	}
}

func TestAPartsFailureIsInTheReportsWords(t *testing.T) {
	printed := errors.New("deploy failed: no room")
	for raw, want := range map[string]string{"": printed.Error(), `{}`: printed.Error(), `{"failure": "no room"}`: "no room"} {
		assert.EqualError(t, started().Include(raw, printed), want, raw)
	}
	assert.NoError(t, started().Include(`{"failure": "no room"}`, nil))
	assert.ErrorIs(t, started().Include("{", printed), printed)
}

func TestWhatToDoNextIsToldOfAFailureAlone(t *testing.T) {
	recorder := report.Start(report.Run{Next: "call again"})
	require.NoError(t, recorder.Include(`{"next": "the part's"}`, nil))
	assert.Equal(t, "call again", recorder.End(errors.New("no room")).Next, "whoever began the run knows how it was called")
	assert.Empty(t, recorder.End(nil).Next)
}

func TestWhatToDoNextIsThatOfWhereTheRunFailed(t *testing.T) {
	recorder := report.Start(report.Run{Next: "mend that"})
	assert.Equal(t, "mend that", recorder.End(errors.New("no room")).Next)
	recorder.Next("look at the release")
	assert.Equal(t, "look at the release", recorder.End(errors.New("no pod")).Next)
}
