package secret

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNamesOfSecretsInWhateverCase(t *testing.T) {
	for _, name := range []string{
		"password", "PASSWORD", "DB_PASSWORD", "dbPassword", "db-password", "pgpassword", "POSTGRES_PASSWORD", "passwd", "MYSQL_PWD", "DB_PASS",
		"dbpass", "smtp.pass", "userPass", "requirepass", "passphrase", "password2", "PASSWORD_OLD", "password_hash", "passwords",
		"secret", "CLIENT_SECRET", "clientSecret", "BETTER_AUTH_SECRET", "SECRET_KEY", "SECRET_KEY_BASE", "JWT_SECRET", "secretkey",
		"AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "ENCRYPTION_KEY", "encryptionKey", "SIGNING_KEY", "PRIVATE_KEY", "privateKey",
		"APP_KEY", "OPENAI_API_KEY", "apiKey", "APIKey", "apikey", "X-Api-Key", "AccountKey", "SharedAccessKey", "client-key-data", "SSH_KEY",
		"token", "GH_TOKEN", "access_token", "refreshToken", "authtoken", "_authToken", "identitytoken", "ACCESS_TOKENS", "api_tokens",
		"csrfToken", "AWS_SESSION_TOKEN", "credential", "GOOGLE_CREDENTIALS_JWT", "USER_CREDENTIALS", "DATABASE_PASSWORD_BASE64",
	} {
		assert.True(t, Named(name, "hunter2"), name)
	}
}

func TestNamesThatAreOfSomethingElse(t *testing.T) {
	for _, name := range []string{
		"", "user", "MAX_TOKENS", "max_tokens", "OPENAI_MAX_TOKENS", "CHAT_INPUT_TOKENS_PER_DAY", "inputTokensPerDay", "total_tokens",
		"promptTokens", "passwordPolicy", "PASSWORD_MIN_LENGTH", "PASSWORD_FILE", "secretName", "secretKeyRef", "secretRef", "existingSecret",
		"imagePullSecrets", "imagePullSecret", "tokenReviewer", "TOKEN_URL", "token_type", "tokenEndpoint", "tokenExpirationSeconds", "AWS_ACCESS_KEY_ID",
		"PUBLIC_KEY", "publicKey", "primaryKey", "topologyKey", "cacheKey", "key", "keys", "GPG_KEY", "nextPageToken", "compass", "bypass",
		"author", "authority", "AUTH_AUDIENCE", "AUTH_ISSUER", "authorizationMode", "monkey", "keyboard", "tokenizer", "passed", "secretary",
		"DATABASE_URL", "secrets", "tokens", "STRIPE_PUBLISHABLE_KEY",
	} {
		assert.False(t, Named(name, "hunter2"), name)
	}
}

func TestAValueThatTellsNothingIsNoSecret(t *testing.T) {
	for _, value := range []string{"", " ", "true", "False", "null", "None", "undefined", "***", "**********", "$(DB_PASSWORD)", "${DB_PASSWORD}",
		"$DB_PASSWORD", "{{ .Values.password }}", "<password>", "[REDACTED]", "<nil>", "%s"} {
		assert.False(t, Named("DB_PASSWORD", value), value)
	}
	assert.False(t, Named("MAX_TOKEN", "4096"), "a count")
	assert.False(t, Named("token", "30s"), "a time")
	assert.False(t, Named("ACCESS_TOKENS", "4096"), "a count")
	assert.False(t, Named("passwd", "postgres:x:70:70::/var/lib/postgresql:/bin/sh\n"), "the file of accounts")
	assert.False(t, Named("PWD", "/srv/app"), "a folder")
	assert.False(t, Named("OLDPWD", "/srv/app"), "a folder")
	assert.True(t, Named("password", "123456"))
	assert.True(t, Named("SENDGRID_KEY", "a0B1c2D3e4F5g6H7"), "nobody chose that for its sense")
	assert.False(t, Named("SORT_KEY", "a0B1c2D3e4F5g6H7"))
	assert.True(t, Named("auth", "bWU6cHc="), "a name and a password")
	assert.False(t, Named("auth", "bWU="))
}

func TestWhatIsASecretByItsLook(t *testing.T) {
	long := strings.Repeat("aB3", 16)
	for text, want := range map[string]string{
		"-----BEGIN EC PRIVATE KEY-----":     "a private key",
		"postgresql://todo:x@db/todo":        "a URL with a password",
		"--key=sk-proj-0123456789abcdefghij": "an OpenAI key",
		"AKIA0123456789ABCDEF":               "an AWS key",
		"ghp_" + long:                        "a GitHub token",
		"github_pat_" + long:                 "a GitHub token",
		"glpat-" + long:                      "a GitLab token",
		"xoxb-0123456789":                    "a Slack token",
		"AIza" + long[:35]:                   "a Google key",
		"sk_live_" + long:                    "a Stripe key",
		"npm_" + long[:36]:                   "a registry's token",
		"npg_" + long:                        "a database's password",
		"hvs." + long:                        "a Vault token",
		"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl":           "a signed token",
		"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0M": "a private key",
	} {
		assert.Equal(t, want, In("a "+text+" b"))
	}
	for _, text := range []string{"", "postgresql://todo:$(PASSWORD)@db/todo", "postgresql://todo:${PASSWORD}@db/todo", "http://a:8080/b@c",
		"postgresql://db/todo", "-----BEGIN CERTIFICATE-----", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUVwQUlCQUFLQw==", "sk-learn-contrib-pipelines",
		"password=hunter2", "bearer 0123456789abcdef"} {
		assert.Empty(t, In(text), text)
	}
}

func TestAFileHasAPrivateKeyOrNamesOne(t *testing.T) {
	body := strings.Repeat("Ab3+", 16)
	for name, text := range map[string]string{
		"PEM":                      "-----BEGIN PRIVATE KEY-----\n" + body,
		"Windows":                  "-----BEGIN PRIVATE KEY-----\r\n" + body,
		"indented":                 "key: |\n  -----BEGIN PRIVATE KEY-----\n  " + body,
		"encrypted":                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n" + body,
		"OpenSSH":                  "-----BEGIN OPENSSH PRIVATE KEY-----\n" + body,
		"PGP":                      "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 2\n\n" + body,
		"a service account's JSON": `{"private_key": "-----BEGIN PRIVATE KEY-----\n` + body + `\n"}`,
		"JSON within JSON":         `{"a": "{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n` + body,
		"a URL's":                  "-----BEGIN PRIVATE KEY-----%0A" + body,
		"HTML":                     "-----BEGIN PRIVATE KEY-----&#10;" + body,
		"one line":                 "-----BEGIN PRIVATE KEY----- " + body,
		"a kubeconfig, in base64":  "client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0M",
	} {
		assert.True(t, PrivateKey([]byte(text)), name)
	}
	for name, text := range map[string]string{
		"a program": `KEY = "-----BEGIN PRIVATE KEY-----"`, "a regular expression": `-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/=]+)`,
		"a certificate": "-----BEGIN CERTIFICATE-----\n" + body, "a public key": "-----BEGIN PUBLIC KEY-----\n" + body,
		"a message": "-----BEGIN PRIVATE KEY----- is missing",
	} {
		assert.False(t, PrivateKey([]byte(text)), name)
	}
}

func TestATreeIsMaskedByNamesAndKinds(t *testing.T) {
	tree := map[string]any{
		"env": []any{map[string]any{"name": "SMTP_PASSWORD", "value": "hunter2"}, map[string]any{"name": "PORT", "value": "25"},
			map[string]any{"name": "DB_PASSWORD", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s", "key": "k"}}}},
		"password": "hunter2", "tokens": float64(5), "pin": "given-secret", "access_tokens": []any{"one", "two"}, "automountServiceAccountToken": false,
		"secret": map[string]any{"kind": "Secret", "data": map[string]any{"A": "aHVudGVyMg=="}, "stringData": "odd"},
		"url":    "postgresql://u:pw@h/d", "passcode": float64(1234),
	}
	assert.Equal(t, map[string]any{
		"env": []any{map[string]any{"name": "SMTP_PASSWORD", "value": "***"}, map[string]any{"name": "PORT", "value": "25"},
			map[string]any{"name": "DB_PASSWORD", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "s", "key": "k"}}}},
		"password": "***", "tokens": float64(5), "pin": "***", "access_tokens": []any{"***", "***"}, "automountServiceAccountToken": false,
		"secret": map[string]any{"kind": "Secret", "data": map[string]any{"A": "***"}, "stringData": "***"},
		"url":    "postgresql://u:***@h/d", "passcode": "***",
	}, Tree("", tree, []string{"given-secret"}))
	assert.Equal(t, "***", Tree("DB_PASSWORD", "x", nil))
}
