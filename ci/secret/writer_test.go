package secret_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/secret"
)

func TestASecretIsMaskedHoweverItsLineIsWritten(t *testing.T) {
	const planted = "Pl4nted-v4lue-of-a-line"
	for name, parts := range map[string][]string{
		"at once":              {"one\nbegins " + planted + " ends\nthree"},
		"in the secret's half": {"one\nbegins Pl4nted", "-v4lue-of-a-line ends\nth", "ree"},
		"letter by letter":     strings.Split("one\nbegins "+planted+" ends\nthree", ""),
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			w := secret.NewWriter(&out, []string{planted})
			for _, part := range parts {
				n, err := w.Write([]byte(part))
				require.NoError(t, err)
				assert.Equal(t, len(part), n)
			}
			assert.Equal(t, "one\nbegins *** ends\n", out.String(), "a line is passed on when it is whole")
			require.NoError(t, w.Close())
			assert.Equal(t, "one\nbegins *** ends\nthree", out.String())
		})
	}
}
