package secret

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// look is a secret that is known without its name. A pattern is tried on a text that holds its sign, which is much the quicker
// to look for. Its first group is what is not shown, or all of it.
type look struct {
	what, sign string
	pattern    *regexp.Regexp
	// sure is asked where the pattern alone does not tell, with what was found and where it ends.
	sure func(text string, from, to int) bool
	// hint is true for what is masked in doubt, and not worth a finding.
	hint bool
}

// encoded is a private key in base64.
var encoded = look{what: "a private key", sign: "LS0tLS1CRUdJTi", pattern: regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/]{20,}(?:\s*[A-Za-z0-9+/]{60,})*[A-Za-z0-9+/]*={0,2}`), sure: encodedKey}

var known = []look{
	{what: "an OpenAI key", sign: "sk-", pattern: regexp.MustCompile(`\bsk-([A-Za-z0-9_-]*\*[A-Za-z0-9_*-]*|[A-Za-z0-9_-]{17,})`), sure: mixed},
	{what: "an AWS key", sign: "AKIA", pattern: regexp.MustCompile(`\bAKIA[A-Z0-9]{16}\b`)},
	{what: "an AWS key", sign: "ASIA", pattern: regexp.MustCompile(`\bASIA[A-Z0-9]{16}\b`)},
	{what: "a GitHub token", sign: "gh", pattern: regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{16,}`)},
	{what: "a GitHub token", sign: "github_pat_", pattern: regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{16,}`)},
	{what: "a GitLab token", sign: "gl", pattern: regexp.MustCompile(`\bgl(?:pat|dt|rt|cbt|ptt|agent|soat|ft)-[A-Za-z0-9_.-]{16,}`)},
	{what: "a Slack token", sign: "xox", pattern: regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{what: "a Slack webhook", sign: "hooks.slack.com/", pattern: regexp.MustCompile(`\bhooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{10,})`)},
	{what: "a Google key", sign: "AIza", pattern: regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}\b`)},
	{what: "a Google token", sign: "ya29.", pattern: regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{20,}`)},
	{what: "a Google secret", sign: "GOCSPX-", pattern: regexp.MustCompile(`\bGOCSPX-[A-Za-z0-9_-]{20,}`)},
	{what: "a Stripe key", sign: "_", pattern: regexp.MustCompile(`\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}`)},
	{what: "a SendGrid key", sign: "SG.", pattern: regexp.MustCompile(`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`)},
	{what: "a registry's token", sign: "_", pattern: regexp.MustCompile(`\b(?:npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{16,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,})`)},
	{what: "a database's password", sign: "npg_", pattern: regexp.MustCompile(`\bnpg_[A-Za-z0-9]{10,}`)},
	{what: "a Vault token", sign: "hv", pattern: regexp.MustCompile(`\bhv[sb]\.[A-Za-z0-9_-]{20,}`)},
	{what: "an age key", sign: "AGE-SECRET-KEY-", pattern: regexp.MustCompile(`\bAGE-SECRET-KEY-1[A-Z0-9]{20,}`)},
	{what: "a signed token", sign: "eyJ", pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
	{what: "a signed token", sign: "eyJ", pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*`), hint: true},
	{what: "a bearer's token", sign: "earer", pattern: regexp.MustCompile(`(?i:\bbearer)\s+([A-Za-z0-9+/=._~-]{16,})`), hint: true},
	encoded,
}

// looks gives what is secret by its look.
func looks(text string) []span {
	found := append(privateKeys(text), urls(text)...)
	for _, l := range known {
		if strings.Contains(text, l.sign) {
			found = append(found, l.in(text)...)
		}
	}
	return found
}

func (l look) in(text string) []span {
	var found []span
	for _, at := range l.pattern.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[0], at[1]
		if len(at) > 2 && at[2] >= 0 {
			from, to = at[2], at[3]
		}
		if l.sure == nil || l.sure(text, from, to) {
			found = append(found, span{from, to, l.what})
		}
	}
	return found
}

// In names the first secret that a text holds by its look, "" when it holds none. A reference to one is none.
func In(text string) string {
	for _, s := range privateKeys(text) {
		return s.what
	}
	for _, s := range urls(text) {
		if !refers(text[s.from:s.to]) {
			return s.what
		}
	}
	for _, l := range known {
		if !l.hint && strings.Contains(text, l.sign) && len(l.in(text)) > 0 {
			return l.what
		}
	}
	return ""
}

// Behind gives the name of the first secret whose value a text has behind it, "" when there is none. A reference is no value.
func Behind(text string) string {
	for _, s := range assigned(text) {
		if !refers(text[s.from:s.to]) {
			return s.what
		}
	}
	return ""
}

// refers is true for what a shell, a template or Kubernetes puts a value in the place of.
func refers(value string) bool { return nothing(value) || strings.ContainsAny(value, "${}<>") }

// mixed is false for words with hyphens between them.
func mixed(text string, from, to int) bool {
	return strings.ContainsAny(text[from:to], "0123456789*ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// encodedKey is true for the base64 of a private key.
func encodedKey(text string, from, to int) bool {
	raw, _ := base64.RawStdEncoding.DecodeString(text[from:min(to, from+88)])
	return strings.Contains(string(raw), "PRIVATE KEY")
}

var (
	keyBegins = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----`)
	keyEnds   = regexp.MustCompile(`-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----`)
	// keyPart is what a key that is cut off has after its first line: line breaks, however they are written, headers, base64.
	keyPart = regexp.MustCompile(`^(?:\s|\\+[nrt]|&#(?:10|13);|%0[AaDd]|(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset): [^\n\\]+|[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/=]+(?:\s*$|["'\\]))+`)
	// keyBody is enough of one to be a key, and not the text of a program that reads keys.
	keyBody = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\+[nr]|&#(?:10|13);|%0[AaDd]|(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset): [^\n\\]+)+[A-Za-z0-9+/=]{40}`)
)

// privateKeys gives each private key in PEM, whatever stands for its line breaks.
func privateKeys(text string) []span {
	var found []span
	if !strings.Contains(text, "PRIVATE KEY") {
		return nil
	}
	begins := keyBegins.FindAllStringIndex(text, -1)
	for i, at := range begins {
		limit := len(text)
		if i+1 < len(begins) {
			limit = begins[i+1][0]
		}
		end := at[1]
		if ends := keyEnds.FindStringIndex(text[at[1]:limit]); ends != nil {
			end += ends[1]
		} else if part := keyPart.FindStringIndex(text[at[1]:limit]); part != nil {
			end += len(strings.TrimRight(text[at[1]:at[1]+part[1]], "\"'\\ \n"))
		}
		found = append(found, span{at[0], end, "a private key"})
	}
	return found
}

// PrivateKey says whether a file has a private key in it, in PEM or in the base64 of that.
func PrivateKey(content []byte) bool {
	if keyBody.Match(content) {
		return true
	}
	for _, at := range encoded.pattern.FindAllIndex(content, -1) {
		if encodedKey(string(content[at[0]:at[1]]), 0, at[1]-at[0]) {
			return true
		}
	}
	return false
}
