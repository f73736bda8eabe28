package kube

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
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
	Logs []LogTail `json:"logs,omitempty"`
	// Hint is the next step.
	Hint string `json:"hint"`

	// passing is true for a lack of room, which another workload's roll may end.
	passing bool
}

// LogRequest names the log of one container.
type LogRequest struct {
	Pod       string
	Container string
	// Previous asks for the log of the container's last run, since the present one says nothing yet.
	Previous bool
}

// LogTail is the end of a container's log.
type LogTail struct {
	Pod       string   `json:"pod"`
	Container string   `json:"container"`
	Lines     []string `json:"lines"`
}

// Args gives the arguments after `kubectl --namespace N` that print the log's last lines.
func (r LogRequest) Args() []string {
	args := []string{"logs", r.Pod, "--container", r.Container, "--tail", "20"}
	if r.Previous {
		args = append(args, "--previous")
	}
	return args
}

// The bounds of a kept log: lines, and characters of a line.
const (
	maxLogLines = 20
	maxLogWidth = 400
)

// AddLog keeps the last lines of what kubectl printed for a request, without secrets.
func (d *Diagnosis) AddLog(r LogRequest, output string, secrets []string) {
	var lines []string
	// Redacted as a whole first: a key may run over several lines.
	for line := range strings.Lines(Redact(output, secrets)) {
		if line = printable(line); line != "" {
			lines = append(lines, clip(line, maxLogWidth))
		}
	}
	if len(lines) > maxLogLines {
		lines = lines[len(lines)-maxLogLines:]
	}
	if len(lines) == 0 {
		lines = []string{"(it printed nothing)"}
	}
	d.Logs = append(d.Logs, LogTail{Pod: r.Pod, Container: r.Container, Lines: lines})
}

// printable drops what would move a terminal's cursor or colour it.
func printable(line string) string {
	line = escape.ReplaceAllString(line, "")
	return strings.TrimRightFunc(strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, line), unicode.IsSpace)
}

// escape is a terminal's control sequence.
var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]")

// clip shortens a text to a number of characters.
func clip(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}

// redact takes secrets out of everything that came from the cluster.
func (d *Diagnosis) redact(secrets []string) {
	d.Message = clip(printable(Redact(oneLine(d.Message), secrets)), maxMessage)
	for _, list := range [][]string{d.Events, d.Facts} {
		for i := range list {
			list[i] = clip(printable(Redact(list[i], secrets)), maxMessage)
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
