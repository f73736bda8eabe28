package chart_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/chart"
)

// packaged gives what `helm package` makes of the chart.
func packaged(t *testing.T) []byte {
	t.Helper()
	return packagedFrom(t, source)
}

func packagedFrom(t *testing.T, checkout string) []byte {
	t.Helper()
	tool, err := helm()
	require.NoError(t, err)
	to := t.TempDir()
	out, err := exec.Command(tool, "package", checkout, "--destination", to).CombinedOutput()
	require.NoError(t, err, "%s", out)
	found, err := filepath.Glob(to + "/*.tgz")
	require.NoError(t, err)
	require.Len(t, found, 1)
	raw, err := os.ReadFile(found[0])
	require.NoError(t, err)
	return raw
}

func repacked(t *testing.T, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, chart.Repack(bytes.NewReader(raw), &out))
	return out.Bytes()
}

func TestThePackagedChartHasTheSameBytesEachTime(t *testing.T) {
	first := packaged(t)
	// Helm gives each file the time that the checkout has.
	another := filepath.Join(t.TempDir(), "todo-chatbot")
	require.NoError(t, os.CopyFS(another, os.DirFS(source)))
	require.NoError(t, os.Chtimes(filepath.Join(another, "Chart.yaml"), time.Time{}, time.Unix(1_000_000_000, 0)))
	second := packagedFrom(t, another)
	require.NotEqual(t, first, second, "helm package has no clock any more: Repack is no longer needed")
	assert.Equal(t, repacked(t, first), repacked(t, second))
	assert.Equal(t, repacked(t, first), repacked(t, repacked(t, first)))
}

func TestARepackedChartHasTheSameFiles(t *testing.T) {
	first := packaged(t)
	assert.Equal(t, contents(t, first), contents(t, repacked(t, first)))
}

func TestARepackedChartRendersTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "todo-chatbot.tgz")
	require.NoError(t, os.WriteFile(path, repacked(t, packaged(t)), 0o600))
	tool, err := helm()
	require.NoError(t, err)
	out, err := exec.Command(tool, "template", "todo-chatbot", path, "--namespace", "todo-chatbot", "--kube-version", kubernetes(t),
		"--values", filepath.Join(source, golden["development"])).Output()
	require.NoError(t, err)
	assert.Equal(t, string(rendered(t, "development")), string(out))
}

// A package holds what installs the chart, and nothing that is of use here alone.
func TestThePackageHasNothingThatIsOfUseHereAlone(t *testing.T) {
	files := contents(t, packaged(t))
	for _, name := range []string{"Chart.yaml", "README.md", "values.yaml", "values.schema.json", "values-dev.yaml", "values-staging.yaml",
		"values-prod.yaml", "secret-template.yaml", "templates/NOTES.txt", "files/journey.py"} {
		assert.Contains(t, files, "todo-chatbot/"+name)
	}
	for name := range files {
		for _, folder := range []string{"ci", "examples", "tests"} {
			assert.False(t, strings.HasPrefix(name, "todo-chatbot/"+folder+"/"), name)
		}
		assert.NotContains(t, name, "gotmpl")
		assert.NotContains(t, name, "ruff")
	}
}

func contents(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(raw))
	require.NoError(t, err)
	files := map[string]string{}
	for in := tar.NewReader(zipped); ; {
		header, err := in.Next()
		if err != nil {
			break
		}
		var content bytes.Buffer
		_, err = content.ReadFrom(in)
		require.NoError(t, err)
		files[header.Name] = content.String()
	}
	return files
}

func TestAPackageThatIsNotAChartsIsRefused(t *testing.T) {
	plain := func(names ...string) []tar.Header {
		var headers []tar.Header
		for _, name := range names {
			headers = append(headers, tar.Header{Typeflag: tar.TypeReg, Name: name})
		}
		return headers
	}
	tests := map[string]struct {
		files   []tar.Header
		problem string
	}{
		"nothing":             {nil, "it has no Chart.yaml"},
		"another thing":       {plain("a/values.yaml"), "it has no Chart.yaml"},
		"a file twice":        {plain("a/Chart.yaml", "a/Chart.yaml"), "a/Chart.yaml is there twice"},
		"a file outside":      {plain("a/../../etc/passwd"), "is not in the chart's folder"},
		"a file above":        {plain("../passwd"), "is not in the chart's folder"},
		"a file of the root":  {plain("/etc/passwd"), "is not in the chart's folder"},
		"a file of no folder": {plain("Chart.yaml"), "is not in the chart's folder"},
		"a link":              {[]tar.Header{{Typeflag: tar.TypeSymlink, Name: "a/b", Linkname: "/etc"}}, "a/b is no plain file"},
		"a file that is huge": {[]tar.Header{{Typeflag: tar.TypeReg, Name: "a/b", Size: 6 << 20}}, "Helm reads no more than 5242880"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var raw bytes.Buffer
			zipped := gzip.NewWriter(&raw)
			archive := tar.NewWriter(zipped)
			for _, header := range test.files {
				require.NoError(t, archive.WriteHeader(&header))
			}
			_ = archive.Flush()
			require.NoError(t, zipped.Close())
			assert.ErrorContains(t, chart.Repack(&raw, new(bytes.Buffer)), test.problem)
		})
	}
	assert.ErrorContains(t, chart.Repack(strings.NewReader("<html>"), new(bytes.Buffer)), "pass what helm package wrote")
}
