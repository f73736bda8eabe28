package report

import (
	"fmt"
	"strconv"
	"strings"
)

// Markdown tells the run to a pull request or a job summary.
func (r Run) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n", cell(r.Title()))
	if r.Cluster != "" {
		fmt.Fprintf(&b, "\nCluster: %s\n", cell(r.Cluster))
	}
	if r.Failure != "" {
		fenced(&b, r.Verdict(), r.Beside()+"\n")
	}
	for _, d := range r.Diagnoses {
		fenced(&b, string(d.Code)+" "+d.Object, d.Text())
	}
	if r.Next != "" {
		fenced(&b, "Next", r.Next+"\n")
	}
	if r.Last != nil {
		fmt.Fprintf(&b, "\n### Since the last run\n\n%s\n", cell(r.Last.Line()))
		grid(&b, "", []string{"what", "was", "is", "difference"}, len(r.Last.Changes), func(i int) []string {
			c := r.Last.Changes[i]
			return []string{c.What, c.Was, c.Now, c.Difference}
		})
	}
	grid(&b, "Steps", []string{"step", "took", "outcome", "began after", "result"}, len(r.Steps), func(i int) []string {
		s := r.Steps[i]
		return []string{s.Name, s.Took.String(), string(s.Outcome), s.After, s.Result}
	})
	if r.Plan != "" {
		fenced(&b, "What changes", r.Plan)
	}
	grid(&b, "Images", []string{"image", "size", "digest"}, len(r.Images), func(i int) []string {
		return []string{r.Images[i].Name, r.Images[i].Size(), r.Images[i].Digest}
	})
	grid(&b, "Workloads", []string{"workload", "desired", "updated", "ready", "waiting for"}, len(r.Workloads), func(i int) []string {
		w := r.Workloads[i]
		return []string{strings.ToLower(w.Kind) + "/" + w.Name, strconv.Itoa(w.Desired), strconv.Itoa(w.Updated), strconv.Itoa(w.Ready), w.Waiting}
	})
	grid(&b, "Journey", []string{"step", "took", "outcome"}, len(r.Journey), func(i int) []string { return r.Journey[i].row() })
	if c := r.Checks; c != nil {
		bullets(&b, "Checks", c.Lines())
		grid(&b, "Sizes against their budgets", []string{"of", "is", "may be", "share"}, len(c.Sizes), func(i int) []string { return c.Sizes[i].Row() })
		grid(&b, "Slowest tests", []string{"test", "of", "took"}, len(c.Slowest), func(i int) []string {
			return []string{c.Slowest[i].Name, c.Slowest[i].Of, c.Slowest[i].Took.String()}
		})
		bullets(&b, "Findings", c.Findings)
	}
	bullets(&b, "Facts", r.Facts)
	bullets(&b, "Warnings", r.Warnings)
	if len(r.Reach) > 0 {
		b.WriteString("\n### Reach it\n\n")
		for _, line := range r.Reach {
			fence := strings.Repeat("`", backticks(line)+1)
			fmt.Fprintf(&b, "- %s%s%s\n", fence, strings.ReplaceAll(line, "\n", " "), fence)
		}
	}
	return b.String()
}

// fenced writes a titled text as it is. The fence is longer than any run of backticks in it.
func fenced(b *strings.Builder, title, text string) {
	fence := strings.Repeat("`", max(3, backticks(text)+1))
	fmt.Fprintf(b, "\n### %s\n\n%stext\n%s%s\n", cell(title), fence, text, fence)
}

// bullets writes a titled list, nothing when it is empty.
func bullets(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", cell(line))
	}
}

// grid writes a table, nothing when it has no row. Without a title it goes on with what is before it.
func grid(b *strings.Builder, title string, head []string, rows int, row func(int) []string) {
	if rows == 0 {
		return
	}
	if title != "" {
		fmt.Fprintf(b, "\n### %s\n", title)
	}
	fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for i := range rows {
		cells := row(i)
		for k := range cells {
			cells[k] = cell(cells[k])
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

// escapes are the characters that mean something in a line of Markdown or in HTML within it.
var escapes = strings.NewReplacer("\\", "\\\\", "|", "\\|", "`", "\\`", "*", "\\*", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;",
	"&", "&amp;", "\r", "", "\n", " ")

// cell writes a text so that Markdown shows it as it is, on one line.
func cell(text string) string { return escapes.Replace(text) }

// backticks is the longest run of backticks in a text.
func backticks(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
