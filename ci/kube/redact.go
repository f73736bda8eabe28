package kube

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

// masked stands for what is not shown.
const masked = "***"

// shortest is the least length, in bytes, of a secret that is looked for word by word: masking every "todo" because it is
// somebody's password would hide the text and not the password.
const shortest = 6

// patterns are the secrets that are known by their looks.
var patterns = []struct {
	look *regexp.Regexp
	with string
}{
	// A URL's password runs to the last @ of the word: people paste passwords with / and @ in them as they are. A number
	// and a slash after the colon are a port and a path.
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@"'<>]*):(?:[^\s"'<>]*[^\s"'<>@])?@`), "$1:" + masked + "@"},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?`), masked},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`), masked},
	{regexp.MustCompile(`\bsk-[A-Za-z0-9_*-]{8,}`), "sk-" + masked},
	{regexp.MustCompile(`\b(?:gh[pousr]_|github_pat_|glpat-|xox[abp]-)[A-Za-z0-9_-]{16,}`), masked},
	{regexp.MustCompile(`(?i)\b(bearer)\s+[A-Za-z0-9+/=._~-]{16,}`), "$1 " + masked},
	{regexp.MustCompile(`(?i)\b(authorization["']?:\s*["']?)[a-z]+\s+[^\s"']+`), "$1" + masked},
	{regexp.MustCompile(`(?i)((?:password|passwd|pgpassword|secret|token|api[_-]?key)["']?(?:\s*=|:)\s*)("[^"]+"|'[^']+'|[^\s,;&"']+)`), "$1" + masked},
}

// portAndPath tells a URL's port and path from a password.
var portAndPath = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]*://[^\s:/@"'<>]*:\d{1,5}/`)

// Redact masks what must not be shown: each of the given secrets as it is, and in general passwords in URLs, tokens
// (JWTs, bearer tokens, sk-… keys), private keys, and what follows a name like password=. A given secret is also found
// URL-escaped, in base64 and as a JSON string has it, and line by line if it has several; one of fewer than six bytes is
// left to the general rules.
func Redact(text string, secrets []string) string {
	text = mask(text, secrets)
	for i, p := range patterns {
		text = p.look.ReplaceAllStringFunc(text, func(found string) string {
			if i == 0 && portAndPath.MatchString(found) {
				return found
			}
			return p.look.ReplaceAllString(found, p.with)
		})
	}
	return text
}

// mask replaces the given secrets, and nothing that only looks like one.
func mask(text string, secrets []string) string {
	for _, secret := range spellings(secrets) {
		text = strings.ReplaceAll(text, secret, masked)
	}
	return text
}

// spellings lists the forms in which secrets may appear, longest first, so that none is cut in two by a shorter one.
func spellings(secrets []string) []string {
	seen := map[string]bool{}
	add := func(s string) {
		if len(s) >= shortest {
			seen[s] = true
		}
	}
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); len(secret) < shortest {
			continue
		}
		quoted, _ := json.Marshal(secret)
		add(secret)
		add(strings.Trim(string(quoted), `"`))
		add(url.QueryEscape(secret))
		add(url.PathEscape(secret))
		add(base64.StdEncoding.EncodeToString([]byte(secret)))
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) >= 16 {
				add(line)
			}
		}
	}
	list := make([]string, 0, len(seen))
	for s := range seen {
		list = append(list, s)
	}
	sort.Slice(list, func(i, j int) bool {
		if len(list[i]) != len(list[j]) {
			return len(list[i]) > len(list[j])
		}
		return list[i] < list[j]
	})
	return list
}
