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

func TestARepositoryHasNeitherTagNorDigest(t *testing.T) {
	for _, reference := range []string{"", ":1", "@sha256:ab", ":1@sha256:ab"} {
		assert.Equal(t, "localhost:5000/team/api", address.Repository("localhost:5000/team/api"+reference))
	}
}

func TestAnAddressIsAHostAndAPath(t *testing.T) {
	require.NoError(t, address.Validate("ghcr.io/somebody"))
	for _, given := range []string{"", "ghcr.io", "/somebody", "https://ghcr.io/somebody"} {
		require.ErrorContains(t, address.Validate(given), "write a host and a path", given)
	}
}
