package deploy

import (
	"errors"
	"strings"
)

// minAuthSecret is the least length of BETTER_AUTH_SECRET, in characters, that Better Auth asks for.
const minAuthSecret = 32

// generate makes a value for BETTER_AUTH_SECRET.
const generate = "make one with: openssl rand -base64 32"

// placeholders are parts of values that examples have and secrets do not. The first is the beginning of the
// default that Better Auth falls back to.
var placeholders = []string{
	"better-auth-secret", "your-secret", "your_secret", "changeme", "change-me", "change_me", "change-in-production",
	"replace-me", "replace_me", "replaceme", "placeholder", "example", "xxxxxx", "secret-here", "secret_here", "insecure",
}

func (i Inputs) checkAuthSecret() error {
	const name = "BETTER_AUTH_SECRET: "
	if i.AuthSecret == "" {
		if i.Embedded {
			return nil
		}
		return errors.New(name + "give one, it signs the users' sessions; " + generate)
	}
	if err := checkSpace(i.AuthSecret); err != nil {
		return errors.New(name + err.Error())
	}
	switch {
	case len([]rune(i.AuthSecret)) < minAuthSecret:
		return errors.New(name + "it has fewer than 32 characters; " + generate)
	case hasPlaceholder(i.AuthSecret):
		return errors.New(name + "it is an example's value and no secret; " + generate)
	case distinct(i.AuthSecret) < 8:
		return errors.New(name + "it has fewer than 8 different characters; " + generate)
	}
	return nil
}

func (i Inputs) checkOpenAIKey() error {
	const name = "OPENAI_API_KEY: "
	const get = "; keys are made at https://platform.openai.com/api-keys"
	if i.OpenAIKey == "" {
		if i.Environment == Development {
			return nil
		}
		return errors.New(name + "give one; only in the environment development may the chat answer without it" + get)
	}
	if err := checkSpace(i.OpenAIKey); err != nil {
		return errors.New(name + err.Error())
	}
	// OpenAI's begin with sk-, those of other servers with its API do not.
	if len(i.OpenAIKey) < 20 || strings.Trim(i.OpenAIKey, keyCharacters) != "" {
		return errors.New(name + "it does not look like a key, which is at least 20 letters, digits, - or _" + get)
	}
	if hasPlaceholder(i.OpenAIKey) || strings.Contains(i.OpenAIKey, "your-") || distinct(i.OpenAIKey) < 8 {
		return errors.New(name + "it is an example's value and no key" + get)
	}
	return nil
}

// keyCharacters are those of a key.
const keyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// checkSpace refuses white space, which gets into a secret with the last line break of a file.
func checkSpace(value string) error {
	if strings.TrimSpace(value) != value {
		return errors.New("it begins or ends in white space; write the file without a line break (printf %s … > file)")
	}
	if strings.ContainsAny(value, " \t\r\n\x00") {
		return errors.New("it has white space in it; give it as one word")
	}
	return nil
}

func hasPlaceholder(value string) bool {
	value = strings.ToLower(value)
	for _, p := range placeholders {
		if strings.Contains(value, p) {
			return true
		}
	}
	return false
}

// distinct counts the different characters of a value.
func distinct(value string) int {
	seen := map[rune]bool{}
	for _, r := range value {
		seen[r] = true
	}
	return len(seen)
}
