package publish_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/registry"
)

func TestWhatIsBuiltAgainIsHeldAgainstWhatIsSigned(t *testing.T) {
	in, n := served(t), newNotary()
	request := asked(t, in, "v1")
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), request)
	require.NoError(t, err)
	release := publish.Release{Registry: in, Tag: "v1", Trust: publish.Trust{Key: "trusted.pub"}}
	reproduce := func(archive string) (string, error) {
		return publish.Reproduce(t.Context(), registry.Registry{}, n, release, publish.Rebuilt{Name: "todo-backend", Archive: archive})
	}

	text, err := reproduce(request.Artifacts[0].File)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(text, in+"/todo-backend@sha256:"), text)
	assert.True(t, strings.HasSuffix(text, "built again, and the same bit for bit\n"), text)

	text, err = reproduce(archived(t, t.TempDir(), "other.tar"))
	assert.Empty(t, text)
	require.ErrorContains(t, err, "is not what was built again: layer 0: ")
	require.ErrorContains(t, err, "published from git+https://example.com/todo@"+strings.Repeat("b", 40))
	require.ErrorContains(t, err, "git checkout "+strings.Repeat("b", 40)+",")

	_, err = reproduce("/no/such/archive.tar")
	require.ErrorContains(t, err, "archive.tar")
	release.Trust.Key = "another.pub"
	_, err = reproduce(request.Artifacts[0].File)
	require.ErrorContains(t, err, "the signature of "+in+"/todo-backend", "what nobody trusted signed is compared with nothing")
}
