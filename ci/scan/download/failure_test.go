package download_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"todo-chatbot/ci/scan/download"
)

// What Trivy prints of a database that it cannot have.
const noDatabase = `2026-11-23T18:03:41Z	INFO	[vulndb] Need to update DB
2026-11-23T18:03:41Z	FATAL	Fatal error	run error: init error: DB error: failed to download vulnerability DB: OCI artifact error: failed to download vulnerability DB: failed to download artifact from registry.example.com/db:2: OCI repository error: 1 error occurred:
	* Get "https://registry.example.com/v2/": dial tcp: connection refused

`

func TestADatabaseThatCannotBeHadIsOneLine(t *testing.T) {
	err := download.Failure("registry.example.com/db:2", noDatabase)
	assert.ErrorContains(t, err, "cannot be had from registry.example.com/db:2, so nothing was scanned")
	assert.ErrorContains(t, err, "connection refused; name a copy")
	assert.NotContains(t, err.Error(), "\n")
	assert.Equal(t, 1, strings.Count(err.Error(), "failed to download"))
	assert.ErrorContains(t, download.Failure("", ""), "from its publisher")
}
