package deploy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/deploy"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestALeaseSurvivesItsWayThroughTheCluster(t *testing.T) {
	held := deploy.Lease{Version: "41", Holder: "deploy-abc", Since: noon, Renewed: noon.Add(8 * time.Second)}
	raw, err := held.Manifest("todo-chatbot", "todo")
	require.NoError(t, err)
	got, err := deploy.ParseLease(string(raw))
	require.NoError(t, err)
	assert.Equal(t, held, got)
	assert.Equal(t, "deploy-abc has held it since 12:00:00 UTC", got.Held())
}

func TestALeaseGivenBackNamesNobody(t *testing.T) {
	raw, err := deploy.Lease{Version: "41"}.Manifest("todo-chatbot", "todo")
	require.NoError(t, err)
	assert.NotContains(t, string(raw), "acquireTime")
	got, err := deploy.ParseLease(string(raw))
	require.NoError(t, err)
	assert.Empty(t, got.Holder)
}

func TestANamespaceWithoutALeaseIsHeldByNobody(t *testing.T) {
	got, err := deploy.ParseLease("\n")
	require.NoError(t, err)
	assert.Equal(t, deploy.Lease{}, got)
}

func TestWhatIsNoLeaseIsNeverTakenForAFreeOne(t *testing.T) {
	for _, output := range []string{"Error from server", `{"kind":"List"}`, `[]`} {
		_, err := deploy.ParseLease(output)
		assert.Error(t, err, output)
	}
}

func TestAReleaseIsTakenWhenItsHolderIsGone(t *testing.T) {
	at := func(version string) deploy.Lease { return deploy.Lease{Version: version, Holder: "other"} }
	type look struct {
		after time.Duration
		found deploy.Lease
		free  bool
	}
	for name, looks := range map[string][]look{
		"nobody ever held it":     {{0, deploy.Lease{}, true}},
		"given back":              {{0, deploy.Lease{Version: "7"}, true}},
		"held":                    {{0, at("1"), false}, {20 * time.Second, at("1"), false}},
		"given back while waited": {{0, at("1"), false}, {time.Second, deploy.Lease{Version: "2"}, true}},
		"silent for its time":     {{0, at("1"), false}, {44 * time.Second, at("1"), false}, {45 * time.Second, at("1"), true}},
		"alive all the while":     {{0, at("1"), false}, {40 * time.Second, at("2"), false}, {80 * time.Second, at("3"), false}},
		"silent from then on":     {{0, at("1"), false}, {40 * time.Second, at("2"), false}, {85 * time.Second, at("2"), true}},
		"a clock of another year": {{0, deploy.Lease{Version: "1", Holder: "other", Renewed: noon.AddDate(-1, 0, 0)}, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var turn deploy.Turn
			for _, l := range looks {
				assert.Equal(t, l.free, turn.Free(l.found, noon.Add(l.after)), "after %s", l.after)
			}
		})
	}
}

func TestOnlyALostRaceIsTriedAgain(t *testing.T) {
	for output, want := range map[string]bool{
		`Error from server (AlreadyExists): error when creating "STDIN": leases.coordination.k8s.io "x" already exists`: true,
		`Error from server (Conflict): Operation cannot be fulfilled on leases: the object has been modified`:           true,
		`Error from server (NotFound): error when replacing: leases.coordination.k8s.io "x" not found`:                  true,
		`Error from server (Forbidden): leases is forbidden`:                                                            false,
		`Error from server (NotFound): error when creating "/run/lease.json": namespaces "x" not found`:                 false,
		`dial tcp: connection refused`: false,
	} {
		assert.Equal(t, want, deploy.LostRace(output), output)
	}
}
