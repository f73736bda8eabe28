// Package secret says what a secret is called and what one looks like, finds a known one however it is spelled, and takes both
// out of a text. Whoever shows, refuses or compares what may be secret asks here.
package secret

import (
	"slices"
	"strings"
)

// Masked stands for what is not shown.
const Masked = "***"

// Redact masks what must not be shown: each of the given secrets in whatever spelling, and what is a secret by its look or by
// the name before it.
func Redact(text string, secrets []string) string {
	text = Mask(text, secrets)
	return replaced(text, append(looks(text), assigned(text)...))
}

// Mask replaces the given secrets, and nothing that only looks like one.
func Mask(text string, secrets []string) string {
	var found []span
	for _, secret := range secrets {
		found = append(found, spelled(text, secret)...)
	}
	return replaced(text, found)
}

// span is a part of a text that is not shown, and what it is: "a private key", or the name that it stands behind.
type span struct {
	from, to int
	what     string
}

// replaced puts the mask where the spans are. Those that overlap become one.
func replaced(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for i := 0; i < len(spans); {
		from, to := spans[i].from, spans[i].to
		for i++; i < len(spans) && spans[i].from < to; i++ {
			to = max(to, spans[i].to)
		}
		b.WriteString(text[at:from])
		b.WriteString(Masked)
		at = to
	}
	return b.String() + text[at:]
}
