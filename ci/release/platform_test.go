package release

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

// builtFor asks for a release whose images are for some platforms.
func builtFor(t *testing.T, platforms ...string) Request {
	t.Helper()
	r := request(t, "one")
	r.Platforms = map[string][]string{"backend": platforms, "frontend": platforms}
	return r
}

func TestWhatNoNodeRunsIsRefusedAndNothingIsSent(t *testing.T) {
	r := builtFor(t, "linux/amd64")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.platforms = []string{"linux/arm64"}
		got := w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "platform: no node runs linux/amd64, which these images are built for; nodes are linux/arm64: call with --platform linux/arm64")
		require.ErrorContains(t, got.err, "Nothing of the release was changed")
		assert.Empty(t, w.did("run"))
		w.platforms = []string{"linux/amd64"}
		require.NoError(t, w.client("run").deploy(r).err)
	})
}

func TestPodsOfOnePlatformKeepToItsNodes(t *testing.T) {
	for name, test := range map[string]struct {
		platforms []string
		want      map[string]string
	}{
		"one":                       {[]string{"linux/arm64"}, map[string]string{"kubernetes.io/arch": "arm64"}},
		"both":                      {[]string{"linux/amd64", "linux/arm64"}, nil},
		"of which nothing is known": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := builtFor(t, test.platforms...)
			r.TodoChatbot.Postgres, r.TodoChatbot.Secrets.DatabaseURL, r.Images["postgres"] = true, "", "docker.io/library/postgres"+digest
			if test.platforms == nil {
				r.Platforms = nil
			}
			d, err := desire(r)
			require.NoError(t, err)
			var values map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(d.values, &values))
			for _, part := range []string{"backend", "frontend", "postgres"} {
				var component struct{ NodeSelector map[string]string }
				require.NoError(t, json.Unmarshal(values[part], &component))
				assert.Equal(t, test.want, component.NodeSelector, part)
			}
		})
	}
}

func TestImagesRunWhereAllOfThemCan(t *testing.T) {
	both, one := []string{"linux/amd64", "linux/arm64"}, []string{"linux/arm64"}
	for name, test := range map[string]struct {
		platforms map[string][]string
		want      []string
		says      string
	}{
		"nothing is said":          {nil, nil, ""},
		"of one alone":             {map[string][]string{"backend": one}, one, ""},
		"with a variant":           {map[string][]string{"backend": {"linux/arm64/v8"}, "frontend": one}, one, ""},
		"the same":                 {map[string][]string{"backend": both, "frontend": both}, both, ""},
		"one has fewer":            {map[string][]string{"backend": both, "frontend": one}, one, ""},
		"of an image that is none": {map[string][]string{"backend": both, "postgres": {"linux/s390x"}}, both, ""},
		"nothing in common": {map[string][]string{"backend": {"linux/amd64"}, "frontend": one}, nil,
			"images: no platform runs all of them: backend for linux/amd64; frontend for linux/arm64; build them for the same"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "one")
			r.Platforms = test.platforms
			d, err := desire(r)
			if test.says != "" {
				assert.ErrorContains(t, err, test.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, d.platforms)
		})
	}
}

// The chart of the test knows of no nodeSelector, as another application's.
func TestNodesThatMayGetAPodAndCannotRunItAreWarnedOfOnce(t *testing.T) {
	r := builtFor(t, "linux/amd64")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.platforms = []string{"linux/amd64", "linux/arm64"}
		got := w.client("run").deploy(r)
		require.NoError(t, got.err)
		assert.Equal(t, report.Passed, got.report.Outcome)
		require.Len(t, got.report.Warnings, 1)
		assert.Contains(t, got.report.Warnings[0], "a pod of deployment/backend that is placed on node-1 (linux/arm64) cannot start there")
	})
}
