// Package address reads the addresses of registries, and knows who may read and write at those that many use.
package address

import (
	"fmt"
	"strings"
)

// Normalize gives a host and path as references have them: in lower case, since an owner or a repository of GitHub's may have
// capitals and no reference may, and without a slash at the end. GitHub's own registry has a package of Acme/Todo under
// ghcr.io/acme/todo as well.
func Normalize(given string) string { return strings.ToLower(strings.TrimRight(given, "/")) }

// Repository is a reference without its tag and digest.
func Repository(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}

// Validate fails unless an address is a host and a path below it.
func Validate(given string) error {
	host, path, _ := strings.Cut(given, "/")
	if host == "" || path == "" || strings.Contains(given, "://") {
		return fmt.Errorf("registry %q: write a host and a path, e.g. ghcr.io/somebody", given)
	}
	return nil
}
