package deploy

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSecretNameIsOfTheContentAlone(t *testing.T) {
	name := SecretName("todo-chatbot", map[string]string{"A": "1", "B": "2"})
	assert.Regexp(t, `^todo-chatbot-secrets-[2456789bcdfghkmt]{10}$`, name)
	for range 20 {
		assert.Equal(t, name, SecretName("todo-chatbot", map[string]string{"B": "2", "A": "1"}), "whatever the order")
	}
	seen := map[string]bool{name: true}
	for _, data := range []map[string]string{
		{"A": "1", "B": "3"}, {"A": "1"}, {"A": "1B", "": "2"}, {"A": "2", "B": "1"}, {"A": "1", "B": "2", "C": ""}, nil,
	} {
		other := SecretName("todo-chatbot", data)
		assert.False(t, seen[other], "%v has the name of other data", data)
		seen[other] = true
	}
}

func TestSecretManifestIsImmutableAndTheReleases(t *testing.T) {
	data := map[string]string{"DATABASE_URL": database, "BETTER_AUTH_SECRET": "line\nbreak \"quote\" ünicode"}
	raw, err := SecretManifest("todo-chatbot", "todo", data)
	require.NoError(t, err)
	var object struct {
		APIVersion, Kind, Type string
		Immutable              bool
		Metadata               struct {
			Name, Namespace string
			Labels          map[string]string
		}
		Data       map[string][]byte
		StringData map[string]string
	}
	require.NoError(t, json.Unmarshal(raw, &object))
	assert.Equal(t, "v1", object.APIVersion)
	assert.Equal(t, "Secret", object.Kind)
	assert.Equal(t, "Opaque", object.Type)
	assert.True(t, object.Immutable)
	assert.Equal(t, SecretName("todo-chatbot", data), object.Metadata.Name)
	assert.Equal(t, "todo", object.Metadata.Namespace)
	assert.NotEqual(t, "Helm", object.Metadata.Labels["app.kubernetes.io/managed-by"])
	for key, value := range data {
		assert.Equal(t, value, string(object.Data[key]))
	}
	assert.Empty(t, object.StringData)
	for requirement := range strings.SplitSeq(SecretSelector("todo-chatbot"), ",") {
		key, value, _ := strings.Cut(requirement, "=")
		assert.Equal(t, value, object.Metadata.Labels[key], "the selector finds it")
	}
}

func TestSecretManifestRefusesNamesThatNoVariableHas(t *testing.T) {
	for _, key := range []string{"", "database_url", "1A", "A-B", "A B", "../A"} {
		_, err := SecretManifest("todo-chatbot", "todo", map[string]string{key: password})
		require.Error(t, err, key)
		assert.NotContains(t, err.Error(), password)
	}
}

func TestUnusedSecretsSparesWhatAKeptRevisionNames(t *testing.T) {
	manifests := []string{
		"envFrom:\n- secretRef:\n    name: todo-chatbot-secrets-aaaaaaaaaa\n",
		`{"secretName":"todo-chatbot-secrets-bbbbbbbbbb"}`,
		"name: todo-chatbot-secrets-cccccccccc-copy\nname: x-todo-chatbot-secrets-dddddddddd\n",
		"todo-chatbot-secrets-eeeeeeeeee",
	}
	all := []string{
		"todo-chatbot-secrets-aaaaaaaaaa", "todo-chatbot-secrets-bbbbbbbbbb", "todo-chatbot-secrets-cccccccccc",
		"todo-chatbot-secrets-dddddddddd", "todo-chatbot-secrets-eeeeeeeeee", "todo-chatbot-secrets-ffffffffff",
	}
	assert.Equal(t, []string{"todo-chatbot-secrets-cccccccccc", "todo-chatbot-secrets-dddddddddd",
		"todo-chatbot-secrets-ffffffffff"}, UnusedSecrets(all, manifests))
	assert.Equal(t, all, UnusedSecrets(all, nil))
	assert.Empty(t, UnusedSecrets(nil, manifests))
}

func TestPasswordsAreLongURLSafeAndNeverTheSame(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := Password()
		assert.Regexp(t, `^[A-Za-z0-9]{32,}$`, p)
		assert.Equal(t, p, url.QueryEscape(p))
		assert.False(t, seen[p])
		seen[p] = true
	}
}

func TestEmbeddedDatabaseIsAURLThatValidates(t *testing.T) {
	made := Password()
	assert.Equal(t, "postgresql+asyncpg://todo:"+made+"@todo-chatbot-postgres:5432/todo", EmbeddedDatabase("todo-chatbot", made))
	i := good()
	i.DatabaseURL = EmbeddedDatabase("blue-todo-chatbot", "with/slash@at")
	require.NoError(t, i.Validate())
	assert.Contains(t, i.DatabaseURL, "@blue-todo-chatbot-postgres:5432/")
	assert.Contains(t, i.Secrets(), "with/slash@at")
}

func TestTheNextDeploymentArrivesAtTheSamePassword(t *testing.T) {
	one := PostgresPassword("an auth secret of 32 characters!", "ns", "todo")
	assert.Equal(t, one, PostgresPassword("an auth secret of 32 characters!", "ns", "todo"))
	assert.Len(t, one, 64)
	for _, other := range []string{
		PostgresPassword("another auth secret of 32 chars!", "ns", "todo"),
		PostgresPassword("an auth secret of 32 characters!", "ns2", "todo"),
		PostgresPassword("an auth secret of 32 characters!", "ns", "todo2"),
	} {
		assert.NotEqual(t, one, other)
	}
}
