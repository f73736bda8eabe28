package pins_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

func TestWhatImagesAreBuiltForIsWhatTheirBasesHave(t *testing.T) {
	both, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(pins.Default()) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "node ") || strings.HasPrefix(line, "postgres ") {
			line += " linux/amd64"
		}
		lines = append(lines, line)
	}
	one, err := pins.Parse([]byte(strings.Join(lines, "\n")))
	require.NoError(t, err)
	const alone = "platform linux/arm64: the pin of node is for linux/amd64 alone, as its line says; pin an image that has both, or build for that one"
	for name, given := range map[string]struct {
		pins      pins.Pins
		platforms []string
		says      string
	}{
		"nothing is asked for":              {both, nil, ""},
		"one":                               {both, []string{"linux/arm64"}, ""},
		"both":                              {both, []string{"linux/amd64", "linux/arm64"}, ""},
		"one that nobody has":               {both, []string{"linux/s390x"}, `platform "linux/s390x": images are built for linux/amd64 and linux/arm64, and for nothing else`},
		"an architecture alone":             {both, []string{"arm64"}, `platform "arm64": images are built for linux/amd64 and linux/arm64, and for nothing else`},
		"a name with a space":               {both, []string{" linux/arm64"}, `platform " linux/arm64": images are built for linux/amd64 and linux/arm64, and for nothing else`},
		"one twice":                         {both, []string{"linux/arm64", "linux/arm64"}, "platform linux/arm64: it is named twice; name it once"},
		"one that a base lacks":             {one, []string{"linux/amd64", "linux/arm64"}, alone},
		"one that only another image lacks": {one, []string{"linux/amd64"}, ""},
		"every problem": {one, []string{"linux/arm64", "windows/amd64"}, alone + "\n" +
			`platform "windows/amd64": images are built for linux/amd64 and linux/arm64, and for nothing else`},
	} {
		t.Run(name, func(t *testing.T) {
			err := given.pins.CheckBuild(given.platforms...)
			if given.says == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, given.says)
		})
	}
}
