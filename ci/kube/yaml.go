package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// separator is the line that starts a YAML document, or the one that ends it. Such a line does so even inside a block of
// text, so splitting at it is exact. What follows "---" on its line belongs to the document.
var separator = regexp.MustCompile(`(?m)^(?:---|\.\.\.)(?:[ \t\r]|$)`)

// Documents splits YAML into its documents, without the empty ones and those that are only comments.
func Documents(raw []byte) [][]byte {
	var found [][]byte
	for _, document := range separator.Split(string(raw), -1) {
		if !blank([]byte(document)) {
			found = append(found, []byte(document))
		}
	}
	return found
}

// blank is true for a document without anything but white space, comments and directives.
func blank(document []byte) bool {
	for line := range bytes.Lines(document) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

// lineNumber finds what a YAML error may say without quoting the text that it is about.
var lineNumber = regexp.MustCompile(`line \d+`)

// Decode reads one YAML or JSON document into target. A key given twice is an error: which of its values counts is each reader's
// choice. Errors say where and never what: the document may be secret.
func Decode(document []byte, target any) error {
	return decode(document, target, yaml.YAMLToJSONStrict)
}

// DecodeAsHelm reads a document of a chart as Helm does: of a key given twice the last value counts.
func DecodeAsHelm(document []byte, target any) error {
	return decode(document, target, yaml.YAMLToJSON)
}

func decode(document []byte, target any, toJSON func([]byte) ([]byte, error)) error {
	raw, err := toJSON(document)
	if err != nil {
		what := "not valid YAML"
		if strings.Contains(err.Error(), "already set in map") {
			what = "a key is given a second time"
		}
		if line := lineNumber.FindString(err.Error()); line != "" {
			return fmt.Errorf("%s at %s", what, line)
		}
		return errors.New(what)
	}
	return decodeJSON(raw, target)
}

// decodeJSON is Decode for JSON alone.
func decodeJSON(raw []byte, target any) error {
	if err := json.Unmarshal(raw, target); err != nil {
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &mismatch) && mismatch.Field != "" {
			return fmt.Errorf("field %s is not of the expected type", mismatch.Field)
		}
		return errors.New("not of the expected shape")
	}
	return nil
}
