package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAJourneysLinesAreRead(t *testing.T) {
	checks, err := ParseJourney("ok health 3ms\nok sign-up 41ms\r\n\nFAILED chat/add: status 500: {\"detail\": \"x: y\"}\n")
	require.NoError(t, err)
	assert.Equal(t, []Check{
		{Name: "health", Took: Duration(3 * time.Millisecond)},
		{Name: "sign-up", Took: Duration(41 * time.Millisecond)},
		{Name: "chat/add", Failure: `status 500: {"detail": "x: y"}`},
	}, checks)
}

func TestForeignOutputIsNoJourney(t *testing.T) {
	for name, output := range map[string]string{
		"nothing": "", "empty lines": "\n\n", "a traceback": "Traceback (most recent call last):\n", "a word more": "ok sign-up 41ms really\n",
		"no time": "ok sign-up\n", "no unit": "ok sign-up 41\n", "a fraction": "ok sign-up 4.1ms\n", "below zero": "ok sign-up -1ms\n",
		"no step": "ok 41ms\n", "two words": "ok sign up 41ms\n", "no reason": "FAILED sign-up:\n", "a blank reason": "FAILED sign-up:  \n",
		"capitals": "OK sign-up 41ms\n", "indented": " ok sign-up 41ms\n", "a time too long": "ok sign-up 99999999999ms\n",
		"the step after a good one": "ok health 3ms\nerror: no such host\n", "no end": strings.Repeat("ok health 3ms\n", maxJourney+1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseJourney(output)
			require.ErrorContains(t, err, "journey: ")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := ParseJourney("ok health 3ms\nerror: no such host\n")
	assert.ErrorContains(t, err, `line 2: "error: no such host"`)
}

func FuzzParseJourney(f *testing.F) {
	f.Add("ok health 3ms\nFAILED a: b\n")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, output string) {
		checks, err := ParseJourney(output)
		if err != nil {
			return
		}
		require.NotEmpty(t, checks)
		for _, c := range checks {
			assert.NotEmpty(t, c.Name)
			assert.GreaterOrEqual(t, c.Took, Duration(0))
			assert.Contains(t, output, c.Name)
		}
	})
}
