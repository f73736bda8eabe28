package deploy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The planted values: no message may have one of them in it.
const (
	password = "Pl4nted-pa55word"
	secret   = "Pl4nted+auth/secret=0123456789abcdef"
	key      = "sk-proj-Pl4ntedKey0123456789abcdef"
)

const database = "postgresql+asyncpg://todo:" + password + "@db.example.test:5432/todo"

// good is a deployment into a user's cluster that nothing is wrong with.
func good() Inputs {
	return Inputs{
		Environment: Production, Release: "todo-chatbot", Namespace: "todo-chatbot", PublicURL: "https://todo.example.test",
		DatabaseURL: database, AuthSecret: secret, OpenAIKey: key,
		Registry: "ghcr.io/acme/todo", Timeout: 5 * time.Minute,
	}
}

func TestGoodInputsPass(t *testing.T) {
	for name, change := range map[string]func(*Inputs){
		"into a user's cluster": func(*Inputs) {},
		"an embedded cluster with nothing but defaults": func(i *Inputs) {
			*i = Inputs{Environment: Development, Release: "todo-chatbot", Namespace: "todo-chatbot",
				PublicURL: "http://localhost:3000", Timeout: time.Minute, Embedded: true}
		},
		"the chart's Postgres":    func(i *Inputs) { i.Postgres, i.DatabaseURL = true, "" },
		"TLS to the database":     func(i *Inputs) { i.DatabaseURL += "?ssl=require" },
		"no port in the database": func(i *Inputs) { i.DatabaseURL = strings.Replace(database, ":5432", "", 1) },
		"a database on this machine": func(i *Inputs) {
			i.DatabaseURL = strings.Replace(database, "db.example.test", "host.minikube.internal", 1)
		},
		"an escaped password":                          func(i *Inputs) { i.DatabaseURL = strings.Replace(database, password, "a%2Fb%40c", 1) },
		"an IPv6 database":                             func(i *Inputs) { i.DatabaseURL = strings.Replace(database, "db.example.test", "[fd00::1]", 1) },
		"no registry":                                  func(i *Inputs) { i.Registry = "" },
		"a registry on this machine":                   func(i *Inputs) { i.Registry = "localhost:5000" },
		"a registry by address":                        func(i *Inputs) { i.Registry = "172.17.0.1:5000/todo" },
		"a name of this machine":                       func(i *Inputs) { i.PublicURL = "http://todo.localhost:3000" },
		"this machine in development":                  func(i *Inputs) { i.Environment, i.PublicURL = Development, "http://localhost:3000" },
		"no key in development":                        func(i *Inputs) { i.Environment, i.OpenAIKey = Development, "" },
		"a release of another name":                    func(i *Inputs) { i.Release = "todo-2" },
		"a secret of openssl's making":                 func(i *Inputs) { i.AuthSecret = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" },
		"a secret of Password's":                       func(i *Inputs) { i.AuthSecret = Password() },
		"the embedded cluster and the user's database": func(i *Inputs) { i.Embedded, i.Registry = true, "" },
	} {
		t.Run(name, func(t *testing.T) {
			i := good()
			change(&i)
			assert.NoError(t, i.Validate())
		})
	}
}

func TestEachProblemIsOneLineThatSaysWhatToDo(t *testing.T) {
	url := func(old, other string) func(*Inputs) {
		return func(i *Inputs) {
			i.DatabaseURL = strings.Replace(database, old, other, 1)
		}
	}
	for name, test := range map[string]struct {
		change func(*Inputs)
		want   string
	}{
		"no environment":               {func(i *Inputs) { i.Environment = "" }, `environment: "" is none of development, staging, production`},
		"an unknown environment":       {func(i *Inputs) { i.Environment = "prod" }, `"prod" is none of`},
		"no release":                   {func(i *Inputs) { i.Release = "" }, "release: "},
		"a release in capitals":        {func(i *Inputs) { i.Release = "Todo" }, "beginning with a letter"},
		"a release too long for Helm":  {func(i *Inputs) { i.Release = strings.Repeat("a", 54) }, "at most 53 characters"},
		"a namespace with a dot":       {func(i *Inputs) { i.Namespace = "todo.chatbot" }, "namespace: "},
		"a namespace too long":         {func(i *Inputs) { i.Namespace = strings.Repeat("a", 64) }, "at most 63 characters"},
		"Kubernetes' namespace":        {func(i *Inputs) { i.Namespace = "kube-system" }, "Kubernetes' own"},
		"no public URL":                {func(i *Inputs) { i.PublicURL = "" }, "public URL: give an absolute http or https origin"},
		"a public host alone":          {func(i *Inputs) { i.PublicURL = "todo.example.test" }, "absolute http or https origin"},
		"a public ftp URL":             {func(i *Inputs) { i.PublicURL = "ftp://todo.example.test" }, "absolute http or https origin"},
		"a public URL with a path":     {func(i *Inputs) { i.PublicURL = "https://todo.example.test/app" }, "without a path: https://todo.example.test"},
		"a public URL with a slash":    {func(i *Inputs) { i.PublicURL = "http://localhost:3000/" }, "without a path: http://localhost:3000"},
		"a public URL of this machine": {func(i *Inputs) { i.PublicURL = "http://localhost:3000" }, "nobody but you can sign in at localhost:3000"},
		"another of this machine":      {func(i *Inputs) { i.Environment, i.PublicURL = Staging, "https://127.0.0.1" }, "give the origin that users open"},
		"the same by IPv6":             {func(i *Inputs) { i.PublicURL = "http://[::1]:3000" }, "nobody but you"},
		"a public URL with a query":    {func(i *Inputs) { i.PublicURL = "http://localhost:3000?a=b" }, "without a path"},
		"a public URL with a user":     {func(i *Inputs) { i.PublicURL = "http://me:" + password + "@localhost:3000" }, "take the user out"},

		"no database":               {func(i *Inputs) { i.DatabaseURL = "" }, "DATABASE_URL: give the Postgres to use"},
		"two databases":             {func(i *Inputs) { i.Postgres = true }, "exclude each other"},
		"a postgres URL":            {url("postgresql+asyncpg", "postgres"), "change postgres:// to postgresql+asyncpg://"},
		"a postgresql URL":          {url("postgresql+asyncpg", "postgresql"), "change postgresql:// to postgresql+asyncpg://"},
		"a psycopg2 URL":            {url("postgresql+asyncpg", "postgresql+psycopg2"), "change postgresql+psycopg2:// to postgresql+asyncpg://"},
		"a MySQL URL":               {url("postgresql+asyncpg", "mysql"), "needs Postgres"},
		"a scheme of any kind":      {url("postgresql+asyncpg", password), "its scheme has to be postgresql+asyncpg"},
		"a database without URL":    {func(i *Inputs) { i.DatabaseURL = password }, "it is no URL"},
		"no host":                   {url("db.example.test:5432", ""), "names no host"},
		"no user":                   {url("todo:"+password+"@", ""), "names no user"},
		"no password":               {url(":"+password, ""), "has no password"},
		"no database name":          {url(":5432/todo", ":5432"), "one database name"},
		"a slash in the password":   {url(password, "9/"+password), "%2F"},
		"a hash in the password":    {url(password, "9#"+password), "%2F"},
		"a percent in the password": {url(password, "%zz"+password), "percent-encode"},
		"a port that is no number":  {url(":5432", ":"+password), "cannot be read"},
		"a port too high":           {url(":5432", ":70000"), "1 to 65535"},
		"a colon without port":      {url(":5432", ":"), "colon without a port"},
		"sslmode":                   {func(i *Inputs) { i.DatabaseURL += "?sslmode=require" }, "write ssl= with the same value"},
		"a fragment":                {func(i *Inputs) { i.DatabaseURL += "#" + password }, "%23"},
		"a line break at the end":   {func(i *Inputs) { i.DatabaseURL += "\n" }, "without a line break"},
		"localhost":                 {url("db.example.test", "localhost"), "host.minikube.internal"},
		"LOCALHOST.":                {url("db.example.test", "LOCALHOST."), "host.docker.internal"},
		"127.0.0.1":                 {url("db.example.test", "127.0.0.1"), "host.minikube.internal"},
		"127.1.2.3":                 {url("db.example.test", "127.1.2.3"), "host.minikube.internal"},
		"::1":                       {url("db.example.test", "[::1]"), "host.minikube.internal"},
		"0.0.0.0":                   {url("db.example.test", "0.0.0.0"), "host.minikube.internal"},
		"::ffff:127.0.0.1":          {url("db.example.test", "[::ffff:127.0.0.1]"), "host.minikube.internal"},
		"localhost, embedded": {func(i *Inputs) {
			i.Embedded, i.Registry = true, ""
			i.DatabaseURL = strings.Replace(database, "db.example.test", "localhost", 1)
		}, "leave DATABASE_URL out"},

		"no auth secret":              {func(i *Inputs) { i.AuthSecret = "" }, "BETTER_AUTH_SECRET: give one"},
		"a short auth secret":         {func(i *Inputs) { i.AuthSecret = secret[:31] }, "fewer than 32 characters; make one with: openssl rand -base64 32"},
		"Better Auth's default":       {func(i *Inputs) { i.AuthSecret = "better-auth-secret-12345678901234567890" }, "an example's value"},
		"an example's auth secret":    {func(i *Inputs) { i.AuthSecret = "CHANGEME-0123456789abcdef-0123456789" }, "an example's value"},
		"one letter as auth secret":   {func(i *Inputs) { i.AuthSecret = strings.Repeat("a", 40) }, "fewer than 8 different characters"},
		"an auth secret from a file":  {func(i *Inputs) { i.AuthSecret += "\n" }, "BETTER_AUTH_SECRET: it begins or ends in white space"},
		"an auth secret of two words": {func(i *Inputs) { i.AuthSecret = secret + " " + secret }, "white space in it"},

		"no key in production":                 {func(i *Inputs) { i.OpenAIKey = "" }, "OPENAI_API_KEY: give one; only in the environment development"},
		"no key in staging":                    {func(i *Inputs) { i.Environment, i.OpenAIKey = Staging, "" }, "OPENAI_API_KEY: give one"},
		"a key that is none":                   {func(i *Inputs) { i.OpenAIKey = "file:///home/me/keys/openai.txt" }, "does not look like a key"},
		"a key cut short":                      {func(i *Inputs) { i.OpenAIKey = "sk-Pl4nted" }, "does not look like a key"},
		"a key in quotes":                      {func(i *Inputs) { i.OpenAIKey = `"` + key + `"` }, "does not look like a key"},
		"an example's key":                     {func(i *Inputs) { i.OpenAIKey = "sk-your-api-key-0123456789" }, "an example's value"},
		"a key with a line break":              {func(i *Inputs) { i.OpenAIKey += "\r\n" }, "OPENAI_API_KEY: it begins or ends"},
		"a malformed key, even in development": {func(i *Inputs) { i.Environment, i.OpenAIKey = Development, "none" }, "does not look like a key"},

		"a registry's URL":         {func(i *Inputs) { i.Registry = "https://ghcr.io/acme" }, "registry: give a host"},
		"a registry with a tag":    {func(i *Inputs) { i.Registry = "ghcr.io/acme:1" }, "without https://, tag or digest"},
		"a registry with a digest": {func(i *Inputs) { i.Registry = "ghcr.io/acme@sha256:00" }, "registry: "},
		"a registry in capitals":   {func(i *Inputs) { i.Registry = "ghcr.io/Acme" }, "lower-case path"},
		"Docker Hub by user alone": {func(i *Inputs) { i.Registry = "acme" }, "docker.io/acme"},
		"a registry with a user":   {func(i *Inputs) { i.Registry = "me:" + password + "@ghcr.io/acme" }, "registry: "},

		"no timeout":         {func(i *Inputs) { i.Timeout = 0 }, "timeout: 0s"},
		"a negative timeout": {func(i *Inputs) { i.Timeout = -time.Second }, "give a positive one, e.g. 5m"},
	} {
		t.Run(name, func(t *testing.T) {
			i := good()
			test.change(&i)
			err := i.Validate()
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "\n", "one problem, one line")
			for _, planted := range []string{password, secret, key, secret[:31]} {
				assert.NotContains(t, err.Error(), planted)
			}
		})
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	err := Inputs{DatabaseURL: "postgres://todo:" + password + "@localhost/todo", AuthSecret: password, OpenAIKey: password,
		Registry: "https://" + password, PublicURL: "x"}.Validate()
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	var about []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		about = append(about, name)
	}
	assert.Equal(t, []string{"environment", "release", "namespace", "public URL", "DATABASE_URL", "BETTER_AUTH_SECRET",
		"OPENAI_API_KEY", "registry", "timeout"}, about)
	assert.NotContains(t, err.Error(), password)
}

func TestADatabaseIsMadeOnlyWhereNoneIsGiven(t *testing.T) {
	assert.True(t, Inputs{Embedded: true}.OwnPostgres(), "embedded, nothing given")
	assert.False(t, Inputs{Embedded: true, DatabaseURL: database}.OwnPostgres(), "embedded, the user's given")
	assert.False(t, Inputs{}.OwnPostgres(), "a user's cluster")
	assert.True(t, Inputs{Postgres: true}.OwnPostgres(), "asked for")
}

func TestSecretsNamesTheDatabasesPasswordToo(t *testing.T) {
	i := good()
	assert.ElementsMatch(t, []string{database, password, secret, key}, i.Secrets())
	i.DatabaseURL = strings.Replace(database, password, "a%2Fb%40c", 1)
	assert.Contains(t, i.Secrets(), "a/b@c")
	i.DatabaseURL = strings.Replace(database, password, "%zz"+password, 1)
	assert.Contains(t, i.Secrets(), "%zz"+password, "a URL that does not parse still has a password")
	assert.Empty(t, Inputs{}.Secrets(), "an empty secret would mask everything")
}
