package report

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	pytest = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="0" skipped="2" tests="577" time="31.2"/></testsuites>`
	vitest = `<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="5" failures="0" errors="0" time="8.4">
  <testsuite name="src/lib/a.test.ts" tests="3" failures="0" errors="0" skipped="1" time="0.2"><testcase name="a"/></testsuite>
  <testsuite name="src/lib/b.test.ts" tests="2" failures="0" errors="0" skipped="0" time="0.2"/>
</testsuites>`
	found = `[{"id": "CVE-2", "package": "zlib", "severity": "LOW"}, {"id": "CVE-1", "package": "libssl3", "target": "debian"},
		{"id": "CVE-1", "package": "libssl3", "target": "elsewhere"}, {"id": "KSV-1", "target": "pod.yaml"}]`
)

func TestTheFiguresOfTheChecksAreThoseThatTheToolsWrite(t *testing.T) {
	checks, err := ParseChecks(pytest, vitest, found)
	require.NoError(t, err)
	assert.Equal(t, []Tests{{"backend", 575, 2}, {"front end", 4, 1}}, checks.Tests)
	assert.Equal(t, []string{"CVE-1 in libssl3", "CVE-2 in zlib", "KSV-1 in pod.yaml"}, checks.Findings, "each once, in order")
	assert.Equal(t, []string{
		"backend: 575 tests passed, 2 skipped", "front end: 4 tests passed, 1 skipped",
		"findings: 3, none of which fails a scan (dagger call findings lists them)",
	}, checks.Lines())
}

func TestWhatFailedHasNotPassed(t *testing.T) {
	counted, _, err := parseTests("backend", `<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>`)
	require.NoError(t, err)
	assert.Equal(t, Tests{"backend", 3, 3}, counted)
}

func TestFiguresThatCannotBeReadAreNamed(t *testing.T) {
	_, err := ParseChecks("<", "<", "{")
	for _, says := range []string{"counting the tests of backend", "counting the tests of front end", "counting the findings"} {
		assert.ErrorContains(t, err, says)
	}
	checks, err := ParseChecks(pytest, vitest, "[]")
	require.NoError(t, err)
	assert.Equal(t, []string{}, checks.Findings, "none were found, and that was looked for")
}

func TestTheTenSlowestTestsAreNamed(t *testing.T) {
	junit := `<testsuites><testsuite tests="12">`
	for i := range 12 {
		junit += fmt.Sprintf(`<testcase classname="tests.test_a" name="test_%d[&lt;b&gt;]" time="%d.25"/>`, i, i)
	}
	junit += `</testsuite></testsuites>`
	checks, err := ParseChecks(junit, `<testsuites><testsuite><testcase classname="a.test.ts" name="adds" time="9.5"/></testsuite></testsuites>`, "[]")
	require.NoError(t, err)
	require.Len(t, checks.Slowest, 10)
	assert.Equal(t, Test{"backend", "tests.test_a test_11[<b>]", seconds(11.25)}, checks.Slowest[0])
	assert.Equal(t, Test{"front end", "a.test.ts adds", seconds(9.5)}, checks.Slowest[2], "of both parts together")
	assert.Equal(t, "tests.test_a test_3[<b>]", checks.Slowest[9].Name)
}

func TestAnImageIsToldWithTheShareOfItsBudget(t *testing.T) {
	checks, err := ParseChecks(pytest, vitest, "[]", `[{"image": "backend", "of": "added", "bytes": 71100000, "limit": 79000000}]`,
		`[{"image": "frontend", "of": "change", "bytes": 1, "limit": 0}]`)
	require.NoError(t, err)
	require.Len(t, checks.Sizes, 2)
	assert.Equal(t, []string{"backend added", "71.1 MB", "79.0 MB", "90 %"}, checks.Sizes[0].Row())
	assert.Equal(t, "100 %", checks.Sizes[1].Row()[3])
	_, err = ParseChecks(pytest, vitest, "[]", "{")
	assert.ErrorContains(t, err, "reading the sizes of an image")
}
