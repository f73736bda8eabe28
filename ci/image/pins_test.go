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

func TestAMirrorsPinsSayWhichKubernetesTheNodeHas(t *testing.T) {
	text := strings.Replace(image.DefaultPins(), "kind-node docker.io/kindest/node", "kind-node mirror.example.com:5000/kindest/node", 1)
	pins, err := image.ParsePins([]byte(text))
	require.NoError(t, err)
	assert.Regexp(t, `^v1\.\d+\.\d+$`, pins.Kubernetes())
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

func TestTheProjectsOwnPinsAreOfIndexes(t *testing.T) {
	pins, err := image.ParsePins([]byte(image.DefaultPins()))
	require.NoError(t, err)
	for _, name := range image.Names() {
		assert.Equal(t, []string{"linux/amd64", "linux/arm64"}, pins[name].Platforms, name)
	}
}

func TestPinsAreHeldAgainstWhatTheRegistryHas(t *testing.T) {
	both := image.Platforms()
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
			pins, found := image.Pins{}, map[image.Name][]string{}
			for _, other := range image.Names() {
				pins[other], found[other] = image.Pin{Reference: reference, Platforms: both}, both
			}
			pins[image.Python], found[image.Python] = image.Pin{Reference: reference, Platforms: test.platforms}, test.found
			table, err := pins.Check(found)
			if test.fails != "" {
				assert.EqualError(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, strings.Join(strings.Fields(table), " "), test.says)
			assert.Len(t, strings.Split(strings.TrimSpace(table), "\n"), len(image.Names()))
		})
	}
}
