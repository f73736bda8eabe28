package scan_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/scan"
)

func policy(t *testing.T, text string) scan.Policy {
	t.Helper()
	parsed, err := scan.ParsePolicy([]byte(text))
	require.NoError(t, err)
	return parsed
}

func TestALicenceExpressionIsAllowedWhenItCanBeKept(t *testing.T) {
	allowed := policy(t, "MIT\nApache-2.0 # and its patents\n\nISC\nGPL-2.0-only  with Classpath-exception-2.0\n")
	for expression, want := range map[string]bool{
		"MIT":                            true,
		"mit":                            true,
		"GPL-3.0-only":                   false,
		"MIT OR GPL-3.0-only":            true,
		"GPL-3.0-only OR MIT":            true,
		"MIT AND GPL-3.0-only":           false,
		"MIT AND Apache-2.0":             true,
		"Apache-2.0 WITH LLVM-exception": true,
		"GPL-2.0-only WITH Classpath":    false,
		"GPL-2.0-only WITH classpath-exception-2.0":          true,
		"GPL-2.0-only WITH GCC-exception-2.0":                false,
		"GPL-2.0-only":                                       false,
		"MIT AND GPL-2.0-only WITH Classpath-exception-2.0":  true,
		"(GPL-2.0-only WITH Classpath-exception-2.0) OR BSL": true,
		"MIT WITH Linux-syscall-note":                        true,
		"MIT WITH Commons-Clause":                            false,
		"MIT WITH":                                           false,
		"(MIT OR GPL-3.0-only) AND ISC":                      true,
		"MIT OR GPL-3.0-only AND GPL-2.0":                    true,
		"(MIT OR ISC) AND (GPL-2.0 OR BSL)":                  false,
		"":                                                   false,
		"MIT AND":                                            false,
		"OR MIT":                                             false,
		"MIT MIT":                                            false,
		"(MIT":                                               false,
		"MIT)":                                               false,
		strings.Repeat("(", 10_000) + "MIT":                  false,
	} {
		assert.Equal(t, want, allowed.Allows(expression), "%.60s", expression)
	}
}

func TestPackagesWhoseLicenceIsNotAllowedFailOnceEach(t *testing.T) {
	raw, err := os.ReadFile("testdata/filesystem.json")
	require.NoError(t, err)
	findings, err := scan.ParseLicenses(raw, policy(t, "MIT"))
	require.NoError(t, err)
	assert.Empty(t, findings)
	findings, err = scan.ParseLicenses(raw, policy(t, "ISC"))
	require.NoError(t, err)
	require.NotEmpty(t, findings)
	err = scan.Gate{Threshold: scan.High, Now: now}.Check(findings)
	assert.ErrorContains(t, err, "HIGH MIT in @types/node: allow the licence, except the package, or use another")
}

func TestAReportWithoutLicencesIsNotAnAllowedOne(t *testing.T) {
	_, err := scan.ParseLicenses([]byte(vulnerable), policy(t, "MIT"))
	assert.ErrorContains(t, err, "it names no licence")
}

func TestPoliciesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"# nothing":     "it allows nothing",
		"MIT\nMIT":      "line 2: MIT is given twice",
		"MIT License":   `line 1: "MIT License" is no SPDX identifier`,
		"MIT or later":  `line 1: "MIT or later" is no SPDX identifier`,
		"MIT\n(Apache)": `line 2: "(Apache)" is no SPDX`,
	} {
		_, err := scan.ParsePolicy([]byte(text))
		assert.ErrorContains(t, err, want)
	}
}

func TestAScanThatDidNotSeeThePackagesIsRefused(t *testing.T) {
	_, err := scan.ParseTrivy([]byte(vulnerable), scan.LanguagePackages)
	require.NoError(t, err)
	_, err = scan.ParseTrivy([]byte(vulnerable), scan.LanguagePackages, scan.SystemPackages)
	assert.ErrorContains(t, err, `backend has no result of class "os-pkgs"`)
}

// A report is refused or read; it is never a panic, and what is read can be told in every way.
func FuzzReports(f *testing.F) {
	report, err := os.ReadFile("testdata/filesystem.json")
	require.NoError(f, err)
	f.Add(report)
	f.Add([]byte(vulnerable))
	f.Add([]byte(`[{"RuleID":"key","File":"a","StartLine":-1}]`))
	f.Add([]byte(`{"SchemaVersion":2,"ArtifactName":"a","ArtifactType":"a","Results":[{"Licenses":[{"FilePath":"a","Name":"a"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var all []scan.Finding
		if findings, err := scan.ParseTrivy(raw); err == nil {
			all = append(all, findings...)
		}
		if findings, err := scan.ParseLicenses(raw, scan.Policy{"mit": true}); err == nil {
			all = append(all, findings...)
		}
		if findings, err := scan.ParseGitleaks(raw); err == nil {
			all = append(all, findings...)
		}
		_ = scan.Gate{Now: now}.Check(all)
		_ = scan.Table(all)
		_, err := scan.Sarif("scan", "", all)
		assert.NoError(t, err, "what could be read can be told to GitHub")
	})
}
