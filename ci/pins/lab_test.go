package pins_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

const repository = "../.."

// standIns are the modules that a stand-in, or a tool of hack/tools, is built from, and the pin that each stands for.
var standIns = []struct {
	pin     pins.Name
	module  string
	modfile string
}{
	{pins.Helm, "helm.sh/helm/v4", "hack/lab/tools/helm/go.mod"},
	{pins.Helm, "helm.sh/helm/v4", "tools/helm4/go.mod"},
	{pins.Kubeconform, "github.com/yannh/kubeconform", "hack/lab/tools/kubeconform/go.mod"},
	{pins.Kubeconform, "github.com/yannh/kubeconform", "tools/go.mod"},
	{pins.Kubectl, "k8s.io/kubernetes", "hack/lab/tools/kube/go.mod"},
	{pins.KindNode, "k8s.io/kubernetes", "hack/lab/tools/kube/go.mod"},
	{pins.MetricsServer, "sigs.k8s.io/metrics-server", "hack/lab/tools/metrics-server/go.mod"},
	{pins.Trivy, "github.com/aquasecurity/trivy", "hack/lab/tools/trivy/go.mod"},
	{pins.Gitleaks, "github.com/zricethezav/gitleaks/v8", "hack/lab/tools/gitleaks/go.mod"},
	{pins.Cosign, "github.com/sigstore/cosign/v3", "hack/lab/tools/cosign/go.mod"},
}

// tag is that of a pin, without a leading v.
func tag(t *testing.T, pinned pins.Pins, name pins.Name) string {
	t.Helper()
	tagged, _, _ := strings.Cut(pinned.Reference(name), "@")
	return strings.TrimPrefix(tagged[strings.LastIndex(tagged, ":")+1:], "v")
}

func projectsPins(t *testing.T) pins.Pins {
	t.Helper()
	pinned, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	return pinned
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(repository, file))
	require.NoError(t, err)
	return string(raw)
}

func TestWhatTheLabBuildsIsWhatIsPinned(t *testing.T) {
	pinned := projectsPins(t)
	for _, b := range standIns {
		t.Run(string(b.pin)+" in "+b.modfile, func(t *testing.T) {
			found := regexp.MustCompile(`(?m)^(?:require )?\s*` + regexp.QuoteMeta(b.module) + ` v(\S+)`).FindStringSubmatch(read(t, b.modfile))
			require.NotNil(t, found, "%s does not require %s", b.modfile, b.module)
			assert.Equal(t, tag(t, pinned, b.pin), found[1], "change %s and ci/pins/pins.txt together: what was tested is what is shipped", b.modfile)
		})
	}
}

// A name that is written down in the lab's own script is one that can differ; those that it reads from the pins cannot.
func TestTheLabTakesTheNamesOfItsStandInsFromThePins(t *testing.T) {
	script := read(t, "hack/lab/up")
	for _, name := range pins.Names() {
		tagged, _, _ := strings.Cut(projectsPins(t).Reference(name), "@")
		_, repository, _ := strings.Cut(tagged[:strings.LastIndex(tagged, ":")], "/")
		for line := range strings.SplitSeq(script, "\n") {
			if strings.Contains(line, "standin "+string(name)+" ") {
				assert.NotRegexp(t, regexp.QuoteMeta(repository)+`:[a-z]*\d`, line, "write $(reference %s)", name)
			}
		}
	}
}
