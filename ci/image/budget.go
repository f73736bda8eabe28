package image

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"todo-chatbot/ci/lines"
)

//go:embed budget.txt
var defaultBudget string

// DefaultBudget gives the text of the budget that "backend" and "frontend" are held against.
func DefaultBudget() string { return defaultBudget }

// Budget is how large images may be.
type Budget struct{ limits []limit }

// Use is what an image takes of one limit, in bytes.
type Use struct {
	Image string `json:"image"`
	// Of is the part that is limited, as ParseBudget has it.
	Of    string `json:"of"`
	Bytes int64  `json:"bytes"`
	Limit int64  `json:"limit"`
}

// Uses are what an image takes of each of its limits.
func (b Budget) Uses(image string, s Size) []Use {
	var uses []Use
	for _, limit := range b.limits {
		if actual, ok := part(s, limit.of); ok && limit.image == image {
			uses = append(uses, Use{Image: image, Of: limit.of, Bytes: actual, Limit: limit.bytes})
		}
	}
	return uses
}

type limit struct {
	image, of string
	bytes     int64
	line      int
}

// ParseBudget reads a budget: "image part number" on each line, # before a comment. The number is in MB (10^6 bytes),
// the part is "unpacked" or "compressed" for the whole image, "added" for what is not the base's, "change" for what
// a change of the application sends again (the last layer, compressed), or a directory or package as the size table
// names it, e.g. "backend /app/.venv 75". It gives every problem at once, a line each.
func ParseBudget(raw []byte) (Budget, error) {
	var budget Budget
	var problems []error
	seen := map[string]bool{}
	for line := range lines.Of("image budget", raw) {
		fields := line.Fields
		problem := func(format string, args ...any) { problems = append(problems, line.Problem(format, args...)) }
		if len(fields) != 3 {
			problem("write an image, a part and a number of MB, e.g. backend unpacked 200")
			continue
		}
		number, err := strconv.ParseFloat(fields[2], 64)
		key := fields[0] + " " + fields[1]
		switch {
		case err != nil || !(number > 0) || math.IsInf(number, 0) || number > 1e6:
			problem("%q is no number of MB; write e.g. 200 or 0.5", fields[2])
		case !slices.Contains(sums, fields[1]) && !strings.HasPrefix(fields[1], "/"):
			problem("%q is no part; write %s or a directory such as /app/.venv", fields[1], strings.Join(sums, ", "))
		case seen[key]:
			problem("%s has a limit already; remove one", key)
		default:
			seen[key] = true
			budget.limits = append(budget.limits, limit{image: fields[0], of: fields[1], bytes: int64(number * 1e6), line: line.Number})
		}
	}
	return budget, errors.Join(problems...)
}

// sums are the parts of an image that are no directory.
var sums = []string{"unpacked", "compressed", "added", "change"}

// Check holds an image's size against its limits and gives every one that is broken, with its numbers and what weighs most. An image without
// a limit and a limit for a directory that the image does not have are errors too: they would guard nothing.
func (b Budget) Check(image string, s Size) error {
	var problems []error
	checked := 0
	for _, limit := range b.limits {
		if limit.image != image {
			continue
		}
		checked++
		actual, ok := part(s, limit.of)
		switch {
		case !ok:
			problems = append(problems, fmt.Errorf("image budget: line %d: %s adds nothing in %s; remove the line", limit.line, image, limit.of))
		case actual > limit.bytes:
			problems = append(problems, fmt.Errorf("image budget: %s %s is %s, %s over its %s; make it smaller, or raise line %d and say why. The largest: %s",
				image, limit.of, size(actual), size(actual-limit.bytes), size(limit.bytes), limit.line, s.Largest()))
		}
	}
	if checked == 0 {
		return fmt.Errorf("image budget: no limit for %s; add a line such as %s unpacked 200", image, image)
	}
	return errors.Join(problems...)
}

func part(s Size, of string) (int64, bool) {
	switch of {
	case "unpacked":
		return s.Unpacked(), true
	case "compressed":
		return s.Compressed(), true
	case "added":
		return s.Added(), true
	case "change":
		return s.Change(), true
	}
	for _, directory := range slices.Concat(s.Directories, s.Packages) {
		if directory.Path == of {
			return directory.Unpacked, true
		}
	}
	return 0, false
}
