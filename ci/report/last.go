package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schemaVersion is that of report.json. It goes up with a field that goes away or means something else.
const schemaVersion = 1

// Last is the run before this one, and what differs since.
type Last struct {
	Started time.Time `json:"started"`
	Outcome Outcome   `json:"outcome"`
	Changes []Change  `json:"changes"`
}

// Line says which run it was, and whether nothing differs.
func (l Last) Line() string {
	line := fmt.Sprintf("The last run was of %s: %s.", moment(l.Started), l.Outcome)
	if len(l.Changes) == 0 {
		line += " No duration, size, count of tests or finding differs."
	}
	return line
}

// Change is one figure that differs, for people.
type Change struct {
	What       string `json:"what"`
	Was        string `json:"was"`
	Now        string `json:"now"`
	Difference string `json:"difference"`
}

// Compare holds the run against the report.json of the last one, or has why that cannot be had. What cannot be compared is a
// warning: it is no reason to fail, nor to say nothing.
func (r *Run) Compare(raw string, missing error) {
	last, err := r.parseLast(raw)
	if missing != nil {
		err = missing
	}
	if err != nil {
		r.Warnings = append(r.Warnings, "this run is not compared with the last: "+err.Error())
		return
	}
	changes := append([]Change{}, durations(last, *r)...)
	changes = append(changes, sizes(last.Images, r.Images)...)
	r.Last = &Last{Started: last.Started, Outcome: last.Outcome, Changes: append(changes, r.Checks.since(last.Checks)...)}
}

// parseLast reads the report of a run that this one can be compared with.
func (r *Run) parseLast(raw string) (Run, error) {
	// The version first: another's fields may have other types.
	var version struct{ SchemaVersion int }
	if err := json.Unmarshal([]byte(raw), &version); err != nil {
		return Run{}, fmt.Errorf("its report cannot be read: %w; give the report.json of a run", err)
	}
	if version.SchemaVersion != schemaVersion {
		return Run{}, fmt.Errorf("its report has schema version %d, and this one %d; the next run has one to compare with", version.SchemaVersion, schemaVersion)
	}
	var last Run
	if err := json.Unmarshal([]byte(raw), &last); err != nil {
		return Run{}, fmt.Errorf("its report cannot be read: %w; give the report.json of a run", err)
	}
	if last.Name != r.Name || last.Release != r.Release {
		return Run{}, fmt.Errorf("its report is of %s of %s, and this one of %s of %s", last.Name, last.Release, r.Name, r.Release)
	}
	return last, nil
}

// durations are what took twice as long, or half as long, of what passed in both runs.
func durations(last, now Run) []Change {
	var changes []Change
	if last.Outcome == Passed && now.Outcome == Passed {
		changes = duration("the whole", last.Took, now.Took)
	}
	was, is := byName(last.Steps), byName(now.Steps)
	for _, step := range now.Steps {
		before, found := was[step.Name]
		if after, passed := is[step.Name]; found && passed {
			changes = append(changes, duration(step.Name, before, after)...)
			delete(was, step.Name)
		}
	}
	return changes
}

// byName is how long the steps of each name took together: the engine looks at a cluster more than once. Where one failed, the
// others say nothing.
func byName(steps []Step) map[string]Duration {
	took := map[string]Duration{}
	for _, step := range steps {
		took[step.Name] += step.Took
	}
	for _, step := range steps {
		if step.Outcome != Passed {
			delete(took, step.Name)
		}
	}
	return took
}

// noise is what two runs may differ by for no reason.
const noise = Duration(5 * time.Second)

func duration(what string, was, now Duration) []Change {
	switch {
	case max(was-now, now-was) < noise:
		return nil
	case now >= 2*was:
		return []Change{{what, was.String(), now.String(), fmt.Sprintf("%.1f times as long", float64(now)/float64(max(was, 1)))}}
	case was >= 2*now:
		return []Change{{what, was.String(), now.String(), "half as long or less"}}
	}
	return nil
}

// leastBytes are those that a size of one digit after the point shows.
const leastBytes = 50_000

// sizes are the images of both runs that weigh something else.
func sizes(last, now []Image) []Change {
	var changes []Change
	for _, image := range now {
		at := slices.IndexFunc(last, func(i Image) bool { return i.Name == image.Name })
		if at < 0 || last[at].Bytes == 0 || image.Bytes == 0 {
			continue
		}
		if by := image.Bytes - last[at].Bytes; max(by, -by) >= leastBytes {
			changes = append(changes, Change{image.Name, last[at].Size(), image.Size(), fmt.Sprintf("%+.1f MB", float64(by)/1e6)})
		}
	}
	return changes
}

// since are the figures that differ, where both runs have some.
func (c *Checks) since(last *Checks) []Change {
	if c == nil || last == nil {
		return nil
	}
	var changes []Change
	for _, tests := range c.Tests {
		at := slices.IndexFunc(last.Tests, func(t Tests) bool { return t.Name == tests.Name })
		if at >= 0 && last.Tests[at].Passed != tests.Passed {
			was := last.Tests[at].Passed
			changes = append(changes, Change{"tests of " + tests.Name, strconv.Itoa(was), strconv.Itoa(tests.Passed), fmt.Sprintf("%+d", tests.Passed-was)})
		}
	}
	if differ := append(named("new", c.Findings, last.Findings), named("gone", last.Findings, c.Findings)...); len(differ) > 0 {
		changes = append(changes, Change{"findings", strconv.Itoa(len(last.Findings)), strconv.Itoa(len(c.Findings)), strings.Join(differ, "; ")})
	}
	return changes
}

// listed is how many findings are named; a database of another day may bring a hundred.
const listed = 10

// named are the findings of one run that another lacks.
func named(what string, of, lacking []string) []string {
	missing := slices.DeleteFunc(slices.Clone(of), func(f string) bool { return slices.Contains(lacking, f) })
	if len(missing) == 0 {
		return nil
	}
	shown := strings.Join(missing[:min(listed, len(missing))], ", ")
	if more := len(missing) - listed; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return []string{fmt.Sprintf("%d %s: %s", len(missing), what, shown)}
}
