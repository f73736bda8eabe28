package image

import (
	"fmt"
	"iter"
	"strings"
)

// line is one line of a file that has a thing on each line.
type line struct {
	// what is the file, for problem.
	what   string
	number int
	fields []string
}

// lines gives the words of each line that has any, without what stands behind a #.
func lines(what string, raw []byte) iter.Seq[line] {
	return func(yield func(line) bool) {
		for i, text := range strings.Split(string(raw), "\n") {
			text, _, _ = strings.Cut(text, "#")
			if fields := strings.Fields(text); len(fields) > 0 && !yield(line{what, i + 1, fields}) {
				return
			}
		}
	}
}

// problem is an error that names the file and the line.
func (l line) problem(format string, args ...any) error {
	return fmt.Errorf("%s: line %d: %s", l.what, l.number, fmt.Sprintf(format, args...))
}
