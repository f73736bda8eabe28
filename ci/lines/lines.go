// Package lines reads files that have a thing on each line.
package lines

import (
	"fmt"
	"iter"
	"strings"
)

// Line is one line of a file.
type Line struct {
	// What is the file, for Problem.
	What   string
	Number int
	Fields []string
}

// Of gives the words of each line that has any, without what stands behind a #.
func Of(what string, raw []byte) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for i, text := range strings.Split(string(raw), "\n") {
			text, _, _ = strings.Cut(text, "#")
			if fields := strings.Fields(text); len(fields) > 0 && !yield(Line{what, i + 1, fields}) {
				return
			}
		}
	}
}

// Problem is an error that names the file and the line.
func (l Line) Problem(format string, args ...any) error {
	return fmt.Errorf("%s: line %d: %s", l.What, l.Number, fmt.Sprintf(format, args...))
}
