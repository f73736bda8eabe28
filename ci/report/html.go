package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed page.html
var pageSource string

// page is parsed once; a page that does not parse is a defect that every test sees.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"bar": bar, "moment": moment, "lower": strings.ToLower,
}).Parse(pageSource))

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// HTML tells the run as one page that needs nothing else: no script, font or style from elsewhere.
func (r Run) HTML() (string, error) {
	var b strings.Builder
	if err := page.Execute(&b, r); err != nil {
		return "", fmt.Errorf("report: writing the page: %w", err)
	}
	return b.String(), nil
}

// Pages tell the run as files: for people, for a job's summary and for programs.
func (r Run) Pages() (map[string]string, error) {
	page, failure := r.HTML()
	raw, err := r.JSON()
	return map[string]string{"report.html": page, "report.md": r.Markdown(), "report.json": string(raw)}, errors.Join(failure, err)
}

// span is where a step's bar begins and how wide it is, in percent of the run.
type span struct {
	From, Width string
}

// bar places a step on the time line of its run.
func bar(r Run, s Step) span {
	whole := float64(r.Took)
	if whole <= 0 {
		return span{"0", "0"}
	}
	from := min(max(float64(s.Started.Sub(r.Started))/whole, 0), 1)
	width := min(max(float64(s.Took)/whole, 0), 1-from)
	return span{fmt.Sprintf("%.2f", from*100), fmt.Sprintf("%.2f", width*100)}
}
