package secret

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The words that a secret's name ends in. What stands before them says whose it is.
var (
	// always are secret whatever stands before, unless it is one of otherwise.
	always = []string{"password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "credential", "jwt", "pass"}
	// plural are a list of secrets only where a word of whose says so: MAX_TOKENS and imagePullSecrets are none.
	plural = []string{"passwords", "secrets", "tokens", "credentials"}
	// joined are names that people write as one word, with another before it.
	joined = regexp.MustCompile(`(?:password|passwd|passphrase|pwd|secret|token|credentials?|(?:api|access|secret|private|signing|encryption|account|master)key)$|` +
		`^(?:db|user|smtp|mail|pg|mysql|redis|key|store|root|admin|ftp|ssh|my|auth|require)pass$`)
	// whose are words before key, and before what is in plural, that make it one that opens something.
	whose = []string{"access", "account", "admin", "aes", "api", "app", "auth", "bearer", "bot", "cipher", "client", "cookie", "crypto", "deploy",
		"encryption", "fernet", "hmac", "jwt", "license", "master", "password", "private", "refresh", "rsa", "secret", "service", "session",
		"shared", "signature", "signing", "sign", "ssh", "storage", "tls", "ssl", "token", "user", "webhook", "encrypt", "db", "database"}
	// otherwise are words before the last one that make it something else: another's name, a page, a count.
	otherwise = map[string][]string{
		"secret":  {"existing", "pull"},
		"secrets": {"existing", "pull"},
		"token":   {"page", "continue", "continuation", "cancellation", "next", "max", "min", "unexpected", "unk", "eos", "bos", "pad"},
		"key": {"public", "primary", "foreign", "partition", "sort", "cache", "idempotency", "hash", "routing", "lookup", "object", "topology",
			"gpg", "host", "pub", "row", "group", "config", "label", "annotation", "merge", "parent", "publishable", "anon"},
	}
	// about are words after the last one that leave it what it is: SECRET_KEY_BASE, password_old, client-key-data.
	about = []string{"base", "old", "new", "prev", "previous", "current", "next", "primary", "secondary", "prod", "production", "staging",
		"stage", "dev", "test", "live", "default", "value", "values", "hash", "b64", "base64", "encoded", "plain", "text", "plaintext",
		"string", "raw", "data", "confirm", "confirmation", "again", "repeat", "v"}
)

// Named says whether a value is a secret by its name: that of a variable, a field, a header, in whatever case. A value that
// tells nothing is none: one that is empty, a truth, a reference to another, a mask.
func Named(name, value string) bool {
	if nothing(value) {
		return false
	}
	words := wordsOf(name)
	for len(words) > 1 && slices.Contains(about, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return false
	}
	last, before := words[len(words)-1], words[:len(words)-1]
	nearest := ""
	if len(before) > 0 {
		nearest = before[len(before)-1]
	}
	if slices.Contains(otherwise[last], nearest) {
		return false
	}
	switch {
	case last == "token" || strings.HasSuffix(last, "token"), slices.Contains(plural, last) && last != "passwords":
		if number.MatchString(value) {
			return false
		}
	case (last == "pwd" || last == "oldpwd") && nearest == "" && strings.HasPrefix(value, "/"):
		return false
	case last == "passwd" && accounts.MatchString(value):
		return false
	case last == "pass" && nearest == "" && number.MatchString(value):
		return false
	}
	switch {
	case slices.Contains(always, last):
		return true
	case slices.Contains(plural, last):
		return slices.Contains(whose, nearest) || last == "passwords"
	case last == "key":
		return slices.Contains(whose, nearest) || nearest != "" && random(value)
	case last == "auth":
		return carriesUser(value)
	case last == "cookie":
		return strings.Contains(value, "=")
	case last == "authorization":
		return true
	}
	return joined.MatchString(last)
}

// accounts is a line of /etc/passwd.
var accounts = regexp.MustCompile(`^[a-z_][a-z0-9_-]*:[^:\n]*:\d+:\d+:`)

// number is a count, or a length of time.
var number = regexp.MustCompile(`^[0-9][0-9_.,]*(?:[kKmM]|ms|s|m|h|d)?$`)

// wordsOf splits a name where its case changes and at what is neither letter nor digit, in lower case, without digits at the end.
func wordsOf(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if w := strings.TrimRight(strings.ToLower(string(word)), "0123456789"); w != "" {
			words = append(words, w)
		}
		word = nil
	}
	letters := []rune(name)
	for i, r := range letters {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		// passWord, and the last capital of APIKey.
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || unicode.IsUpper(letters[i-1]) && i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			end()
		}
		word = append(word, r)
	}
	end()
	// base64 is a word with digits.
	for i, w := range words {
		if w == "b" || w == "base" && strings.Contains(strings.ToLower(name), "base64") {
			words[i] = "base64"
		}
	}
	return words
}

// empty are values that hold no secret: truths, absences and masks, and references to where the value is.
var empty = regexp.MustCompile(`^(?:(?i:true|false|yes|no|on|off|null|nil|none|undefined|<nil>|n/a|redacted|\[redacted]|<redacted>|\(redacted\)|<[a-z][a-z _-]*>)|` +
	`\*+|\{+|\[+|[[{]\s*[]}]|\$\([A-Za-z_][A-Za-z0-9_]*\)|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Z_][A-Z0-9_]{2,}|\{\{.*\}\}|\$\{\{.*\}\}|%s|%\([a-z_]+\)s)$`)

func nothing(value string) bool {
	value = strings.TrimSpace(value)
	return value == "" || empty.MatchString(value)
}

// random is true for a value that nobody would choose for its sense: long, of letters and digits.
func random(value string) bool {
	return len(value) >= 16 && strings.ContainsAny(value, "0123456789") && strings.ContainsFunc(value, unicode.IsLetter) &&
		alphabet.MatchString(value) && !strings.HasPrefix(value, "/")
}

var alphabet = regexp.MustCompile(`^[A-Za-z0-9+/=_.-]+$`)

// carriesUser is true for a name and a password in base64, as Docker's and npm's files have them under auth.
func carriesUser(value string) bool {
	raw, err := base64.StdEncoding.DecodeString(value)
	return err == nil && strings.Contains(string(raw), ":")
}
