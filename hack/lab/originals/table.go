package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// The table of the README is between these two lines.
const (
	begin = "<!-- begin: go run ./hack/lab/originals table -write -->\n"
	end   = "<!-- end -->\n"
)

// table gives the Markdown of all originals, a row each. A pin moves without it: a tag that is the pin's is left out.
func table(originals []original) string {
	var out strings.Builder
	out.WriteString("| pin | original | it says what is in it | the stand-in takes | it differs, why |\n| --- | --- | --- | --- | --- |\n")
	for _, held := range originals {
		differences := make([]string, len(held.Differs))
		for i, known := range held.Differs {
			differences[i] = known.What + " (" + known.Why + ")"
		}
		image := strings.TrimPrefix(strings.TrimSuffix(held.shown, ":{tag}"), "docker.io/library/")
		fmt.Fprintf(&out, "| %s | `%s` | %s | %s | %s |\n", held.Pin, strings.TrimPrefix(image, "docker.io/"),
			cell(held.Sources, "<br>"), cell([]string{held.Takes}, ""), cell(differences, "; "))
	}
	return out.String()
}

// cell makes one cell of a Markdown table.
func cell(texts []string, between string) string {
	joined := strings.Join(texts, between)
	return strings.ReplaceAll(strings.Join(strings.Fields(joined), " "), "|", `\|`)
}

// between splits a README at its table.
func between(readme []byte) (before, inside, after []byte, err error) {
	before, rest, begins := bytes.Cut(readme, []byte(begin))
	inside, after, ends := bytes.Cut(rest, []byte(end))
	if !begins || !ends {
		return nil, nil, nil, fmt.Errorf("the README has no lines %q and %q around the table", begin, end)
	}
	return before, inside, after, nil
}

// writeTable puts the table into the README.
func writeTable(readme string, originals []original) error {
	raw, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, _, after, err := between(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(string(before)+begin+table(originals)+end+string(after)), 0o644)
}
