package flow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/flow"
)

var errBroken = errors.New("broken")

func broken(context.Context) error { return errBroken }

// untilEnded goes on until somebody ends it.
func untilEnded(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestPartsThatGoTogetherDoNotWaitForEachOther(t *testing.T) {
	met := make(chan struct{})
	meet := func(context.Context) error { met <- struct{}{}; return nil }
	wait := func(context.Context) error { <-met; return nil }
	require.NoError(t, flow.Together(meet, wait)(t.Context()))
	require.NoError(t, flow.Together(wait, meet)(t.Context()))
}

func TestTheFirstFailureEndsWhatGoesOnBesideIt(t *testing.T) {
	require.ErrorIs(t, flow.Together(untilEnded, broken)(t.Context()), errBroken)
	answers, err := flow.Gather(t.Context(),
		func(context.Context) (int, error) { return 1, nil },
		func(ctx context.Context) (int, error) { return 2, untilEnded(ctx) },
		func(context.Context) (int, error) { return 3, errBroken })
	require.ErrorIs(t, err, errBroken)
	assert.Nil(t, answers, "a failure has no answers beside it that somebody might use")
}

func TestWhatGoesBesideAPartCanFailItAndIsNotWaitedFor(t *testing.T) {
	require.ErrorIs(t, flow.Beside(untilEnded, broken)(t.Context()), errBroken)
	require.ErrorIs(t, flow.Beside(broken, untilEnded)(t.Context()), errBroken)
	done := func(context.Context) error { return nil }
	require.NoError(t, flow.Beside(done, untilEnded)(t.Context()))
	first := make(chan struct{})
	require.NoError(t, flow.Beside(
		func(context.Context) error { <-first; return nil },
		func(context.Context) error { close(first); return nil },
	)(t.Context()))
}

func TestWhatGoesInOrderEndsAtTheFirstFailure(t *testing.T) {
	var done []int
	note := func(n int) flow.Part { return func(context.Context) error { done = append(done, n); return nil } }
	require.NoError(t, flow.InOrder(note(1), note(2))(t.Context()))
	require.ErrorIs(t, flow.InOrder(note(3), broken, note(4))(t.Context()), errBroken)
	assert.Equal(t, []int{1, 2, 3}, done)
}

func TestAnswersAreInTheOrderOfTheQuestions(t *testing.T) {
	second := make(chan struct{})
	answers, err := flow.Gather(t.Context(),
		func(context.Context) (string, error) { <-second; return "one", nil },
		func(context.Context) (string, error) { close(second); return "two", nil })
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "two"}, answers)
}

func TestWhatSettlesTellsEveryFailure(t *testing.T) {
	failed := make(chan struct{})
	answers, err := flow.Settle(t.Context(),
		func(context.Context) (string, error) { close(failed); return "", errBroken },
		func(ctx context.Context) (string, error) { <-failed; return "two", ctx.Err() },
		func(context.Context) (string, error) { return "", errors.New("worn") })
	require.EqualError(t, err, "broken\nworn")
	assert.Equal(t, []string{"", "two", ""}, answers)
}
