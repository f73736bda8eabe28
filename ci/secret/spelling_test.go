package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// writing is a way in which a program writes a text down.
type writing struct {
	of    string
	write func(string) string
}

func jsonText(value string) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// asciiJSON is JSON as Python's json.dumps writes it.
func asciiJSON(value string) string {
	var b strings.Builder
	for _, r := range jsonText(value) {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// escapedFor writes a text as Python's repr and Node's util.inspect do: quotes and control characters escaped, the rest as it is.
func escapedFor(quote rune, control func(rune) string) func(string) string {
	return func(value string) string {
		var b strings.Builder
		b.WriteRune(quote)
		for _, r := range value {
			switch {
			case r == quote || r == '\\':
				b.WriteRune('\\')
				b.WriteRune(r)
			case r == '\n':
				b.WriteString(`\n`)
			case r == '\t':
				b.WriteString(`\t`)
			case r == '\r':
				b.WriteString(`\r`)
			case unicode.IsPrint(r):
				b.WriteRune(r)
			default:
				b.WriteString(control(r))
			}
		}
		b.WriteRune(quote)
		return b.String()
	}
}

func pythonControl(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

func nodeControl(r rune) string {
	if r < 0x100 {
		return fmt.Sprintf(`\x%02X`, r)
	}
	return string(r)
}

// backslashed escapes quotes, backslashes and line breaks; odd writes a byte that is not printable.
func backslashed(value string, odd func(c byte) string) string {
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20 || c >= 0x7f:
			b.WriteString(odd(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// pythonBytes is the repr of a text's bytes.
func pythonBytes(value string) string {
	return "b'" + backslashed(value, func(c byte) string { return fmt.Sprintf(`\x%02x`, c) }) + "'"
}

// printfQ is bash's printf %q.
func printfQ(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r >= 0x7f }) {
		return "$'" + backslashed(value, func(c byte) string {
			if c == 0x1b {
				return `\E`
			}
			return fmt.Sprintf(`\%03o`, c)
		}) + "'"
	}
	var b strings.Builder
	for _, r := range value {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./:@%+=", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func shellQuoted(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
func shlexQuoted(value string) string { return "'" + strings.ReplaceAll(value, "'", `'"'"'`) + "'" }
func yamlQuoted(value string) string  { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// numeric is every character as HTML's number.
func numeric(format string) func(string) string {
	return func(value string) string {
		var b strings.Builder
		for _, r := range value {
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
}

// everyByte percent-encodes all of them.
func everyByte(format string) func(string) string {
	return func(value string) string {
		var b strings.Builder
		for i := range len(value) {
			fmt.Fprintf(&b, format, value[i])
		}
		return b.String()
	}
}

// unquoted is a writing without its own quotes, which stay when the text is masked.
func unquoted(write func(string) string) func(string) string {
	return func(value string) string {
		text := write(value)
		for _, quote := range []string{`"`, "b'", "$'", "'", "`"} {
			if inner, found := strings.CutPrefix(text, quote); found {
				return inner[:len(inner)-1]
			}
		}
		return text
	}
}

var writings = []writing{
	{"itself", func(v string) string { return v }},
	{"JSON", unquoted(jsonText)},
	{"JSON within JSON", func(v string) string { return unquoted(jsonText)(unquoted(jsonText)(v)) }},
	{"JSON within JSON within JSON", func(v string) string { return unquoted(jsonText)(unquoted(jsonText)(unquoted(jsonText)(v))) }},
	{"Python's json", unquoted(asciiJSON)},
	{"Python's repr", unquoted(escapedFor('\'', pythonControl))},
	{"Python's repr in double quotes", unquoted(escapedFor('"', pythonControl))},
	{"Python's ascii", func(v string) string { q := strconv.QuoteToASCII(v); return q[1 : len(q)-1] }},
	{"Python's bytes", unquoted(pythonBytes)},
	{"Python's repr in JSON", func(v string) string { return unquoted(jsonText)(unquoted(escapedFor('\'', pythonControl))(v)) }},
	{"Node's inspect", unquoted(escapedFor('\'', nodeControl))},
	{"Node's inspect in backticks", unquoted(escapedFor('`', nodeControl))},
	{"Go's %q", func(v string) string { q := strconv.Quote(v); return q[1 : len(q)-1] }},
	{"a shell's quotes", unquoted(shellQuoted)},
	{"shlex", unquoted(shlexQuoted)},
	{"printf %q", func(v string) string { return strings.TrimPrefix(printfQ(v), "$") }},
	{"YAML's quotes", unquoted(yamlQuoted)},
	{"a query", url.QueryEscape},
	{"a path", url.PathEscape},
	{"small percent-encoding", everyByte("%%%02x")},
	{"percent-encoding of everything", everyByte("%%%02X")},
	{"percent-encoding twice", func(v string) string { return url.QueryEscape(url.PathEscape(v)) }},
	{"a query in JSON", func(v string) string { return unquoted(jsonText)(url.QueryEscape(v)) }},
	{"HTML", html.EscapeString},
	{"HTML twice", func(v string) string { return html.EscapeString(html.EscapeString(v)) }},
	{"HTML's numbers", numeric("&#%d;")},
	{"HTML's hex", numeric("&#x%X;")},
	{"JSON in HTML", func(v string) string { return html.EscapeString(unquoted(jsonText)(v)) }},
	{"base64", func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) }},
	{"URL's base64", func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }},
	{"base64 behind a name", func(v string) string { return base64.StdEncoding.EncodeToString([]byte("me:" + v)) }},
	{"base64 behind another", func(v string) string { return base64.StdEncoding.EncodeToString([]byte("me!:" + v + "!")) }},
	{"base64 of JSON", func(v string) string { return base64.StdEncoding.EncodeToString([]byte(`{"a":"` + v + `"}`)) }},
	{"base64 in lines", func(v string) string { return folded(base64.StdEncoding.EncodeToString([]byte(v)), 8, "\n") }},
	{"base64 in lines, written out", func(v string) string { return folded(base64.StdEncoding.EncodeToString([]byte(v)), 8, `\n`) }},
	{"hex", func(v string) string { return hex.EncodeToString([]byte(v)) }},
	{"a buffer of Node's", everyByte("%02x ")},
}

func folded(text string, width int, end string) string {
	var b strings.Builder
	for len(text) > width {
		b.WriteString(text[:width] + end)
		text = text[width:]
	}
	return b.String() + text
}

// remains is true when more of a written secret is left than base64 shares with its neighbours.
func remains(masked, written string) bool {
	if strings.Contains(masked, written) {
		return true
	}
	const edge = 4
	return len(written) > 4*edge && strings.Contains(masked, written[edge:len(written)-edge])
}

func TestAGivenSecretIsFoundInEverySpelling(t *testing.T) {
	for _, secret := range []string{
		`pä55/w"ord+x`, `it's a "secret" & <more>`, `back\slash\\twice`, "tab\tand\x1bescape", "emoji 😀 and ß", "Ab,rest;end", "a`b$c{d}[e]^f",
		"percent%41%zz%", "first-line-of-a-secret\nsecond-line-of-a-secret", "plainpassword", "0123456789", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
	} {
		for _, w := range writings {
			written := w.write(secret)
			masked := Mask("see "+written+" there", []string{secret})
			assert.False(t, remains(masked, written), "%s: %q", w.of, masked)
			assert.True(t, strings.HasPrefix(masked, "see "), w.of)
			assert.True(t, strings.HasSuffix(masked, " there"), w.of)
			assert.Contains(t, masked, Masked, w.of)
			assert.True(t, Spelled(written, secret), w.of)
		}
	}
}

func TestWhatIsNoGivenSecretStays(t *testing.T) {
	for text, secrets := range map[string][]string{
		"the todo app": {"todo", "", " "},
		"todo-postgres-0, postgresql://, /postgres/": {"postgres"},
		"passwords and mypassword":                   {"password"},
		"hunter1 hunter3":                            {"hunter2"},
	} {
		assert.Equal(t, text, Mask(text, secrets))
	}
	assert.Equal(t, "u:***@h", Mask("u:postgres@h", []string{"postgres"}), "a word that stands alone")
	assert.Equal(t, "*** and ***", Mask("longer-secret and secret", []string{"secret", "longer-secret"}))
	assert.Equal(t, "a ***", Mask("a first-line-of-a-secret", []string{"first-line-of-a-secret\nsecond-line-of-a-secret"}), "line by line")
	assert.Equal(t, "a\n  ***\nb", Mask("a\n  one-l1ne\n  two-l1nes\nb", []string{"one-l1ne\ntwo-l1nes"}), "indented")
}

// holders are the ways in which a text has a value by its name. Each is given one that no rule knows.
var holders = []writing{
	{"JSON", func(v string) string { return `{"db_password":` + jsonText(v) + `,"user":"me"}` }},
	{"JSON within JSON", func(v string) string { return `{"body":` + jsonText(`{"clientSecret":`+jsonText(v)+`}`) + `}` }},
	{"JSON within JSON within JSON", func(v string) string {
		return `{"a":` + jsonText(`{"body":`+jsonText(`{"apiKey":`+jsonText(v)+`}`)+`}`) + `}`
	}},
	{"a variable in JSON", func(v string) string { return `[{"name":"SMTP_PASSWORD","value":` + jsonText(v) + `}]` }},
	{"Python's dict", func(v string) string { return "{'password': " + escapedFor('\'', pythonControl)(v) + ", 'user': 'me'}" }},
	{"Python's bytes", func(v string) string { return "{'password': " + pythonBytes(v) + "}" }},
	{"Python's call", func(v string) string {
		return "Settings(api_key=SecretStr(" + escapedFor('\'', pythonControl)(v) + "))"
	}},
	{"Node's inspect", func(v string) string { return "{\n  authToken: " + escapedFor('\'', nodeControl)(v) + ",\n}" }},
	{"a shell's line", func(v string) string { return "export DB_PASS=" + shellQuoted(v) + " && run" }},
	{"shlex", func(v string) string { return "DB_PASS=" + shlexQuoted(v) }},
	{"printf %q", func(v string) string { return "DB_PASS=" + printfQ(v) + "\nUSER=me" }},
	{"YAML in single quotes", func(v string) string { return "db:\n  password: " + yamlQuoted(v) + "\n" }},
	{"YAML in double quotes", func(v string) string { return "db:\n  password: " + jsonText(v) + "\n" }},
	{"a variable in YAML", func(v string) string { return "- name: SMTP_PASSWORD\n  value: " + jsonText(v) + "\n" }},
	{"a URL's password", func(v string) string { return "postgresql://me:" + everyByte("%%%02X")(v) + "@host/db" }},
	{"a query", func(v string) string { return "https://host/?access_token=" + url.QueryEscape(v) + "&x=1" }},
	{"XML", func(v string) string { return "<password>" + html.EscapeString(v) + "</password>" }},
	{"SQL", func(v string) string { return "ALTER ROLE me PASSWORD " + yamlQuoted(v) }},
	{"flags", func(v string) string { return `["--password", ` + jsonText(v) + `]` }},
	{"a key", func(v string) string {
		return "-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString([]byte(v)) + "\n-----END PRIVATE KEY-----"
	}},
}

// planted is what each holder has of the value.
func planted(h writing, value string) string {
	const mark = "aMARKb"
	text, marked := h.write(value), h.write(mark)
	if h.of == "a key" {
		return base64.StdEncoding.EncodeToString([]byte(value))
	}
	if h.of == "a URL's password" {
		return everyByte("%%%02X")(value)
	}
	before, after, _ := strings.Cut(marked, mark)
	return strings.TrimSuffix(strings.TrimPrefix(text, before), after)
}

func TestAValueBehindItsNameIsMaskedWhole(t *testing.T) {
	for _, value := range []string{`Ab"rest`, "Ab,rest", "it's", `a\b\\`, `"`, "ü 😀", "a b c", "a=b&c", "x;y", "#a", "a: b", "multi\nline"} {
		for _, h := range holders {
			text := h.write(value)
			masked := Redact(text, nil)
			require.NotEqual(t, text, masked, h.of)
			if left := planted(h, value); len(left) > 2 {
				assert.NotContains(t, masked, left, h.of)
			}
			assert.Equal(t, masked, Redact(masked, nil), "%s: masking twice", h.of)
		}
	}
}

// A secret that is given, or stands behind its name, never remains, in whatever form.
func TestEachLongLineOfASecretIsMasked(t *testing.T) {
	const first, second = "first-line-of-a-key", "second-line-of-a-key"
	for _, end := range []string{"\n", "\r\n", "\r", "\r\r\r"} {
		masked := Mask("see "+first+" and "+second, []string{first + end + second + end})
		assert.Equal(t, "see *** and ***", masked, "%q", end)
	}
}

func FuzzRedact(f *testing.F) {
	for _, secret := range []string{`pä55/w"ord+x`, `it's`, "\\\\n\\'\"", "a b\tc\nd", "percent%41%", "****", "&amp;&#39;", "$'x'", "x'\"'\"'y"} {
		f.Add(secret, "some text: ")
	}
	f.Fuzz(func(t *testing.T, secret, around string) {
		secret = strings.TrimSpace(secret)
		if !utf8.ValidString(secret) || !utf8.ValidString(around) || strings.ContainsAny(secret, "\x00\u2028\u2029") || len(secret) > 200 {
			return
		}
		Redact(around+secret, []string{around})
		if len(secret) >= shortest && strings.Trim(secret, "*") != "" {
			for _, w := range writings {
				written := w.write(secret)
				masked := Mask("see "+written+" there", []string{secret})
				if context := "see *** there"; strings.Contains(context, secret) {
					continue
				}
				require.Contains(t, masked, Masked, "%s of %q", w.of, secret)
				require.False(t, remains(masked, written), "%s: %q", w.of, masked)
			}
		}
		// Quotes in quotes read as an empty value in three quotes, and NAME==value as a comparison.
		if nothing(secret) || number.MatchString(secret) || strings.Trim(secret, "'\"` \t") == "" || strings.HasPrefix(secret, "=") {
			return
		}
		for _, h := range holders {
			text, left := h.write(secret), planted(h, secret)
			if len(left) < 4 || strings.Count(text, left) > 1 || nothing(left) {
				continue
			}
			require.NotContains(t, Redact(text, nil), left, h.of)
		}
	})
}
