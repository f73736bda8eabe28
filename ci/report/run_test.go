package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/kube"
)

var update = flag.Bool("update", false, "write the golden files anew")

var started = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func seconds(n float64) Duration { return Duration(n * float64(time.Second)) }

// good is a run in which everything went well.
func good() Run {
	return Run{
		SchemaVersion: schemaVersion,
		Name:          "deploy", Release: "todo-chatbot", Namespace: "todo-chatbot", Outcome: Passed, Started: started, Took: seconds(65),
		Cluster: "embedded, Kubernetes v1.36.4, 1 node",
		Steps: []Step{
			{Name: "build backend", Started: started, Took: seconds(20.5), Outcome: Passed, Result: "48.2 MB"},
			{Name: "build frontend", Started: started, Took: seconds(0.24), Outcome: Passed},
			{Name: "roll", Started: started.Add(30 * time.Second), Took: seconds(35), Outcome: Passed, After: "build backend"},
		},
		Images: []Image{{Name: "todo-backend", Digest: "sha256:4f7c", Bytes: 48_200_000}, {Name: "todo-frontend", Digest: "sha256:9b7c", Bytes: 61_020_000}},
		Checks: &Checks{Tests: []Tests{{"backend", 575, 2}, {"front end", 4, 1}}, Findings: []string{"CVE-1 in libssl3"},
			Slowest: []Test{{"backend", "tests.test_chat test_stream", seconds(2.5)}}, Sizes: []Size{{"backend", "added", 71_100_000, 79_000_000}}},
		Plan:      "from revision 3\n\nchange deployment/todo-chatbot-backend\n  spec.replicas\n    - 1\n    + 2\n\n0 to create, 1 to change, 0 to delete, 19 as they are\n",
		Workloads: []kube.Progress{{Kind: "Deployment", Name: "todo-chatbot-backend", Desired: 2, Updated: 2, Ready: 2, Available: 2, Done: true, Images: []string{"todo-backend@sha256:4f7c"}}},
		Journey:   []Check{{Name: "sign-up", Took: seconds(0.041)}, {Name: "chat-add", Took: seconds(1.25)}},
		Facts:     []string{"the autoscaler stays at 2 pods"},
		Reach:     []string{"kubectl --namespace todo-chatbot port-forward service/todo-chatbot-frontend 3000", "http://localhost:3000"},
	}
}

// bad is a run that was taken back, with text that every format has to escape.
func bad() Run {
	r := good()
	r.Outcome, r.Reach, r.Images, r.Checks, r.Cluster = RolledBack, nil, nil, nil, ""
	r.Steps = []Step{{Name: "roll", Started: started, Took: seconds(65), Outcome: Failed, Result: "a | b <script>"}, {Name: "journey", Outcome: Passed}}
	r.Workloads = []kube.Progress{{Kind: "Deployment", Name: "todo-chatbot-backend", Desired: 2, Updated: 1, Ready: 2, Waiting: "1 new pod to be made"}}
	r.Journey = []Check{{Name: "sign-up", Failure: "status 500 <b>"}}
	r.Warnings, r.Next = []string{"remove old secrets: a | b <i>"}, "release status <a>"
	r.Diagnoses = []kube.Diagnosis{{Code: kube.CrashLoop, Workload: "deployment/todo-chatbot-backend", Object: "pod/todo-chatbot-backend-x",
		Container: "backend", Reason: "CrashLoopBackOff", Message: "exit code 1 ```</pre>", Hint: "read its last lines"}}
	r.Failure = "wait for every pod: the pods cannot become ready\n" + r.Diagnoses[0].Text() + "\nRolled back to revision 2: ```</pre>."
	return r
}

func TestARunIsToldInEveryFormat(t *testing.T) {
	for name, run := range map[string]Run{"good": good(), "bad": bad()} {
		page, err := run.HTML()
		require.NoError(t, err)
		data, err := run.JSON()
		require.NoError(t, err)
		for extension, got := range map[string]string{"txt": run.Text(), "md": run.Markdown(), "json": string(data)} {
			golden(t, name+"."+extension, got)
		}
		for _, want := range []string{"todo-chatbot-backend", string(run.Outcome), "sign-up"} {
			for _, format := range []string{run.Text(), run.Markdown(), page, string(data)} {
				assert.Contains(t, format, want)
			}
		}
	}
}

func TestARunHasAPageForEveryReader(t *testing.T) {
	pages, err := good().Pages()
	require.NoError(t, err)
	for name, begins := range map[string]string{"report.html": "<!doctype html>", "report.md": "## deploy of", "report.json": "{"} {
		assert.True(t, strings.HasPrefix(pages[name], begins), "%s: %.40s", name, pages[name])
	}
	assert.Len(t, pages, 3)
}

func TestWhatBecameOfAReleaseIsToldBesideItsDiagnosis(t *testing.T) {
	for name, end := range map[string]string{
		"taken back": "Rolled back to revision 2: the last that was proven.",
		"stalled":    "remediate: helm rollback ended with exit code 1:\nquota exceeded\nThe release is left as it is; see: release status",
	} {
		r := bad()
		second := r.Diagnoses[0]
		second.Object = "pod/todo-chatbot-backend-y"
		r.Diagnoses = append(r.Diagnoses, second)
		r.Failure = "wait for every pod: the pods cannot become ready\n" + r.Diagnoses[0].Text() + "\n\n" + second.Text() + "\n" + end
		assert.Equal(t, "wait for every pod: the pods cannot become ready\n"+end, r.Beside(), name)
		page, err := r.HTML()
		require.NoError(t, err)
		for _, told := range []string{page, r.Markdown()} {
			assert.Contains(t, told, end, name)
			assert.Equal(t, 1, strings.Count(told, "of deployment/todo-chatbot-backend\n")-1, "each diagnosis once: "+name)
		}
		assert.Contains(t, page, "Next: <code>release status &lt;a&gt;</code>")
		assert.Contains(t, page, `<p class="failed">deploy failed at &#34;roll&#34; and was rolled back: release todo-chatbot`)
	}
}

func TestTheWholeOfAGoodRunIsOnEveryPage(t *testing.T) {
	page, err := good().HTML()
	require.NoError(t, err)
	for _, told := range []string{page, good().Markdown()} {
		for _, what := range []string{"tests.test_chat test_stream", "backend added", "71.1 MB", "79.0 MB", "90 %", "CVE-1 in libssl3", "build backend", "change deployment/todo-chatbot-backend"} {
			assert.Contains(t, told, what)
		}
	}
	assert.Contains(t, page, "began after: build backend")
	assert.Contains(t, page, "@media print")
	assert.NotContains(t, page, "display: none", "a phone shows all of it")
}

func TestAFailureWithoutADiagnosisHasItsPlace(t *testing.T) {
	r := bad()
	r.Diagnoses, r.Failure = nil, "wait for every pod: ```</pre>"
	page, err := r.HTML()
	require.NoError(t, err)
	assert.Contains(t, page, "wait for every pod: ```&lt;/pre&gt;")
	assert.Contains(t, page, "remove old secrets: a | b &lt;i&gt;")
}

func TestAFailedRunEndsWithAnErrorThatSaysItAll(t *testing.T) {
	r, cause := bad(), errors.New("broken")
	text, err := r.TextOrError(cause)
	assert.Empty(t, text, "nothing is printed twice")
	require.ErrorIs(t, err, cause)
	assert.Equal(t, `deploy failed at "roll" and was rolled back: release todo-chatbot, namespace todo-chatbot, after 1 m 05 s
passed: journey (0 ms)

`+r.Failure+`

next: release status <a>`, err.Error())
	assert.True(t, strings.HasPrefix(r.Text(), err.Error()+"\n"), "its text begins with the same")
	assert.Equal(t, 1, strings.Count(r.Text(), "CRASH-LOOP pod/"), "and has no diagnosis twice")
}

func TestARunThatPassedBeginsWithWhereItIsReached(t *testing.T) {
	text, err := good().TextOrError(nil)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(text, "deploy of todo-chatbot into todo-chatbot: passed in 1 m 05 s\n"+
		"cluster: embedded, Kubernetes v1.36.4, 1 node\n\nreach it\n  kubectl "), text)
}

func TestARunThatWasRefusedBeforeItBeganEndsWithThatAlone(t *testing.T) {
	cause := errors.New("--name is missing")
	_, err := Run{}.TextOrError(cause)
	assert.Equal(t, cause, err)
}

func TestTheVerdictNamesTheStepThatFailed(t *testing.T) {
	at := func(name string, from, took float64, outcome Outcome) Step {
		return Step{Name: name, Started: started.Add(time.Duration(from * float64(time.Second))), Took: seconds(took), Outcome: outcome}
	}
	for says, steps := range map[string][]Step{
		`deploy failed: release a`:            {at("build", 0, 5, Passed)},
		`deploy failed at "check": release a`: {at("boot", 0, 9.1, Failed), at("check", 0, 9, Failed), at("build", 0, 5, Passed)},
		`deploy failed at "test": release a`:  {at("roll", 0, 2, Failed), at("roll", 4, 2, Passed), at("test", 6, 1, Failed), at("remediate", 8, 1, Failed)},
	} {
		r := Run{Name: "deploy", Release: "a", Namespace: "b", Outcome: Failed, Cluster: "embedded, node:v1@sha256:4f7c", Steps: steps}
		assert.Equal(t, says+", namespace b, cluster embedded, node:v1, after 0 ms", r.Verdict())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "%s; go test ./ci/report -update writes it anew", name)
}

func TestThePageNeedsNothingElse(t *testing.T) {
	page, err := good().HTML()
	require.NoError(t, err)
	assert.NotRegexp(t, `(?i)<script|<link|<img|@import|url\(|src=`, page)
	assert.Contains(t, page, "default-src 'none'")
}

func TestThePageCanBeReadByAnyone(t *testing.T) {
	for _, run := range []Run{good(), bad()} {
		page, err := run.HTML()
		require.NoError(t, err)
		wellFormed(t, page)
		assert.Contains(t, page, `<html lang="en">`)
		assert.Contains(t, page, "<title>"+run.Title()+"</title>")
		assert.Equal(t, 1, strings.Count(page, "<h1>"))
		assert.Equal(t, 1, strings.Count(page, "<main>"))
		assert.NotRegexp(t, `<th>`, page, "every header cell has a scope")
		for _, id := range regexp.MustCompile(`aria-labelledby="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			assert.Contains(t, page, `id="`+id[1]+`"`)
		}
		for _, state := range []string{"passed", "failed"} {
			assert.NotContains(t, page, `class="`+state+`"></td>`, "a colour alone says nothing")
		}
	}
}

// wellFormed reads the page's body as XML: every element is closed by hand in it.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	body := page[strings.Index(page, "<body>"):strings.Index(page, "</html>")]
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestForeignTextIsShownAndNeverObeyed(t *testing.T) {
	page, err := bad().HTML()
	require.NoError(t, err)
	assert.NotContains(t, page, "<script>")
	assert.Contains(t, page, "&lt;script&gt;")
	assert.Equal(t, 3, strings.Count(page, "</pre>"), "the failure, the diagnosis and the plan")

	markdown := bad().Markdown()
	assert.Contains(t, markdown, `a \| b &lt;script&gt;`)
	assert.NotContains(t, markdown, "<b>")
	assert.Contains(t, markdown, "````text\n", "the fence outruns the backticks inside")
}

func TestJSONGoesThereAndBack(t *testing.T) {
	for _, run := range []Run{good(), bad()} {
		data, err := run.JSON()
		require.NoError(t, err)
		var back Run
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, run, back)
	}
}

func TestDurationsAreWrittenForPeople(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 ms": 0, "1 ms": 600 * time.Microsecond, "240 ms": 240 * time.Millisecond, "4.2 s": 4200 * time.Millisecond,
		"1 m 05 s": 65 * time.Second, "61 m 00 s": 61 * time.Minute,
	} {
		assert.Equal(t, want, Duration(d).String())
	}
}

func TestABarStaysOnItsLine(t *testing.T) {
	r := good()
	assert.Equal(t, span{"46.15", "53.85"}, bar(r, r.Steps[2]))
	assert.Equal(t, span{"0.00", "100.00"}, bar(r, Step{Started: started.Add(-time.Hour), Took: seconds(7200)}))
	assert.Equal(t, span{"100.00", "0.00"}, bar(r, Step{Started: started.Add(time.Hour), Took: seconds(1)}))
	assert.Equal(t, span{"0", "0"}, bar(Run{}, Step{}))
}

func TestAnEmptyRunIsATitleAndNoTable(t *testing.T) {
	r := Run{Name: "plan", Release: "a", Namespace: "b", Outcome: Passed}
	assert.Equal(t, "plan of a into b: passed in 0 ms\n", r.Text())
	assert.Equal(t, "## plan of a into b: passed in 0 ms\n", r.Markdown())
	page, err := r.HTML()
	require.NoError(t, err)
	assert.NotContains(t, page, "<table>")
}
