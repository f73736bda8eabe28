package pins_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// blamed is a line as git blame tells of it, committed a number of days ago.
func blamed(days int, line string) string {
	return fmt.Sprintf("0123456789abcdef0123456789abcdef01234567 1 1 1\nauthor A\nauthor-time 1\ncommitter-time %d\nsummary committer-time 5\nfilename pins.txt\n\t%s\n",
		today.AddDate(0, 0, -days).Unix(), line)
}

func TestAPinIsAsOldAsItsLine(t *testing.T) {
	table, err := pins.Ages([]byte(blamed(400, "# The base images")+blamed(60, "python reference")+blamed(0, "node reference # new")+blamed(90, "")), today)
	require.NoError(t, err, "neither a comment nor an empty line is a pin, and sixty days are not too many")
	assert.Equal(t, "python 2026-09-24 60 days\nnode 2026-11-23 0 days\n", strings.Join(strings.Fields(table)[:4], " ")+"\n"+strings.Join(strings.Fields(table)[4:], " ")+"\n")
}

func TestPinsOfMoreThanSixtyDaysAreNamed(t *testing.T) {
	table, err := pins.Ages([]byte(blamed(61, "python reference")+blamed(5, "uv reference")+blamed(200, "node reference")), today)
	assert.EqualError(t, err, "pin ages: python was pinned 61 days ago, more than 60; let Renovate move it, or pin what its tag names now\n"+
		"pin ages: node was pinned 200 days ago, more than 60; let Renovate move it, or pin what its tag names now")
	assert.Contains(t, table, "uv")
}

func TestWhatIsNoBlameIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ blame, want string }{
		"nothing":      {"", "no pin in it"},
		"a pins file":  {"python reference\n", "no pin in it"},
		"without time": {"\tpython reference\n", "python has no time"},
		"a word":       {"committer-time yesterday\n\tpython reference\n", `"yesterday" is no time`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pins.Ages([]byte(test.blame), today)
			assert.ErrorContains(t, err, test.want)
		})
	}
}
