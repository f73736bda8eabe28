package deploy

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGivenTakesTheLineBreakOfAFileAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ given, want string }{
		"as it is":              {"secret", "secret"},
		"a file's end":          {"secret\n", "secret"},
		"a file's end, Windows": {"secret\r\n", "secret"},
		"two line breaks":       {"secret\n\n", "secret\n"},
		"a space":               {"secret ", "secret "},
		"nothing":               {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, TrimNewline(c.given))
		})
	}
}
