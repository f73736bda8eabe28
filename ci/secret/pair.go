package secret

import (
	"regexp"
	"slices"
	"strings"
)

// The ways in which a name stands before its value. The groups are the name, and in the first its quote and what stands between.
var (
	// pair is key=value, key: value, "key":"value", key => value, in whatever quotes and escapes, and percent-encoded.
	pair = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.\-]*)((?:\\*["'` + "`" + `]|&quot;|&#34;|&#39;|%22|%27)?\]?)([ \t]*(?:=>|:=|={1,3}|:|%3[DdAa])[ \t]*)`)
	// flag is --name value, in one text or in two of a list.
	flag = regexp.MustCompile(`(?:^|[\s"'\[,])--?([A-Za-z][A-Za-z0-9_-]+)(?:\\*["'],\s*|[ \t]+)`)
	// named is a name and a value beside it, as containers have variables.
	named = regexp.MustCompile(`(?i)(?:name|key)\\*["']?\s*[:=]\s*\\*["']?([A-Za-z_][A-Za-z0-9_.\-]*)\\*["']?\s*,?\s*\\*["']?value\\*["']?[ \t]*[:=][ \t]*`)
	// element is XML's.
	element = regexp.MustCompile(`<([A-Za-z_][A-Za-z0-9_.:\-]*)(?:\s[^<>]*)?>([^<]+)</`)
	// statement is SQL's, and words of it are .netrc's.
	statement = regexp.MustCompile(`(?i)\b(?:password|identified by)\s+(?:e)?'((?:[^']|'')+)'|\blogin\s+\S+\s+password\s+(\S+)`)
)

// stems are in every name that Named knows, so that a text without any is not read.
var stems = regexp.MustCompile(`(?i)pass|pwd|secret|token|key|credential|auth|jwt|cookie`)

// assigned gives the values that stand behind a secret's name.
func assigned(text string) []span {
	if !stems.MatchString(text) {
		return nil
	}
	var found []span
	add := func(name string, v value) {
		if v.to > v.from && Named(name, v.plain) {
			found = append(found, span{v.from, v.to, name})
		}
	}
	for _, at := range pair.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		if stems.MatchString(name) {
			add(name, valueOf(text, key{name: name, from: at[2], quote: text[at[4]:at[5]], sign: strings.TrimSpace(text[at[6]:at[7]]),
				apart: text[at[6]] == ' ', spaced: text[at[7]-1] == ' ' || text[at[7]-1] == '\t', to: at[1]}))
		}
	}
	for _, at := range flag.FindAllStringSubmatchIndex(text, -1) {
		if name := text[at[2]:at[3]]; stems.MatchString(name) {
			add(name, valueOf(text, key{name: name, from: at[2], sign: "--", spaced: true, to: at[1]}))
		}
	}
	for _, at := range named.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		add(name, valueOf(text, key{name: name, from: at[0], sign: "value", spaced: true, to: at[1]}))
	}
	for _, at := range element.FindAllStringSubmatchIndex(text, -1) {
		add(text[at[2]:at[3]], value{at[4], at[5], text[at[4]:at[5]]})
	}
	for _, at := range statement.FindAllStringSubmatchIndex(text, -1) {
		for i := 2; i < len(at); i += 2 {
			if at[i] >= 0 {
				add("password", value{at[i], at[i+1], text[at[i]:at[i+1]]})
			}
		}
	}
	return found
}

// key is a name in a text with what stands between it and its value.
type key struct {
	name        string
	from, to    int
	quote, sign string
	// apart is true when white space comes before the sign, and spaced when it follows it.
	apart, spaced bool
}

// value is where one stands in a text, without its quotes, and what it is.
type value struct {
	from, to int
	plain    string
}

func textValue(text string, from, to int) value { return value{from, to, text[from:to]} }

// wrapper is what a program writes around a text: SecretStr('…'), b'…', $'…'.
var wrapper = regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_.]*\()?(?:[bBrRuUfFeE]{1,2}|\$)?(\\*(?:"""|'''|["'` + "`" + `])|&quot;|&#34;|&#39;|%22|%27)`)

// valueOf reads the value after a key.
func valueOf(text string, k key) value {
	rest := text[k.to:]
	if k.quote != "" && rest != "" && rest[0] == '\n' {
		// Of JSON, the value may be on the next line.
		k.to += len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
		rest = text[k.to:]
	}
	// In what is printed of a shell's variable a backslash is the value's.
	shell := k.sign == "=" && k.quote == "" && (k.from == 0 || text[k.from-1] == '\n') && strings.HasPrefix(rest, `\`)
	if open := wrapper.FindStringSubmatchIndex(rest); open != nil && !shell && !inQuery(text, k) {
		return quoted(text, k.to+open[3], rest[open[2]:open[3]])
	}
	switch {
	case rest == "" || rest[0] == '\n' || rest[0] == '\r':
		return value{}
	case k.sign == ":" && (k.apart || rest[0] == ':' || strings.HasPrefix(rest, "//")), (k.sign == "==" || k.sign == "==="):
		return value{}
	case k.from > 1 && text[k.from-2:k.from] == "${":
		return value{}
	case k.sign == "--" && rest[0] == '-':
		return value{}
	case header.MatchString(k.name) && k.sign == ":":
		return headerValue(text, k)
	case strings.HasPrefix(k.sign, "%"):
		return textValue(text, k.to, k.to+endOf(rest, percentEnd))
	case k.sign == ":" || k.sign == "value":
		return plainValue(text, k)
	case k.sign == "--":
		return word(text, k)
	}
	return shellValue(text, k)
}

// quoted reads up to the quote that ends a text, which may be escaped itself, as JSON within JSON is. A quote that is doubled, or
// closed, escaped and opened again, belongs to the text: YAML, SQL and shells write them so.
func quoted(text string, from int, quote string) value {
	sign := strings.TrimLeft(quote, `\`)
	depth := len(quote) - len(sign)
	for at := from; ; {
		next := strings.Index(text[at:], sign)
		if next < 0 {
			return textValue(text, from, from+endOf(text[from:], lineEnd))
		}
		at += next
		backslashes := 0
		for at-backslashes > from && text[at-backslashes-1] == '\\' {
			backslashes++
		}
		after := text[at+len(sign):]
		switch {
		case !closes(backslashes, depth):
			at += len(sign)
			continue
		case depth == 0 && strings.HasPrefix(after, sign) && len(sign) == 1 && at > from:
			at += 2
			continue
		}
		if again := reopened(after, sign); again > 0 && depth == 0 {
			at += len(sign) + again
			continue
		}
		to := at - depth
		if to < from {
			to = at
		}
		if strings.Contains(text[from:to], "\n") && len(sign) == 1 && after != "" && !strings.ContainsRune(" \t\r\n,;)]}", rune(after[0])) {
			// Another text's quote.
			return textValue(text, from, from+endOf(text[from:], lineEnd))
		}
		return textValue(text, from, to)
	}
}

// closes is true when that many backslashes before a quote leave it the end of a text whose quotes have so many.
func closes(backslashes, depth int) bool {
	for depth > 0 {
		if backslashes%2 == 0 {
			return false
		}
		backslashes, depth = (backslashes-1)/2, (depth-1)/2
	}
	return backslashes%2 == 0
}

// reopened gives the length of what a shell's word has between two quoted parts of it: '\” and '"'"'.
func reopened(after, sign string) int {
	for _, between := range []string{`\''`, `"'"'`} {
		if sign == "'" && strings.HasPrefix(after, between) {
			return len(between)
		}
	}
	return 0
}

var (
	lineEnd    = regexp.MustCompile(`[\r\n]`)
	percentEnd = regexp.MustCompile(`[&\s"'<>]|%26|%0[AaDd]|%22`)
	queryEnd   = regexp.MustCompile(`[&#\s"'<>]|&amp;`)
	// another is where the next pair of a list begins.
	another = regexp.MustCompile(`^[,;]\s*["']?[A-Za-z_][A-Za-z0-9_. -]*["']?\s*[=:]`)
	// broken is a line break that is written out, with another name behind it or at the end of a text.
	broken = regexp.MustCompile(`^\\+[nr](?:\\+n)?(?:[A-Za-z_][A-Za-z0-9_.-]*\s*[=:]|\s|["']|$)`)
	// block announces a text of several lines in YAML.
	block = regexp.MustCompile(`^[|>][+-]?[0-9]?[+-]?[ \t]*\r?\n`)
	// comment ends a value of YAML.
	comment = regexp.MustCompile(`\s#`)
	header  = regexp.MustCompile(`(?i)^(?:proxy-)?authorization$|^(?:set-)?cookie$`)
)

// endOf gives where a pattern begins, or the length of the text.
func endOf(text string, pattern *regexp.Regexp) int {
	if at := pattern.FindStringIndex(text); at != nil {
		return at[0]
	}
	return len(text)
}

// shellValue reads what stands after an equals sign without quotes.
func shellValue(text string, k key) value {
	rest := text[k.to:]
	before := byte('\n')
	if k.from > 0 {
		before = text[k.from-1]
	}
	if inQuery(text, k) {
		return textValue(text, k.to, k.to+endOf(rest, queryEnd))
	}
	end := len(rest)
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == '\\' && i+1 < len(rest) && !broken.MatchString(rest[i:]) && (rest[i+1] != '"' || before == '\n') {
			i++
			continue
		}
		stops := strings.IndexByte(" \t\r\n", c) >= 0 || c == '\\' ||
			// What is printed of an environment has no quotes but the value's own.
			(c == '"' || c == '\'' || c == '`') && before != '\n' ||
			c == '<' && strings.HasPrefix(rest[i:], "</") ||
			(c == ',' || c == ';') && another.MatchString(rest[i:])
		if stops {
			end = i
			break
		}
	}
	return closed(text, k.to, k.to+end)
}

// inQuery is true for a key in the query of a URL.
func inQuery(text string, k key) bool {
	return k.from > 0 && (text[k.from-1] == '?' || text[k.from-1] == '&') || strings.HasSuffix(text[:k.from], "&amp;")
}

// closed leaves out what closes a list or a sentence.
func closed(text string, from, to int) value {
	for to > from+1 && ends(text[from:to]) {
		to--
	}
	return textValue(text, from, to)
}

// ends is true for a text whose last character is none of it: a comma, a full stop, a bracket that it did not open.
func ends(text string) bool {
	last := text[len(text)-1]
	return strings.IndexByte(",;.", last) >= 0 || opening[last] != 0 && !strings.ContainsRune(text, rune(opening[last]))
}

var opening = map[byte]byte{')': '(', ']': '[', '}': '{'}

// headerValue reads a header of HTTP: its scheme and what follows, or all of a cookie.
func headerValue(text string, k key) value {
	rest := text[k.to:]
	end := endOf(rest, regexp.MustCompile(`["'\r\n]|\\+[nr"]`))
	if strings.HasSuffix(strings.ToLower(k.name), "cookie") {
		return textValue(text, k.to, k.to+end)
	}
	words := strings.Fields(rest[:end])
	if len(words) == 0 || message(words[0]) {
		return value{}
	}
	to := k.to + strings.Index(rest, words[0]) + len(words[0])
	if len(words) > 1 && !strings.ContainsAny(words[0], ",;") {
		to += strings.Index(text[to:], words[1]) + len(words[1])
	}
	return textValue(text, k.to, to)
}

// plainValue reads what stands after a colon without quotes. A key that begins its line has the rest of it, as in YAML; within a
// line a sentence goes on.
func plainValue(text string, k key) value {
	rest := text[k.to:]
	line := rest[:endOf(rest, lineEnd)]
	lead := text[strings.LastIndexByte(text[:k.from], '\n')+1 : k.from]
	begins := strings.Trim(lead, " \t-\"'") == "" || k.sign == "value"
	if at := block.FindStringIndex(rest); begins && at != nil {
		return indented(text, k.to+at[1], len(lead)-len(strings.TrimLeft(lead, " \t-")))
	}
	if !begins || strings.HasSuffix(strings.TrimRight(lead, " "), "{") {
		if !k.spaced {
			return shellValue(text, k)
		}
		return word(text, k)
	}
	line = strings.TrimRight(line[:endOf(line, comment)], " \t")
	words := strings.Fields(line)
	switch {
	case len(words) == 0 || strings.ContainsAny(line[:1], "{[&*!"):
		return value{}
	case len(words) == 1 && !message(words[0]):
		return closed(text, k.to, k.to+len(line))
	case len(words) > 1 && spaceless.MatchString(k.name), slices.ContainsFunc(words, message):
		return word(text, k)
	}
	return textValue(text, k.to, k.to+len(line))
}

// spaceless are secrets that are one word, so that several are a sentence.
var spaceless = regexp.MustCompile(`(?i)token|key|jwt|secret|credential|auth`)

// indented gives the lines from a place on that are further in than their key.
func indented(text string, from, indent int) value {
	to := from
	for line := range strings.Lines(text[from:]) {
		if trimmed := strings.TrimLeft(line, " \t"); strings.TrimSpace(line) != "" && len(line)-len(trimmed) <= indent {
			break
		}
		to += len(line)
	}
	all := text[from:to]
	inner := len(all) - len(strings.TrimLeft(all, " \t\r\n"))
	return textValue(text, from+inner, from+len(strings.TrimRight(all, " \t\r\n")))
}

// word reads one word of a sentence: a secret, unless it is a word of the sentence itself.
func word(text string, k key) value {
	rest := text[k.to:]
	v := shellValue(text, k)
	if v.to <= v.from || message(v.plain) {
		return value{}
	}
	follows := strings.TrimLeft(rest[min(v.to-k.to, len(rest)):], " \t")
	prose := follows != "" && (lower.MatchString(follows[:1]) || follows[0] == '(') || strings.HasPrefix(rest[min(v.to-k.to, len(rest)):], ":")
	if lower.MatchString(v.plain) && prose {
		return value{}
	}
	return v
}

var lower = regexp.MustCompile(`^[a-z]+(?:['-][a-z]+)*$`)

// messages are words of what failed, and of no password.
var messages = regexp.MustCompile(`(?i)^(?:is|are|was|be|been|must|should|has|have|had|can|cannot|can't|could|couldn't|does|did|doesn't|not|no|too|failed|failure|` +
	`fail|error|errors|invalid|missing|required|expected|unexpected|unable|denied|expired|wrong|incorrect|unauthorized|unauthenticated|` +
	`forbidden|unknown|unsupported|refused|rejected|rotated|revoked|status|connection|dial|lookup|timeout|timed|context|rpc|get|post|head|put|http|https|` +
	`x509|tls|eof|malformed|empty|unset|set|given|optional|input|field|string|value|got|want|found|requested|yes|the|a|an|or|and)$`)

func message(word string) bool { return messages.MatchString(strings.Trim(word, ".,:;!?()'\"")) }
