package address_test

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/registry/address"
)

func TestARepositoryOfGitHubsIsAPlaceInARegistry(t *testing.T) {
	for given, want := range map[string]string{
		"ghcr.io/Acme-Corp/Todo_Chatbot": "ghcr.io/acme-corp/todo_chatbot",
		"ghcr.io/acme/todo":              "ghcr.io/acme/todo",
		"GHCR.io/acme/todo/":             "ghcr.io/acme/todo",
		"172.17.0.1:5000/Todo":           "172.17.0.1:5000/todo",
		"":                               "",
	} {
		assert.Equal(t, want, address.Normalize(given))
		if want != "" {
			_, err := name.NewRepository(want + "/todo-backend")
			require.NoError(t, err, want)
		}
	}
}
