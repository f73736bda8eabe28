package kube

import (
	"fmt"
	"strings"

	"todo-chatbot/ci/secret"
)

// Diagnosis is why one workload cannot succeed, with the evidence and a next step. Nothing in it is secret.
type Diagnosis struct {
	Code Code `json:"code"`
	// Workload is the one that is stuck and Object what is wrong with it, both as kind/name.
	Workload string `json:"workload"`
	Object   string `json:"object"`
	// Container is the one that failed, "" when no container is at fault.
	Container string `json:"container,omitempty"`
	// Reason and Message are Kubernetes' own.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Events are the object's, oldest first, one line each: `BackOff ×4: Back-off restarting failed container`.
	Events []string `json:"events,omitempty"`
	// Facts are what else in the snapshot bears on it: nodes, quotas, claims.
	Facts []string `json:"facts,omitempty"`
	// Wanted are the logs worth reading, init containers first; give what was read to AddLog.
	Wanted []LogRequest `json:"-"`
	// Logs are the last lines that AddLog was given.
	Logs []LogLines `json:"logs,omitempty"`
	// Hint is the next step.
	Hint string `json:"hint"`

	// passing is true for a lack of room, which another workload's roll may end.
	passing bool
}

// graver is true for what is told in another's place: what comes earlier in a pod's life. A pod that waits for room that its own roll
// may give back is no cause while another has one.
func (d Diagnosis) graver(than Diagnosis) bool {
	if d.passing != than.passing {
		return than.passing
	}
	return d.Code.rank() < than.Code.rank()
}

// LogRequest names the log of one container.
type LogRequest struct {
	Pod       string
	Container string
	// Previous asks for the log of the container's last run, since the present one says nothing yet.
	Previous bool
}

// LogLines is the end of a container's log.
type LogLines struct {
	Pod       string   `json:"pod"`
	Container string   `json:"container"`
	Lines     []string `json:"lines"`
}

// AddLog keeps what tells the most of what kubectl printed for a request, without secrets, and names the cause where a line does.
func (d *Diagnosis) AddLog(r LogRequest, output string, secrets []string) {
	lines := substance(output, secrets)
	if len(lines) == 0 {
		lines = []string{"(it printed nothing)"}
	}
	d.Logs = append(d.Logs, LogLines{Pod: r.Pod, Container: r.Container, Lines: lines})
	if known := causeOf(databaseCauses, strings.Join(lines, "\n")); known.words != nil && d.Hint == d.Code.hint() {
		d.Hint = known.hint
	}
}

// redact takes secrets out of everything that came from the cluster.
func (d *Diagnosis) redact(secrets []string) {
	d.Message = clip(printable(secret.Redact(oneLine(d.Message), secrets)), maxMessage)
	for _, list := range [][]string{d.Events, d.Facts} {
		for i := range list {
			list[i] = clip(printable(secret.Redact(list[i], secrets)), maxMessage)
		}
	}
}

// maxMessage bounds a message, in characters: a registry may answer with a page.
const maxMessage = 1000

// Text is the diagnosis as lines for a terminal: code and object, reason, events, facts, log lines and the next step.
func (d Diagnosis) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", d.Code, d.Object)
	if d.Container != "" {
		fmt.Fprintf(&b, ", container %s", d.Container)
	}
	if d.Workload != "" && d.Workload != d.Object {
		fmt.Fprintf(&b, ", of %s", d.Workload)
	}
	fmt.Fprintf(&b, "\n  %s: %s\n", d.Reason, d.Message)
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "  %s\n    %s\n", title, strings.Join(lines, "\n    "))
		}
	}
	section("events", d.Events)
	section("facts", d.Facts)
	for _, log := range d.Logs {
		section(fmt.Sprintf("last lines of %s in %s", log.Container, log.Pod), log.Lines)
	}
	fmt.Fprintf(&b, "  next: %s\n", d.Hint)
	return b.String()
}
