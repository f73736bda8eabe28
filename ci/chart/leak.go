package chart

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"todo-chatbot/ci/secret"
)

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
			if slices.ContainsFunc(values, func(value string) bool { return secret.Spelled(text, value) }) {
				tell(at, "a secret's value")
			} else if what := secret.In(text); what != "" {
				tell(at, what)
			}
		})
		if o.Kind == "ConfigMap" {
			for _, key := range sorted(o.Data) {
				at := place{o, "data"}.in("['%s']", key)
				if secret.Named(key, o.Data[key]) {
					tell(at, "what its name says is a secret")
				} else if name := secret.Behind(o.Data[key]); name != "" && settings.MatchString(key) {
					tell(at, "what its name, "+name+", says is a secret")
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
			if secret.Named(v.Name, v.Value) {
				tell(c.in("env[%d].value", i), "what its name, "+v.Name+", says is a secret")
			}
		}
		eachFlag(c.Command, func(i int, flag string) { tell(c.in("command[%d]", i), "what its name, "+flag+", says is a secret") })
		eachFlag(c.Args, func(i int, flag string) { tell(c.in("args[%d]", i), "what its name, "+flag+", says is a secret") })
	})
}

// eachFlag calls for every flag of a command whose name says that the value behind it is secret.
func eachFlag(words []string, call func(i int, flag string)) {
	for i, word := range words {
		flag, value, _ := strings.Cut(word, "=")
		if value == "" && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
			value = words[i+1]
		}
		if strings.HasPrefix(flag, "-") && secret.Named(flag, value) {
			call(i, flag)
		}
	}
}

// settings are files that hold values by their names, and no program.
var settings = regexp.MustCompile(`(?i)\.(?:ya?ml|json|env|ini|properties|conf|cfg|toml|xml)$|^\.?env$`)

// secretValues are what must not be seen.
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
			values = append(values, value)
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
		if text, isText := value["value"].(string); isText && secret.Named(name, text) {
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
