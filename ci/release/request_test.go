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
		`{"todoChatbot": {"secrets": {"authSecret": "x", "password": "y"}}}`: "password",
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
		r.Images["backend"] = reference
		_, err := desire(r)
		assert.Equal(t, good, err == nil, reference)
	}
}

func TestEveryProblemOfARequestIsToldAtOnceAndNoSecretWithIt(t *testing.T) {
	r := request(t, "one")
	require.NoError(t, os.WriteFile(r.TodoChatbot.Secrets.AuthSecret, []byte("short-"+password), 0o600))
	r.TodoChatbot.Secrets.OpenAIKey = filepath.Join(t.TempDir(), "missing")
	r.Images["frontend"], r.TodoChatbot.PublicURL = "frontend:latest", "todo.acme.dev"
	require.NoError(t, os.WriteFile(r.TodoChatbot.Secrets.DatabaseURL, []byte("mysql://todo:"+password+"@db/todo"), 0o600))
	_, err := desire(r)
	for _, says := range []string{"OPENAI_API_KEY: open ", "image frontend", "public URL", "DATABASE_URL: mysql:// is another database"} {
		require.ErrorContains(t, err, says)
	}
	assert.NotContains(t, err.Error(), password)
}

func TestARequestIsHeldAgainstItsRulesBeforeAnythingIsBuilt(t *testing.T) {
	r := request(t, "one")
	r.Images, r.Chart, r.Timeout, r.TodoChatbot.Environment = nil, "", Duration(time.Minute), deploy.Development
	secrets := map[string]string{r.TodoChatbot.Secrets.AuthSecret: "0123456789abcdefghijklmnopqrstuv\n", r.TodoChatbot.Secrets.DatabaseURL: "postgresql+asyncpg://todo:" + password + "@db/todo"}
	read := func(path string) (string, error) { return secrets[path], nil }
	require.NoError(t, r.Validate("ghcr.io/acme", read))
	assert.ErrorContains(t, r.Validate("https://ghcr.io", read), "registry: give a host")
	assert.ErrorContains(t, r.Validate("", func(string) (string, error) { return "", os.ErrPermission }), "DATABASE_URL: permission denied")
	r.Timeout = Duration(-time.Minute)
	assert.ErrorContains(t, r.Validate("", read), "timeout: -1m0s is no time to wait")
	r.Timeout = 0
	require.NoError(t, r.Validate("", read), "it has a default")
}

func TestATimeoutIsATime(t *testing.T) {
	parsed, err := ParseTimeout("90s")
	require.NoError(t, err)
	assert.Equal(t, Duration(90*time.Second), parsed)
	for _, text := range []string{"", "soon", "5", "0s", "-5m"} {
		_, err := ParseTimeout(text)
		assert.EqualError(t, err, `timeout: "`+text+`" is no time to wait; write one as 5m or 90s`)
	}
}

func TestAReleaseHasAPostgresOfItsOwnWhereNoneIsGiven(t *testing.T) {
	given := SecretFiles{DatabaseURL: "/run/secrets/database-url"}
	for todo, own := range map[TodoChatbot][2]bool{
		{}: {false, true}, {Postgres: true}: {true, true}, {Postgres: true, Secrets: given}: {false, false}, {Secrets: given}: {false, false},
	} {
		assert.Equal(t, own[0], Request{TodoChatbot: &todo}.OwnPostgres(), todo)
		assert.Equal(t, own[1], Request{TodoChatbot: &todo, Ephemeral: true}.OwnPostgres(), todo)
	}
	assert.False(t, Request{Ephemeral: true}.OwnPostgres(), "another application")
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
	told := func(change func(*TodoChatbot)) func(*Request) {
		return func(r *Request) {
			changed := *r.TodoChatbot
			change(&changed)
			r.TodoChatbot = &changed
		}
	}
	seen := map[string]bool{same: true}
	for name, change := range map[string]func(*Request){
		"image": func(r *Request) {
			r.Images = map[string]string{"backend": "registry.acme.dev/two" + digest, "frontend": r.Images["frontend"]}
		}, "values": func(r *Request) { r.Values = []string{mine} },
		"address": told(func(t *TodoChatbot) { t.PublicURL = "https://other.acme.dev" }), "chart": func(r *Request) { r.ChartDigest = "another" },
		"secret": told(func(t *TodoChatbot) { t.Secrets.AuthSecret = secret }), "environment": told(func(t *TodoChatbot) { t.Environment = "staging" }),
	} {
		other := contentOf(change)
		assert.False(t, seen[other], name)
		seen[other] = true
	}
	require.NoError(t, os.WriteFile(filepath.Join(r.Chart, "more.yaml"), []byte("b: 2"), 0o600))
	assert.NotEqual(t, same, contentOf(func(*Request) {}), "a file of the chart")
}

func TestAReleasesOwnPostgresIsFoundByTheNameThatTheValuesGiveIt(t *testing.T) {
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "values.yaml")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	r := request(t, "one")
	r.TodoChatbot.Postgres, r.TodoChatbot.Secrets.DatabaseURL, r.Images["postgres"] = true, "", "docker.io/library/postgres"+digest
	for fullname, files := range map[string][]string{
		"todo-chatbot":       {file("backend: {replicas: 1}")},
		"todo-chatbot-todos": {file("nameOverride: todos")},
		"todos":              {file("fullnameOverride: others"), file("fullnameOverride: todos\nnameOverride: x"), file("replicas: 1")},
		"todo-chatbot-x":     {file("fullnameOverride: others\nnameOverride: x"), file("fullnameOverride:")},
	} {
		r.Values = files
		d, err := desire(r)
		require.NoError(t, err)
		var secret struct{ Data map[string][]byte }
		require.NoError(t, json.Unmarshal(d.manifest, &secret))
		assert.Contains(t, string(secret.Data["DATABASE_URL"]), "@"+fullname+"-postgres:5432/todo")
		assert.Equal(t, fullname, d.fullname)
	}
	r.Values = []string{file("fullnameOverride: [" + password)}
	_, err := desire(r)
	require.ErrorContains(t, err, "values.yaml is no YAML in which nameOverride and fullnameOverride are text")
	assert.NotContains(t, err.Error(), password)
}

func TestAReleaseOfItsOwnPostgresHasItsPasswordAndAddress(t *testing.T) {
	r := request(t, "one")
	r.TodoChatbot.Postgres, r.TodoChatbot.Secrets.DatabaseURL, r.Images["postgres"] = true, "", "docker.io/library/postgres"+digest
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
	delete(r.Images, "postgres")
	d, err = desire(r)
	require.NoError(t, err)
	assert.NotContains(t, string(d.values), "docker.io/library/postgres")
}

func TestAnImageOfPostgresThatNothingRunsIsNoPartOfTheRelease(t *testing.T) {
	r := request(t, "one")
	r.Images["postgres"] = "docker.io/library/postgres" + digest
	bubble(t, func(t *testing.T) { require.NoError(t, newWorld().client("run").deploy(r).err) })
	assert.Contains(t, r.Images, "postgres", "the caller's request is the caller's")
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
	r.TodoChatbot.Environment, r.TodoChatbot.Secrets.DatabaseURL, r.TodoChatbot.Postgres = "development", "", true
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
