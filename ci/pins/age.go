package pins

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// MaxAge is how long a pin may stay as it is: a base that is older lacks two months of its publisher's fixes.
const MaxAge = 60 * 24 * time.Hour

// Ages reads what "git blame --line-porcelain" says of a pins file: the age of a pin is that of its line, so whoever
// moves a pin, Renovate or a person, dates it without writing a date. It gives a table for people, and every pin that is
// older than MaxAge. A shallow clone's history says that every line is as old as the last commit: ask in a whole one.
func Ages(blame []byte, now time.Time) (string, error) {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	var problems []error
	var committed time.Time
	seen := 0
	for scanner := bufio.NewScanner(bytes.NewReader(blame)); scanner.Scan(); {
		line := scanner.Text()
		switch key, value, _ := strings.Cut(line, " "); {
		case key == "committer-time":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return "", fmt.Errorf("pin ages: %q is no time; give it the output of git blame --line-porcelain", value)
			}
			committed = time.Unix(seconds, 0)
		case strings.HasPrefix(line, "\t"):
			text, _, _ := strings.Cut(line, "#")
			if fields := strings.Fields(text); len(fields) > 0 {
				seen++
				problems = append(problems, tooOld(fields[0], committed, now))
				_, _ = fmt.Fprintf(table, "%s\t%s\t%d days\n", fields[0], committed.UTC().Format(time.DateOnly), days(now.Sub(committed)))
			}
			committed = time.Time{}
		}
	}
	if seen == 0 {
		return "", errors.New("pin ages: no pin in it; give it the output of git blame --line-porcelain")
	}
	_ = table.Flush()
	return out.String(), errors.Join(problems...)
}

func tooOld(name string, committed, now time.Time) error {
	switch age := now.Sub(committed); {
	case committed.IsZero():
		return fmt.Errorf("pin ages: %s has no time; give it the output of git blame --line-porcelain", name)
	case age > MaxAge:
		return fmt.Errorf("pin ages: %s was pinned %d days ago, more than %d; let Renovate move it, or pin what its tag names now",
			name, days(age), days(MaxAge))
	}
	return nil
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
