package secret

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedactMasksWhatLooksLikeASecret(t *testing.T) {
	for text, want := range map[string]string{
		"postgresql://user:pw@host/db":                                      "postgresql://user:***@host/db",
		"postgresql+asyncpg://todo:p@ss/w:rd@db:5432/todo":                  "postgresql+asyncpg://todo:***@db:5432/todo",
		"postgresql://user:@host/db":                                        "postgresql://user:***@host/db",
		"postgresql://user@server:pw@server.example/db":                     "postgresql://user@server:***@server.example/db",
		"postgresql://u:12345/x@host/db":                                    "postgresql://u:***@host/db",
		"postgresql://u:pw@host/db?options=a%40b":                           "postgresql://u:***@host/db?options=a%40b",
		`{"url":"postgresql:\/\/user:pw@host\/db"}`:                         `{"url":"postgresql:\/\/user:***@host\/db"}`,
		"next=postgresql%3A%2F%2Fuser%3Apw%40host%2Fdb":                     "next=postgresql%3A%2F%2Fuser%3A***%40host%2Fdb",
		"https://user:pw@registry:5000/a@sha256:00":                         "https://user:***@registry:5000/a@sha256:00",
		`url "redis://:pw@cache:6379/0" is wrong`:                           `url "redis://:***@cache:6379/0" is wrong`,
		"two https://a:b@c and https://d:e@f":                               "two https://a:***@c and https://d:***@f",
		"key sk-proj-abcDEF123_456-789 refused":                             "key sk-*** refused",
		"Incorrect API key provided: sk-abcd****wxyz.":                      "Incorrect API key provided: sk-***.",
		"jwt eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln-_ end":               "jwt *** end",
		"Authorization: Bearer abcdef":                                      "Authorization: ***",
		`{"Authorization": "Basic abcdef"}`:                                 `{"Authorization": "***"}`,
		"Cookie: a=b; session=c":                                            "Cookie: ***",
		"sent bearer 0123456789abcdef":                                      "sent bearer ***",
		"token ghp_0123456789abcdefABCDEF refused":                          "token *** refused",
		"https://hooks.slack.com/services/T0/B0/abcdef":                     "https://hooks.slack.com/services/***",
		"npg_AbCdEf0123456 is Neon's":                                       "*** is Neon's",
		"-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----": "***",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AB-12\n\nMIIE\n-----END RSA PRIVATE KEY-----\nend": "***\nend",
		`"-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n", "a"`:                                                          `"***\n", "a"`,
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nMIIE\n":                                                            "***\n",
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nERROR: it is cut off":                                              "***\nERROR: it is cut off",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxcLY\n-----END PGP PRIVATE KEY BLOCK-----":                                               "***",
	} {
		assert.Equal(t, want, Redact(text, nil))
	}
}

func TestRedactMasksWhatStandsBehindASecretsName(t *testing.T) {
	for text, want := range map[string]string{
		// Environments and shells.
		"PGPASSWORD=hunter2 psql":                 "PGPASSWORD=*** psql",
		"BETTER_AUTH_SECRET=abc":                  "BETTER_AUTH_SECRET=***",
		"AWS_SECRET_ACCESS_KEY=wJalr/K7MDENG+bPx": "AWS_SECRET_ACCESS_KEY=***",
		"DB_PASS=hunter2":                         "DB_PASS=***",
		"password=Ab,rest":                        "password=***",
		"said: password=Ab;rest, and more":        "said: password=***, and more",
		`SECRET_KEY=a\ b\"c done`:                 `SECRET_KEY=*** done`,
		`export PASSWORD='a b'\''c' x`:            `export PASSWORD='***' x`,
		`PASSWORD='a'"'"'c d'`:                    `PASSWORD='***'`,
		`PASSWORD=$'a\'b\n' x`:                    `PASSWORD=$'***' x`,
		"PASSWORD=a\"b'c\nUSER=x":                 "PASSWORD=***\nUSER=x",
		`{"msg":"PASSWORD=hunter2","user":"x"}`:   `{"msg":"PASSWORD=***","user":"x"}`,
		`{"env":"A=1\nDB_PASS=ab,c\nUSER=x"}`:     `{"env":"A=1\nDB_PASS=***\nUSER=x"}`,
		"psql --password hunter2 --user me":       "psql --password *** --user me",
		`args ["--api-key", "abc def", "x"]`:      `args ["--api-key", "***", "x"]`,
		"Server=x;Password=Ab;Database=y":         "Server=x;Password=***;Database=y",
		"host=x password='a b' user=y":            "host=x password='***' user=y",
		"AccountName=a;AccountKey=Ab+/=;B=c":      "AccountName=a;AccountKey=***;B=c",
		// URLs.
		"?ssl=require&password=abc&x=1":  "?ssl=require&password=***&x=1",
		"https://h/?access_token=abc#x":  "https://h/?access_token=***#x",
		"to=%3Fpassword%3Dabc%26x%3D1":   "to=%3Fpassword%3D***%26x%3D1",
		"a?x=1&amp;password=abc&amp;y=2": "a?x=1&amp;password=***&amp;y=2",
		// JSON, and JSON within it.
		`{"password": "hunter two", "user": "me"}`:         `{"password": "***", "user": "me"}`,
		`{"password":"Ab\"rest","user":"me"}`:              `{"password":"***","user":"me"}`,
		`{"password":"Ab\\","user":"me"}`:                  `{"password":"***","user":"me"}`,
		`{"body":"{\"password\":\"Ab\\\"rest\",\"a\":1}"}`: `{"body":"{\"password\":\"***\",\"a\":1}"}`,
		`{"password" : "abc"}`:                             `{"password" : "***"}`,
		`{"password":12345678}`:                            `{"password":***}`,
		"{\"apiKey\":\n  \"abc\"}":                         "{\"apiKey\":\n  \"***\"}",
		`{"name":"SMTP_PASSWORD","value":"a,b"}`:           `{"name":"SMTP_PASSWORD","value":"***"}`,
		"[map[name:SMTP_PASSWORD value:hunter2]]":          "[map[name:SMTP_PASSWORD value:***]]",
		`{"auths":{"ghcr.io":{"auth":"bWU6cHc="}}}`:        `{"auths":{"ghcr.io":{"auth":"***"}}}`,
		// Python and JavaScript.
		`{'password': 'it\'s', 'a': 1}`:               `{'password': '***', 'a': 1}`,
		`Settings(password="it's", token=b'\xc3', a)`: `Settings(password="***", token=b'***', a)`,
		"{ password: `a'b\"c`, user: 'x' }":           "{ password: `***`, user: 'x' }",
		"SecretStr: api_key=SecretStr('abc')":         "SecretStr: api_key=SecretStr('***')",
		`os.environ["DB_PASSWORD"] = "abc"`:           `os.environ["DB_PASSWORD"] = "***"`,
		// Go.
		"{User:me Password:hunter2 Port:5432}": "{User:me Password:*** Port:5432}",
		// YAML.
		"password: correct horse # ours\nuser: me":           "password: *** # ours\nuser: me",
		"password: 'it''s'\nuser: me":                        "password: '***'\nuser: me",
		"db:\n  password: |\n    one\n    two\n  user: me":   "db:\n  password: |\n    ***\n  user: me",
		"- name: SMTP_PASSWORD\n  value: hunter2\n- name: A": "- name: SMTP_PASSWORD\n  value: ***\n- name: A",
		"{password: ab, user: me}":                           "{password: ***, user: me}",
		"client-key-data: LS0tLS1CRUdJTiBSU0E=":              "client-key-data: ***",
		// XML, SQL, .netrc.
		"<db><password>a&lt;b</password></db>":     "<db><password>***</password></db>",
		"ALTER ROLE me PASSWORD 'it''s'; SELECT 1": "ALTER ROLE me PASSWORD '***'; SELECT 1",
		"machine h login me password hunter2":      "machine h login me password ***",
		// Sentences.
		"wrong password: hunter2, try again": "wrong password: ***, try again",
		"the password: swordfish":            "the password: ***",
	} {
		assert.Equal(t, want, Redact(text, nil))
	}
}

func TestRedactLeavesWhatHelps(t *testing.T) {
	for _, text := range []string{
		"", `secret "todo-chatbot-secrets-k2m7tc9fbh" not found`, "couldn't find key DATABASE_URL in Secret todo/todo-secrets",
		"http://localhost:3000/sign-in", `Get "http://10.244.0.7:8000/health": connection refused`,
		"http://registry:5000/v2/todo@sha256:00", "172.17.0.1:5000/todo-backend@sha256:4f7c", "basic authentication was dropped",
		`MountVolume.SetUp failed for volume "passwd" : configmap "postgres" not found`, `for volume "token" : secret "a" not registered`,
		"task-1 is at risk-2", "exit code 137 (OOMKilled)", "see https://kubernetes.io/docs/ or me@example.test",
		"https://registry:4873/@scope/package", "ssh://git@host:22/repository@v1", "sk-learn-contrib-pipelines",
		"failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 401 Unauthorized",
		"token: unexpected status 401", "token: expired", "password: field required", "DATABASE_URL: names no password",
		"PASSWORD: must have 8 characters", "SyntaxError: Unexpected token: punc (})", `{"token": null, "password": ""}`,
		"MAX_TOKENS=4096", "OPENAI_MAX_TOKENS: \"1024\"", "CHAT_INPUT_TOKENS_PER_DAY=2000000", `{"total_tokens": 12, "max_token": 5}`,
		"passwordPolicy: strong", "secretName: todo-tls", "tokenReviewer: true", "imagePullSecrets: [{name: registry}]",
		"imagePullSecrets:\n- name: registry", "automountServiceAccountToken: false", "existingSecret: named", "secretRef: todo",
		"secretKeyRef:\n  key: DATABASE_URL\n  name: todo", "valueFrom: secretKeyRef", "PASSWORD_FILE=/run/secrets/password",
		"TOKEN_URL=https://example.test/token", "token_type: bearer", "tokenExpirationSeconds: 3600", "AWS_ACCESS_KEY_ID=abc",
		"PWD=/srv/app", "topologyKey: kubernetes.io/hostname", "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
		"key: app", "password=$(POSTGRES_PASSWORD)", "token: {{ .Values.token }}", "password: ***", "password=*****",
		"volumes:\n- name: a\n  secret:\n    secretName: b", "secrets:\n  DATABASE_URL: \"\"", "pass: 12, fail: 0",
		"unknown flag: --password", "use --password or --token", "password authentication failed for user \"todo\"",
		"ERROR token::parse failed", "compass=north", "bypass: all", "public_key=MCowBQYDK2VwAyEAabcdefghij0123456789",
		"if password == other", "sha256:0123456789abcdef", "a -----BEGIN PUBLIC KEY----- is public", "cache-key: 0123456789abcdef",
		"Error: secrets is forbidden: User \"x\" cannot list resource \"secrets\"", "author: me", "nextPageToken: abc",
	} {
		assert.Equal(t, text, Redact(text, nil))
	}
}
