package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"todo-chatbot/ci/deploy"
)

// desired is what a release shall be.
type desired struct {
	request Request
	// secret is the name of the release's Secret and manifest the whole of it.
	secret   string
	manifest []byte
	// values are what the chart is told; nothing in them is secret.
	values []byte
	// content stands for all that the revision is made from. It is a label's value, so it has 63 characters at most.
	content string
	// hidden are the values that no output may show.
	hidden []string
	// plan is the saved plan, "" when there is none.
	plan string
}

// desire makes of a request what its release shall be.
func desire(r Request) (*desired, error) {
	inputs, err := r.read()
	if err != nil {
		return nil, err
	}
	d := &desired{request: r}
	data := secretData(inputs)
	d.hidden = inputs.Secrets()
	for _, value := range data {
		d.hidden = append(d.hidden, value)
	}
	d.secret = deploy.SecretName(r.Release, data)
	if d.manifest, err = deploy.SecretManifest(r.Release, r.Namespace, data); err != nil {
		return nil, err
	}
	if d.values, err = r.values(inputs, d.secret); err != nil {
		return nil, err
	}
	if d.content, err = r.content(d.values); err != nil {
		return nil, err
	}
	d.plan, err = r.savedPlan()
	return d, err
}

// secretData are the variables of the release's Secret. What an ephemeral cluster was not given is made.
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
		data["DATABASE_URL"] = deploy.EmbeddedDatabase(inputs.Release, password)
	}
	return data
}

// values are the chart's.
func (r Request) values(inputs deploy.Inputs, secret string) ([]byte, error) {
	images := r.Images
	if !inputs.OwnPostgres() {
		images.Postgres = ""
	}
	parts := images.Values()
	if inputs.OwnPostgres() {
		if parts["postgres"] == nil {
			parts["postgres"] = map[string]any{}
		}
		parts["postgres"]["enabled"] = true
	}
	values := map[string]any{"environment": r.Environment, "publicUrl": r.PublicURL, "existingSecret": secret}
	for part, its := range parts {
		values[part] = its
	}
	return json.MarshalIndent(values, "", "  ")
}

// Values are the images as the chart's values have them, by the part of the chart. One that is left out is the chart's own.
func (i Images) Values() map[string]map[string]any {
	values := map[string]map[string]any{}
	for part, reference := range map[string]string{"backend": i.Backend, "frontend": i.Frontend, "postgres": i.Postgres} {
		if reference != "" {
			repository, digest, _ := strings.Cut(reference, "@")
			values[part] = map[string]any{"image": map[string]any{"repository": repository, "digest": digest, "tag": ""}}
		}
	}
	return values
}

// content is a digest of the chart, its values and the caller's.
func (r Request) content(values []byte) (string, error) {
	chart := r.ChartDigest
	if chart == "" {
		var err error
		if chart, err = digestOf(r.Chart); err != nil {
			return "", fmt.Errorf("reading the chart: %w", err)
		}
	}
	parts := []string{chart, string(values)}
	for _, path := range r.Values {
		raw, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading the values: %w", err)
		}
		parts = append(parts, string(raw))
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, "\x00"))))[:40], nil
}

// digestOf stands for the names and the content of a folder's files.
func digestOf(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err == nil {
			// The length keeps one file's end from being taken for the next one's beginning.
			fmt.Fprintf(sum, "%s\x00%d\x00", filepath.ToSlash(name), info.Size())
			_, err = io.Copy(sum, file)
		}
		return errors.Join(err, file.Close())
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// chart is what Helm is given.
func (d *desired) chart() Chart {
	return Chart{
		Release: d.request.Release, Namespace: d.request.Namespace, Path: d.request.Chart,
		Files: d.request.Values, Values: d.values,
	}
}
