package pins_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

const supported = `
- {product: Everything, pins: [uv, postgres, kind-node, helm, kubectl, kubeconform, jq, metrics-server, trivy, go, gitleaks, cosign, mailpit, python], line: "1", because: no end is announced, source: here}
- {product: Node.js, pins: [node], line: "24", ends: "2028-04-30", source: their schedule}
- {product: Alpine Linux, tag: alpine3.24, family: alpine, line: "3.24", ends: "2028-04-01", source: their releases}
- {product: Debian, tag: trixie, family: debian, line: "13", ends: "2028-08-09", source: their wiki}`

func list(t *testing.T, text string) []pins.Support {
	t.Helper()
	parsed, err := pins.ParseSupport([]byte(text))
	require.NoError(t, err)
	return parsed
}

// pinnedAs has every image at version 1 and Node as told.
func pinnedAs(node string) pins.Pins {
	digest := "@sha256:" + strings.Repeat("a", 64)
	pinned := pins.Pins{}
	for _, name := range pins.Names() {
		pinned[name] = pins.Pin{Reference: "docker.io/library/x:v1.2.3" + digest}
	}
	pinned[pins.Node] = pins.Pin{Reference: "registry.example.com:5000/library/node:" + node + digest}
	return pinned
}

func at(day string) time.Time {
	parsed, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return parsed.Add(9 * time.Hour)
}

func TestAPinFailsSixtyDaysBeforeItsSupportEnds(t *testing.T) {
	for name, test := range map[string]struct{ node, day, fails string }{
		"61 days before":                       {"24.21.0-alpine", "2028-02-29", ""},
		"60 days before":                       {"24.21.0-alpine", "2028-03-01", "support: node: that of Node.js 24 ends on 2028-04-30, in 60 days (their schedule); pin the next line"},
		"the last day":                         {"24", "2028-04-30", "ends on 2028-04-30, in 0 days"},
		"the day after":                        {"24-alpine", "2028-05-01", "support: node: that of Node.js 24 ended on 2028-04-30 (their schedule); pin a line that is supported"},
		"the distribution, 61 days before":     {"24.21.0-alpine3.24", "2028-01-31", ""},
		"the distribution, 60 days before":     {"24.21.0-alpine3.24", "2028-02-01", "support: node: that of Alpine Linux 3.24 ends on 2028-04-01, in 60 days"},
		"a line without an entry":              {"26.1.0-alpine3.24", "2027-01-01", "support: node: nothing is known of the line of 26.1.0-alpine3.24"},
		"a line that begins with the same":     {"241.0", "2027-01-01", "nothing is known of the line of 241.0"},
		"a distribution without an entry":      {"24.21.0-alpine3.25", "2027-01-01", `support: node: nothing is known of "alpine3.25" in the tag 24.21.0-alpine3.25`},
		"a tag without a version":              {"latest", "2027-01-01", `support: node: the tag "latest" names no version`},
		"a tag that goes on without a version": {"lts-alpine3.24", "2027-01-01", `names no version`},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := pinnedAs(test.node).CheckSupport(list(t, supported), at(test.day))
			if test.fails == "" {
				require.NoError(t, err)
				assert.Contains(t, table, "Node.js 24")
				return
			}
			require.ErrorContains(t, err, test.fails)
			assert.Len(t, strings.Split(err.Error(), "\n"), 1, "no other pin has anything to do with it")
		})
	}
}

func TestADistributionIsFoundByWhatAScannerCallsIt(t *testing.T) {
	for version, known := range map[string]bool{"3.24.2": true, "3.24": true, "3.2": false, "3.240.1": false, "": false} {
		found, ok := pins.Distribution(list(t, supported), "alpine", version)
		assert.Equal(t, known, ok, version)
		assert.Equal(t, known, found.Ended(at("2028-04-02")), version)
		assert.False(t, found.Ended(at("2028-04-01")), "the last day counts")
	}
	_, ok := pins.Distribution(list(t, supported), "", "24")
	assert.False(t, ok, "a product is no distribution")
}

func TestEntriesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`- {product: Go, pins: [go], line: "1.26", ends: soon, source: s}`:                                     `ends "soon" is no day`,
		`- {product: Go, pins: [go], line: "1.26", source: s}`:                                                 "write when it ends, or because",
		`- {product: Go, pins: [go], line: "1.26", ends: "2027-02-01", because: b, source: s}`:                 "write when it ends, or because",
		`- {product: Go, pins: [go], ends: "2027-02-01", source: s}`:                                           "write the product, its line and the source",
		`- {product: Go, pins: [go], line: "1.26", ends: "2027-02-01"}`:                                        "write the product, its line and the source",
		`- {product: Go, line: "1.26", ends: "2027-02-01", source: s}`:                                         "write its pins, or",
		`- {product: Alpine, tag: alpine3.24, line: "3.24", ends: "2027-02-01", source: s}`:                    "write its pins, or",
		`- {product: Alpine, pins: [go], tag: a, family: alpine, line: "3.24", ends: "2027-02-01", source: s}`: "write its pins, or",
		`- {product: Go, pins: [go], line: "1.26", end: "2027-02-01", source: s}`:                              "unknown field",
	} {
		_, err := pins.ParseSupport([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

// Whether an end is near is for the check that asks what day it is; that every pin has one is for every day.
func TestEveryPinOfTheProjectHasAnEntry(t *testing.T) {
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	known, err := pins.DefaultSupport()
	require.NoError(t, err)
	for _, name := range pins.Names() {
		found, err := pins.Of(known, name, pinned.Reference(name))
		require.NoError(t, err)
		assert.NotEmpty(t, found)
	}
}
