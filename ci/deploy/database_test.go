package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// databaseURL is a row of the table that three programs judge by.
type databaseURL struct {
	Name, URL string
	// Refused is a part of what is said of one that is not taken, and Becomes what one that is taken means.
	Refused string
	Becomes struct {
		Host, User, Password, Database, SSL, Root string
		Port                                      int
	}
	// InCluster is a part of what is said of one that works on a laptop and not in a pod.
	InCluster string
}

const table = "../../docs/contracts/database-urls.json"

func TestADatabaseURLIsJudgedByTheTable(t *testing.T) {
	raw, err := os.ReadFile(table)
	require.NoError(t, err)
	var rows []databaseURL
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.Greater(t, len(rows), 90)
	for _, row := range rows {
		t.Run(row.Name, func(t *testing.T) {
			d, err := parseDatabase(row.URL)
			inputs := good()
			inputs.DatabaseURL = row.URL
			judged := inputs.Validate()
			if row.Refused != "" {
				require.ErrorContains(t, err, row.Refused)
				require.ErrorContains(t, judged, row.Refused)
				assert.NotContains(t, judged.Error(), "Pl4nted")
				assert.NotContains(t, judged.Error(), "\n")
				return
			}
			require.NoError(t, err)
			want := row.Becomes
			assert.Equal(t, postgres{user: want.User, password: want.Password, host: want.Host, port: want.Port, name: want.Database, ssl: want.SSL, root: want.Root}, d)
			assert.Contains(t, inputs.Secrets(), want.Password)
			if row.InCluster == "" {
				assert.NoError(t, judged)
				return
			}
			assert.ErrorContains(t, judged, row.InCluster)
		})
	}
}

// The folders of the application are tested alone, so each has its copy of the table.
func TestTheApplicationJudgesByTheSameTable(t *testing.T) {
	want, err := os.ReadFile(table)
	require.NoError(t, err)
	for _, path := range []string{"backend/tests", "frontend/test"} {
		got, err := os.ReadFile(filepath.Join("../..", path, filepath.Base(table)))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "run: cp docs/contracts/%[1]s %[2]s/%[1]s", filepath.Base(table), path)
	}
}
