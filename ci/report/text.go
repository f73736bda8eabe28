package report

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Text tells the run to a terminal, without colour. How it ended, where it runs and what to do next stand first. The tables follow.
func (r Run) Text() string {
	var b strings.Builder
	if r.Outcome == Passed {
		fmt.Fprintln(&b, r.Title())
		if r.Cluster != "" {
			fmt.Fprintf(&b, "cluster: %s\n", r.Cluster)
		}
		table(&b, "reach it", len(r.Reach), func(i int) []string { return []string{r.Reach[i]} })
	} else {
		b.WriteString(r.failed())
	}
	table(&b, "warnings", len(r.Warnings), func(i int) []string { return []string{r.Warnings[i]} })
	table(&b, "facts", len(r.Facts), func(i int) []string { return []string{r.Facts[i]} })
	table(&b, "steps", len(r.Steps), func(i int) []string {
		s := r.Steps[i]
		return []string{s.Name, s.Took.String(), string(s.Outcome), s.Result}
	})
	table(&b, "images", len(r.Images), func(i int) []string {
		return []string{r.Images[i].Name, r.Images[i].Digest}
	})
	table(&b, "workloads", len(r.Workloads), func(i int) []string { return []string{r.Workloads[i].Line()} })
	table(&b, "journey", len(r.Journey), func(i int) []string { return r.Journey[i].row() })
	return b.String()
}

// TextOrError is the run for its caller: the text of one that passed, or the error of one that failed, which says it all, since many a
// caller prints no text beside an error. A run that was refused before it began ends with that alone.
func (r Run) TextOrError(failure error) (string, error) {
	switch {
	case failure == nil:
		return r.Text(), nil
	case r.Started.IsZero():
		return "", failure
	}
	return "", failedRun{failure, strings.TrimSpace(r.failed())}
}

// failedRun is a failure with what its run says of it.
type failedRun struct {
	error
	text string
}

// Error is the verdict, what passed, what went wrong and what to do next.
func (f failedRun) Error() string { return f.text }

// Unwrap lets errors.Is see what happened.
func (f failedRun) Unwrap() error { return f.error }

// failed tells of a run that failed: the verdict, what passed, what went wrong and what to do next.
func (r Run) failed() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Verdict())
	if passed := r.passed(); len(passed) > 0 {
		fmt.Fprintf(&b, "passed: %s\n", strings.Join(passed, ", "))
	}
	if r.Failure != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(r.Failure))
	}
	if r.Next != "" {
		fmt.Fprintf(&b, "\nnext: %s\n", r.Next)
	}
	return b.String()
}

// Verdict is a failed run in a line: which step failed, what became of the release, and where it is.
func (r Run) Verdict() string {
	line := r.Name + " failed"
	if step := r.FailedStep(); step != "" {
		line += fmt.Sprintf(" at %q", step)
	}
	if r.Outcome == RolledBack {
		line += " and was rolled back"
	}
	line += fmt.Sprintf(": release %s, namespace %s", r.Release, r.Namespace)
	if r.Cluster != "" {
		// A digest is too long for a line, and the page has it.
		cluster, _, _ := strings.Cut(r.Cluster, "@sha256:")
		line += ", cluster " + cluster
	}
	return fmt.Sprintf("%s, after %s", line, r.Took)
}

// FailedStep is the one that the run failed at, "" where it was none: the first to end so that was not done again and passed. What
// went on beside it was ended by that.
func (r Run) FailedStep() string {
	failed, first := "", time.Time{}
	for i, s := range r.Steps {
		ended := s.Started.Add(time.Duration(s.Took))
		again := func(later Step) bool { return later.Name == s.Name && later.Outcome == Passed }
		if s.Outcome == Failed && (failed == "" || ended.Before(first)) && !slices.ContainsFunc(r.Steps[i+1:], again) {
			failed, first = s.Name, ended
		}
	}
	return failed
}

// passed are the steps that passed, each with its time.
func (r Run) passed() []string {
	var all []string
	for _, s := range r.Steps {
		if s.Outcome == Passed {
			all = append(all, fmt.Sprintf("%s (%s)", s.Name, s.Took))
		}
	}
	return all
}

// table writes a titled table with aligned columns, nothing when it has no row.
func table(b *strings.Builder, title string, rows int, row func(int) []string) {
	if rows == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	var aligned strings.Builder
	w := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for i := range rows {
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(strings.Join(row(i), "\t"), "\t"))
	}
	_ = w.Flush()
	for line := range strings.Lines(aligned.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// row is a check's name, time and outcome.
func (c Check) row() []string {
	if c.Failure != "" {
		return []string{c.Name, "", "failed: " + c.Failure}
	}
	return []string{c.Name, c.Took.String(), string(Passed)}
}
