package chart_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/chart"
)

// onCluster puts a kubectl, a helm and a todo-chatbot on PATH that write down how they are called; every pod has a class.
func onCluster(t *testing.T, class string) (calls func() string) {
	t.Helper()
	folder := t.TempDir()
	for name, body := range map[string]string{
		"kubectl": `case "$*" in *"get pods"*) echo "todo-chatbot-backend-1 ` + class + `" ;; esac`,
		"helm": `case "$*" in
  *" upgrade "*) for file; do case $file in */images.json|*/known.json) cat "$file" >>` + folder + `/calls ;; esac; done ;;
  *" test "*) [ ! -e ` + folder + `/broken ] ;;
  package*) while [ "$1" != --destination ]; do shift; done; cp ` + folder + `/*.tgz "$2" ;;
  version*) cat ` + folder + `/version ;;
esac`,
		"todo-chatbot": "",
	} {
		script := "#!/bin/sh\necho \"$(basename \"$0\") $*\" >>" + folder + "/calls\n" + body + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700))
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return func() string {
		raw, err := os.ReadFile(filepath.Join(folder, "calls"))
		require.NoError(t, err)
		return string(raw)
	}
}

// withSets is a chart's folder with two sets of values.
func withSets(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "ci"), 0o700))
	for _, name := range []string{"default", "extras"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "ci", name+"-values.yaml"), []byte("old: 1\nnew: 2\n"), 0o600))
	}
	return folder
}

// archiveOf is a chart's archive with one file.
func archiveOf(t *testing.T, name, content string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: "todo-chatbot/" + name, Size: int64(len(content)), Mode: 0o600}))
	_, err := archive.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	file := filepath.Join(t.TempDir(), "todo-chatbot-1.0.0.tgz")
	require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
	return file
}

func TestEachSetOfValuesIsInstalledAndUpgradedWithTheImages(t *testing.T) {
	calls := onCluster(t, "Guaranteed")
	var out bytes.Buffer
	trial := chart.Trial{Chart: withSets(t), Images: map[string]string{"backend": "one"}}
	require.NoError(t, trial.Run(context.Background(), &out))
	assert.Contains(t, out.String(), "default: installed\ndefault: test\ndefault: upgraded\ndefault: test\ntodo-chatbot-backend-1 Guaranteed\nextras: installed\n")
	assert.Contains(t, out.String(), "2 sets of values hold\n")
	assert.Contains(t, calls(), `{"backend":"one"}`)
	assert.Contains(t, calls(), "kubectl create namespace chart-extras")

	out.Reset()
	trial.Only = "extras"
	require.NoError(t, trial.Run(context.Background(), &out))
	assert.NotContains(t, out.String(), "default")
	trial.Only = "missing"
	assert.ErrorContains(t, trial.Run(context.Background(), &out), "it has no set of values missing in ci/")
}

func TestAPodThatIsNotGuaranteedFailsItsSet(t *testing.T) {
	onCluster(t, "Burstable")
	var out bytes.Buffer
	err := chart.Trial{Chart: withSets(t)}.Run(context.Background(), &out)
	require.ErrorContains(t, err, `ci/default-values.yaml: pod "todo-chatbot-backend-1 Burstable" is not Guaranteed`)
	assert.NotContains(t, out.String(), "extras", "it ends at the first set that does not hold")
}

func TestASetThatFailsSaysSo(t *testing.T) {
	onCluster(t, "Guaranteed")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.SplitList(os.Getenv("PATH"))[0], "broken"), nil, 0o600))
	err := chart.Trial{Chart: withSets(t)}.Run(context.Background(), &bytes.Buffer{})
	assert.ErrorContains(t, err, "ci/default-values.yaml: sh ended with exit code 1:")
}

func TestTheVersionBeforeIsInstalledWithWhatItKnows(t *testing.T) {
	calls := onCluster(t, "Guaranteed")
	var out bytes.Buffer
	before := archiveOf(t, "values.schema.json", `{"properties": {"old": {}}, "additionalProperties": false}`)
	require.NoError(t, chart.Trial{Chart: withSets(t), Only: "default", Previous: before}.Run(context.Background(), &out))
	assert.Contains(t, out.String(), "new is new, and the chart before is installed without it\n")
	assert.Contains(t, calls(), `{"old":1}`)
	assert.Contains(t, calls(), "upgrade todo-chatbot "+before+" --install")
	for what, archive := range map[string]string{
		"the chart before: reading its values.schema.json: EOF": archiveOf(t, "Chart.yaml", "name: todo-chatbot"),
		"the chart before: open /no/such/chart.tgz":             "/no/such/chart.tgz",
	} {
		assert.ErrorContains(t, chart.Trial{Chart: withSets(t), Previous: archive}.Run(context.Background(), &out), what)
	}
}

func TestAChartIsPackagedWithoutAClock(t *testing.T) {
	onCluster(t, "")
	folder, to := filepath.SplitList(os.Getenv("PATH"))[0], t.TempDir()
	_, err := chart.Package(context.Background(), ".", to)
	require.ErrorContains(t, err, "packaging the chart: helm ended with exit code 1")
	raw, err := os.ReadFile(archiveOf(t, "Chart.yaml", "name: todo-chatbot"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "todo-chatbot-1.0.0.tgz"), raw, 0o600))
	name, err := chart.Package(context.Background(), ".", to)
	require.NoError(t, err)
	assert.Equal(t, "todo-chatbot-1.0.0.tgz", name)
	packed, err := os.Open(filepath.Join(to, name))
	require.NoError(t, err)
	t.Cleanup(func() { _ = packed.Close() })
	zipped, err := gzip.NewReader(packed)
	require.NoError(t, err)
	header, err := tar.NewReader(zipped).Next()
	require.NoError(t, err)
	assert.Equal(t, "todo-chatbot/Chart.yaml", header.Name)
	_, err = chart.Package(context.Background(), ".", "/no/such/folder")
	require.ErrorContains(t, err, "writing the chart's package")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "other.tgz"), raw, 0o600))
	_, err = chart.Package(context.Background(), ".", to)
	assert.ErrorContains(t, err, "helm package made 2 files and not one")
}
