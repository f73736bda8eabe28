package secret

import (
	"regexp"
	"strings"
)

// userinfo is a URL up to the last @ of its word: people paste passwords with / and @ in them as they are. Its slashes may be
// escaped, as in JSON of PHP's, and the whole of it percent-encoded, as in another URL's query.
var userinfo = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*(?::(?:\\*/){2}|%3a%2f%2f)([^\s:/"'<>]*?)(:|%3a)([^\s"'<>` + "`" + `]*)(@|%40)`)

// portAndPath begins what is no password: a port, and a path that has an @ in it.
var portAndPath = regexp.MustCompile(`^\d{1,5}(?:\\*/|[?#])`)

// web are schemes of addresses whose path may have an @.
var web = regexp.MustCompile(`(?i)^(?:https?|oci|docker|docker-image|wss?|git|registry)(?::|%3a)`)

// urls gives the passwords of URLs.
func urls(text string) []span {
	if !strings.Contains(text, ":") && !strings.Contains(text, "%3") {
		return nil
	}
	var found []span
	for _, at := range userinfo.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[6], at[7]
		encodedURL := text[at[4]:at[5]] != ":"
		if !encodedURL && text[at[8]:at[9]] != "@" {
			// The last @ is one of another URL's; this one has its own, or none.
			last := strings.LastIndex(text[from:to], "@")
			if last < 0 {
				continue
			}
			to = from + last
		}
		password := text[from:to]
		if strings.HasPrefix(text[at[9]:], "sha256:") || strings.HasPrefix(text[at[9]:], "sha512:") {
			last := strings.LastIndex(password, "@")
			if last < 0 {
				continue
			}
			to = from + last
			password = text[from:to]
		}
		hostBefore := web.MatchString(text[at[0]:at[1]]) || strings.Contains(text[at[2]:at[3]], "@")
		if hostBefore && portAndPath.MatchString(password) {
			continue
		}
		found = append(found, span{from, to, "a URL with a password"})
	}
	return found
}
