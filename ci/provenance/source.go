package provenance

import (
	"fmt"
	"net/url"
	"strings"
)

// Source is what was built: a commit of a repository.
type Source struct {
	// Repository is where others find it, without credentials; "" when the clone came from nowhere.
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	// Uncommitted says that the checkout had changes beside the commit.
	Uncommitted bool `json:"uncommitted"`
}

// URI names the commit in SPDX's form of a download location.
func (s Source) URI() string { return "git+" + s.Repository + "@" + s.Commit }

// SplitSource gives what URI was made of; the commit is "" where it names none.
func SplitSource(uri string) (repository, commit string) {
	uri = strings.TrimPrefix(uri, "git+")
	at := strings.LastIndex(uri, "@")
	if at < 0 {
		return uri, ""
	}
	return uri[:at], uri[at+1:]
}

// ParseSource reads what Git said of a checkout: the commit, the address of its origin, and one line for each change that
// is not committed. The address loses what may be a secret: a user and a password in front of the host.
func ParseSource(commit, origin, status string) (Source, error) {
	source := Source{Commit: strings.TrimSpace(commit), Uncommitted: strings.TrimSpace(status) != ""}
	if !commitID.MatchString(source.Commit) {
		return Source{}, fmt.Errorf("reading the checkout's commit: Git said %q", source.Commit)
	}
	source.Repository = repository(strings.TrimSpace(origin))
	return source, nil
}

// repository gives an address that everybody may read; one that is a path on somebody's machine is nobody else's business.
func repository(origin string) string {
	if user, rest, scp := strings.Cut(origin, "@"); scp && !strings.Contains(user, "/") && !strings.Contains(rest, "://") {
		host, path, _ := strings.Cut(rest, ":")
		return strings.TrimSuffix("https://"+host+"/"+path, ".git")
	}
	address, err := url.Parse(origin)
	if err != nil || address.Host == "" {
		return ""
	}
	return strings.TrimSuffix("https://"+address.Host+address.Path, ".git")
}
