package hack_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// harmless are programs that need no cluster, no engine and no network, and write where they are told to.
var harmless = []string{"umask", "openssl", "printf", "sed", "export", "echo"}

func TestEachBlockOfCommandsIsOneThatAShellReads(t *testing.T) {
	for page, blocks := range commandBlocks(t) {
		for _, commands := range blocks {
			out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", commands).CombinedOutput()
			assert.NoError(t, err, "%s: %s\n%s", page, out, commands)
		}
	}
}

func TestWhatACommandNamesOfTheRepositoryIsThere(t *testing.T) {
	named := regexp.MustCompile(`(?m)(?:^|[\s=/]/?)((?:hack|helm|examples|ci|benchmarks|backend|frontend)/[\w./-]*\w)`)
	found := 0
	for page, blocks := range commandBlocks(t) {
		for _, commands := range blocks {
			for _, name := range named.FindAllStringSubmatch(commands, -1) {
				found++
				_, err := os.Stat(root(name[1]))
				assert.NoError(t, err, page)
			}
		}
	}
	assert.Greater(t, found, 20)
}

func TestACommandThatNeedsNoClusterIsRun(t *testing.T) {
	pins, err := filepath.Abs(root("ci"))
	require.NoError(t, err)
	folders, ran := map[string]string{}, 0
	for page, blocks := range commandBlocks(t) {
		folder := t.TempDir()
		folders[page] = folder
		require.NoError(t, os.Symlink(pins, filepath.Join(folder, "ci")))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "kubeconfig"), []byte(read(t, "ci/kube/testdata/kubeconfig/kind.yaml")), 0o600))
		var script []string
		for command := range strings.SplitSeq(strings.Join(blocks, ""), "\n") {
			if !slices.ContainsFunc(programs(command), func(program string) bool { return !slices.Contains(harmless, program) }) {
				script = append(script, command)
			}
		}
		ran += len(script)
		shell := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.Join(script, "\n")+"\necho \"${release:-}\" >release")
		shell.Dir = folder
		out, err := shell.CombinedOutput()
		assert.NoError(t, err, "%s: %s\n%s", page, strings.Join(script, "\n"), out)
	}
	assert.Greater(t, ran, 6)

	made := func(page, name string) string {
		text, err := os.ReadFile(filepath.Join(folders[page], name))
		require.NoError(t, err)
		return string(text)
	}
	assert.Regexp(t, `^[0-9a-f]{64}\n?$`, made("docs/quickstart.md", "auth-secret"))
	assert.Regexp(t, `^[0-9a-f]{64}$`, made("docs/chart.md", "auth-secret"))
	assert.Contains(t, made("docs/quickstart.md", "release"), "--cluster tcp://127.0.0.1:", "the address is taken from the kubeconfig")
	assert.Contains(t, made("docs/quickstart.md", "release"), " --postgres --values helm/todo-chatbot/examples/two-cpus-values.yaml", "on two CPUs every call takes them")
	for line := range strings.Lines(made("docs/first-run.md", "pins.mirror")) {
		assert.Regexp(t, `^(#|\n|\S+ mirror\.example\.com/\S+@sha256:)`, line)
	}
}

func TestPrograms(t *testing.T) {
	for command, want := range map[string][]string{
		"(umask 077 && openssl rand -hex 32 >a)": {"umask", "openssl"},
		`release="--a $(sed -n 's|.*: ||p' k)"`:  {"sed"},
		"A=b kubectl get pods | grep -v x":       {"kubectl", "grep"},
		"export A=$(id) B=c   # why; not this":   {"export", "id"},
		"hack/test":                              {"hack/test"},
	} {
		assert.Equal(t, want, programs(command), command)
	}
}

// programs are those that a line starts.
func programs(line string) []string {
	quoted := regexp.MustCompile(`'[^']*'`).ReplaceAllString(line, "''")
	uncommented, _, _ := strings.Cut(quoted, " #")
	starts := regexp.MustCompile(`(?:^|&&|\|\|?|;|\$?\()\s*(?:\w+=(?:"[^"$]*"|[^\s"$(]*)\s+)*([\w./-]+)(=?)`)
	var all []string
	for _, found := range starts.FindAllStringSubmatch(uncommented, -1) {
		if found[2] == "" {
			all = append(all, found[1])
		}
	}
	return all
}

// commandBlocks gives the blocks of commands of each page, each command on one line.
func commandBlocks(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, file := range repositoryFiles(t) {
		if path.Ext(file) != ".md" || strings.HasPrefix(file, "hack/lab/") {
			continue
		}
		for _, found := range block.FindAllStringSubmatch(read(t, file), -1) {
			all[file] = append(all[file], strings.ReplaceAll(found[1], "\\\n", " "))
		}
	}
	require.Greater(t, len(all), 8)
	return all
}
