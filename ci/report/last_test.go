package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// written is a run's report.json.
func written(t *testing.T, run Run) string {
	t.Helper()
	raw, err := run.JSON()
	require.NoError(t, err)
	return string(raw)
}

// later is good a day later, with something changed.
func later(change func(*Run)) Run {
	r := good()
	r.Started = r.Started.AddDate(0, 0, 1)
	change(&r)
	return r
}

func TestARunIsHeldAgainstTheLast(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*Run)
		want   []Change
	}{
		"nothing":                    {func(*Run) {}, []Change{}},
		"an image grew":              {func(r *Run) { r.Images[0].Bytes += 1_200_000 }, []Change{{"todo-backend", "48.2 MB", "49.4 MB", "+1.2 MB"}}},
		"an image shrank":            {func(r *Run) { r.Images[1].Bytes -= 50_000 }, []Change{{"todo-frontend", "61.0 MB", "61.0 MB", "-0.1 MB"}}},
		"by less than is shown":      {func(r *Run) { r.Images[1].Bytes -= 49_999 }, []Change{}},
		"an image was not measured":  {func(r *Run) { r.Images[1].Bytes = 0 }, []Change{}},
		"an image is new":            {func(r *Run) { r.Images[1].Name = "other" }, []Change{}},
		"three tests more":           {func(r *Run) { r.Checks.Tests[0].Passed += 3 }, []Change{{"tests of backend", "575", "578", "+3"}}},
		"a test less":                {func(r *Run) { r.Checks.Tests[1].Passed-- }, []Change{{"tests of front end", "4", "3", "-1"}}},
		"tests of something new":     {func(r *Run) { r.Checks.Tests[1].Name = "other" }, []Change{}},
		"no check ran":               {func(r *Run) { r.Checks = nil }, []Change{}},
		"a finding is new":           {func(r *Run) { r.Checks.Findings = append(r.Checks.Findings, "CVE-9 in curl") }, []Change{{"findings", "1", "2", "1 new: CVE-9 in curl"}}},
		"a finding is gone":          {func(r *Run) { r.Checks.Findings = nil }, []Change{{"findings", "1", "0", "1 gone: CVE-1 in libssl3"}}},
		"a finding after another":    {func(r *Run) { r.Checks.Findings = []string{"CVE-9 in curl"} }, []Change{{"findings", "1", "1", "1 new: CVE-9 in curl; 1 gone: CVE-1 in libssl3"}}},
		"a step took twice as long":  {func(r *Run) { r.Steps[0].Took = seconds(41) }, []Change{{"build backend", "20.5 s", "41.0 s", "2.0 times as long"}}},
		"a step took a little less":  {func(r *Run) { r.Steps[0].Took = seconds(40.9) }, []Change{}},
		"a step took half as long":   {func(r *Run) { r.Steps[0].Took = seconds(10.25) }, []Change{{"build backend", "20.5 s", "10.2 s", "half as long or less"}}},
		"a step took a little more":  {func(r *Run) { r.Steps[0].Took = seconds(10.3) }, []Change{}},
		"a short step varies":        {func(r *Run) { r.Steps[1].Took = seconds(5.23) }, []Change{}},
		"a short step is slow":       {func(r *Run) { r.Steps[1].Took = seconds(5.24) }, []Change{{"build frontend", "240 ms", "5.2 s", "21.8 times as long"}}},
		"a step is done twice":       {func(r *Run) { r.Steps = append(r.Steps, r.Steps[2]) }, []Change{{"roll", "35.0 s", "1 m 10 s", "2.0 times as long"}}},
		"a step failed":              {func(r *Run) { r.Steps[0].Took, r.Steps[0].Outcome = seconds(60), Failed }, []Change{}},
		"the run failed":             {func(r *Run) { r.Took, r.Outcome = seconds(195), Failed }, []Change{}},
		"a step is new":              {func(r *Run) { r.Steps[2].Name = "other" }, []Change{}},
		"the whole took three times": {func(r *Run) { r.Took = seconds(195) }, []Change{{"the whole", "1 m 05 s", "3 m 15 s", "3.0 times as long"}}},
	} {
		run := later(c.change)
		run.Compare(written(t, good()), nil)
		assert.Empty(t, run.Warnings, what)
		require.NotNil(t, run.Last, what)
		assert.Equal(t, c.want, run.Last.Changes, what)
		assert.Equal(t, started, run.Last.Started, what)
	}
}

func TestALastRunWithoutFiguresHasNoneToCompare(t *testing.T) {
	last := later(func(r *Run) { r.Checks, r.Steps, r.Images[0].Bytes = nil, nil, 0 })
	run := later(func(*Run) {})
	run.Compare(written(t, last), nil)
	require.NotNil(t, run.Last)
	assert.Empty(t, run.Last.Changes)
}

func TestWhatFailedLastTimeIsNoMeasure(t *testing.T) {
	last := good()
	last.Took, last.Outcome, last.Steps[0].Took, last.Steps[0].Outcome = seconds(600), Failed, seconds(600), Failed
	run := later(func(*Run) {})
	run.Compare(written(t, last), nil)
	require.NotNil(t, run.Last)
	assert.Empty(t, run.Last.Changes)
}

func TestAStepThatTookNoTimeIsNoDivisor(t *testing.T) {
	assert.Equal(t, "0 ms", duration("a", 0, seconds(6))[0].Was)
}

func TestWhatCannotBeComparedIsAWarningAndNoMore(t *testing.T) {
	for says, raw := range map[string]string{
		"unexpected end of JSON input; give the report.json of a run":         "",
		"cannot be read: invalid character":                                   "## deploy of todo-chatbot",
		"cannot unmarshal array":                                              "[]",
		"schema version 0, and this one 1":                                    `{"name": "deploy", "release": "todo-chatbot"}`,
		"schema version 2, and this one 1; the next run has one":              `{"schemaVersion": 2, "steps": "of another type"}`,
		"cannot unmarshal string":                                             `{"schemaVersion": 1, "steps": "of another type"}`,
		"of deploy of guestbook, and this one of deploy of todo-chatbot":      written(t, later(func(r *Run) { r.Release = "guestbook" })),
		"of rollback of todo-chatbot, and this one of deploy of todo-chatbot": written(t, later(func(r *Run) { r.Name = "rollback" })),
	} {
		run := later(func(*Run) {})
		run.Compare(raw, nil)
		assert.Nil(t, run.Last, says)
		require.Len(t, run.Warnings, 1, says)
		assert.Contains(t, run.Warnings[0], "this run is not compared with the last: ")
		assert.Contains(t, run.Warnings[0], says)
		assert.Equal(t, Passed, run.Outcome, says)
	}
}

func TestALastReportThatCannotBeHadIsAWarningAndNoMore(t *testing.T) {
	run := later(func(*Run) {})
	run.Compare("", errors.New("no such file"))
	assert.Equal(t, []string{"this run is not compared with the last: no such file"}, run.Warnings)
	assert.Nil(t, run.Last)
}

func TestTheDifferenceIsToldInEveryFormat(t *testing.T) {
	run := later(func(r *Run) {
		r.Images[0].Bytes += 1_200_000
		r.Checks.Findings = append(r.Checks.Findings, "<b>CVE|9</b> in curl")
	})
	run.Compare(written(t, good()), nil)
	pages, err := run.Pages()
	require.NoError(t, err)
	assert.Contains(t, pages["report.md"], "### Since the last run\n\nThe last run was of 2026-11-23 12:00:00 UTC: passed.\n\n"+
		"| what | was | is | difference |\n| --- | --- | --- | --- |\n| todo-backend | 48.2 MB | 49.4 MB | +1.2 MB |\n"+
		"| findings | 1 | 2 | 1 new: &lt;b&gt;CVE\\|9&lt;/b&gt; in curl |\n")
	assert.Contains(t, pages["report.html"], `<th scope="row">todo-backend</th><td class="n">48.2 MB</td><td class="n">49.4 MB</td><td>&#43;1.2 MB</td>`)
	assert.Contains(t, pages["report.html"], "1 new: &lt;b&gt;CVE|9&lt;/b&gt; in curl")
	wellFormed(t, pages["report.html"])
	var back Run
	require.NoError(t, json.Unmarshal([]byte(pages["report.json"]), &back))
	assert.Equal(t, run.Last, back.Last)
}

func TestARunLikeTheLastSaysSo(t *testing.T) {
	run := later(func(*Run) {})
	run.Compare(written(t, good()), nil)
	pages, err := run.Pages()
	require.NoError(t, err)
	for _, page := range []string{pages["report.md"], pages["report.html"]} {
		assert.Contains(t, page, "passed. No duration, size, count of tests or finding differs.")
	}
	assert.Contains(t, pages["report.json"], `"changes": []`)
	assert.NotContains(t, run.Last.Line(), "\n")
}

func TestOfManyFindingsTheFirstTenAreNamed(t *testing.T) {
	for count, ends := range map[int]string{10: "CVE-109 in a", 11: "CVE-109 in a and 1 more", 100: "CVE-109 in a and 90 more"} {
		run := later(func(r *Run) {
			for i := range count {
				r.Checks.Findings = append(r.Checks.Findings, fmt.Sprintf("CVE-1%02d in a", i))
			}
		})
		kept := slices.Clone(run.Checks.Findings)
		run.Compare(written(t, good()), nil)
		difference := run.Last.Changes[0].Difference
		assert.True(t, strings.HasPrefix(difference, fmt.Sprintf("%d new: CVE-100 in a, ", count)), difference)
		assert.True(t, strings.HasSuffix(difference, ends), difference)
		assert.Equal(t, kept, run.Checks.Findings)
	}
}

func TestTheTimeOfTheLastRunIsUTC(t *testing.T) {
	l := Last{Started: started.In(time.FixedZone("", 3600)), Outcome: Failed, Changes: []Change{{}}}
	assert.Equal(t, "The last run was of 2026-11-23 12:00:00 UTC: failed.", l.Line())
}
