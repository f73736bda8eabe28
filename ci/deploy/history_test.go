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
	assert.Equal(t, []string{"helm", "--namespace", "ns", "rollback", "todo", "2"},
		deploy.History{Good: 2, Last: 3, Pending: true}.Repair("todo", "ns"))
	assert.Equal(t, []string{"helm", "--namespace", "ns", "uninstall", "todo", "--wait"},
		deploy.History{Last: 1, Pending: true}.Repair("todo", "ns"))
}

func TestAProvenRevisionGoesBeforeOneThatWasOnlyApplied(t *testing.T) {
	applied := deploy.History{Good: 5, Last: 5}
	proven, err := applied.WithProven("2 4 3")
	require.NoError(t, err)
	assert.Equal(t, deploy.History{Good: 4, Last: 5}, proven)

	never, err := applied.WithProven("")
	require.NoError(t, err)
	assert.Equal(t, applied, never)

	_, err = applied.WithProven("4 x")
	assert.Error(t, err)
}
