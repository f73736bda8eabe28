package scan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/scan"
)

const (
	node    = "docker.io/library/node:24.21.0-alpine3.24@sha256:abc"
	theirs  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	ours    = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	support = `
- {product: Node.js, pins: [node], line: "24", ends: "2028-04-30", source: their schedule}
- {product: Alpine Linux, tag: alpine3.24, family: alpine, line: "3.24", ends: "2028-04-01", source: their releases}`
)

// shipped is what Trivy says of an image of two layers, the first its base's; $OS, $THEIRS and $OURS are told apart below.
const shipped = `{"SchemaVersion":2,"ArtifactName":"todo-frontend","ArtifactType":"container_image","Metadata":{"OS":{$OS},
"ImageConfig":{"architecture":"amd64","os":"linux","config":{},"history":[
 {"created":"1970-01-01T00:00:00Z","created_by":"import image layer sha256:9999"},{"empty_layer":true,"created_by":"ENV A=b"},
 {"created":"1970-01-01T00:00:00Z","created_by":"Directory.withDirectory"}],
 "rootfs":{"type":"layers","diff_ids":["$THEIRS","$OURS"]}}},
"Results":[
{"Target":"todo-frontend (alpine 3.24.2)","Class":"os-pkgs","Packages":[{"Name":"musl","Layer":{"DiffID":"$THEIRS"}}],"Vulnerabilities":[
 {"VulnerabilityID":"CVE-1","PkgName":"musl","InstalledVersion":"1","FixedVersion":"2","Severity":"HIGH","Title":"t","Layer":{"DiffID":"$THEIRS"}},
 {"VulnerabilityID":"CVE-2","PkgName":"busybox","InstalledVersion":"1","Severity":"CRITICAL","Title":"t","Layer":{"DiffID":"$THEIRS"}}]},
{"Target":"Node.js","Class":"lang-pkgs","Packages":[
 {"Name":"tar","FilePath":"usr/local/lib/node_modules/npm/node_modules/tar/package.json","Layer":{"DiffID":"$THEIRS"}},
 {"Name":"tar","FilePath":"app/node_modules/tar/package.json","Layer":{"DiffID":"$OURS"}},
 {"Name":"npm","FilePath":"usr/local/lib/node_modules/npm/package.json","Layer":{"DiffID":"$THEIRS"}}],
 "Vulnerabilities":[{"VulnerabilityID":"CVE-3","PkgName":"next","InstalledVersion":"1","FixedVersion":"2","Severity":"HIGH","Title":"t","Layer":{"DiffID":"$OURS"}}]},
{"Target":"etc/key","Class":"secret","Secrets":[{"RuleID":"private-key","Severity":"HIGH","Title":"Key","StartLine":1,"Layer":{"DiffID":"$THEIRS"}}]},
{"Target":"Node.js","Class":"license","Licenses":[
 {"PkgName":"tar","FilePath":"usr/local/lib/node_modules/npm/node_modules/tar/package.json","Name":"BlueOak-1.0.0"},
 {"PkgName":"tar","FilePath":"app/node_modules/tar/package.json","Name":"BlueOak-1.0.0"},
 {"PkgName":"npm","FilePath":"usr/local/lib/node_modules/npm/package.json","Name":"GPL-3.0-only"}]}]}`

func parsed(t *testing.T, os string, now time.Time) ([]scan.Finding, error) {
	t.Helper()
	known, err := image.ParseSupport([]byte(support))
	require.NoError(t, err)
	lines, err := image.Of(known, image.Node, node)
	require.NoError(t, err)
	report := strings.NewReplacer("$OS", os, "$THEIRS", theirs, "$OURS", ours).Replace(shipped)
	return scan.ParseImage([]byte(report), scan.Base{Reference: node, Support: lines, Known: known}, now)
}

func TestWhatLiesInTheBaseIsToldApartFromWhatIsOurs(t *testing.T) {
	findings, err := parsed(t, `"Family":"alpine","Name":"3.24.2"`, now)
	require.NoError(t, err)
	base := map[string]string{}
	for _, f := range findings {
		base[f.ID+" in "+f.Package+f.Target] = f.Base
	}
	assert.Equal(t, map[string]string{
		"CVE-1 in musltodo-frontend (alpine 3.24.2)":    node,
		"CVE-2 in busyboxtodo-frontend (alpine 3.24.2)": node,
		"CVE-3 in nextNode.js":                          "",
		"private-key in etc/key":                        node,
		"BlueOak-1.0.0 in tarNode.js":                   "",
		"GPL-3.0-only in npmNode.js":                    node,
	}, base, "the licence of the base's own tar is one that it may have")
}

func TestTheGateFailsOnAFixableFindingOfTheBaseAndSaysWhoseItIs(t *testing.T) {
	findings, err := parsed(t, `"Family":"alpine","Name":"3.24.2"`, now)
	require.NoError(t, err)
	err = scan.Gate{Threshold: scan.High, Now: now}.Check(findings)
	const advice = "; it is in the base image " + node + " and not in what is added to it: move that pin, or, while no digest is without it, " +
		"except it until a day in ci/scan/exceptions.yaml"
	assert.ElementsMatch(t, []string{
		"HIGH BlueOak-1.0.0 in tar: allow the licence, except the package, or use another",
		"HIGH CVE-1 in musl: installed 1, fixed in 2" + advice,
		"HIGH CVE-3 in next: installed 1, fixed in 2",
		"HIGH GPL-3.0-only in npm: allow the licence, except the package, or use another" + advice,
		"HIGH private-key in etc/key:1: revoke it, then remove it" + advice,
	}, strings.Split(err.Error(), "\n"), "what no version fixes is told and does not fail")

	table := scan.Table(findings)
	mine, rest, found := strings.Cut(table, "in the base image "+node+", and not in what is added to it:\n")
	require.True(t, found)
	assert.Contains(t, mine, "CVE-3")
	assert.NotContains(t, mine, "CVE-1")
	assert.Contains(t, rest, "CVE-2")

	raw, err := scan.Sarif("scan", "1", findings)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "musl: t; installed 1, fixed in 2")
	assert.Contains(t, string(raw), "; in the base image "+node)
}

func TestABaseWithoutSupportFails(t *testing.T) {
	for name, test := range map[string]struct {
		os   string
		now  time.Time
		want []string
	}{
		"supported":                  {`"Family":"alpine","Name":"3.24.2"`, now, nil},
		"on the last day":            {`"Family":"alpine","Name":"3.24.2"`, time.Date(2028, 4, 1, 23, 0, 0, 0, time.UTC), nil},
		"a distribution that ended":  {`"Family":"alpine","Name":"3.24.2"`, time.Date(2028, 4, 2, 0, 0, 0, 0, time.UTC), []string{"Alpine Linux 3.24: it gets no fixes any more: its support ended on 2028-04-01 (their releases)"}},
		"both ended":                 {`"Family":"alpine","Name":"3.24.2","EOSL":true`, time.Date(2028, 5, 1, 0, 0, 0, 0, time.UTC), []string{"Alpine Linux 3.24: ", "Node.js 24: it gets no fixes any more: its support ended on 2028-04-30"}},
		"one that Trivy alone knows": {`"Family":"debian","Name":"11.1","EOSL":true`, now, []string{"debian 11.1: it gets no fixes any more, says Trivy"}},
		"one that Trivy sees sooner": {`"Family":"alpine","Name":"3.24.2","EOSL":true`, now, []string{"Alpine Linux 3.24: it gets no fixes any more, says Trivy"}},
	} {
		t.Run(name, func(t *testing.T) {
			findings, err := parsed(t, test.os, test.now)
			require.NoError(t, err)
			var ended []scan.Finding
			for _, f := range findings {
				if f.Kind == scan.EndOfSupport {
					ended = append(ended, f)
				}
			}
			require.Len(t, ended, len(test.want))
			err = scan.Gate{Threshold: scan.High, Now: test.now}.Check(ended)
			for _, want := range test.want {
				assert.ErrorContains(t, err, "HIGH end-of-support in "+want)
				assert.ErrorContains(t, err, "in the base image "+node)
			}
		})
	}
}

func TestAReportThatDoesNotTellLayersApartIsRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"nothing of the base":   {"import image layer sha256:9999", "RUN something"},
		"a layer without a sum": {`"$THEIRS","$OURS"`, `"$THEIRS"`},
		"no packages":           {"lang-pkgs", "lang"},
		"no licences":           {`"Class":"license","Licenses"`, `"Class":"license","Others"`},
	} {
		t.Run(name, func(t *testing.T) {
			report := strings.NewReplacer("$OS", "", "$THEIRS", theirs, "$OURS", ours).Replace(strings.Replace(shipped, change[0], change[1], 1))
			_, err := scan.ParseImage([]byte(report), scan.Base{Reference: node}, now)
			assert.ErrorContains(t, err, "trivy report: ")
		})
	}
}

func TestTheProjectsOwnBasesAreKnown(t *testing.T) {
	pins, err := image.ParsePins([]byte(image.DefaultPins()))
	require.NoError(t, err)
	for _, name := range []image.Name{image.Python, image.Node} {
		base, err := scan.NewBase(name, pins.Reference(name))
		require.NoError(t, err)
		assert.NotEmpty(t, base.Support, name)
	}
	_, err = scan.NewBase(image.Node, "docker.io/library/node:latest")
	assert.NoError(t, err, "a pin of a user's own is scanned whatever its line is")
}
