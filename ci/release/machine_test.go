package release

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "draw the machine anew in docs/architecture.md")

// page is where the machine is drawn, between these two lines.
const (
	page  = "../../docs/architecture.md"
	begin = "<!-- the machine of ci/release, drawn by its test -->\n"
	end   = "<!-- the end of the machine -->\n"
)

func TestTheDrawnMachineIsTheCodes(t *testing.T) {
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), begin)
	require.True(t, found, "%s has no line %q", page, begin)
	drawn, after, found := strings.Cut(rest, end)
	require.True(t, found, "%s has no line %q", page, end)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+Diagram()+end+after), 0o644))
		return
	}
	assert.Equal(t, Diagram(), drawn, "run: hack/dagger generate, or: go test ./ci/release -run Drawn -update")
}

func TestEveryStateHasOneRowAndOneActionAndEveryWayLeadsToAState(t *testing.T) {
	seen := map[State]bool{}
	for _, row := range Transitions() {
		assert.False(t, seen[row.From], row.From)
		seen[row.From] = true
		assert.Equal(t, row.Action == Finish, len(row.To) == 0, row.From)
		assert.Equal(t, row.Action, Next(row.From))
	}
	for _, row := range Transitions() {
		for _, to := range append(slices.Clone(row.To), always...) {
			assert.True(t, seen[to], to)
		}
	}
	assert.Panics(t, func() { Next("Nowhere") })
	assert.False(t, Leads(Succeeded, LeaseLost), "what has ended has ended")
	assert.True(t, Leads(Untested, LeaseLost))
	assert.False(t, Leads(Unobserved, Unrecorded))
}

func TestAStateIsMadeOfWhatIsKnown(t *testing.T) {
	ready := Facts{Verb: Deploy, Observed: true, Namespace: true, Held: true, Delivered: true, Secret: true, Remediates: true}
	with := func(change func(*Facts)) Facts {
		f := ready
		change(&f)
		return f
	}
	for _, c := range []struct {
		is    State
		facts Facts
	}{
		{Unobserved, Facts{Verb: Deploy}},
		{OutOfSync, ready},
		{InSync, with(func(f *Facts) { f.InSync = true })},
		{InSync, with(func(f *Facts) { f.InSync, f.Held = true, false })},
		{NamespaceMissing, with(func(f *Facts) { f.Namespace, f.Held = false, false })},
		{Unheld, with(func(f *Facts) { f.Held = false })},
		{ImagesMissing, with(func(f *Facts) { f.Delivered, f.Secret, f.Pending = false, false, true })},
		{SecretMissing, with(func(f *Facts) { f.Secret, f.Pending = false, true })},
		{Pending, with(func(f *Facts) { f.Pending = true })},
		{RollingOut, with(func(f *Facts) { f.Changed, f.Pending = true, true })},
		{Untested, with(func(f *Facts) { f.Changed, f.RolledOut = true, true })},
		{Unrecorded, with(func(f *Facts) { f.Changed, f.RolledOut, f.Tested = true, true, true })},
		{Recorded, with(func(f *Facts) { f.Changed, f.RolledOut, f.Tested, f.Recorded = true, true, true, true })},
		{Succeeded, with(func(f *Facts) {
			f.Changed, f.RolledOut, f.Tested, f.Recorded, f.CleanedUp = true, true, true, true, true
		})},
		{Failed, with(func(f *Facts) { f.Changed, f.Failed = true, true })},
		{Diagnosed, with(func(f *Facts) { f.Failed, f.Diagnosed = true, true })},
		{Stalled, with(func(f *Facts) { f.Failed, f.Diagnosed, f.Remediates = true, true, false })},
		{RollingBack, with(func(f *Facts) { f.Failed, f.Diagnosed, f.Remediated = true, true, true })},
		{RolledBack, with(func(f *Facts) { f.Failed, f.Diagnosed, f.Remediated, f.Returned = true, true, true, true })},
		{Interrupted, with(func(f *Facts) { f.Failed, f.Interrupted = true, true })},
		{Cancelled, with(func(f *Facts) { f.Interrupted, f.Ended = true, Cancelled })},
		{Absent, Facts{Verb: Uninstall, Observed: true}},
		{Unheld, Facts{Verb: Uninstall, Observed: true, Namespace: true}},
		{Installed, Facts{Verb: Uninstall, Observed: true, Namespace: true, Held: true}},
		{Succeeded, Facts{Verb: Uninstall, Observed: true, Namespace: true, Held: true, Removed: true}},
	} {
		assert.Equal(t, c.is, c.facts.State(), "%+v", c.facts)
	}
}

func TestWhatHelmHasConfirmedIsNotAskedAgainAfterAnInterruption(t *testing.T) {
	for name, c := range map[string]struct {
		facts Facts
		is    State
	}{
		"under way":          {Facts{Observed: true, Namespace: true, Held: true, Changing: true}, Unobserved},
		"changed":            {Facts{Observed: true, Namespace: true, Held: true, Changing: true, Changed: true}, RollingOut},
		"not yet observed":   {Facts{Namespace: true, Held: true}, Unobserved},
		"failed":             {Facts{Failed: true, Held: true}, Failed},
		"removed and failed": {Facts{Verb: Uninstall, Observed: true, Namespace: true, Held: true, Removed: true}, Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			c.facts.Interrupted = true
			c.facts.done(Reconnect)
			assert.Equal(t, c.is, c.facts.State())
		})
	}
}
