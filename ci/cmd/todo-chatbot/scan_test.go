package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/scan"
)

// scanners puts a trivy and a gitleaks on PATH that write a report, and keep what they were called with.
func scanners(t *testing.T, report string) (folder string, calls func() string) {
	t.Helper()
	folder = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "report"), []byte(report), 0o600))
	script := `#!/bin/sh
echo "$(basename "$0") in $(basename "$PWD"): $*" >>` + folder + `/calls
[ -s ` + folder + `/report ] || { echo "FATAL no report" >&2; exit 1; }
for last; do :; done
cp ` + folder + `/report "$last"
`
	for _, name := range []string{"trivy", "gitleaks"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700))
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return folder, func() string {
		raw, err := os.ReadFile(filepath.Join(folder, "calls"))
		require.NoError(t, err)
		return string(raw)
	}
}

// vulnerable is a report with one finding of a weight, and secret one with a credential.
func vulnerable(severity string) string {
	return `{"SchemaVersion": 2, "ArtifactName": "checkout", "ArtifactType": "filesystem", "Results": [{"Target": "uv.lock", "Class": "lang-pkgs",
		"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "h11", "InstalledVersion": "1", "FixedVersion": "2", "Severity": "` + severity + `"}]}]}`
}

const secret = `{"SchemaVersion": 2, "ArtifactName": "checkout", "ArtifactType": "filesystem", "Results": [{"Target": "a.env", "Class": "secret",
	"Secrets": [{"RuleID": "key", "Severity": "LOW", "Title": "A key", "StartLine": 3, "Match": "hunter2"}]}]}`

// database is a folder into which Trivy downloaded.
func database(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "db"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "db/metadata.json"), []byte(`{"UpdatedAt": "2020-01-02T00:00:00Z"}`), 0o600))
	return folder
}

func TestACheckoutIsScannedWithoutAskingAnybody(t *testing.T) {
	folder, calls := scanners(t, vulnerable("CRITICAL"))
	findings, checkout := filepath.Join(folder, "findings.json"), filepath.Join(t.TempDir(), "checkout")
	require.NoError(t, os.Mkdir(checkout, 0o700))
	code, _, errs := called("scan", "checkout", "--database", "/db", findings, checkout)
	require.Zero(t, code, errs)
	assert.Contains(t, calls(), "filesystem --scanners vuln,secret,misconfig --skip-dirs checkout/hack/lab --skip-dirs checkout/benchmarks "+
		"--skip-dirs checkout/ci/kube/testdata checkout --cache-dir /db --skip-db-update")
	assert.Contains(t, calls(), "--offline-scan")

	code, out, errs := called("scan", "judge", "--database", database(t), "--part", findings)
	assert.Equal(t, failed, code)
	assert.Empty(t, out)
	assert.Contains(t, errs, "CRITICAL CVE-1 in h11: installed 1, fixed in 2\n\nvulnerability database of 2020-01-02; warning")
}

func TestWhatMayPassPassesAndIsTold(t *testing.T) {
	folder, _ := scanners(t, vulnerable("MEDIUM"))
	findings := filepath.Join(folder, "findings.json")
	code, _, errs := called("scan", "checkout", findings, t.TempDir())
	require.Zero(t, code, errs)
	code, out, errs := called("scan", "judge", "--database", database(t), "--part", findings)
	assert.Zero(t, code, errs)
	assert.Contains(t, out, "MEDIUM    CVE-1  h11    1          2")
	code, _, errs = called("scan", "judge", "--part", findings)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "reading the vulnerability database")
}

func TestTheHistoryIsReadWithTheRepositorysRules(t *testing.T) {
	folder, calls := scanners(t, `[{"RuleID": "key", "File": "a.py", "Commit": "abc", "StartLine": 4, "Secret": "hunter2"}]`)
	findings, repository := filepath.Join(folder, "findings.json"), t.TempDir()
	code, _, errs := called("scan", "history", findings, repository)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "looking through the history: this checkout has no .git directory")
	require.NoError(t, os.Mkdir(filepath.Join(repository, ".git"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(repository, ".git/HEAD"), nil, 0o600))
	code, _, errs = called("scan", "history", "--rules", "/rules.toml", findings, repository)
	require.Zero(t, code, errs)
	assert.Contains(t, calls(), "gitleaks in todo-chatbot: git --no-banner --log-level error --config /rules.toml --redact=100 --ignore-gitleaks-allow --exit-code 0")
	raw, err := os.ReadFile(findings)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), "hunter2")

	// What one finds is gathered with what others do, the heaviest first.
	written := filepath.Join(folder, "all.json")
	code, _, errs = called("scan", "write", written, findings, findings)
	require.Zero(t, code, errs)
	var all []scan.Finding
	raw, err = os.ReadFile(written)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &all))
	require.Len(t, all, 2)
	assert.Equal(t, scan.Critical, all[0].Severity)
	code, _, errs = called("scan", "write", "--format", "sarif", written, findings)
	require.Zero(t, code, errs)
	raw, err = os.ReadFile(written)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "sarif-2.1.0")
	code, _, errs = called("scan", "write", "--format", "xml", written, findings)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, `no format is called "xml"`)
}

func TestACredentialOfAnyWeightIsRefusedAndNeverShown(t *testing.T) {
	scanners(t, secret)
	code, out, errs := called("scan", "secrets", "/src")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "LOW key in a.env:3: revoke it, then remove it")
	assert.NotContains(t, out+errs, "hunter2")
	scanners(t, strings.Replace(secret, `"Secrets"`, `"Others"`, 1))
	code, _, errs = called("scan", "secrets", "/src")
	assert.Zero(t, code, errs)
}

func TestAnImageIsUnpackedUnderItsName(t *testing.T) {
	file, _ := archive(t)
	_, calls := scanners(t, vulnerable("LOW"))
	code, _, errs := called("scan", "image", "--base", "node=docker.io/library/node:24.1.0-alpine3.24", "/out.json", file)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "scanning image.tar: trivy report", "a report of no image says nothing about one")
	assert.Contains(t, calls(), "--image-config-scanners misconfig,secret --input image --cache-dir")
	code, _, errs = called("scan", "image", "--base", "node=x:1", "/out.json", "/no/such/image.tar")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "unpacking image: tar ended with exit code ")
}

// A check that stumbles over one file says nothing of the others either.
func TestAScanWithoutOneOfItsChecksIsNone(t *testing.T) {
	folder, _ := scanners(t, vulnerable("LOW"))
	script, err := os.ReadFile(filepath.Join(folder, "trivy"))
	require.NoError(t, err)
	said := `printf '2026-11-26T21:50:23Z\tERROR\t[rego] Error occurred while applying rule\terr="eval_conflict_error"\n' >&2`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "trivy"), append(script, said...), 0o700))
	code, _, errs := called("scan", "checkout", folder+"/f", folder)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "trivy left a check out")
	assert.Contains(t, errs, "eval_conflict_error")
	assert.NoFileExists(t, folder+"/f")
}

func TestAScannerThatFailsIsNoFindings(t *testing.T) {
	folder, _ := scanners(t, "")
	file, _ := archive(t)
	for what, args := range map[string][]string{
		"scanning the checkout": {"scan", "checkout", folder + "/f", folder}, "looking for secrets": {"scan", "secrets", folder},
		"listing the packages of": {"image", "sbom", "spdx", file, folder + "/f"},
	} {
		code, _, errs := called(args...)
		assert.Equal(t, failed, code)
		assert.Contains(t, errs, what)
		assert.Contains(t, errs, "trivy ended with exit code 1:\nFATAL no report")
	}
	require.NoError(t, os.WriteFile(folder+"/f", []byte("{"), 0o600))
	for _, args := range [][]string{{"scan", "judge", folder + "/f"}, {"scan", "write", folder + "/o", folder + "/none"}} {
		code, _, errs := called(args...)
		assert.Equal(t, failed, code)
		assert.Contains(t, errs, "reading")
	}
}

func TestABillOfMaterialsIsOfTheImagesDigest(t *testing.T) {
	folder, calls := scanners(t, `{"spdxVersion": "SPDX-2.3", "packages": [{}, {}], "documentNamespace": "01234567-89ab-cdef-0123-456789abcdef"}`)
	var texts []string
	for range 2 {
		file, _ := archive(t)
		code, _, errs := called("image", "sbom", "spdx", file, folder+"/sbom.json")
		require.Zero(t, code, errs)
		raw, err := os.ReadFile(folder + "/sbom.json")
		require.NoError(t, err)
		texts = append(texts, string(raw))
	}
	assert.NotEqual(t, texts[0], texts[1])
	assert.Contains(t, calls(), "--format spdx-json --input image")
	code, _, errs := called("image", "sbom", "xml", "a", "b")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "spdx and cyclonedx")
}
