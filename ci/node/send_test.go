package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sent runs send.sh with a kubectl that has one node with some images, and gives what it printed and how kubectl was called. Other
// answers go before those that are here.
func sent(t *testing.T, images string, answers ...string) (out, calls string, err error) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("send.sh needs jq")
	}
	folder := t.TempDir()
	kubectl := `#!/bin/sh
echo "$@" >>` + folder + `/calls
case "$*" in
` + strings.Join(answers, "\n") + `
  "get nodes --output json") echo '{"items": [{"metadata": {"name": "alpha", "labels": {"kubernetes.io/os": "linux"}}, "status": {` +
		`"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"operatingSystem": "linux", "architecture": "arm64", "containerRuntimeVersion": "containerd://2.3.0", "kubeletVersion": "v1.36.4"}, ` +
		`"images": ` + images + `}}]}' ;;
  "create namespace"*) echo '{"metadata": {}}' ;;
  "create --filename -") cat >/dev/null ;;
  *serviceaccount/default*) exit 1 ;;
esac
`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "kubectl"), []byte(kubectl), 0o700))
	cmd := exec.CommandContext(t.Context(), "bash", "send.sh", "todo/todo-chatbot", image+"=/no/such/archive")
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
	printed, err := cmd.CombinedOutput()
	raw, _ := os.ReadFile(filepath.Join(folder, "calls"))
	return string(printed), string(raw), err
}

const image = "localhost/todo-backend@sha256:aa"

func TestANodeThatHasEveryImageIsLeftAlone(t *testing.T) {
	out, calls, err := sent(t, `[{"names": ["pause:3"]}, {"names": ["localhost/todo-backend:1", "`+image+`"]}]`)
	require.NoError(t, err, out)
	assert.Equal(t, "alpha has every image\n", out)
	assert.NotContains(t, calls, "create")
}

func TestANodeThatLacksAnImageIsSentIt(t *testing.T) {
	for name, images := range map[string]string{"it has others": `[{"names": ["localhost/todo-backend@sha256:bb"]}]`, "it has none": `[]`, "it tells of none": `null`} {
		out, calls, err := sent(t, images)
		require.Error(t, err, name)
		assert.Contains(t, calls, "create namespace", name)
		// Its controller manager makes no service account: a pod would be refused, and is not tried.
		assert.Contains(t, out, "gave the namespace todo-chatbot-images-", name)
		assert.NotContains(t, calls, "condition=Ready", name)
	}
}

func TestANodeThatNoImageIsForIsSentNothing(t *testing.T) {
	for platforms, takes := range map[string]bool{"": true, "linux/arm64": true, "linux/amd64,linux/arm64": true, "linux/amd64": false, "linux/arm": false} {
		t.Setenv("PLATFORMS", platforms)
		out, calls, err := sent(t, `[]`)
		require.Error(t, err, platforms)
		assert.Equal(t, takes, strings.Contains(calls, "create namespace"), platforms)
		if !takes {
			assert.Contains(t, out, "no node that is Ready runs "+platforms, platforms)
		}
	}
}

func TestAPodThatTheClusterRefusesIsToldWithTheOtherWay(t *testing.T) {
	out, _, err := sent(t, `[{"names": ["pause:3"]}]`,
		`*serviceaccount/default*) ;;`,
		`"create --filename -") ! grep '"kind": "Pod"' >/dev/null || { echo 'pods "node-0" is forbidden' >&2; exit 1; } ;;`)
	require.Error(t, err)
	assert.Contains(t, out, "is forbidden\nimages: the cluster takes no pod that reaches node alpha\n")
	assert.Contains(t, out, "admits privileged pods")
	assert.Contains(t, out, "release … with-registry\n")
}
