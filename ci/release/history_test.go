package release

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// revisions makes a history of a notation: number, status, manifest, ! for one that is proven, and #1 for one whose label has that number.
func revisions(t *testing.T, notes ...string) History {
	t.Helper()
	var items []any
	for _, note := range notes {
		fields := strings.Fields(note)
		r := &fakeRevision{number: int(fields[0][0] - '0'), status: fields[1], manifest: "kind: " + fields[2], hooks: journeyPod, labels: map[string]string{}}
		for _, mark := range fields[3:] {
			if number, numbered := strings.CutPrefix(mark, "#"); numbered {
				r.labels[numberLabel] = number
			} else {
				r.labels[provenLabel] = Revision{Manifest: r.manifest, Hooks: journeyPod}.proof("content")
			}
		}
		items = append(items, r.secret())
	}
	h, err := ParseHistory(asJSON(map[string]any{"kind": "List", "items": items}))
	require.NoError(t, err)
	return h
}

func TestAReleaseReturnsToItsNewestProvenRevision(t *testing.T) {
	for name, c := range map[string]struct {
		notes  []string
		good   int
		proven bool
	}{
		"not installed":                     {nil, 0, false},
		"the newest proven":                 {[]string{"1 superseded a !", "2 superseded b !", "3 deployed c"}, 2, true},
		"never proven: the newest deployed": {[]string{"1 superseded a", "2 deployed b", "3 failed c"}, 2, false},
		"nothing was ever deployed":         {[]string{"1 failed a", "2 pending-install b"}, 0, false},
		"an older proven before a deployed": {[]string{"1 superseded a !", "2 deployed b"}, 1, true},
		"in whatever order they are listed": {[]string{"3 deployed c", "1 superseded a !", "2 superseded b !"}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			good := revisions(t, c.notes...).Good()
			assert.Equal(t, c.good, good.Number)
			assert.Equal(t, c.proven, good.Proven)
		})
	}
}

func TestARollbackWithoutANumberMeansOtherObjectsThanThePresentOnes(t *testing.T) {
	for name, c := range map[string]struct {
		notes []string
		to    int
		says  string
	}{
		"the one before":                          {[]string{"1 superseded a !", "2 deployed b !"}, 1, ""},
		"not the failed one":                      {[]string{"1 superseded a !", "2 failed b", "3 deployed c !"}, 1, ""},
		"after a failure that was taken back":     {[]string{"1 superseded a !", "2 superseded b !", "3 failed c", "4 deployed b !"}, 1, ""},
		"after a failure that was not":            {[]string{"1 superseded a !", "2 superseded b !", "3 failed c"}, 2, ""},
		"the same objects once more are no other": {[]string{"1 superseded a !", "2 deployed a !"}, 0, "every proven revision has the objects"},
		"only the present one":                    {[]string{"1 superseded a", "2 deployed b !"}, 0, "no earlier revision was proven"},
		"nothing is":                              {nil, 0, "no earlier revision was proven"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := revisions(t, c.notes...).Previous()
			assert.Equal(t, c.to, got.Number)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestAProofIsOfTheObjectsThatItWasMadeFor(t *testing.T) {
	h := revisions(t, "1 deployed a !")
	assert.Equal(t, "content", h.Last().Content)
	other := Revision{Manifest: "kind: b", Hooks: journeyPod}
	assert.NotEqual(t, h.Last().proof("content"), other.proof("content"))
	hooks := Revision{Manifest: h.Last().Manifest, Hooks: "kind: Job"}
	assert.NotEqual(t, h.Last().digest(), hooks.digest(), "another test is another proof")
	for _, content := range []string{"", strings.Repeat("c", 40)} {
		assert.Regexp(t, `^[0-9a-f]{20}(\.c{40})?$`, other.proof(content))
		assert.LessOrEqual(t, len(other.proof(content)), 63)
	}
}

func TestWhatIsHalfMadeIsPending(t *testing.T) {
	for status, pending := range map[string]bool{
		"deployed": false, "failed": false, "superseded": false, "uninstalled": false, "unknown": false,
		"uninstalling": true, "pending-install": true, "pending-upgrade": true, "pending-rollback": true,
	} {
		assert.Equal(t, pending, Revision{Status: status}.pending(), status)
	}
}

func TestAProvenRevisionThatHelmIsAboutToForgetIsReturnedTo(t *testing.T) {
	for name, c := range map[string]struct {
		notes  []string
		fading bool
	}{
		"not installed": {nil, false},
		"the newest":    {[]string{"1 superseded a", "2 superseded b", "3 superseded c", "4 deployed d !"}, false},
		"two are newer": {[]string{"1 superseded a !", "2 superseded b", "3 deployed c"}, false},
		"three are":     {[]string{"1 superseded a !", "2 superseded b", "3 superseded c", "4 deployed d"}, true},
		"never proven":  {[]string{"1 superseded a", "2 superseded b", "3 superseded c", "4 failed d"}, false},
	} {
		assert.Equal(t, c.fading, revisions(t, c.notes...).fading(), name)
	}
}

func TestAReleaseIsThisPipelinesOwnWhereItMadeEveryRevision(t *testing.T) {
	for name, c := range map[string]struct {
		notes []string
		own   bool
	}{
		"not installed":                 {nil, true},
		"the first":                     {[]string{"1 failed a #1"}, true},
		"each of two":                   {[]string{"1 failed a #1", "2 pending-upgrade b #2"}, true},
		"the first is somebody else's":  {[]string{"1 failed a", "2 failed b #2"}, false},
		"the second is somebody else's": {[]string{"1 failed a #1", "2 failed b"}, false},
		"the label was handed on":       {[]string{"1 failed a #1", "2 failed b #1"}, false},
		"the first is forgotten":        {[]string{"2 failed b #2", "3 failed c #3"}, false},
	} {
		assert.Equal(t, c.own, revisions(t, c.notes...).Own(), name)
	}
}

func TestARevisionThatCannotBeReadIsNeverTakenForNone(t *testing.T) {
	secret := func(version string, data []byte) []byte {
		return asJSON(map[string]any{"items": []any{map[string]any{
			"metadata": map[string]any{"name": "sh.helm.release.v1.x.v1", "labels": map[string]string{"version": version}},
			"data":     map[string][]byte{"release": data}}}})
	}
	encoded := func(text string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(text))) }
	for name, raw := range map[string][]byte{
		"no JSON":       []byte("Error from server"),
		"no number":     secret("one", encoded("{}")),
		"below one":     secret("0", encoded("{}")),
		"no base64":     secret("1", []byte("***")),
		"cut short":     secret("1", encoded("\x1f\x8b")),
		"packed badly":  secret("1", encoded("\x1f\x8b\x08 and nothing that follows")),
		"no release":    secret("1", encoded("kind: Release")),
		"nothing in it": secret("1", nil),
	} {
		_, err := ParseHistory(raw)
		assert.ErrorContains(t, err, "reading the release's revisions", name)
	}
	h, err := ParseHistory(secret("1", encoded(`{"manifest": "kind: A"}`)))
	require.NoError(t, err)
	assert.Equal(t, "kind: A", h.Last().Manifest, "what is not packed is read as well")
	raw, err := json.Marshal(h)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), "kind: A", "a status has no manifests")
}
