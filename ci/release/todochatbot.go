package release

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/deploy"
)

// TodoChatbot is what the todo chatbot's chart is told, besides its images.
type TodoChatbot struct {
	Environment deploy.Environment `json:"environment"`
	PublicURL   string             `json:"publicUrl"`
	// Postgres gives the release a Postgres of its own.
	Postgres bool        `json:"postgres,omitempty"`
	Secrets  SecretFiles `json:"secrets"`
}

// SecretFiles are paths of files with one secret each. One line break at the end of a file is not a part of it.
type SecretFiles struct {
	DatabaseURL string `json:"databaseUrl,omitempty"`
	AuthSecret  string `json:"authSecret,omitempty"`
	OpenAIKey   string `json:"openaiApiKey,omitempty"`
}

// OwnPostgres is true when the release has a Postgres of its own.
func (r Request) OwnPostgres() bool {
	t := r.TodoChatbot
	return t != nil && t.Secrets.DatabaseURL == "" && (t.Postgres || r.Ephemeral)
}

// overrides are what the caller's values call the release's objects; of what several files say, the last counts.
func (r Request) overrides() (deploy.Overrides, error) {
	var o deploy.Overrides
	for _, path := range r.Values {
		raw, err := os.ReadFile(path)
		if err != nil {
			return o, fmt.Errorf("reading the values: %w", err)
		}
		// The parser's own message may repeat a secret.
		if yaml.Unmarshal(raw, &o) != nil {
			return o, fmt.Errorf("reading the values: %s is no YAML in which nameOverride and fullnameOverride are text", path)
		}
	}
	return o, nil
}

// inputs adds what the todo chatbot is told, with its secrets.
func (t TodoChatbot) inputs(inputs deploy.Inputs, read func(path string) (string, error)) (deploy.Inputs, error) {
	inputs.Environment, inputs.PublicURL, inputs.Postgres = t.Environment, t.PublicURL, t.Postgres
	var problems []error
	for _, secret := range []struct {
		name, path string
		to         *string
	}{
		{"DATABASE_URL", t.Secrets.DatabaseURL, &inputs.DatabaseURL},
		{"BETTER_AUTH_SECRET", t.Secrets.AuthSecret, &inputs.AuthSecret},
		{"OPENAI_API_KEY", t.Secrets.OpenAIKey, &inputs.OpenAIKey},
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

// fromFile reads a secret.
func fromFile(path string) (string, error) {
	value, err := os.ReadFile(path)
	return string(value), err
}

// secretData are the variables of the todo chatbot's Secret. What an ephemeral cluster was not given is made.
func secretData(inputs deploy.Inputs) map[string]string {
	data := map[string]string{"DATABASE_URL": inputs.DatabaseURL, "BETTER_AUTH_SECRET": inputs.AuthSecret}
	if inputs.OpenAIKey != "" {
		data["OPENAI_API_KEY"] = inputs.OpenAIKey
	}
	if data["BETTER_AUTH_SECRET"] == "" {
		data["BETTER_AUTH_SECRET"] = deploy.Password()
	}
	if inputs.OwnPostgres() {
		password := deploy.PostgresPassword(data["BETTER_AUTH_SECRET"], inputs.Namespace, inputs.Release)
		data["POSTGRES_PASSWORD"] = password
		data["DATABASE_URL"] = deploy.EmbeddedDatabase(inputs.Fullname, password)
	}
	return data
}

// todoChatbot adds to what a release shall be what its application is told.
func (d *desired) todoChatbot(inputs deploy.Inputs, values map[string]any) (err error) {
	data := secretData(inputs)
	d.hidden = hidden(inputs, data)
	d.fullname, d.secret = inputs.Fullname, deploy.SecretName(inputs.Release, data)
	values["environment"], values["publicUrl"], values["existingSecret"] = inputs.Environment, inputs.PublicURL, d.secret
	if inputs.OwnPostgres() {
		postgres, _ := values["postgres"].(map[string]any)
		if postgres == nil {
			postgres = map[string]any{}
		}
		postgres["enabled"] = true
		values["postgres"] = postgres
	}
	place(values, d.platforms)
	d.manifest, err = deploy.SecretManifest(inputs.Release, inputs.Namespace, data)
	return err
}

// hidden are the values that no output may show.
func hidden(inputs deploy.Inputs, data map[string]string) []string {
	return slices.Concat(inputs.Secrets(), slices.Collect(maps.Values(data)))
}

// smallerValues are a file of the chart's for a cluster without the room, "" where there is none.
func (r Request) smallerValues() string {
	if r.TodoChatbot == nil {
		return ""
	}
	return "helm/todo-chatbot/examples/two-cpus-values.yaml"
}

// checkImages wants both halves of the todo chatbot: nobody has the images that the chart names by itself.
func (t TodoChatbot) checkImages(images map[string]string) error {
	var problems []error
	for _, part := range []string{"backend", "frontend"} {
		if images[part] == "" {
			problems = append(problems, fmt.Errorf("image %s: name it, as --image %[1]s=REPOSITORY@sha256:DIGEST", part))
		}
	}
	return errors.Join(problems...)
}
