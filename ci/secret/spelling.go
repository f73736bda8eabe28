package secret

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// shortest is the least length, in bytes, of a secret that is looked for: masking every "todo" because it is somebody's password
	// would hide the text and not the password.
	shortest = 6
	// shortestLine is that of one line among several.
	shortestLine = 16
	// longestWord is up to how many letters a secret may be a word: postgres is masked where it stands alone, and not in the name of
	// a pod.
	longestWord = 15
)

// spelled gives the places of a secret in a text, however it is written there: as it is, escaped as Python, JavaScript, JSON, shells,
// URLs and HTML do, also one within the other, in base64 alone or among other bytes, and in hex.
func spelled(text, secret string) []span {
	if secret = strings.TrimSpace(secret); len(secret) < shortest {
		return nil
	}
	found := form{runes: []rune(secret), word: isWord(secret)}.places(text)
	for _, encoded := range inBase64(secret) {
		found = append(found, form{runes: []rune(encoded), wrapped: true}.places(text)...)
	}
	found = append(found, inHex(text, secret)...)
	if strings.ContainsAny(secret, "\r\n") {
		for _, line := range strings.FieldsFunc(secret, func(r rune) bool { return r == '\r' || r == '\n' }) {
			if line = strings.TrimSpace(line); len(line) >= shortestLine {
				found = append(found, spelled(text, line)...)
			}
		}
	}
	return found
}

// Spelled says whether a text has a secret in it, in any spelling. One that is too short to look for is in none.
func Spelled(text, secret string) bool { return len(spelled(text, secret)) > 0 }

func isWord(secret string) bool {
	return len(secret) <= longestWord && !strings.ContainsFunc(secret, func(r rune) bool { return !unicode.IsLetter(r) })
}

// form is a text that is looked for.
type form struct {
	runes []rune
	// word is true for one that is found only where it stands alone, and wrapped for one that may be broken into lines.
	word, wrapped bool
}

func (f form) places(text string) []span {
	begins := string(f.runes[:1])[:1] + `\\%&+'"`
	var found []span
	for from := 0; from < len(text); {
		next := strings.IndexAny(text[from:], begins)
		if begins[0] >= utf8.RuneSelf {
			next = strings.IndexFunc(text[from:], func(r rune) bool { return r == f.runes[0] || strings.ContainsRune(begins[1:], r) })
		}
		if next < 0 {
			break
		}
		from += next
		to := f.matched(text, from)
		if to < 0 || f.word && !alone(text, from, to) {
			from++
			continue
		}
		found = append(found, span{from, to, "a secret's value"})
		from = to
	}
	return found
}

// alone is true where no name goes on before or after.
func alone(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	inName := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-/", r) }
	return (from == 0 || !inName(before) && before != '.') && (to == len(text) || !inName(after))
}

// matched gives where what is looked for ends when it begins at a place, -1 where it does not. It may be at several places at
// once, since a backslash may be its own or an escape.
func (f form) matched(text string, from int) int {
	ends := []int{from}
	for i, r := range f.runes {
		var next []int
		for _, at := range ends {
			if f.wrapped && i > 0 {
				at += len(wrap.FindString(text[at:]))
			}
			for _, end := range unit(text, at, r) {
				if !slices.Contains(next, end) {
					next = append(next, end)
				}
			}
		}
		if len(next) == 0 {
			return -1
		}
		ends = next
	}
	return slices.Max(ends)
}

// wrap is a line break in the middle of base64.
var wrap = regexp.MustCompile(`^(?:\r?\n[ \t]*|\\+r\\+n|\\+n|%0[Dd]%0[Aa]|%0[Aa])`)

// The escapes of one character.
var (
	letters = map[rune]string{'\n': "n", '\r': "r", '\t': "t", '\a': "a", '\b': "b", '\f': "f", '\v': "v", 0x1b: "eE", 0: "0"}
	entity  = regexp.MustCompile(`^&(?:amp;)*(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z]{2,4}));?`)
	names   = map[string]rune{"quot": '"', "amp": '&', "apos": '\'', "lt": '<', "gt": '>', "nbsp": ' '}
)

// unit gives every place where a character that begins at one may end.
func unit(text string, at int, r rune) []int {
	if at >= len(text) {
		return nil
	}
	ends := simple(text, at, r)
	rest := text[at:]
	if run := escape.FindString(rest); run != "" {
		ends = append(ends, escaped(text, at, len(run), r)...)
	}
	switch r {
	case '\'', '"':
		// Doubled in YAML, SQL and CSV; closed, written and opened again in a shell.
		for _, again := range []string{string(r) + string(r), `'\''`, `'"'"'`, `"'"'"`} {
			if strings.HasPrefix(rest, again) {
				ends = append(ends, at+len(again))
			}
		}
	case '\n':
		// Lines may be indented, and end as Windows' do.
		if m := lineBreak.FindString(rest); m != "" {
			ends = append(ends, at+len(m))
		}
	}
	return ends
}

var (
	lineBreak = regexp.MustCompile(`^(?:\r?\n[ \t]*|\\+r\\+n|%0[Dd]%0[Aa])`)
	// escape is a backslash or several, since texts within texts double them; five deep is more than anybody writes.
	escape = regexp.MustCompile(`^(?:\\|%(?:25)*5[Cc]|&#92;|&#[xX]5[Cc];){1,32}`)
)

// simple gives the ends of a character that has no escape before it: as it is, as HTML and as URLs have it.
func simple(text string, at int, r rune) []int {
	rest, utf := text[at:], string(r)
	if rest == "" {
		return nil
	}
	var ends []int
	if strings.HasPrefix(rest, utf) {
		ends = append(ends, at+len(utf))
	}
	switch rest[0] {
	case '%':
		if end := bytewise(rest, utf, percent); end > 0 {
			ends = append(ends, at+end)
		}
		for n := 1; r == '%' && strings.HasPrefix(rest[n:], "25"); n += 2 {
			ends = append(ends, at+n+2)
		}
	case '&':
		if m := entity.FindStringSubmatch(rest); m != nil && entityOf(m) == r {
			ends = append(ends, at+len(m[0]))
		}
		for n := 1; r == '&' && strings.HasPrefix(rest[n:], "amp;"); n += 4 {
			ends = append(ends, at+n+4)
		}
	case '+':
		if r == ' ' {
			ends = append(ends, at+1)
		}
	}
	return ends
}

// escaped gives the ends of a character behind a run of backslashes.
func escaped(text string, at, run int, r rune) []int {
	after := at + run
	if r == '\\' {
		var ends []int
		for n := 1; n <= run; n++ {
			if escape.FindString(text[at:at+n]) == text[at:at+n] {
				ends = append(ends, at+n)
			}
		}
		return append(ends, numbered(text, after, r)...)
	}
	ends := append(simple(text, after, r), numbered(text, after, r)...)
	if after < len(text) && strings.IndexByte(letters[r], text[after]) >= 0 {
		ends = append(ends, after+1)
	}
	return ends
}

// widest is more than the bytes that the number of one character takes, its backslashes doubled five times.
const widest = 256

// numbered gives the ends of a character whose number stands behind a backslash.
func numbered(text string, after int, r rune) []int {
	var ends []int
	near := text[after:min(len(text), after+widest)]
	for _, form := range []func(string) (rune, int){unicodeOf, hexOf} {
		if found, length := form(near); length > 0 && found == r {
			ends = append(ends, after+length)
		}
	}
	for _, form := range []byteForm{hexByte, octalByte} {
		if end := bytewise(`\`+near, string(r), form); end > 0 {
			ends = append(ends, after+end-1)
		}
	}
	return ends
}

// byteForm reads one byte, and says how long its spelling is: 0 when it is none.
type byteForm func(text string) (byte, int)

// bytewise gives the length of a character whose bytes are each spelled so, 0 when they are not.
func bytewise(text, utf string, form byteForm) int {
	at := 0
	for i := range len(utf) {
		// Within a text the backslashes of each byte may be doubled.
		skipped := len(text[at:]) - len(strings.TrimLeft(text[at:], `\`))
		if skipped > 0 {
			at += skipped - 1
		}
		b, length := form(text[at:])
		if length == 0 || b != utf[i] {
			return 0
		}
		at += length
	}
	return at
}

var (
	percentForm = regexp.MustCompile(`^%(?:25)*([0-9A-Fa-f]{2})`)
	hexForm     = regexp.MustCompile(`^\\x([0-9A-Fa-f]{2})`)
	octalForm   = regexp.MustCompile(`^\\([0-3]?[0-7]{1,2})`)
	unicodeForm = regexp.MustCompile(`^(?:u([0-9A-Fa-f]{4})(?:\\+u([0-9A-Fa-f]{4}))?|u\{([0-9A-Fa-f]{1,6})\}|U([0-9A-Fa-f]{8}))`)
)

func percent(text string) (byte, int)   { return byteOf(percentForm, text, 16) }
func hexByte(text string) (byte, int)   { return byteOf(hexForm, text, 16) }
func octalByte(text string) (byte, int) { return byteOf(octalForm, text, 8) }

func byteOf(form *regexp.Regexp, text string, base int) (byte, int) {
	m := form.FindStringSubmatch(text)
	if m == nil {
		return 0, 0
	}
	n, err := strconv.ParseUint(m[1], base, 8)
	if err != nil {
		return 0, 0
	}
	return byte(n), len(m[0])
}

// hexOf is \xNN of a character, as Python and JavaScript write those up to ÿ, without its backslash.
func hexOf(code string) (rune, int) {
	b, length := hexByte(`\` + code)
	return rune(b), max(length-1, 0)
}

// unicodeOf is \uXXXX, a pair of them, \u{X} or \UXXXXXXXX, without its first backslash.
func unicodeOf(code string) (rune, int) {
	m := unicodeForm.FindStringSubmatch(code)
	if m == nil {
		return 0, 0
	}
	for _, digits := range []string{m[3], m[4]} {
		if digits != "" {
			return number16(digits), len(m[0])
		}
	}
	first := number16(m[1])
	if utf16.IsSurrogate(first) && m[2] != "" {
		return utf16.DecodeRune(first, number16(m[2])), len(m[0])
	}
	return first, len("uXXXX")
}

func number16(digits string) rune {
	n, _ := strconv.ParseInt(digits, 16, 32)
	return rune(n) // #nosec G115 -- it was read as 32 bits
}

func entityOf(m []string) rune {
	switch {
	case m[1] != "":
		n, _ := strconv.Atoi(m[1])
		return rune(n) // #nosec G115 -- it has seven digits at most
	case m[2] != "":
		return number16(m[2])
	}
	return names[m[3]]
}

// inBase64 gives the parts of a secret's base64 that are the same whatever stands around it, in both alphabets: a name before a
// password moves it by one byte or two.
func inBase64(secret string) []string {
	var forms []string
	for before := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString(append(make([]byte, before), secret...))
			encoded = encoded[(before*8+5)/6:]
			if (before+len(secret))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			if len(encoded) >= shortest && !slices.Contains(forms, encoded) {
				forms = append(forms, encoded)
			}
		}
	}
	return forms
}

// inHex gives the places of a secret as hex digits, which a dump puts spaces between.
func inHex(text, secret string) []span {
	var found []span
	for from := 0; from+2*len(secret) <= len(text); from++ {
		if to := hexAt(text, from, secret); to > 0 {
			found = append(found, span{from, to, "a secret's value"})
			from = to
		}
	}
	return found
}

func hexAt(text string, at int, secret string) int {
	for i := range len(secret) {
		if i > 0 && at < len(text) && (text[at] == ' ' || text[at] == ':') {
			at++
		}
		if at+2 > len(text) {
			return 0
		}
		high, low := hexDigit(text[at]), hexDigit(text[at+1])
		if high < 0 || low < 0 || high<<4|low != int(secret[i]) {
			return 0
		}
		at += 2
	}
	return at
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
