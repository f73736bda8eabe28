package chart

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// credentials are values that are secret wherever they are seen. A pattern is only tried on a text that holds its sign, which is
// much the quicker to look for in a whole script.
var credentials = []struct {
	what, sign string
	pattern    *regexp.Regexp
}{
	{"a private key", "PRIVATE KEY", regexp.MustCompile(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY`)},
	{"a URL with a password", "://", regexp.MustCompile(`://[^\s/:@{}$]*:[^\s/@{}$]+@`)},
	{"an OpenAI key", "sk-", regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20,}`)},
	{"an AWS key", "AKIA", regexp.MustCompile(`\bAKIA[A-Z0-9]{16}\b`)},
	{"an AWS key", "ASIA", regexp.MustCompile(`\bASIA[A-Z0-9]{16}\b`)},
	{"a GitHub token", "gh", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{36,}`)},
	{"a GitHub token", "github_pat_", regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{22,}`)},
	{"a Slack token", "xox", regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{"a signed token", "eyJ", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
}

// secretName is a variable that is named as only a secret is.
var secretName = regexp.MustCompile(`(?i)(?:password|secret|token|api_?key|private_?key|credential)s?$`)

// shortest is the length from which a planted value is looked for: shorter ones would be found anywhere.
const shortest = 8

// checkLeaks wants no secret's value anywhere but in a Secret: not those that are rendered, not those that Options plants, and
// nothing that looks like a credential. Findings never repeat it.
func checkLeaks(r *release, report reporter) {
	values := r.secretValues()
	tell := func(at place, what string) {
		report(at, "it holds "+what, "keep it in a Secret and read it with secretKeyRef; it is known to whoever saw it, so change it")
	}
	for _, o := range r.objects {
		fields := map[string]any{}
		for key, value := range o.fields {
			if o.Kind != "Secret" || key != "data" && key != "stringData" {
				fields[key] = value
			}
		}
		eachText(fields, place{object: o}, func(at place, text string) {
			for _, value := range values {
				if strings.Contains(text, value) {
					tell(at, "a secret's value")
					return
				}
			}
			for _, c := range credentials {
				if strings.Contains(text, c.sign) && c.pattern.MatchString(text) {
					tell(at, c.what)
					return
				}
			}
		})
		if o.Kind == "ConfigMap" {
			for _, key := range sorted(o.Data) {
				if secretName.MatchString(key) && o.Data[key] != "" {
					tell(place{o, "data"}.in("['%s']", key), "what its name says is a secret")
				}
			}
		}
	}
	for _, o := range r.objects {
		if !o.builtIn() {
			eachVariable(o.fields, place{object: o}, func(at place, name string) {
				tell(at, "what its name, "+name+", says is a secret")
			})
		}
	}
	r.eachContainer(func(c *container) {
		for i, v := range c.Env {
			if v.Value != "" && secretName.MatchString(v.Name) {
				tell(c.in("env[%d].value", i), "what its name, "+v.Name+", says is a secret")
			}
		}
	})
}

// secretValues are what must not be seen, as text and in base64.
func (r *release) secretValues() []string {
	all := slices.Clone(r.options.Secrets)
	for _, o := range r.secrets {
		for _, key := range sorted(o.StringData) {
			all = append(all, o.StringData[key])
		}
	}
	var values []string
	for _, value := range all {
		if value = strings.TrimSpace(value); len(value) >= shortest {
			values = append(values, value, base64.StdEncoding.EncodeToString([]byte(value)))
		}
	}
	return values
}

// eachText calls for every text in a tree of fields, keys among them.
func eachText(value any, at place, call func(at place, text string)) {
	switch value := value.(type) {
	case string:
		call(at, value)
	case []any:
		for i, item := range value {
			eachText(item, at.in("[%d]", i), call)
		}
	case map[string]any:
		for _, key := range sorted(value) {
			below := at.in("%s", key)
			if !plain.MatchString(key) {
				below = at.in("['%s']", key)
			}
			call(below, key)
			eachText(value[key], below, call)
		}
	default:
		call(at, fmt.Sprint(value))
	}
}

// eachVariable calls for every variable with a value whose name says that it is secret, wherever a custom resource has pods.
func eachVariable(value any, at place, call func(at place, name string)) {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			eachVariable(item, at.in("[%d]", i), call)
		}
	case map[string]any:
		name, _ := value["name"].(string)
		if text, isText := value["value"].(string); isText && text != "" && secretName.MatchString(name) {
			call(at.in("value"), name)
		}
		for _, key := range sorted(value) {
			below := at.in("%s", key)
			if !plain.MatchString(key) {
				below = at.in("['%s']", key)
			}
			eachVariable(value[key], below, call)
		}
	}
}

// plain is a key that JSONPath writes without quotes.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
