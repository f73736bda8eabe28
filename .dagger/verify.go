package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"todo-chatbot/ci/provenance"

	"dagger/todo-chatbot/internal/dagger"
)

// Verify says what a published release is and who vouches for it: both images and the chart are signed by whom is trusted,
// and their provenance is what is expected. It fails otherwise.
//
// +cache="never"
func (m *TodoChatbot) Verify(
	ctx context.Context,
	// Where it was published to: a host and a path.
	registry string,
	// The release's name.
	tag string,
	// The public key that has to have signed.
	// +optional
	key *dagger.File,
	// In place of a key: the identity that has to have signed, e.g. https://github.com/…/pipeline.yml@refs/heads/main.
	// +optional
	identity string,
	// Who vouches for the identity.
	// +default="https://token.actions.githubusercontent.com"
	issuer string,
	// The repository that it has to be built from, e.g. https://github.com/somebody/todo-chatbot.
	// +optional
	source string,
	// The commit that it has to be built from, in full.
	// +optional
	commit string,
	// Let pass what was built from a checkout with changes.
	// +optional
	uncommitted bool,
	// +optional
	username string,
	// +optional
	password *dagger.Secret,
	// The registry, where it is a service of the caller's machine.
	// +optional
	service *dagger.Service,
	// The registry has no TLS.
	// +optional
	plainHTTP bool,
) (string, error) {
	p, err := newPublisher(ctx, m.Pins, registryAccess{at: registry, username: username, password: password, service: service, plainHTTP: plainHTTP})
	if err != nil {
		return "", err
	}
	release := published{tag: tag, by: trust{key: key, identity: identity, issuer: issuer},
		policy: provenance.Policy{Source: source, Commit: commit, Builder: identity, Uncommitted: uncommitted}}
	var text strings.Builder
	for _, name := range []string{path.Base(backendRepository), path.Base(frontendRepository), chartName} {
		reference, statement, err := p.vouched(ctx, name, release)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(&text, "%s\n  signed; %s, by %s\n", reference, statement.Predicate.BuildDefinition.ExternalParameters.Source,
			statement.Predicate.RunDetails.Builder.ID)
	}
	return text.String(), nil
}
