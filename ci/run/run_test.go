package run_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/run"
)

func shell(script string) run.Command { return run.Command{Args: []string{"sh", "-c", script}} }

func TestACommandGivesWhatItPrinted(t *testing.T) {
	folder := t.TempDir()
	out, err := run.Command{Dir: folder, Env: []string{"NAME=todo"}, Args: []string{"sh", "-c", "pwd; echo $NAME; echo warning >&2"}}.Output(context.Background())
	require.NoError(t, err)
	assert.Equal(t, folder+"\ntodo\n", string(out))
}

func TestAFailureHasTheEndOfWhatWasSaid(t *testing.T) {
	var printed bytes.Buffer
	err := shell("seq 100; echo broken >&2; exit 3").Print(context.Background(), &printed)
	require.ErrorContains(t, err, "sh ended with exit code 3:\n")
	assert.Contains(t, err.Error(), "\n100\n\nbroken")
	assert.NotContains(t, err.Error(), "\n50\n")
	assert.True(t, strings.HasPrefix(printed.String(), "1\n2\n"), "all of it is printed as it comes")
	_, err = run.Command{Args: []string{"no-such-program"}}.Output(context.Background())
	assert.ErrorContains(t, err, "no-such-program")
}

func TestACommandEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.Error(t, shell("sleep 60").Print(ctx, &bytes.Buffer{}))
}
