package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheTableSaysWhatTheFilesSay(t *testing.T) {
	assert.Equal(t, `| pin | original | it says what is in it | the stand-in takes | it differs, why |
| --- | --- | --- | --- | --- |
| go | `+"`golang`"+` | a<br>b | its layout, on two lines | no apk (no registry has it); older (frozen \| so) |
|  | `+"`ghcr.io/a/b:1`"+` | c | all |  |
`, table([]original{
		{Pin: "go", shown: "docker.io/library/golang:{tag}", Sources: []string{"a", "b"}, Takes: "its layout,\non two lines\n",
			Differs: []differs{{"no apk", "no registry has it"}, {"older", "frozen | so"}}},
		{shown: "ghcr.io/a/b:1", Sources: []string{"c"}, Takes: "all"},
	}))
}

func TestTheTableIsWrittenBetweenItsLines(t *testing.T) {
	readme := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(readme, []byte("# a\n"+begin+"old\n"+end+"rest\n"), 0o644))
	require.NoError(t, writeTable(readme, nil))
	written, err := os.ReadFile(readme)
	require.NoError(t, err)
	assert.Equal(t, "# a\n"+begin+table(nil)+end+"rest\n", string(written))

	require.NoError(t, os.WriteFile(readme, []byte("# a\n"), 0o644))
	require.ErrorContains(t, writeTable(readme, nil), "the README has no lines")
}

func TestTheReadmeHasTheTable(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, inside, _, err := between(readme)
	require.NoError(t, err)
	assert.Equal(t, table(standins(t)), string(inside), "run go run ./hack/lab/originals table -write")
}
