package run_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/run"
)

func shell(script string) run.Command { return run.Command{Args: []string{"sh", "-c", script}} }

func TestACommandGivesWhatItPrinted(t *testing.T) {
	folder := t.TempDir()
	out, err := run.Command{Dir: folder, Env: []string{"NAME=todo"}, Args: []string{"sh", "-c", "pwd; echo $NAME; echo warning >&2"}}.Output(context.Background())
	require.NoError(t, err)
	assert.Equal(t, folder+"\ntodo\n", string(out))
}

func TestAFailureHasTheEndOfWhatWasSaid(t *testing.T) {
	var printed bytes.Buffer
	err := shell("seq 100; echo broken >&2; exit 3").Print(context.Background(), &printed)
	require.ErrorContains(t, err, "sh ended with exit code 3:\n")
	assert.Contains(t, err.Error(), "\n100\n\nbroken")
	assert.NotContains(t, err.Error(), "\n50\n")
	assert.True(t, strings.HasPrefix(printed.String(), "1\n2\n"), "all of it is printed as it comes")
	_, err = run.Command{Args: []string{"no-such-program"}}.Output(context.Background())
	assert.ErrorContains(t, err, "no-such-program")
}

func TestAFailureBeginsWithTheLineThatSaysWhatFailed(t *testing.T) {
	for printed, want := range map[string]string{
		"pytest":            "FAILED tests/test_a.py::test_adds - assert (1 + 1) == 3",
		"pytest-collection": "ERROR tests/test_b.py",
		"ruff":              "a.py:1:1: I001 [*] Import block is un-sorted or un-formatted",
		"ruff-format":       "a.py:2:1: unformatted: File would be reformatted",
		"mypy":              `a.py:3: error: Incompatible return value type (got "int", expected "str")  [return-value]`,
		"vitest":            "FAIL  src/a.test.ts > adds",
		"eslint":            "/app/src/b.ts: 2:7 error 'unused' is assigned a value but never used @typescript-eslint/no-unused-vars",
		"prettier":          "[warn] src/a.test.ts",
		"tsc":               "src/b.ts(1,14): error TS2322: Type 'string' is not assignable to type 'number'.",
		"helmlint":          "[ERROR] values.yaml: - at '': additional properties 'nonsense' not allowed",
		"kubeconform": "r.yaml - HTTPRoute a is invalid: problem validating schema. Check JSON formatting: jsonschema validation failed with " +
			"'file:///schemas/crds/httproute-gateway-v1.json#' - at '/spec/hostnames': got number, want array",
		"gotest":  "--- FAIL: TestAdds (0.00s)",
		"gobuild": `./b.go:2:23: cannot use "a" (untyped string constant) as int value in return statement`,
	} {
		raw, err := os.ReadFile("testdata/" + printed + ".txt")
		require.NoError(t, err)
		assert.Equal(t, want, run.Cause(string(raw)), printed)
		assert.True(t, strings.HasPrefix(run.Said(string(raw)), " "+want+"\n"), printed)
	}
	for _, harmless := range []string{"", "577 passed, 2 skipped", "  no error here", "[INFO] Chart.yaml: icon is recommended"} {
		assert.Empty(t, run.Cause(harmless))
		assert.Equal(t, "\n"+strings.TrimSpace(harmless), run.Said(harmless))
	}
	err := shell("echo '--- FAIL: TestAdds (0.00s)'; exit 1").Print(context.Background(), &bytes.Buffer{})
	assert.EqualError(t, err, "sh ended with exit code 1: --- FAIL: TestAdds (0.00s)\n--- FAIL: TestAdds (0.00s)")
}

func TestACommandEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.Error(t, shell("sleep 60").Print(ctx, &bytes.Buffer{}))
}
