package scan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/scan"
)

func TestTheCommittedListsAreWhole(t *testing.T) {
	exceptions, err := scan.DefaultExceptions()
	require.NoError(t, err)
	for _, e := range exceptions {
		assert.Greater(t, len(e.Reason), 20, "%s in %s: a reason that somebody can judge", e.ID, e.Package)
	}
	policy, err := scan.DefaultPolicy()
	require.NoError(t, err)
	assert.True(t, policy.Allows("MIT"))
	assert.False(t, policy.Allows("GPL-3.0-only"))
}

func TestAnExceptionMayBeUnusedInAPartButNotExpired(t *testing.T) {
	exceptions, err := scan.ParseExceptions([]byte(`
- {id: CVE-9, package: z, reason: elsewhere, expires: "2026-12-31"}
- {id: CVE-8, package: z, reason: elsewhere, expires: "2026-01-31"}`))
	require.NoError(t, err)
	err = scan.Gate{Threshold: scan.High, Exceptions: exceptions, Now: now, Part: true}.Check(nil)
	assert.EqualError(t, err, "exception CVE-8 in z expired on 2026-01-31; fix the finding, or decide again")
	err = scan.Gate{Threshold: scan.High, Exceptions: exceptions, Now: now}.Check(nil)
	assert.ErrorContains(t, err, "exception CVE-9 in z is not needed")
}

func TestASummaryCountsWhatItLeavesOut(t *testing.T) {
	findings := found(t, vulnerable)
	text := scan.Summary(findings, scan.High)
	assert.Contains(t, text, "CVE-1")
	assert.NotContains(t, text, "CVE-3")
	assert.True(t, strings.HasSuffix(text, "and 1 below HIGH\n"))
	assert.Equal(t, scan.Table(findings), scan.Summary(findings, scan.Low))
	assert.Equal(t, "1 findings, all below HIGH\n", scan.Summary(findings[2:], scan.High))
}

func TestTheBasesOwnPackagesAreNotHeldAgainstTheList(t *testing.T) {
	policy, err := scan.DefaultPolicy()
	require.NoError(t, err)
	findings, err := scan.ParseLicenses([]byte(`{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"container_image","Results":[
{"Target":"OS Packages","Class":"license","Licenses":[{"PkgName":"bash","Name":"GPL-3.0-or-later"}]},
{"Target":"Python","Class":"license","Licenses":[{"PkgName":"x","Name":"GPL-3.0-only"},{"PkgName":"y","Name":"MIT"}]}]}`), policy)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	assert.Equal(t, "x", findings[0].Package)
}
