// Package deploy holds the rules of a deployment's inputs: what is refused before anything is built, how the release's
// Secret is named and made, and which Secrets no revision needs any more.
package deploy

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
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
	// Fullname is what the names of the release's objects start with.
	Fullname  string
	Namespace string
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
	// Embedded is true when the run brings its own cluster.
	Embedded bool
	// Registry is where the cluster pulls the images from, e.g. ghcr.io/acme. "" sends them through the API server.
	Registry string
	// Timeout bounds the roll.
	Timeout time.Duration
}

// OwnPostgres is true when the chart's own Postgres is used, so that a password and a DATABASE_URL have to be made.
func (i Inputs) OwnPostgres() bool { return i.DatabaseURL == "" && (i.Postgres || i.Embedded) }

// Validate gives every problem at once, joined with errors.Join, one line each, each saying what to do. No line has a
// secret's value in it.
func (i Inputs) Validate() error {
	return errors.Join(
		i.checkEnvironment(),
		i.checkRelease(),
		i.checkNamespace(),
		i.checkPublicURL(),
		i.checkDatabase(),
		i.checkAuthSecret(),
		i.checkOpenAIKey(),
		i.checkRegistry(),
		i.checkTimeout(),
	)
}

// ValidateTarget is Validate for what any application's release has: its name, its namespace, its registry and its timeout.
func (i Inputs) ValidateTarget() error {
	return errors.Join(i.checkRelease(), i.checkNamespace(), i.checkRegistry(), i.checkTimeout())
}

// Secrets gives the values that no output may show, the database's password on its own among them.
func (i Inputs) Secrets() []string {
	values := []string{i.DatabaseURL, i.AuthSecret, i.OpenAIKey}
	if password := pastedPassword(i.DatabaseURL); password != "" {
		values = append(values, password)
		if plain, err := url.PathUnescape(password); err == nil && plain != password {
			values = append(values, plain)
		}
	}
	var given []string
	for _, value := range values {
		if value != "" {
			given = append(given, value)
		}
	}
	return given
}

// pastedPassword finds the password of a URL, also of one that does not parse because of what is in it.
func pastedPassword(raw string) string {
	_, rest, _ := strings.Cut(raw, "://")
	end := strings.LastIndex(rest, "@")
	if end < 0 {
		return ""
	}
	_, password, _ := strings.Cut(rest[:end], ":")
	return password
}

// label is a DNS label (RFC 1123), which Kubernetes asks of namespaces and of a Service's name.
var label = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

func (i Inputs) checkEnvironment() error {
	switch i.Environment {
	case Development, Staging, Production:
		return nil
	}
	return fmt.Errorf("environment: %q is none of %s, %s, %s", i.Environment, Development, Staging, Production)
}

// checkRelease also holds the name to Helm's 53 characters (its validate_name.go).
func (i Inputs) checkRelease() error {
	if !label.MatchString(i.Release) || len(i.Release) > 53 {
		return fmt.Errorf("release: %q is not a release name; use a to z, 0 to 9 and -, beginning with a letter, at most "+
			"53 characters", i.Release)
	}
	return nil
}

func (i Inputs) checkNamespace() error {
	if !label.MatchString(i.Namespace) || len(i.Namespace) > 63 {
		return fmt.Errorf("namespace: %q is not a namespace name; use a to z, 0 to 9 and -, beginning with a letter, at most "+
			"63 characters", i.Namespace)
	}
	if strings.HasPrefix(i.Namespace, "kube-") {
		return fmt.Errorf("namespace: %q is Kubernetes' own; use another, e.g. todo-chatbot", i.Namespace)
	}
	return nil
}

func (i Inputs) checkPublicURL() error {
	const name = "public URL"
	u, err := url.Parse(i.PublicURL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		return fmt.Errorf("%s: give an absolute http or https origin, e.g. http://localhost:3000", name)
	case u.User != nil:
		return fmt.Errorf("%s: take the user out of it; give the origin alone, e.g. %s://%s", name, u.Scheme, u.Host)
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.HasSuffix(i.PublicURL, "#"):
		return fmt.Errorf("%s: give the origin alone, without a path: %s://%s", name, u.Scheme, u.Host)
	case i.Environment != Development && loopback(u.Hostname()) && !strings.HasSuffix(u.Hostname(), ".localhost"):
		return fmt.Errorf("%s: nobody but you can sign in at %s; give the origin that users open, e.g. https://todo.example.com, or "+
			"use the environment development", name, u.Host)
	}
	return nil
}

// registry is a host, with a dot, a port or the name localhost, and a path: what distribution/reference calls a domain and
// path, without tag and digest.
var registry = regexp.MustCompile(`^(localhost|localhost:\d{1,5}|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(:\d{1,5})?|[a-zA-Z0-9-]+:\d{1,5})` +
	`(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

func (i Inputs) checkRegistry() error {
	if i.Registry == "" || registry.MatchString(i.Registry) {
		return nil
	}
	return errors.New("registry: give a host and a lower-case path, without https://, tag or digest, e.g. ghcr.io/acme or " +
		"docker.io/acme")
}

func (i Inputs) checkTimeout() error {
	if i.Timeout <= 0 {
		return fmt.Errorf("timeout: %s is no time to wait; give a positive one, e.g. 5m", i.Timeout)
	}
	return nil
}
