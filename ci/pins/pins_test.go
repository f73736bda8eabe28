package pins_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

func TestTheProjectsOwnPinsAreComplete(t *testing.T) {
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	for _, name := range pins.Names() {
		assert.Contains(t, pinned.Reference(name), "@sha256:", name)
	}
}

func TestAMirrorsPinsSayWhichKubernetesTheNodeHas(t *testing.T) {
	text := strings.Replace(pins.Default(), "kind-node docker.io/kindest/node", "kind-node mirror.example.com:5000/kindest/node", 1)
	pinned, err := pins.Parse([]byte(text))
	require.NoError(t, err)
	assert.Regexp(t, `^v1\.\d+\.\d+$`, pinned.Kubernetes())
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
		"of a platform":       {"python docker.io/library/python:3.13-slim" + digest + " linux/s390x", `line 1: nothing is built for "linux/s390x"; name the one platform that python has`},
		"with a fourth word":  {"python docker.io/library/python:3.13-slim" + digest + " linux/amd64 linux/arm64", "line 1: write a name"},
		"that name one twice": {"node docker.io/library/node:24-alpine" + digest, "node is pinned twice"},
		"that leave one out":  {"# python", "python is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := []string{test.change}
			for _, wanted := range pins.Names() {
				if wanted != pins.Python {
					lines = append(lines, string(wanted)+" docker.io/library/x:1"+digest)
				}
			}
			_, err := pins.Parse([]byte(strings.Join(lines, "\n")))
			require.Error(t, err)
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

func TestCommentsAndBlankLinesArePassedOver(t *testing.T) {
	text := "# a mirror's\n\n" + pins.Default() + "   # end\n"
	pinned, err := pins.Parse([]byte(text))
	require.NoError(t, err)
	assert.Len(t, pinned, len(pins.Names()))
}

func TestTheProjectsOwnPinsAreOfIndexes(t *testing.T) {
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	for _, name := range pins.Names() {
		assert.Equal(t, []string{"linux/amd64", "linux/arm64"}, pinned[name].Platforms, name)
	}
}

func TestPinsAreHeldAgainstWhatTheRegistryHas(t *testing.T) {
	both := pins.Platforms()
	reference := "docker.io/library/python:3.13-slim@sha256:" + strings.Repeat("a", 64)
	for name, test := range map[string]struct {
		platforms, found []string
		says, fails      string
	}{
		"an index":           {both, both, "python docker.io/library/python:3.13-slim linux/amd64 and linux/arm64", ""},
		"one image":          {both, both[:1], "", "image pins: python: the digest is that of linux/amd64 alone; pin the index that docker.io/library/python:3.13-slim names, or write linux/amd64 after the reference if it names none"},
		"one, as it says":    {both[:1], both[:1], "linux/amd64 no other, says its line: built on linux/amd64 alone", ""},
		"one, and says so":   {both[:1], both, "", "image pins: python: the digest has linux/amd64 and linux/arm64; remove linux/amd64 from its line"},
		"of other platforms": {both, nil, "", "image pins: python: docker.io/library/python:3.13-slim has none of [linux/amd64 linux/arm64]; pin another digest"},
	} {
		t.Run(name, func(t *testing.T) {
			pinned := pins.Pins{}
			for _, other := range pins.Names() {
				pinned[other] = pins.Pin{Reference: "docker.io/library/other:1", Platforms: both}
			}
			pinned[pins.Python] = pins.Pin{Reference: reference, Platforms: test.platforms}
			table, err := pinned.CheckPlatforms(t.Context(), func(_ context.Context, asked, platform string) (bool, error) {
				return asked != reference || slices.Contains(test.found, platform), nil
			})
			if test.fails != "" {
				assert.EqualError(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, strings.Join(strings.Fields(table), " "), test.says)
			assert.Len(t, strings.Split(strings.TrimSpace(table), "\n"), len(pins.Names()))
		})
	}
}

func TestARegistryThatDoesNotAnswerIsNamed(t *testing.T) {
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	_, err = pinned.CheckPlatforms(t.Context(), func(_ context.Context, _, platform string) (bool, error) {
		if platform == "linux/arm64" {
			return false, errors.New("no route to host")
		}
		return true, nil
	})
	assert.ErrorContains(t, err, "asking for linux/arm64 of ")
	assert.ErrorContains(t, err, ": no route to host")
}
