package deploy

// SecretName names the Secret of a release after its content: the same data has the same name, and a revision of the
// release that is rolled back to finds the data it ran with.
func SecretName(release string, data map[string]string) string { return "" }

// SecretManifest gives the JSON of that Secret: Opaque, immutable, labelled as the release's. Send it with `kubectl create`
// or a server-side apply; a client-side apply would keep a copy of it in an annotation.
func SecretManifest(release, namespace string, data map[string]string) ([]byte, error) { return nil, nil }

// SecretSelector is the label selector that finds the Secrets which SecretManifest made for a release.
func SecretSelector(release string) string { return "" }

// UnusedSecrets gives those of all (names of Secrets) that no manifest of a kept Helm revision names. With no manifest
// every one is unused: give it only a history that was really read.
func UnusedSecrets(all, manifests []string) []string { return nil }

// Password makes a password for a URL, a header or a file: 52 characters of A-Z and 2-7 with 260 bits from crypto/rand.
func Password() string { return "" }

// Fullname is the prefix of a release's objects, by the chart's rule.
func Fullname(release string) string { return "" }

// EmbeddedDatabase gives the DATABASE_URL of the chart's own Postgres: user and database todo on <fullname>-postgres.
func EmbeddedDatabase(release, password string) string { return "" }
