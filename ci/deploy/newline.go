package deploy

import "strings"

// TrimNewline is a credential as it was given, without the line break that ends the file it comes from: `openssl rand -hex 32
// >file` and every editor write one. Other white space stays, to be refused.
func TrimNewline(value string) string {
	return strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
}
