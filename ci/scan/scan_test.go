package scan_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/scan"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const vulnerable = `{"SchemaVersion":2,"ArtifactName":"backend","ArtifactType":"container_image","Results":[{"Target":"uv.lock","Class":"lang-pkgs",
"Vulnerabilities":[
{"VulnerabilityID":"CVE-1","PkgName":"a","InstalledVersion":"1","FixedVersion":"2","Severity":"HIGH","Title":"hole"},
{"VulnerabilityID":"CVE-2","PkgName":"b","InstalledVersion":"1","Severity":"CRITICAL","Title":"no fix"},
{"VulnerabilityID":"CVE-3","PkgName":"c","InstalledVersion":"1","FixedVersion":"2","Severity":"MEDIUM","Title":"small"}]}]}`

func found(t *testing.T, text string) []scan.Finding {
	t.Helper()
	findings, err := scan.ParseTrivy([]byte(text))
	require.NoError(t, err)
	return findings
}

func TestARealReportIsReadWithoutItsPassesAndSecretsValues(t *testing.T) {
	raw, err := os.ReadFile("testdata/filesystem.json")
	require.NoError(t, err)
	findings := found(t, string(raw))
	require.NotEmpty(t, findings)
	assert.Equal(t, scan.Finding{Kind: scan.Secret, ID: "aws-access-key-id", Severity: scan.Critical, Target: "config.ini",
		Title: "AWS Access Key ID", Line: 1}, findings[0])
	table := scan.Table(findings)
	assert.Contains(t, table, "DS-0001")
	assert.Contains(t, table, "config.ini:1")
	assert.NotContains(t, table, "****")
}

func TestTheGateSaysOfARealReportWhatTrivySays(t *testing.T) {
	raw, err := os.ReadFile("testdata/vulnerabilities.json")
	require.NoError(t, err)
	findings, err := scan.ParseTrivy(raw, scan.LanguagePackages)
	require.NoError(t, err)
	assert.EqualError(t, scan.Gate{Threshold: scan.High, Now: now}.Check(findings),
		"CRITICAL CVE-2020-14343 in PyYAML: installed 5.3, fixed in 5.4\n"+
			"HIGH CVE-2019-10906 in Jinja2: installed 2.10, fixed in 2.10.1")
	assert.Equal(t, strings.Join([]string{
		"SEVERITY  ID              WHERE   INSTALLED  FIXED IN  WHAT",
		"CRITICAL  CVE-2020-14343  PyYAML  5.3        5.4       PyYAML: incomplete fix for CVE-2020-1747",
		"HIGH      CVE-2019-10906  Jinja2  2.10       2.10.1    python-jinja2: str.format_map allows sandbox escape",
		"HIGH      CVE-2024-23342  ecdsa   0.19.0               python-ecdsa: vulnerable to the Minerva attack",
		"",
	}, "\n"), scan.Table(findings))
}

func TestAReportThatSaysNothingIsNeverNoFindings(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":            "",
		"null":             "null",
		"truncated":        vulnerable[:len(vulnerable)-3],
		"followed by text": vulnerable + "x",
		"another tool's":   `{"matches":[]}`,
		"a list":           "[]",
		"an older schema":  strings.Replace(vulnerable, `"SchemaVersion":2`, `"SchemaVersion":1`, 1),
		"a new severity":   strings.Replace(vulnerable, "HIGH", "SEVERE", 1),
		"no package":       strings.Replace(vulnerable, `"PkgName":"a",`, "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scan.ParseTrivy([]byte(raw))
			assert.ErrorContains(t, err, "trivy report: ")
		})
	}
}

func TestASeverityIsReadAsItIsWritten(t *testing.T) {
	for severity := scan.Unknown; severity <= scan.Critical; severity++ {
		read, err := scan.ParseSeverity(severity.String())
		require.NoError(t, err)
		assert.Equal(t, severity, read)
	}
	read, err := scan.ParseSeverity("high")
	require.NoError(t, err)
	assert.Equal(t, scan.High, read)
	_, err = scan.ParseSeverity("severe")
	assert.EqualError(t, err, `no severity is called "severe"; write one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL`)
}

func TestAFindingThatNobodyHasRatedYetIsTold(t *testing.T) {
	unrated := scan.Finding{Kind: scan.Vulnerability, ID: "CVE-1", Severity: scan.Unknown, Target: "a", Package: "p", Fixed: "2"}
	require.NoError(t, scan.Gate{Threshold: scan.High, Now: now}.Check([]scan.Finding{unrated}))
	assert.Contains(t, scan.Summary([]scan.Finding{unrated}, scan.Medium), "UNKNOWN   CVE-1  p")
	unrated.Fixed = ""
	assert.Equal(t, "1 findings, all below MEDIUM\n", scan.Summary([]scan.Finding{unrated}, scan.Medium), "nobody can fix it")
}

func TestAMisconfigurationThatPassedIsNoFinding(t *testing.T) {
	report := func(status string) string {
		return `{"SchemaVersion":2,"ArtifactName":"chart","ArtifactType":"filesystem","Results":[{"Target":"pod.yaml","Class":"config",
"Misconfigurations":[{"ID":"KSV-1","Severity":"HIGH","Status":"` + status + `","Message":"runs as root","CauseMetadata":{"StartLine":7}}]}]}`
	}
	assert.Empty(t, found(t, report("PASS")))
	err := scan.Gate{Threshold: scan.High, Now: now}.Check(found(t, report("FAIL")))
	assert.EqualError(t, err, "HIGH KSV-1 in pod.yaml:7: runs as root")
}

func TestOnlyWhatIsFixableAndHeavyFails(t *testing.T) {
	err := scan.Gate{Threshold: scan.High, Now: now}.Check(found(t, vulnerable))
	assert.EqualError(t, err, "HIGH CVE-1 in a: installed 1, fixed in 2")
	err = scan.Gate{Threshold: scan.Medium, Now: now}.Check(found(t, vulnerable))
	assert.ErrorContains(t, err, "MEDIUM CVE-3 in c")
}

func TestAnExceptionLetsItsFindingPassUntilItsLastDay(t *testing.T) {
	exceptions, err := scan.ParseExceptions([]byte("- {id: CVE-1, package: a, reason: not reached, expires: 2026-11-23}"))
	require.NoError(t, err)
	findings := found(t, vulnerable)
	require.NoError(t, scan.Gate{Threshold: scan.High, Exceptions: exceptions, Now: now}.Check(findings))
	assert.Contains(t, scan.Table(findings), "excepted: not reached")

	err = scan.Gate{Threshold: scan.High, Exceptions: exceptions, Now: now.AddDate(0, 0, 1)}.Check(findings)
	assert.ErrorContains(t, err, "HIGH CVE-1 in a")
	assert.ErrorContains(t, err, "exception CVE-1 in a expired on 2026-11-23")
}

func TestAnExceptionThatNothingNeedsFails(t *testing.T) {
	exceptions, err := scan.ParseExceptions([]byte("- {id: CVE-1, package: b, reason: gone, expires: 2027-01-01}"))
	require.NoError(t, err)
	err = scan.Gate{Threshold: scan.Critical, Exceptions: exceptions, Now: now}.Check(found(t, vulnerable))
	assert.EqualError(t, err, "exception CVE-1 in b is not needed; remove it")
}

func TestExceptionsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"- {id: CVE-1, package: a, expires: 2026-12-01}":                                                               "write a reason",
		"- {id: CVE-1, package: a, reason: r}":                                                                         "is no day",
		"- {id: CVE-1, reason: r, expires: 2026-12-01}":                                                                "write the id and the package",
		"- {id: CVE-1, package: a, reason: r, expire: 2026-12-01}":                                                     "unknown field",
		"- {id: A, package: a, reason: r, expires: 2026-12-01}\n- {id: A, package: a, reason: r, expires: 2026-12-01}": "given twice",
	} {
		_, err := scan.ParseExceptions([]byte(text))
		assert.ErrorContains(t, err, want)
	}
}

func TestGitleaksFindingsFailAndAnEmptyListPasses(t *testing.T) {
	findings, err := scan.ParseGitleaks([]byte(`[{"RuleID":"key","Description":"A key","File":"a.py","Commit":"abc","StartLine":4,"Secret":"hunter2"}]`))
	require.NoError(t, err)
	err = scan.Gate{Threshold: scan.High, Now: now}.Check(findings)
	assert.EqualError(t, err, "CRITICAL key in a.py:4: revoke it, then remove it")
	assert.NotContains(t, scan.Table(findings), "hunter2")
	findings, err = scan.ParseGitleaks([]byte("[]"))
	require.NoError(t, err)
	assert.Empty(t, findings)
	for _, raw := range []string{"", "null", "[", "{}", "[{}]", `[{"RuleID":"key"}]`, `[{"File":"a"}]`, `[{"RuleID":"key","File":"a","StartLine":-1}]`} {
		_, err := scan.ParseGitleaks([]byte(raw))
		assert.ErrorContains(t, err, "gitleaks report: ", raw)
	}
}

func TestASecretIsToldWithTheCommitThatBroughtIt(t *testing.T) {
	findings, err := scan.ParseGitleaks([]byte(`[{"RuleID":"key","Description":"A key","File":"a.py","Commit":"abc","StartLine":4},
{"RuleID":"key","Description":"A key","File":"b.py","StartLine":0}]`))
	require.NoError(t, err)
	require.Len(t, findings, 2)
	assert.Equal(t, "A key (commit abc)", findings[0].Title)
	assert.Equal(t, "A key", findings[1].Title, "what is not committed yet, somewhere in its file")
}

func TestAnOldDatabaseIsWarnedOf(t *testing.T) {
	database, err := scan.ParseDatabase([]byte(`{"Version":2,"UpdatedAt":"2026-11-16T12:00:00Z"}`))
	require.NoError(t, err)
	assert.Equal(t, "vulnerability database of 2026-11-16", database.Line(now))
	assert.Contains(t, database.Line(now.Add(time.Hour)), "warning: it is 7 days old")
	_, err = scan.ParseDatabase([]byte("{}"))
	assert.ErrorContains(t, err, "no UpdatedAt")
}

func TestSarifHasWhatIsOpenAndNotWhatIsExcepted(t *testing.T) {
	findings := found(t, vulnerable)
	findings[0].Excepted = "no way out"
	raw, err := scan.Sarif("trivy", "0.70.0", findings)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), findings[0].ID)
	assert.Contains(t, string(raw), "CVE-1")
	assert.Contains(t, string(raw), "installed 1, fixed in 2")
}

func TestADistributionOutOfSupportIsAFindingOfAnyScan(t *testing.T) {
	report := func(os string) string {
		return `{"SchemaVersion":2,"ArtifactName":"shop","ArtifactType":"container_image","Metadata":{"OS":{` + os + `}},
			"Results":[{"Target":"shop (system)","Class":"os-pkgs"},{"Target":"Python","Class":"lang-pkgs"}]}`
	}
	findings, err := scan.ParseTrivy([]byte(report(`"Family":"ubuntu","Name":"16.04","EOSL":true`)), scan.SystemPackages)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	assert.Equal(t, scan.EndOfSupport, findings[0].Kind)
	assert.EqualError(t, scan.Gate{Threshold: scan.High, Now: now}.Check(findings),
		"HIGH end-of-support in ubuntu 16.04: it gets no fixes any more, says Trivy")
	findings, err = scan.ParseTrivy([]byte(report(`"Family":"ubuntu","Name":"26.04"`)), scan.SystemPackages)
	require.NoError(t, err)
	assert.Empty(t, findings)
}
