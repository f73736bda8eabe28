package chart_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/kube"
)

// bad are values that are refused, and the line that says so: it names the key. Schemas name it as a JSON pointer.
var bad = map[string]struct{ values, set, line string }{
	"a name that no Service can have": {"ci/default-values.yaml", "fullnameOverride=2do",
		"\nfullnameOverride: the objects would be called 2do-…, and no Service can be; set it to a name of a to z"},
	"a name that no label can have": {"ci/default-values.yaml", "nameOverride=my todos", "'/nameOverride': 'my todos' does not match"},
	"a name too long for a pod of the own Postgres": {"ci/default-values.yaml", "fullnameOverride=" + strings.Repeat("a", 44),
		"-…, of 44 characters, and with postgres.enabled there is room for 43; set it to a shorter name\n"},
	"a wrong type":          {"ci/default-values.yaml", "backend.replicas=two", "'/backend/replicas': got string, want integer"},
	"a number for a name":   {"ci/default-values.yaml", "frontend.image.tag=1", "'/frontend/image/tag': got number, want string"},
	"a blank":               {"ci/default-values.yaml", "frontend.service.port=null", "'/frontend/service': missing property 'port'"},
	"a blank part":          {"ci/default-values.yaml", "networkPolicy=null", "'': missing property 'networkPolicy'"},
	"an unknown key":        {"ci/default-values.yaml", "backend.replica=2", "'/backend': additional properties 'replica' not allowed"},
	"an unknown part":       {"ci/default-values.yaml", "backnd.replicas=2", "'': additional properties 'backnd' not allowed"},
	"negative replicas":     {"ci/default-values.yaml", "backend.replicas=-1", "'/backend/replicas': minimum: got -1, want 0"},
	"a front end of none":   {"ci/default-values.yaml", "frontend.replicas=-1", "'/frontend/replicas': minimum: got -1"},
	"a digest that is none": {"ci/default-values.yaml", "backend.image.digest=sha256:abc", "'/backend/image/digest': 'sha256:abc' does not match pattern"},
	"an origin with a path": {"ci/default-values.yaml", "publicUrl=http://localhost:3000/todo", "\npublicUrl: is no origin; write it like"},
	"another environment":   {"ci/default-values.yaml", "environment=prod", "'/environment': value must be one of 'development', 'staging', 'production'"},
	"a least above the most": {"ci/default-values.yaml", "backend.autoscaling.minReplicas=6",
		"\nbackend.autoscaling.minReplicas: 6 is above backend.autoscaling.maxReplicas, 5\n"},
	"no database in production": {"values-prod.yaml", "existingSecret=",
		"\nsecrets.DATABASE_URL: is empty; set it to postgresql+asyncpg://USER:PASSWORD@HOST:5432/DATABASE, or name a Secret with existingSecret\n"},
	"no secret of sign-in in production": {"values-prod.yaml", "existingSecret=", "\nsecrets.BETTER_AUTH_SECRET: is empty; "},
	"no key for OpenAI in production":    {"values-prod.yaml", "existingSecret=", "\nsecrets.OPENAI_API_KEY: is empty, which only environment=development allows"},
	"no key for OpenAI in staging":       {"values-staging.yaml", "existingSecret=", "\nsecrets.OPENAI_API_KEY: is empty, "},
	"no password for the own Postgres":   {"ci/default-values.yaml", "secrets.POSTGRES_PASSWORD=", "\nsecrets.POSTGRES_PASSWORD: is empty while postgres.enabled is true"},
	"a secret that is too short":         {"ci/default-values.yaml", "secrets.BETTER_AUTH_SECRET=swordfish", "\nsecrets.BETTER_AUTH_SECRET: has 9 characters, fewer than 32; make one with: openssl rand -base64 32\n"},
	"secrets given twice":                {"ci/default-values.yaml", "existingSecret=theirs", "\nsecrets.BETTER_AUTH_SECRET: given together with existingSecret"},
	"a tag and a digest": {"examples/production-values.yaml", "backend.image.tag=v1",
		"\nbackend.image: tag and digest are both set; keep the digest and leave backend.image.tag empty\n"},
	"latest":                       {"ci/default-values.yaml", "postgres.image.tag=latest", "\npostgres.image.tag: is \"latest\", which changes under a release"},
	"a database that is not async": {"ci/default-values.yaml", "secrets.DATABASE_URL=postgresql://todo:swordfish@todo-chatbot-postgres/todo", "\nsecrets.DATABASE_URL: does not start with postgresql+asyncpg://"},
	"another database":             {"ci/default-values.yaml", "secrets.DATABASE_URL=mysql://todo:swordfish@db/todo", "\nsecrets.DATABASE_URL: does not start with postgresql+asyncpg://"},
	"a database elsewhere beside the release's own": {"ci/default-values.yaml", "secrets.DATABASE_URL=postgresql+asyncpg://todo:swordfish@db/todo",
		"\nsecrets.DATABASE_URL: names another host than todo-chatbot-postgres while postgres.enabled is true"},
	"the development Postgres in production": {"values-prod.yaml", "postgres.enabled=true", "\npostgres.enabled: true is for development"},
	"a fault in production":                  {"values-prod.yaml", "faults.crash=true", "\nfaults.crash: true breaks the release on purpose"},
	"an Ingress without hosts":               {"values-prod.yaml", "ingress.enabled=true", "\ningress.hosts: is empty while ingress.enabled is true; name one\n"},
	"a route without a Gateway":              {"values-prod.yaml", "httpRoute.enabled=true", "\nhttpRoute.parentRefs: is empty"},
	"an Ingress whose word is not taken": {"values-prod.yaml", "ingress.enabled=true",
		"\nfrontend.trustedProxies: is empty while ingress.enabled is true, so all users would share one limit on sign-ins"},
	"a Gateway whose word is not taken": {"examples/production-values.yaml", "frontend.trustedProxies=null",
		"\nfrontend.trustedProxies: is empty while httpRoute.enabled is true"},
	"a proxy by its name":  {"ci/default-values.yaml", "frontend.trustedProxies[0]=proxy.example.com", "'/frontend/trustedProxies/0': 'proxy.example.com' does not match"},
	"a monitor of nothing": {"examples/production-values.yaml", "serviceMonitor.path=", "'/serviceMonitor/path': '' does not match"},
	"a monitor that the network keeps out": {"values-prod.yaml", "serviceMonitor.enabled=true",
		"\nnetworkPolicy.extraBackendFrom: is empty while serviceMonitor.enabled is true, so Prometheus would be kept out"},
	"a label that the chart sets": {"ci/default-values.yaml", `backend.podLabels.app\.kubernetes\.io/component=mine`,
		"\nbackend.podLabels: has app.kubernetes.io/component, which the chart sets itself; leave it out\n"},
	"a common label that the chart sets": {"ci/default-values.yaml", `commonLabels.helm\.sh/chart=mine`,
		"\ncommonLabels: has helm.sh/chart, which the chart sets itself; leave it out\n"},
	"a monitor's label that the chart sets": {"examples/production-values.yaml", `serviceMonitor.labels.app\.kubernetes\.io/name=mine`,
		"\nserviceMonitor.labels: has app.kubernetes.io/name, which the chart sets itself; leave it out\n"},
	"an annotation that the chart sets": {"ci/default-values.yaml", "frontend.podAnnotations.checksum/config=mine",
		"\nfrontend.podAnnotations: has checksum/config, which the chart sets itself; leave it out\n"},
	"a variable that the chart sets": {"ci/default-values.yaml", "backend.extraEnv[0].name=OPENAI_API_KEY,backend.extraEnv[0].value=swordfish",
		"\nbackend.extraEnv: has OPENAI_API_KEY, which the chart sets itself; use secrets.OPENAI_API_KEY, or the key OPENAI_API_KEY of the Secret"},
	"a variable of the front end that the chart sets": {"ci/default-values.yaml", "frontend.extraEnv[0].name=BETTER_AUTH_SECRET",
		"\nfrontend.extraEnv: has BETTER_AUTH_SECRET, which the chart sets itself"},
	"a variable of the mail server that the chart sets": {"examples/ingress-values.yaml", "frontend.extraEnv[0].name=SMTP_USER",
		"\nfrontend.extraEnv: has SMTP_USER, which the chart sets itself"},
	"a variable twice": {"ci/default-values.yaml", "backend.extraEnv[0].name=A,backend.extraEnv[0].value=swordfish,backend.extraEnv[1].name=A",
		"\nbackend.extraEnv: has A twice; keep one of them\n"},
	"a volume that the chart has": {"ci/default-values.yaml", "frontend.extraVolumes[0].name=cache",
		"\nfrontend.extraVolumes: has cache, which the chart has itself; use another one\n"},
	"a mount where the chart has one": {"ci/default-values.yaml", "backend.extraVolumeMounts[0].name=a,backend.extraVolumeMounts[0].mountPath=/tmp",
		"\nbackend.extraVolumeMounts: has /tmp, which the chart has itself; use another one\n"},
	"mail from nobody": {"ci/default-values.yaml", "frontend.mail.host=smtp.example.com",
		"\nfrontend.mail.from: is empty while frontend.mail.host is set"},
	"a password of no mail server": {"examples/ingress-values.yaml", "frontend.mail.host=",
		"\nfrontend.mail.host: is empty while secrets.SMTP_USER or secrets.SMTP_PASSWORD is set"},
	"two places for a mail password": {"examples/ingress-values.yaml", "frontend.mail.existingSecret=smtp",
		"\nfrontend.mail.existingSecret: is set beside secrets.SMTP_USER or secrets.SMTP_PASSWORD; use one of both"},
	"a mail password and no server": {"ci/default-values.yaml", "frontend.mail.existingSecret=smtp",
		"\nfrontend.mail.existingSecret: is set while frontend.mail.host is empty"},
	"a password in the clear": {"examples/ingress-values.yaml", "frontend.mail.tls=none",
		"\nfrontend.mail.tls: is none, which would show secrets.SMTP_PASSWORD to the network"},
	"a password of nobody":      {"examples/ingress-values.yaml", "secrets.SMTP_USER=", "\nsecrets.SMTP_USER: and secrets.SMTP_PASSWORD go together"},
	"a mail server with a port": {"ci/default-values.yaml", "frontend.mail.host=smtp.example.com:25", "\nfrontend.mail.host: is no name or address alone"},
	"a mail server as a URL": {"ci/default-values.yaml", "frontend.mail.host=smtps://todos:swordfish^[#@smtp.example.com",
		"\nfrontend.mail.host: is no name or address alone"},
	"a model's server with a password": {"ci/default-values.yaml", "backend.openaiBaseUrl=https://todos:swordfish^[#@llm.example.com/v1",
		"\nbackend.openaiBaseUrl: cannot be read; write it like https://llm.example.com/v1"},
	"this machine in production": {"values-prod.yaml", "publicUrl=http://localhost:3000",
		"\npublicUrl: is http://localhost:3000, where nobody but you can sign in; set it to the origin that users open"},
	"this machine in staging":   {"values-staging.yaml", "publicUrl=https://127.0.0.1", "\npublicUrl: is https://127.0.0.1, where nobody but you can"},
	"an origin with a password": {"ci/default-values.yaml", "publicUrl=https://todos:swordfish^[#@todo.example.com", "\npublicUrl: is no origin"},
	"a trusted origin with a password": {"ci/default-values.yaml", "frontend.trustedOrigins[0]=https://todos:swordfish^[#@todo.example.com",
		"\nfrontend.trustedOrigins[0]: is no origin"},
	"another TLS":              {"ci/default-values.yaml", "frontend.mail.tls=ssl", "'/frontend/mail/tls': value must be one of 'starttls', 'implicit', 'none'"},
	"an address of no network": {"ci/default-values.yaml", "networkPolicy.openai.cidrs[0]=everywhere", "'/networkPolicy/openai/cidrs/0': 'everywhere' does not match"},
}

func TestABadValueIsRefusedWithALineThatNamesItsKey(t *testing.T) { holdBad(t, helm) }

func TestHelm3RefusesABadValueInTheSameWords(t *testing.T) { holdBad(t, helm3) }

func holdBad(t *testing.T, tool func() (string, error)) {
	t.Helper()
	for name, test := range bad {
		t.Run(name, func(t *testing.T) {
			manifests, refused := template(t, tool, test.values, test.set)
			assert.Empty(t, manifests)
			assert.Contains(t, refused, test.line)
			assert.NotContains(t, refused, "swordfish")
		})
	}
}

// withDatabase is the chart with a DATABASE_URL. It goes as JSON, since --set has signs of its own.
func withDatabase(t *testing.T, url string, own bool) (manifests []byte, refused string) {
	t.Helper()
	set, err := json.Marshal(url)
	require.NoError(t, err)
	return templateWith(t, helm, "todo-chatbot", "ci/fixed-replicas-values.yaml", "--set-json", "secrets.DATABASE_URL="+string(set),
		"--set", fmt.Sprintf("networkPolicy.enabled=true,postgres.enabled=%t", own))
}

func TestEveryDatabaseThatTheApplicationTakesIsReached(t *testing.T) {
	raw, err := os.ReadFile(root + "/docs/contracts/database-urls.json")
	require.NoError(t, err)
	var urls []struct {
		Name, URL string
		Becomes   struct{ Port int }
	}
	require.NoError(t, json.Unmarshal(raw, &urls))
	for _, each := range urls {
		if each.Becomes.Port == 0 {
			continue
		}
		t.Run(each.Name, func(t *testing.T) {
			manifests, refused := withDatabase(t, each.URL, false)
			require.Empty(t, refused)
			assert.Equal(t, 2, strings.Count(string(manifests), fmt.Sprintf("\n          port: %d\n", each.Becomes.Port)))
		})
	}
}

func TestAPasswordIsShownInNoRefusal(t *testing.T) {
	for _, sign := range []string{"#", "/", "?", "@", "%", "%zz", " ", "\n"} {
		manifests, refused := withDatabase(t, "postgresql+asyncpg://todo:swordfish"+sign+"x@todo-postgres:5432/todo", false)
		assert.Empty(t, manifests, "%q", sign)
		assert.Contains(t, refused, "\nsecrets.DATABASE_URL: cannot be read; ", "%q", sign)
		assert.NotContains(t, refused, "swordfish")
	}
	_, refused := withDatabase(t, "postgresql+asyncpg://todo:swordfish^[x@db/todo", true)
	assert.Contains(t, refused, "\nsecrets.DATABASE_URL: names another host than todo-postgres while postgres.enabled is true")
	assert.NotContains(t, refused, "swordfish")
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	_, refused := template(t, helm, "values-prod.yaml", "existingSecret=", "backend.autoscaling.minReplicas=6", "postgres.enabled=true")
	lines := strings.Count(refused, "\nsecrets.") + strings.Count(refused, "\nbackend.") + strings.Count(refused, "\npostgres.")
	assert.Equal(t, 5, lines, refused)
}

// The two leave other blank lines between objects; what they render is the same.
func TestHelm3RendersWhatHelm4Does(t *testing.T) {
	for _, values := range everySet(t) {
		t.Run(values, func(t *testing.T) {
			older, refused := template(t, helm3, values)
			require.Empty(t, refused)
			assert.Equal(t, objects(t, render(t, values)), objects(t, older))
		})
	}
}

func objects(t *testing.T, manifests []byte) []any {
	t.Helper()
	var all []any
	for _, document := range kube.Documents(manifests) {
		var o any
		require.NoError(t, kube.Decode(document, &o))
		all = append(all, o)
	}
	return all
}
