package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"todo-chatbot/ci/deploy"
)

// Request is all that a deployment is told. Nothing in it is secret: secrets are named by the files that have them.
type Request struct {
	Target
	Environment deploy.Environment `json:"environment"`
	PublicURL   string             `json:"publicUrl"`
	// Chart is the chart's folder.
	Chart string `json:"chart"`
	// ChartDigest stands for the chart's content; left out, it is made of the folder's files.
	ChartDigest string `json:"chartDigest,omitempty"`
	// Values are files of the caller's own values. Images, secret and address go before them.
	Values []string `json:"values,omitempty"`
	Images Images   `json:"images"`
	// Postgres gives the release a Postgres of its own.
	Postgres bool        `json:"postgres,omitempty"`
	Secrets  SecretFiles `json:"secrets"`
	// Plan is a file with a saved plan: exactly that is done, or nothing.
	Plan string `json:"plan,omitempty"`
	// Deliver is a command that puts the images where the nodes find them. It runs while the Lease is held. Left out, the
	// nodes have them or pull them.
	Deliver []string `json:"deliver,omitempty"`
	// Ephemeral is a cluster that ends with the run: a failed release is left as it is there, and secrets that were not
	// given are made.
	Ephemeral bool `json:"ephemeral,omitempty"`
}

// Images of a release, each as REPOSITORY@sha256:DIGEST. Postgres may be left out: the chart's is used.
type Images struct {
	Backend  string `json:"backend"`
	Frontend string `json:"frontend"`
	Postgres string `json:"postgres,omitempty"`
}

// SecretFiles are paths of files with one secret each. One line break at the end of a file is not a part of it.
type SecretFiles struct {
	DatabaseURL string `json:"databaseUrl,omitempty"`
	AuthSecret  string `json:"authSecret,omitempty"`
	OpenAIKey   string `json:"openaiApiKey,omitempty"`
}

// ParseRequest reads a request's JSON. A field that is not known is an error: it may be the one that matters.
func ParseRequest(raw []byte) (Request, error) {
	var r Request
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return Request{}, fmt.Errorf("reading the request: %w", err)
	}
	if decoder.More() {
		return Request{}, errors.New("reading the request: it has more than one JSON object")
	}
	return r, nil
}

// digested is an image that names its content.
var digested = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._:/-]*@sha256:[0-9a-f]{64}$`)

// read reads the secrets' files and gives every problem of the request at once.
func (r Request) read() (deploy.Inputs, error) {
	inputs, err := r.inputs(func(path string) (string, error) {
		value, err := os.ReadFile(path)
		return string(value), err
	})
	err = errors.Join(err, inputs.Validate(), r.checkImages())
	if r.Chart == "" {
		err = errors.Join(err, errors.New("chart: name the chart's folder"))
	}
	return inputs, err
}

// OwnPostgres is true when the release has a Postgres of its own.
func (r Request) OwnPostgres() bool {
	return r.Secrets.DatabaseURL == "" && (r.Postgres || r.Ephemeral)
}

// Validate gives every problem of what is known before anything is built: all but the images and the chart. Its secrets are
// read by a function of whoever asks; the registry is where the images are to be pulled from, "" for none.
func (r Request) Validate(registry string, secret func(path string) (string, error)) error {
	inputs, err := r.inputs(secret)
	if err != nil {
		return err
	}
	inputs.Registry, inputs.Timeout = registry, time.Duration(r.Timeout)
	return inputs.Validate()
}

// inputs are what a deployment is told, with its secrets.
func (r Request) inputs(read func(path string) (string, error)) (deploy.Inputs, error) {
	inputs := deploy.Inputs{
		Environment: r.Environment, Release: r.Release, Namespace: r.Namespace, PublicURL: r.PublicURL,
		Postgres: r.Postgres, Embedded: r.Ephemeral, Timeout: r.timeout(),
	}
	var problems []error
	for _, secret := range []struct {
		name, path string
		to         *string
	}{
		{"DATABASE_URL", r.Secrets.DatabaseURL, &inputs.DatabaseURL},
		{"BETTER_AUTH_SECRET", r.Secrets.AuthSecret, &inputs.AuthSecret},
		{"OPENAI_API_KEY", r.Secrets.OpenAIKey, &inputs.OpenAIKey},
	} {
		if secret.path == "" {
			continue
		}
		value, err := read(secret.path)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", secret.name, err))
		}
		*secret.to = deploy.TrimNewline(value)
	}
	return inputs, errors.Join(problems...)
}

// checkImages wants each image by digest: a tag may name something else by the time that a node pulls it.
func (r Request) checkImages() error {
	var problems []error
	for _, image := range []struct {
		name, reference string
		optional        bool
	}{{"backend", r.Images.Backend, false}, {"frontend", r.Images.Frontend, false}, {"postgres", r.Images.Postgres, true}} {
		if image.optional && image.reference == "" || digested.MatchString(image.reference) {
			continue
		}
		problems = append(problems, fmt.Errorf("%s image: %q is no image by digest; write it as REPOSITORY@sha256:… with "+
			"64 hexadecimal digits", image.name, image.reference))
	}
	return errors.Join(problems...)
}

// savedPlan reads the plan to hold to, "" when there is none.
func (r Request) savedPlan() (string, error) {
	if r.Plan == "" {
		return "", nil
	}
	raw, err := os.ReadFile(r.Plan)
	if err != nil {
		return "", fmt.Errorf("reading the saved plan: %w", err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return "", fmt.Errorf("reading the saved plan: %s is empty; make a new one with: release plan", r.Plan)
	}
	return string(raw), nil
}

// checkTarget is for the verbs that need no more.
func (t Target) checkTarget() error {
	inputs := deploy.Inputs{
		Environment: deploy.Development, Release: t.Release, Namespace: t.Namespace, PublicURL: "http://localhost",
		Timeout: t.timeout(), Embedded: true, // no secret is asked for
	}
	return inputs.Validate()
}
