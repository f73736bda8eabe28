package pins

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"sigs.k8s.io/yaml"
)

// SupportNotice is how long before a release line's support ends its pin has to be moved: a new line wants its time.
const SupportNotice = 60 * 24 * time.Hour

// Support is until when one release line of a product gets fixes.
type Support struct {
	Product string `json:"product"`
	// Pins are the lines of the pins that are of this product; a distribution has none.
	Pins []Name `json:"pins"`
	// Tag is the word by which an image's tag names a distribution, e.g. alpine3.24, and Family how scanners call it.
	Tag    string `json:"tag"`
	Family string `json:"family"`
	// Line is the beginning of every version that it is about, e.g. 1.36 of v1.36.4.
	Line string `json:"line"`
	// Ends is the last day, as 2028-04-30 in UTC; Because says why there is none.
	Ends    string `json:"ends"`
	Because string `json:"because"`
	// Source is where that is published.
	Source string `json:"source"`

	last time.Time
}

//go:embed support.yaml
var support []byte

// DefaultSupport gives what support.yaml says.
func DefaultSupport() ([]Support, error) { return ParseSupport(support) }

// ParseSupport reads a YAML list of release lines, and gives every entry that is not complete.
func ParseSupport(raw []byte) ([]Support, error) {
	var list []Support
	if err := yaml.UnmarshalStrict(raw, &list); err != nil {
		return nil, fmt.Errorf("support: %w", err)
	}
	var problems []error
	for i := range list {
		s := &list[i]
		var err error
		if s.Ends != "" {
			s.last, err = time.Parse(time.DateOnly, s.Ends)
		}
		switch {
		case s.Product == "" || s.Line == "" || s.Source == "":
			problems = append(problems, fmt.Errorf("support: entry %d: write the product, its line and the source", i+1))
		case (len(s.Pins) > 0) == (s.Tag != "" || s.Family != "") || (s.Tag == "") != (s.Family == ""):
			problems = append(problems, fmt.Errorf("support: %s: write its pins, or, of a distribution, its tag and its family", s.Name()))
		case (s.Ends == "") == (s.Because == ""):
			problems = append(problems, fmt.Errorf("support: %s: write when it ends, or because of what that is not known", s.Name()))
		case err != nil:
			problems = append(problems, fmt.Errorf("support: %s: ends %q is no day such as 2028-04-30", s.Name(), s.Ends))
		}
	}
	return list, errors.Join(problems...)
}

// Ended tells whether the last day is over.
func (s Support) Ended(now time.Time) bool {
	return s.Ends != "" && !now.Before(s.last.AddDate(0, 0, 1))
}

// Says gives the end for people.
func (s Support) Says() string {
	if s.Ends == "" {
		return s.Because
	}
	return "until " + s.Ends
}

// Name is the product with its line, e.g. Node.js 24.
func (s Support) Name() string { return s.Product + " " + s.Line }

// left is how many whole days are left.
func (s Support) left(now time.Time) int { return days(s.last.AddDate(0, 0, 1).Sub(now)) }

// covers tells whether a version, e.g. 1.36.4, is of the line.
func (s Support) covers(version string) bool {
	return version == s.Line || strings.HasPrefix(version, s.Line+".")
}

// Distribution finds the entry of a distribution by what a scanner calls it, e.g. alpine 3.24.2.
func Distribution(list []Support, family, version string) (Support, bool) {
	at := slices.IndexFunc(list, func(s Support) bool { return s.Family != "" && s.Family == family && s.covers(version) })
	if at < 0 {
		return Support{}, false
	}
	return list[at], true
}

// variants are words of tags that say nothing of a release line.
var variants = []string{"slim", "alpine"}

var leading = regexp.MustCompile(`^v?(\d+(?:\.\d+)*)$`)

// Of gives the entries of an image: its product's, and its distribution's where its tag names one. A line that the list
// does not have is an error.
func Of(list []Support, name Name, reference string) ([]Support, error) {
	tag := tagOf(reference)
	words := strings.Split(tag, "-")
	version := leading.FindStringSubmatch(words[0])
	if version == nil {
		return nil, fmt.Errorf("support: %s: the tag %q names no version, so its release line is not known; pin one that does", name, tag)
	}
	at := slices.IndexFunc(list, func(s Support) bool { return slices.Contains(s.Pins, name) && s.covers(version[1]) })
	if at < 0 {
		return nil, fmt.Errorf("support: %s: nothing is known of the line of %s; look up when its support ends and add it to ci/pins/support.yaml", name, tag)
	}
	found := []Support{list[at]}
	for _, word := range words[1:] {
		if slices.Contains(variants, word) {
			continue
		}
		at := slices.IndexFunc(list, func(s Support) bool { return s.Tag == word })
		if at < 0 {
			return nil, fmt.Errorf("support: %s: nothing is known of %q in the tag %s; look up when its support ends and add it to ci/pins/support.yaml", name, word, tag)
		}
		found = append(found, list[at])
	}
	return found, nil
}

// CheckSupport holds every pinned image against the ends of support. It gives a table for people, and every pin whose end is
// nearer than SupportNotice or not known.
func (p Pins) CheckSupport(list []Support, now time.Time) (string, error) {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	var problems []error
	for _, name := range Names() {
		found, err := Of(list, name, p.Reference(name))
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, s := range found {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", name, s.Name(), s.Says())
			if s.Ends == "" {
				continue
			}
			switch left := s.left(now); {
			case s.Ended(now):
				problems = append(problems, fmt.Errorf("support: %s: that of %s ended on %s (%s); pin a line that is supported", name, s.Name(), s.Ends, s.Source))
			case left <= days(SupportNotice):
				problems = append(problems, fmt.Errorf("support: %s: that of %s ends on %s, in %d days (%s); pin the next line",
					name, s.Name(), s.Ends, left, s.Source))
			}
		}
	}
	_ = table.Flush()
	return out.String(), errors.Join(problems...)
}
