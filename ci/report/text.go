package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Text tells the run to a terminal, without colour: its title, the steps, what runs where, the journey, how to reach it,
// and what went wrong last, where a terminal's eyes are.
func (r Run) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Title())
	if r.Cluster != "" {
		fmt.Fprintf(&b, "cluster: %s\n", r.Cluster)
	}
	table(&b, "steps", len(r.Steps), func(i int) []string {
		s := r.Steps[i]
		return []string{s.Name, s.Took.String(), string(s.Outcome), s.Result}
	})
	table(&b, "images", len(r.Images), func(i int) []string {
		return []string{r.Images[i].Name, r.Images[i].Digest}
	})
	table(&b, "workloads", len(r.Workloads), func(i int) []string { return []string{r.Workloads[i].Line()} })
	table(&b, "journey", len(r.Journey), func(i int) []string { return r.Journey[i].row() })
	table(&b, "facts", len(r.Facts), func(i int) []string { return []string{r.Facts[i]} })
	table(&b, "reach it", len(r.Reach), func(i int) []string { return []string{r.Reach[i]} })
	table(&b, "warnings", len(r.Warnings), func(i int) []string { return []string{r.Warnings[i]} })
	for _, d := range r.Diagnoses {
		fmt.Fprintf(&b, "\n%s", d.Text())
	}
	return b.String()
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
