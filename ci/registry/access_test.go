package registry

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEachKindOfRegistrySaysWhoReadsAndWhoWrites(t *testing.T) {
	for reference, want := range map[string]struct{ read, write string }{
		"ghcr.io/acme/api":                              {"read:packages", "write:packages"},
		"index.docker.io/acme/api":                      {"access token", "access token with read and write"},
		"1.dkr.ecr.eu-central-1.amazonaws.com/api":      {"PullOnly", "PowerUser"},
		"europe-docker.pkg.dev/acme/shop/api":           {"artifactregistry.reader", "artifactregistry.writer"},
		"eu.gcr.io/acme/api":                            {"artifactregistry.reader", "artifactregistry.writer"},
		"acme.azurecr.io/api":                           {"AcrPull", "AcrPush"},
		"quay.io/acme/api":                              {"robot account", "robot account"},
		"registry.gitlab.com/acme/api":                  {"read_registry", "write_registry"},
		"harbor.example.test/acme/api":                  {"may pull", "may push"},
		"registry.example.test:5000/acme/api":           {"", "somebody who may push"},
		"notghcr.iox/acme, my-ghcr.io.example.test/api": {"", "somebody who may push"},
	} {
		read, write := Readers(reference), writers("pushing to "+reference)
		if want.read == "" {
			assert.Empty(t, read, reference)
		}
		assert.Contains(t, read, want.read, reference)
		assert.Contains(t, write, want.write, reference)
	}
}
