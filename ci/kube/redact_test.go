package kube

import (
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedactMasksWhatLooksLikeASecret(t *testing.T) {
	for text, want := range map[string]string{
		"postgresql://user:pw@host/db":                                      "postgresql://user:***@host/db",
		"postgresql+asyncpg://todo:p@ss/w:rd@db:5432/todo":                  "postgresql+asyncpg://todo:***@db:5432/todo",
		"postgresql://user:@host/db":                                        "postgresql://user:***@host/db",
		`url "redis://:pw@cache:6379/0" is wrong`:                           `url "redis://:***@cache:6379/0" is wrong`,
		"two https://a:b@c and https://d:e@f":                               "two https://a:***@c and https://d:***@f",
		"key sk-proj-abcDEF123_456-789 refused":                             "key sk-*** refused",
		"Incorrect API key provided: sk-abcd****wxyz.":                      "Incorrect API key provided: sk-***.",
		"jwt eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln-_ end":               "jwt *** end",
		"Authorization: Bearer abcdef":                                      "Authorization: ***",
		"sent bearer 0123456789abcdef":                                      "sent bearer ***",
		"PGPASSWORD=hunter2 psql":                                           "PGPASSWORD=*** psql",
		`{"password": "hunter two", "user": "me"}`:                          `{"password": ***, "user": "me"}`,
		"BETTER_AUTH_SECRET=abc":                                            "BETTER_AUTH_SECRET=***",
		"?ssl=require&password=abc&x=1":                                     "?ssl=require&password=***&x=1",
		"-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----": "***",
		"-----BEGIN PRIVATE KEY-----\ncut off":                              "***",
		"token ghp_0123456789abcdefABCDEF refused":                          "token *** refused",
	} {
		assert.Equal(t, want, Redact(text, nil))
	}
}

func TestRedactLeavesWhatHelps(t *testing.T) {
	for _, text := range []string{
		"", `secret "todo-chatbot-secrets-k2m7tc9fbh" not found`, "couldn't find key DATABASE_URL in Secret todo/todo-secrets",
		"http://localhost:3000/sign-in", `Get "http://10.244.0.7:8000/health": connection refused`,
		"http://registry:5000/v2/todo@sha256:00", "172.17.0.1:5000/todo-backend@sha256:4f7c", "basic authentication was dropped",
		"task-1 is at risk-2", "exit code 137 (OOMKilled)", "see https://kubernetes.io/docs/ or me@example.test",
	} {
		assert.Equal(t, text, Redact(text, nil))
	}
}

func TestRedactMasksGivenSecretsInEverySpelling(t *testing.T) {
	const secret = `pä55/w"ord+x`
	for name, text := range map[string]string{
		"as it is": secret, "in a query": url.QueryEscape(secret), "in a path": url.PathEscape(secret),
		"in base64": base64.StdEncoding.EncodeToString([]byte(secret)), "in JSON": `pä55/w\"ord+x`,
	} {
		assert.Equal(t, "see *** there", Redact("see "+text+" there", []string{secret}), name)
	}
	assert.Equal(t, "*** and ***", Redact("longer-secret and secret", []string{"secret", "longer-secret"}), "the longest first")
	assert.Equal(t, "a ***", Redact("a first-line-of-a-secret", []string{"first-line-of-a-secret\nsecond-line-of-a-secret"}), "line by line")
	assert.Equal(t, "the todo app", Redact("the todo app", []string{"todo", "", " "}), "a short word is no secret to look for")
}
