package deploy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/deploy"
)

func TestHistoryTellsWhereToReturnTo(t *testing.T) {
	for name, test := range map[string]struct {
		output string
		want   deploy.History
	}{
		"not installed": {"Error: release: not found\n", deploy.History{}},
		"installed once": {
			`[{"revision":1,"status":"deployed"}]`,
			deploy.History{Good: 1, Last: 1},
		},
		"upgraded": {
			`[{"revision":1,"status":"superseded"},{"revision":2,"status":"deployed"}]`,
			deploy.History{Good: 2, Last: 2},
		},
		"failed last": {
			`[{"revision":3,"status":"deployed"},{"revision":4,"status":"failed"}]`,
			deploy.History{Good: 3, Last: 4},
		},
		"killed while upgrading": {
			`[{"revision":2,"status":"deployed"},{"revision":3,"status":"pending-upgrade"}]`,
			deploy.History{Good: 2, Last: 3, Pending: true},
		},
		"killed while installing": {
			`[{"revision":1,"status":"pending-install"}]`,
			deploy.History{Last: 1, Pending: true},
		},
		"killed while removing": {
			`[{"revision":1,"status":"uninstalling"}]`,
			deploy.History{Last: 1, Pending: true},
		},
		"out of order": {
			`[{"revision":2,"status":"deployed"},{"revision":1,"status":"superseded"}]`,
			deploy.History{Good: 2, Last: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := deploy.ParseHistory(test.output)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAHistoryThatIsNoneIsAnErrorAndNotAFirstInstall(t *testing.T) {
	for _, output := range []string{"", "Error: Kubernetes cluster unreachable: dial tcp", `{"revision":1}`} {
		_, err := deploy.ParseHistory(output)
		assert.Error(t, err, output)
	}
}

func TestAPendingReleaseIsRepairedWithoutLosingAGoodRevision(t *testing.T) {
	assert.Equal(t, []string{"helm", "--namespace", "ns", "rollback", "todo", "2", "--server-side=true", "--force-conflicts"},
		deploy.History{Good: 2, Last: 3, Pending: true}.Repair("todo", "ns"))
	assert.Equal(t, []string{"helm", "--namespace", "ns", "uninstall", "todo", "--wait"},
		deploy.History{Last: 1, Pending: true}.Repair("todo", "ns"))
}

func TestAProvenRevisionGoesBeforeOneThatWasOnlyApplied(t *testing.T) {
	applied := deploy.History{Good: 5, Last: 5}
	assert.Equal(t, deploy.History{Good: 4, Last: 5, Proven: true}, applied.WithProven([]int{2, 4, 3}))
	assert.Equal(t, applied, applied.WithProven(nil), "of a release that was never proven")
}

func TestAMarkThatHelmHandedOnProvesNothing(t *testing.T) {
	proven, err := deploy.ParseProven("2=2 3=2 4=4 5=true 6=")
	require.NoError(t, err)
	assert.Equal(t, []int{2, 4}, proven)

	none, err := deploy.ParseProven(" ")
	require.NoError(t, err)
	assert.Empty(t, none)

	_, err = deploy.ParseProven("Error: forbidden")
	assert.Error(t, err)
}

func TestARollbackGoesToTheLastProvenRevisionThatIsAnother(t *testing.T) {
	for name, test := range map[string]struct {
		history string
		proven  []int
		want    int
	}{
		"two deployments": {`[{"revision":1},{"revision":2}]`, []int{1, 2}, 1},
		"the one before never passed its proof": {
			`[{"revision":1},{"revision":2,"status":"failed"},{"revision":3}]`, []int{1, 3}, 1,
		},
		"the present one is a failure taken back": {
			`[{"revision":1},{"revision":2},{"revision":3},{"revision":4,"description":"Rollback to 2"}]`, []int{1, 2, 4}, 1,
		},
		"taken back twice": {
			`[{"revision":1},{"revision":2},{"revision":3,"description":"Rollback to 2"},{"revision":4},{"revision":5,"description":"Rollback to 3"}]`,
			[]int{1, 2, 3, 5}, 1,
		},
		"rolled back by hand, and now forward again": {
			`[{"revision":1},{"revision":2},{"revision":3,"description":"Rollback to 1"}]`, []int{1, 2, 3}, 2,
		},
		"in any order": {`[{"revision":2},{"revision":1}]`, []int{2, 1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := deploy.Previous(test.history, test.proven)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestARollbackWithoutAnywhereToGoSaysSo(t *testing.T) {
	_, err := deploy.Previous(`[{"revision":1},{"revision":2,"description":"Rollback to 1"}]`, []int{1, 2})
	assert.ErrorContains(t, err, "--revision")
	_, err = deploy.Previous("Error: release: not found", nil)
	assert.ErrorContains(t, err, "release: not found")
}

func TestAProofStandsForWhatTheRevisionWasMadeFrom(t *testing.T) {
	for name, test := range map[string]struct {
		fields string
		want   int
	}{
		"the same":                                {"1=superseded=1=1.old 2=deployed=2=2.new", 2},
		"in any order":                            {"2=deployed=2=2.new 1=superseded=1=1.old", 2},
		"the first":                               {"1=deployed=1=1.new", 1},
		"no release":                              {"", 0},
		"another content":                         {"1=deployed=1=1.old", 0},
		"never proven":                            {"1=deployed==", 0},
		"proof and content inherited":             {"1=superseded=1=1.new 2=deployed=1=1.new", 0},
		"proven again, content inherited":         {"1=superseded=1=1.new 2=deployed=2=1.new", 0},
		"rolled back, content not known":          {"2=superseded=2=2.new 3=deployed=3=3.", 0},
		"a failure after it":                      {"1=deployed=1=1.new 2=failed==", 0},
		"a run that was killed in the middle":     {"1=deployed=1=1.new 2=pending-upgrade==", 0},
		"taken away by hand, Helm's Secrets kept": {"1=uninstalled=1=1.new", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := deploy.ProvenAs(test.fields, "new")
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	_, err := deploy.ProvenAs("Error: forbidden", "new")
	assert.ErrorContains(t, err, "VERSION=STATUS=MARK=CONTENT")
}
