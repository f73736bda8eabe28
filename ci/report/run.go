// Package report tells one run of the pipeline to people (Text, Markdown, HTML) and to programs (JSON).
package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
)

// Outcome is how a run or a step ended.
type Outcome string

// The outcomes. A run that failed and was taken back is RolledBack.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	RolledBack Outcome = "rolled back"
)

// Run is one run of the pipeline. Whoever fills it keeps secrets out: it is printed as it is.
type Run struct {
	// SchemaVersion is that of the JSON, which sets it.
	SchemaVersion int `json:"schemaVersion"`
	// Name is what was run, e.g. "deploy".
	Name      string    `json:"name"`
	Release   string    `json:"release"`
	Namespace string    `json:"namespace"`
	Outcome   Outcome   `json:"outcome"`
	Started   time.Time `json:"started"`
	// Took is the wall-clock time of the whole; steps that ran side by side add up to more.
	Took Duration `json:"tookMilliseconds"`
	// Cluster says which cluster it is, e.g. "embedded, Kubernetes v1.36.4, 1 node".
	Cluster   string           `json:"cluster,omitempty"`
	Steps     []Step           `json:"steps"`
	Images    []Image          `json:"images,omitempty"`
	Workloads []kube.Progress  `json:"workloads,omitempty"`
	Journey   []Check          `json:"journey,omitempty"`
	Diagnoses []kube.Diagnosis `json:"diagnoses,omitempty"`
	// Checks are nil where none ran, or one failed.
	Checks *Checks `json:"checks,omitempty"`
	// Last is nil where the run was compared with none.
	Last *Last `json:"last,omitempty"`
	// Plan is what changes in the release, object by object, as its manifests say; "" where nothing does.
	Plan string `json:"plan,omitempty"`
	// Facts are what the reader should know of the cluster, a sentence each; nothing is wrong with them.
	Facts []string `json:"facts,omitempty"`
	// Failure is why the run failed, "" when it passed.
	Failure string `json:"failure,omitempty"`
	// Next is what to do after a failure, "" when there was none.
	Next string `json:"next,omitempty"`
	// Warnings are what went wrong and did not fail the run, one each.
	Warnings []string `json:"warnings,omitempty"`
	// Reach are the ways to the running application, one a line: a URL or a command.
	Reach []string `json:"reach,omitempty"`
}

// Step is one part of a run.
type Step struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Took    Duration  `json:"tookMilliseconds"`
	Outcome Outcome   `json:"outcome"`
	// After is the step that this one waited for, as far as the times tell: the last to end before it began. "" for none.
	After string `json:"after,omitempty"`
	// Result is what it gave in a few words, "" when its name says it all.
	Result string `json:"result,omitempty"`
}

// Image is an image that the run put into the cluster.
type Image struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	// Bytes is the size of its archive, 0 where nobody measured it. Its layers are compressed there.
	Bytes int64 `json:"bytes,omitempty"`
}

// Size is the image's for people, "" where nobody measured it.
func (i Image) Size() string {
	if i.Bytes == 0 {
		return ""
	}
	return megabytes(i.Bytes)
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// Check is one step of a user's journey through the running application.
type Check struct {
	Name string   `json:"name"`
	Took Duration `json:"tookMilliseconds"`
	// Failure says why it failed, "" when it passed.
	Failure string `json:"failure,omitempty"`
}

// Duration is a time.Duration that JSON has in whole milliseconds and people in seconds: "240 ms", "4.2 s", "1 m 05 s".
type Duration time.Duration

// String writes the duration for people.
func (d Duration) String() string {
	t := time.Duration(d)
	switch {
	case t < time.Second:
		return fmt.Sprintf("%d ms", t.Round(time.Millisecond).Milliseconds())
	case t < time.Minute:
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
	t = t.Round(time.Second)
	return fmt.Sprintf("%d m %02d s", int(t.Minutes()), int(t.Seconds())%60)
}

// MarshalJSON writes whole milliseconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).Milliseconds())
}

// UnmarshalJSON reads whole milliseconds.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var milliseconds int64
	if err := json.Unmarshal(raw, &milliseconds); err != nil {
		return err
	}
	*d = Duration(time.Duration(milliseconds) * time.Millisecond)
	return nil
}

// JSON tells the run to a program, indented.
func (r Run) JSON() ([]byte, error) {
	r.SchemaVersion = schemaVersion
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("report: writing JSON: %w", err)
	}
	return append(out, '\n'), nil
}

// Beside is what the failure says beside the diagnoses, which have their own place: what failed, and what became of it.
func (r Run) Beside() string {
	text := r.Failure
	for _, d := range r.Diagnoses {
		text = strings.ReplaceAll(text, strings.TrimSpace(d.Text()), "")
	}
	var kept []string
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(kept, "\n")
}

// Title is the run in a few words: "deploy of todo-chatbot into todo-chatbot: passed in 1 m 05 s".
func (r Run) Title() string {
	return fmt.Sprintf("%s of %s into %s: %s in %s", r.Name, r.Release, r.Namespace, r.Outcome, r.Took)
}
