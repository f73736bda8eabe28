package deploy

import "strings"

// Given is a credential as it was given, without the line break that ends the file it comes from: `openssl rand -hex 32
// >file` and every editor write one. Other white space stays, to be refused.
func Given(value string) string {
	return strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
}
