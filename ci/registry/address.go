package registry

import "strings"

// NormalizeAddress gives a host and path as references have them: in lower case, since an owner or a repository of GitHub's may have
// capitals and no reference may, and without a slash at the end. GitHub's own registry has a package of Acme/Todo under
// ghcr.io/acme/todo as well.
func NormalizeAddress(given string) string { return strings.ToLower(strings.TrimRight(given, "/")) }
