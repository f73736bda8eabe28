package release

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/deploy"
)

func TestARequestSurvivesItsJSON(t *testing.T) {
	r := request(t, "one")
	r.Values, r.Plan, r.Deliver = []string{"a.yaml"}, "plan.txt", []string{"send.sh", "x"}
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	got, err := ParseRequest(raw)
	require.NoError(t, err)
	assert.Equal(t, r, got)
	assert.Contains(t, string(raw), `"release":"todo-chatbot","namespace":"todo"`)
}

func TestARequestThatSaysMoreThanIsKnownIsRefused(t *testing.T) {
	for raw, says := range map[string]string{
		`{"relase": "x"}`:     "relase",
		`{"timeout": "soon"}`: `write one as "5m" or "90s"`,
		`{"timeout": 5}`:      `write one as "5m" or "90s"`,
		`{} {}`:               "more than one JSON object",
		``:                    "reading the request",
		`{"secrets": {"authSecret": "x", "password": "y"}}`: "password",
	} {
		_, err := ParseRequest([]byte(raw))
		assert.ErrorContains(t, err, says, raw)
	}
	assert.Equal(t, defaultTimeout, Target{}.timeout())
}

func TestImagesAreNamedByDigest(t *testing.T) {
	for reference, good := range map[string]bool{
		"registry.acme.dev/one" + digest: true, "localhost/todo-backend" + digest: true, "localhost:5000/a/b:tag" + digest: true,
		"registry.acme.dev/one:v1": false, "registry.acme.dev/one": false, "": false, "registry.acme.dev/one@sha256:44": false,
		digest: false, "-x" + digest: false, "a b" + digest: false,
	} {
		r := request(t, "one")
		r.Images.Backend = reference
		_, err := desire(r)
		assert.Equal(t, good, err == nil, reference)
	}
}

func TestEveryProblemOfARequestIsToldAtOnceAndNoSecretWithIt(t *testing.T) {
	r := request(t, "one")
	require.NoError(t, os.WriteFile(r.Secrets.AuthSecret, []byte("short-"+password), 0o600))
	r.Secrets.OpenAIKey = filepath.Join(t.TempDir(), "missing")
	r.Images.Frontend, r.PublicURL = "frontend:latest", "todo.acme.dev"
	require.NoError(t, os.WriteFile(r.Secrets.DatabaseURL, []byte("mysql://todo:"+password+"@db/todo"), 0o600))
	_, err := desire(r)
	for _, says := range []string{"OPENAI_API_KEY: open ", "frontend image", "public URL", "DATABASE_URL: mysql:// is another database"} {
		require.ErrorContains(t, err, says)
	}
	assert.NotContains(t, err.Error(), password)
}

func TestARequestIsHeldAgainstItsRulesBeforeAnythingIsBuilt(t *testing.T) {
	r := request(t, "one")
	r.Images, r.Chart, r.Timeout, r.Environment = Images{}, "", Duration(time.Minute), deploy.Development
	secrets := map[string]string{r.Secrets.AuthSecret: "0123456789abcdefghijklmnopqrstuv\n", r.Secrets.DatabaseURL: "postgresql+asyncpg://todo:" + password + "@db/todo"}
	read := func(path string) (string, error) { return secrets[path], nil }
	require.NoError(t, r.Validate("ghcr.io/acme", read))
	assert.ErrorContains(t, r.Validate("https://ghcr.io", read), "registry: give a host")
	assert.ErrorContains(t, r.Validate("", func(string) (string, error) { return "", os.ErrPermission }), "DATABASE_URL: permission denied")
	r.Timeout = 0
	assert.ErrorContains(t, r.Validate("", read), "timeout: 0s is no time to wait")
}

func TestAReleaseHasAPostgresOfItsOwnWhereNoneIsGiven(t *testing.T) {
	given := SecretFiles{DatabaseURL: "/run/secrets/database-url"}
	for r, own := range map[*Request]bool{
		{}: false, {Postgres: true}: true, {Ephemeral: true}: true, {Postgres: true, Secrets: given}: false, {Ephemeral: true, Secrets: given}: false,
	} {
		assert.Equal(t, own, r.OwnPostgres(), r)
	}
}

func TestImagesAreValuesOfTheChartByDigest(t *testing.T) {
	assert.Equal(t, map[string]map[string]any{
		"backend":  {"image": map[string]any{"repository": "ghcr.io/acme/b", "digest": "sha256:1", "tag": ""}},
		"postgres": {"image": map[string]any{"repository": "p:17", "digest": "sha256:2", "tag": ""}},
	}, Images{Backend: "ghcr.io/acme/b@sha256:1", Postgres: "p:17@sha256:2"}.Values(), "what is left out is the chart's")
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for says, change := range map[string]func(*Request){
		"reading the values":     func(r *Request) { r.Values = []string{"/no/such/file"} },
		"reading the chart":      func(r *Request) { r.Chart = "/no/such/folder" },
		"reading the saved plan": func(r *Request) { r.Plan = "/no/such/plan" },
		"is empty; make a new":   func(r *Request) { r.Plan = empty },
	} {
		r := request(t, "one")
		change(&r)
		_, err := desire(r)
		assert.ErrorContains(t, err, says)
	}
}

func TestAContentIsOfEverythingThatARevisionIsMadeFrom(t *testing.T) {
	r := request(t, "one")
	contentOf := func(change func(*Request)) string {
		changed := r
		change(&changed)
		d, err := desire(changed)
		require.NoError(t, err)
		return d.content
	}
	same := contentOf(func(*Request) {})
	assert.Len(t, same, 40)
	assert.Equal(t, same, contentOf(func(*Request) {}))
	assert.Equal(t, same, contentOf(func(r *Request) { r.Timeout, r.Plan = 1, "" }))
	mine := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(mine, []byte("a: 1"), 0o600))
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("vutsrqponmlkjihgfedcba9876543210"), 0o600))
	seen := map[string]bool{same: true}
	for name, change := range map[string]func(*Request){
		"image": func(r *Request) { r.Images.Backend = "registry.acme.dev/two" + digest }, "values": func(r *Request) { r.Values = []string{mine} },
		"address": func(r *Request) { r.PublicURL = "https://other.acme.dev" }, "chart": func(r *Request) { r.ChartDigest = "another" },
		"secret": func(r *Request) { r.Secrets.AuthSecret = secret }, "environment": func(r *Request) { r.Environment = "staging" },
	} {
		other := contentOf(change)
		assert.False(t, seen[other], name)
		seen[other] = true
	}
	require.NoError(t, os.WriteFile(filepath.Join(r.Chart, "values.yaml"), []byte("b: 2"), 0o600))
	assert.NotEqual(t, same, contentOf(func(*Request) {}), "a file of the chart")
}

func TestAReleaseOfItsOwnPostgresHasItsPasswordAndAddress(t *testing.T) {
	r := request(t, "one")
	r.Postgres, r.Secrets.DatabaseURL, r.Images.Postgres = true, "", "docker.io/library/postgres"+digest
	d, err := desire(r)
	require.NoError(t, err)
	var values struct {
		Postgres struct {
			Enabled bool
			Image   struct{ Repository, Digest string }
		}
		ExistingSecret string
	}
	require.NoError(t, json.Unmarshal(d.values, &values))
	assert.True(t, values.Postgres.Enabled)
	assert.Equal(t, "docker.io/library/postgres", values.Postgres.Image.Repository)
	assert.Equal(t, strings.TrimPrefix(digest, "@"), values.Postgres.Image.Digest)
	assert.Equal(t, d.secret, values.ExistingSecret)
	again, err := desire(r)
	require.NoError(t, err)
	assert.Equal(t, d.secret, again.secret, "the next deployment arrives at the same password")
	r.Images.Postgres = ""
	d, err = desire(r)
	require.NoError(t, err)
	assert.NotContains(t, string(d.values), "docker.io/library/postgres")
}

func TestACommandsFailureHasTheEndOfWhatItPrintedAndWhatToDo(t *testing.T) {
	long := strings.Repeat("line\n", 60) + "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n"
	text := (&CommandError{Command: "kubectl get", ExitCode: 1, Stderr: long}).Error()
	assert.True(t, strings.HasPrefix(text, "kubectl get ended with exit code 1:\nline"))
	assert.Len(t, strings.Split(text, "\n"), tail+2)
	assert.Contains(t, text, "nothing that is a cluster answers")
}

func TestWhatIsMadeForTheSecretIsMaskedToo(t *testing.T) {
	r := request(t, "one")
	r.Environment, r.Secrets.DatabaseURL, r.Postgres = "development", "", true
	d, err := desire(r)
	require.NoError(t, err)
	var object struct {
		StringData map[string]string `json:"stringData"`
		Data       map[string][]byte `json:"data"`
	}
	require.NoError(t, json.Unmarshal(d.manifest, &object))
	values := map[string]string{}
	maps.Copy(values, object.StringData)
	for key, value := range object.Data {
		values[key] = string(value)
	}
	require.Contains(t, values, "POSTGRES_PASSWORD")
	for key, value := range values {
		assert.Contains(t, d.hidden, value, key)
	}
}
