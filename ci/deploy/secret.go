package deploy

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"todo-chatbot/ci/kube"
)

// The labels of a release's Secrets, beside that of its instance.
const (
	managerLabel = "app.kubernetes.io/managed-by"
	// manager is not Helm: Helm would take the Secret for one of its own and refuse to go on, or delete it.
	manager = "todo-chatbot-pipeline"
)

// SecretName names the Secret of a release after its content: the same data has the same name, and a revision of the
// release that is rolled back to finds the data it ran with. The suffix is ten characters of a SHA-256, spelled without
// vowels as kustomize does (sigs.k8s.io/kustomize api/hasher). It tells nothing about the content, since what it is made
// of has a random value of 32 characters or more in it: see docs/decisions/secrets-and-access.md.
func SecretName(release string, data map[string]string) string {
	// encoding/json sorts the keys, so the bytes depend on the content alone.
	content, err := json.Marshal(data)
	if err != nil {
		panic("deploy: a map of strings has no JSON: " + err.Error())
	}
	sum := sha256.Sum256(content)
	suffix := strings.NewReplacer("0", "g", "1", "h", "3", "k", "a", "m", "e", "t").Replace(hex.EncodeToString(sum[:])[:10])
	return Fullname(release, Overrides{}) + "-secrets-" + suffix
}

// SecretManifest gives the JSON of that Secret: Opaque, immutable, labelled as the release's. Send it with `kubectl create`
// or a server-side apply; a client-side apply would keep a copy of it in an annotation. It is an error to give a value
// without a name or a name that an environment variable cannot have.
func SecretManifest(release, namespace string, data map[string]string) ([]byte, error) {
	encoded := make(map[string][]byte, len(data))
	for key, value := range data {
		if !variable(key) {
			return nil, fmt.Errorf("secret of release %s: %q is no name of an environment variable", release, key)
		}
		encoded[key] = []byte(value)
	}
	return json.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "Secret",
		"metadata": map[string]any{
			"name":      SecretName(release, data),
			"namespace": namespace,
			"labels":    map[string]string{kube.InstanceLabel: release, managerLabel: manager},
		},
		"type":      "Opaque",
		"immutable": true,
		"data":      encoded,
	})
}

// variable is true for a name of capitals, digits and underscores that begins with a capital.
func variable(name string) bool {
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// SecretSelector is the label selector that finds the Secrets which SecretManifest made for a release.
func SecretSelector(release string) string {
	return kube.InstanceLabel + "=" + release + "," + managerLabel + "=" + manager
}

// UnusedSecrets gives those of all (names of Secrets) that no manifest of a kept Helm revision names. With no manifest
// every one is unused: give it only a history that was really read.
func UnusedSecrets(all, manifests []string) []string {
	var unused []string
	for _, name := range all {
		if !mentioned(name, manifests) {
			unused = append(unused, name)
		}
	}
	return unused
}

// mentioned is true when a text has name as a whole word, not as a part of a longer name.
func mentioned(name string, texts []string) bool {
	for _, text := range texts {
		for rest := text; ; {
			at := strings.Index(rest, name)
			if at < 0 {
				break
			}
			end := at + len(name)
			if (at == 0 || !inName(rest[at-1])) && (end == len(rest) || !inName(rest[end])) {
				return true
			}
			rest = rest[at+1:]
		}
	}
	return false
}

// inName is true for a character that may stand inside a Kubernetes name.
func inName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.'
}

// Password makes a password for a URL, a header or a file: 52 characters of A-Z and 2-7 with 260 bits from crypto/rand.
func Password() string { return rand.Text() + rand.Text() }

// PostgresPassword gives the password of a release's own Postgres in a cluster that outlives the call. A database keeps
// the password that it was made with, so the next deployment has to arrive at the same one without reading it back: it
// is made from the secret that the release has anyway, by HMAC-SHA256, and from what names the release.
func PostgresPassword(authSecret, namespace, release string) string {
	mac := hmac.New(sha256.New, []byte(authSecret))
	mac.Write([]byte("postgres/" + namespace + "/" + release))
	return hex.EncodeToString(mac.Sum(nil))
}

// chart is the name of the chart, and of the release when the caller gives none.
const chart = "todo-chatbot"

// maxFullname is where the chart cuts the prefix (helm/todo-chatbot/templates/_helpers.tpl), so that it holds the longest
// suffix in 63 characters.
const maxFullname = 46

// Overrides are the chart's values that its objects are named by; nil is one that nobody set.
type Overrides struct {
	Name     *string `json:"nameOverride"`
	Fullname *string `json:"fullnameOverride"`
}

// Fullname is the prefix of a release's objects, by the chart's rule: what the values call them, else the release's name when the
// chart's is in it, and both otherwise, at most maxFullname characters without a dot.
func Fullname(release string, o Overrides) string {
	part, name := chart, release
	if o.Name != nil && *o.Name != "" {
		part = strings.TrimSuffix(*o.Name, "-")
	}
	switch {
	case o.Fullname != nil && *o.Fullname != "":
		name = *o.Fullname
	case !strings.Contains(release, part):
		name = release + "-" + part
	}
	name = strings.ReplaceAll(name, ".", "-")
	if len(name) > maxFullname {
		name = name[:maxFullname]
	}
	return strings.TrimSuffix(name, "-")
}
