// Package report tells one run of the pipeline to people (Text, Markdown, HTML) and to programs (JSON).
package report

import (
	"time"

	"todo-chatbot/ci/kube"
)

// Outcome is how a run or a step ended.
type Outcome string

// The outcomes. A run that failed and was taken back is RolledBack; a step that never ran is Skipped.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	RolledBack Outcome = "rolled back"
	Skipped    Outcome = "skipped"
)

// Run is one run of the pipeline. Whoever fills it keeps secrets out: it is printed as it is.
type Run struct {
	// Name is what was run, e.g. "deploy".
	Name      string    `json:"name"`
	Release   string    `json:"release"`
	Namespace string    `json:"namespace"`
	Outcome   Outcome   `json:"outcome"`
	Started   time.Time `json:"started"`
	// Took is the wall-clock time of the whole; steps that ran side by side add up to more.
	Took Duration `json:"tookMilliseconds"`
	// Cluster says which cluster it is, e.g. "embedded, Kubernetes v1.34.4, 1 node".
	Cluster   string           `json:"cluster,omitempty"`
	Steps     []Step           `json:"steps"`
	Images    []Image          `json:"images,omitempty"`
	Workloads []kube.Progress  `json:"workloads,omitempty"`
	Journey   []Check          `json:"journey,omitempty"`
	Diagnoses []kube.Diagnosis `json:"diagnoses,omitempty"`
	// Reach are the ways to the running application, one a line: a URL or a command.
	Reach []string `json:"reach,omitempty"`
}

// Step is one part of a run.
type Step struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Took    Duration  `json:"tookMilliseconds"`
	// Cached is true when an earlier run's result was taken.
	Cached  bool    `json:"cached,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Result is what it gave in a few words, "" when its name says it all.
	Result string `json:"result,omitempty"`
}

// Image is an image that the run put into the cluster.
type Image struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	// Bytes is its compressed size, 0 when not known.
	Bytes int64 `json:"bytes,omitempty"`
}

// Check is one step of a user's journey through the running application.
type Check struct {
	Name string   `json:"name"`
	Took Duration `json:"tookMilliseconds"`
	// Failure says why it failed, "" when it passed.
	Failure string `json:"failure,omitempty"`
}

// Duration is a time.Duration that JSON has in whole milliseconds.
type Duration time.Duration

// Text tells the run to a terminal, about 100 columns wide, without colour.
func (r Run) Text() string { return "" }

// Markdown tells the run to a pull request or a job summary.
func (r Run) Markdown() string { return "" }

// HTML tells the run as one page that needs nothing else: no script, font or style from elsewhere.
func (r Run) HTML() (string, error) { return "", nil }

// JSON tells the run to a program, indented.
func (r Run) JSON() ([]byte, error) { return nil, nil }

// ParseJourney reads what a journey printed: `ok <step> <n>ms` or `FAILED <step>: <reason>` on each line. Any other line
// is an error, and so is no line at all: a journey that did not run has not passed.
func ParseJourney(output string) ([]Check, error) { return nil, nil }
