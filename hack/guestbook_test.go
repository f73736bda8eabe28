package hack_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/release"
)

const guestbook = "examples/guestbook"

// What an engine does with the example is .ci/run's business. Here its chart has to be one that the pipeline takes.
func TestTheExamplesChartIsOneThatThePipelineDelivers(t *testing.T) {
	image := "localhost/guestbook-web@sha256:" + strings.Repeat("4", 64)
	values, err := release.ImageValues(root(guestbook+"/chart"), map[string]string{"web": image})
	require.NoError(t, err)
	raw, err := json.Marshal(values)
	require.NoError(t, err)
	helm := exec.Command(root(".bin/helm"), "template", "guestbook", root(guestbook+"/chart"), "--values", "-")
	helm.Stdin = strings.NewReader(string(raw))
	manifests, err := helm.Output()
	require.NoError(t, err, "the tool may be missing; to build it, run: hack/tools helm")
	require.NoError(t, kube.CheckRendered(manifests, "guestbook", []string{image}))
	assert.Regexp(t, `kind: Pod\nmetadata:\n  name: guestbook-test-journey\n(  .*\n)*    helm\.sh/hook: test\n`, string(manifests))
	demand, err := kube.ParseDemand(manifests)
	require.NoError(t, err)
	assert.NotEmpty(t, demand.Pods)
}

func TestTheExampleIsShortAndHasThePinnedPython(t *testing.T) {
	module := read(t, guestbook+"/.dagger/main.go")
	assert.LessOrEqual(t, strings.Count(module, "\n"), 60)
	parsed, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	assert.Contains(t, module, `+default="`+parsed.Reference(pins.Python)+`"`)
}
