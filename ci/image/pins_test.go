package image_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

func TestTheProjectsOwnPinsAreComplete(t *testing.T) {
	pins, err := image.ParsePins([]byte(image.DefaultPins()))
	require.NoError(t, err)
	for _, name := range image.Names() {
		assert.Contains(t, pins.Reference(name), "@sha256:", name)
	}
}

func TestPinsAreRefused(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	for name, test := range map[string]struct{ change, want string }{
		"without a digest":    {"python docker.io/library/python:3.13-slim", "line 1: python needs a registry, a tag and a digest"},
		"without a tag":       {"python docker.io/library/python" + digest, "line 1: python needs"},
		"without a registry":  {"python python:3.13-slim" + digest, "line 1: python needs"},
		"with a short digest": {"python docker.io/library/python:3.13-slim@sha256:abc", "line 1: python needs"},
		"of an unknown name":  {"pythonn docker.io/library/python:3.13-slim" + digest, `line 1: no image is called "pythonn"`},
		"with one word":       {"python", "line 1: write a name and a reference"},
		"with a third word":   {"python docker.io/library/python:3.13-slim" + digest + " extra", "line 1: write a name"},
		"that name one twice": {"node docker.io/library/node:20-alpine" + digest, "node is pinned twice"},
		"that leave one out":  {"# python", "python is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := []string{test.change}
			for _, wanted := range image.Names() {
				if wanted != image.Python {
					lines = append(lines, string(wanted)+" docker.io/library/x:1"+digest)
				}
			}
			_, err := image.ParsePins([]byte(strings.Join(lines, "\n")))
			require.Error(t, err)
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

func TestCommentsAndBlankLinesArePassedOver(t *testing.T) {
	text := "# a mirror's\n\n" + image.DefaultPins() + "   # end\n"
	pins, err := image.ParsePins([]byte(text))
	require.NoError(t, err)
	assert.Len(t, pins, len(image.Names()))
}
