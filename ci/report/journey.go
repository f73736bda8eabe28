package report

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxJourney bounds the checks of a journey; a container that prints for ever is no journey.
const maxJourney = 200

// A journey's lines: `ok sign-up 41ms` and `FAILED sign-up: status 500`. A step is one word.
var (
	okLine     = regexp.MustCompile(`^ok ([A-Za-z0-9][A-Za-z0-9_./-]*) (\d{1,9})ms$`)
	failedLine = regexp.MustCompile(`^FAILED ([A-Za-z0-9][A-Za-z0-9_./-]*): (\S.*)$`)
)

// ParseJourney reads what a journey printed: `ok <step> <n>ms` or `FAILED <step>: <reason>` on each line. Any other line
// is an error, and so is no line at all: a journey that did not run has not passed. The checks read up to the error are
// given with it.
func ParseJourney(output string) ([]Check, error) {
	var checks []Check
	number := 0
	for line := range strings.Lines(output) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		check, err := parseCheck(line)
		if err != nil {
			return checks, fmt.Errorf("journey: line %d: %w", number, err)
		}
		checks = append(checks, check)
		if len(checks) > maxJourney {
			return checks, fmt.Errorf("journey: more than %d steps", maxJourney)
		}
	}
	if len(checks) == 0 {
		return nil, errors.New("journey: it printed nothing, so it proves nothing; see the test pod's events")
	}
	return checks, nil
}

// parseCheck reads one line.
func parseCheck(line string) (Check, error) {
	if parts := okLine.FindStringSubmatch(line); parts != nil {
		milliseconds, err := strconv.Atoi(parts[2])
		return Check{Name: parts[1], Took: Duration(time.Duration(milliseconds) * time.Millisecond)}, err
	}
	if parts := failedLine.FindStringSubmatch(line); parts != nil {
		return Check{Name: parts[1], Failure: parts[2]}, nil
	}
	if len(line) > 120 {
		line = line[:120] + "…"
	}
	return Check{}, fmt.Errorf("%q is neither \"ok <step> <n>ms\" nor \"FAILED <step>: <reason>\"", line)
}
