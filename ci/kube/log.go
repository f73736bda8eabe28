package kube

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"todo-chatbot/ci/secret"
)

// LogTail is how many lines of a log are asked for: a traceback and its repeats have many, of which few are kept.
const LogTail = 400

// The bounds of a kept log: lines, those of them that are kept for errors, characters of a line, and frames of a stack.
const (
	maxLogLines   = 20
	maxErrorLines = 15
	maxLogWidth   = 400
	maxFrames     = 2
)

// logRecord is one thing that a log tells: a line, or an exception with what belongs to it.
type logRecord struct {
	lines []string
	times int
	fails bool
}

// substance gives the lines of a log that tell the most: of a stack its cause and its end, of a JSON line its message and its
// exception, what repeats once, and failures before what else there is.
func substance(output string, secrets []string) []string {
	// Redacted as a whole first: a key may run over several lines.
	var records []logRecord
	for _, lines := range paragraphs(secret.Redact(output, secrets)) {
		records = append(records, readRecord(lines, secrets))
	}
	var kept []string
	for _, r := range latest(fold(records)) {
		for i, line := range r.lines {
			if i == 0 && r.times > 1 {
				line = clipMiddle(line, maxLogWidth-10) + fmt.Sprintf(" (×%d)", r.times)
			}
			kept = append(kept, clipMiddle(line, maxLogWidth))
		}
	}
	return kept
}

var (
	traceback = regexp.MustCompile(`Traceback \(most recent call last\)`)
	// chained is what Python writes between two exceptions of which one led to the other.
	chained = regexp.MustCompile(`^(?:During handling of the above exception|The above exception was the direct cause)`)
	// frame is a line of a stack: Python's, Java's and JavaScript's, Go's.
	frame = regexp.MustCompile(`^\s+(?:File "|at |\.{3} \d+ more|\^+|~+)|^\s+\S+\.go:\d+|^goroutine \d+|^\s+\|? *File "`)
	// causedBy begins the cause of what stands before.
	causedBy = regexp.MustCompile(`^\s*(?:Caused by: |\[cause\]: )`)
	panicked = regexp.MustCompile(`^(?:panic: |fatal error: )`)
)

// paragraphs puts the lines of a stack together, and gives every other line alone.
func paragraphs(output string) [][]string {
	var list [][]string
	inside, raised := false, false // of a traceback, and after the line that says what was raised
	golang := false
	for line := range strings.Lines(output) {
		line = printable(line)
		last := len(list) - 1
		indented := line != "" && unicode.IsSpace([]rune(line)[0])
		switch {
		case traceback.MatchString(line):
			// The second of two that are chained belongs to the first.
			if inside && last >= 0 && hasChain(list[last]) && raised {
				list[last] = append(list[last], line)
			} else {
				list = append(list, []string{line})
			}
			inside, raised, golang = true, false, false
			continue
		case panicked.MatchString(line):
			list = append(list, []string{line})
			inside, golang = false, true
			continue
		case golang && (line == "" || frame.MatchString(line) || goCall.MatchString(line) || strings.HasPrefix(line, "[signal")):
			list[last] = append(list[last], line)
			continue
		case inside && line == "", inside && chained.MatchString(line):
			list[last] = append(list[last], line)
			continue
		case inside && (indented || !raised):
			list[last] = append(list[last], line)
			raised = raised || !indented
			continue
		case last >= 0 && (frame.MatchString(line) || causedBy.MatchString(line)):
			list[last] = append(list[last], line)
			continue
		}
		inside, golang = false, false
		if line != "" {
			list = append(list, []string{line})
		}
	}
	return list
}

// goCall is the line of a Go stack that names the function.
var goCall = regexp.MustCompile(`^(?:[\w./()*-]+\.[\w.()*-]+\(.*\)|created by .*)$`)

func hasChain(lines []string) bool {
	return slices.ContainsFunc(lines, chained.MatchString)
}

// failing is a word by which a line tells of a failure.
var failing = regexp.MustCompile(`(?i)\b(?:error|fatal|critical|panic|exception|failed|failure|refused|denied|cannot|could not|unable|no such|not found|killed|invalid|missing)\b|[a-z](?:Error|Exception)\b`)

// readRecord reads a line, JSON or not, or a stack.
func readRecord(lines []string, secrets []string) logRecord {
	r := logRecord{times: 1}
	if len(lines) == 1 {
		if fields, ok := jsonObject(lines[0]); ok {
			r.lines, r.fails = jsonRecord(fields)
		}
	}
	if r.lines == nil {
		r.lines = stack(lines)
	}
	for i, line := range r.lines {
		// A JSON string may have hidden a secret's look.
		r.lines[i] = printable(secret.Redact(line, secrets))
		r.fails = r.fails || failing.MatchString(line)
	}
	return r
}

func jsonObject(line string) (map[string]any, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "{") {
		return nil, false
	}
	var fields map[string]any
	return fields, json.Unmarshal([]byte(line), &fields) == nil
}

// The fields by which loggers name what they say (Python's json loggers, structlog, loguru, pino, winston, zap, slog, logback).
var (
	messageFields   = []string{"message", "msg", "event", "text", "log", "@m", "short_message"}
	levelFields     = []string{"level", "severity", "levelname", "log.level", "@l"}
	exceptionFields = []string{"exception", "exc_info", "exc_text", "error", "err", "stack", "stacktrace", "stack_trace", "stack_info",
		"traceback", "error.stack_trace", "error.message", "exception.stacktrace", "full_message", "detail", "reason", "cause"}
)

// jsonRecord gives the message of a JSON line and its exception, nothing where it has neither.
func jsonRecord(fields map[string]any) (lines []string, fails bool) {
	level, _ := first(fields, levelFields).(string)
	message, _ := first(fields, messageFields).(string)
	if said := strings.TrimSpace(level + " " + strings.Join(stack(strings.Split(message, "\n")), " ")); message != "" {
		lines = append(lines, said)
	}
	for _, name := range exceptionFields {
		for _, line := range exceptionLines(fields[name]) {
			if !slices.ContainsFunc(lines, func(known string) bool { return strings.Contains(known, strings.TrimSpace(line)) }) {
				lines = append(lines, line)
			}
		}
	}
	switch strings.ToLower(level) {
	case "error", "err", "fatal", "critical", "panic", "alert", "emerg", "emergency":
		fails = true
	}
	return lines, fails || len(lines) > 1
}

func first(fields map[string]any, names []string) any {
	for _, name := range names {
		if value := fields[name]; value != nil && value != "" {
			return value
		}
	}
	return nil
}

// exceptionLines reads an exception as loggers write it: as text, as an object, or as a list of those that led to each other.
func exceptionLines(value any) []string {
	switch value := value.(type) {
	case string:
		return stack(strings.Split(strings.TrimRight(value, "\n"), "\n"))
	case []any:
		var lines []string
		for _, one := range value {
			lines = append(lines, exceptionLines(one)...)
		}
		return lines
	case map[string]any:
		kind, _ := first(value, []string{"type", "exc_type", "name", "class", "code"}).(string)
		message, _ := first(value, []string{"message", "exc_value", "value", "msg", "detail"}).(string)
		said := strings.Trim(kind+": "+message, ": ")
		var lines []string
		if said != "" {
			lines = append(lines, said)
		}
		for _, name := range []string{"stack", "stack_trace", "stacktrace", "traceback", "cause"} {
			for _, line := range exceptionLines(value[name]) {
				if !slices.Contains(lines, line) {
					lines = append(lines, line)
				}
			}
		}
		return lines
	}
	return nil
}

// stack shortens the lines of a stack: what was raised first, with where, and what came of it. Other lines stay.
func stack(lines []string) []string {
	switch {
	case len(lines) == 1:
		return []string{lines[0]}
	case slices.ContainsFunc(lines, traceback.MatchString):
		return pythonStack(lines)
	}
	var shown, causes []string
	frames := 0
	for _, line := range lines {
		switch {
		case strings.TrimSpace(line) == "":
		case causedBy.MatchString(line):
			causes, frames = append(causes, strings.TrimSpace(line)), 0
		case frame.MatchString(line) || goCall.MatchString(line):
			if frames++; frames <= maxFrames && len(causes) == 0 {
				shown = append(shown, line)
			}
		default:
			shown = append(shown, line)
		}
	}
	// The last cause is the first that happened.
	slices.Reverse(causes)
	return append(causes, shown...)
}

// pythonStack gives each exception of a traceback that led to the next, with the last frames of the first, which stand nearest
// to the fault.
func pythonStack(lines []string) []string {
	var before, frames, shown []string
	raised, count := false, 0
	for _, line := range lines {
		text := strings.TrimSpace(line)
		switch {
		case text == "":
		case traceback.MatchString(line):
			if at := strings.Index(line, "Traceback"); at > 0 && strings.TrimSpace(line[:at]) != "" && strings.Trim(line[:at], " +|") != "" {
				before = append(before, strings.TrimSpace(line[:at]))
			}
			frames, raised = nil, false
		case chained.MatchString(line):
			raised = false
		case count == 0 && frames == nil && !frame.MatchString(line) && line == strings.TrimLeft(line, " \t|") && !exceptionLine.MatchString(line):
			before = append(before, text)
		case !raised && line != strings.TrimLeft(line, " \t"):
			if frame.MatchString(line) && strings.Contains(line, `File "`) {
				frames = append(frames, "  "+text)
			}
		case !raised:
			raised, count = true, count+1
			if count > 1 {
				text = "led to " + text
			}
			shown = append(shown, text)
			if count == 1 {
				shown = append(shown, frames[max(0, len(frames)-maxFrames):]...)
			}
		default:
			shown = append(shown, "  "+text)
		}
	}
	if len(shown) == 0 {
		shown = frames[max(0, len(frames)-maxFrames):]
	}
	if len(shown) == 0 {
		return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.TrimSpace(line) == "" })
	}
	return append(before, shown...)
}

// exceptionLine is what a traceback ends with: a class, and what it says.
var exceptionLine = regexp.MustCompile(`^[A-Za-z_][\w.]*(?:: .*)?$`)

var (
	moments  = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]?|\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?`)
	wordPort = regexp.MustCompile(`:\d{2,4}\b`)
	status   = regexp.MustCompile(`\b[45]\d\d\b`)
	digits   = regexp.MustCompile(`[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|\d+`)
)

// sameness is what two records share that say the same: numbers differ from try to try, all but ports and statuses.
func sameness(r logRecord) string {
	text := moments.ReplaceAllString(strings.Join(r.lines, "\n"), "")
	keep := append(wordPort.FindAllString(text, -1), status.FindAllString(text, -1)...)
	return digits.ReplaceAllString(text, "0") + strings.Join(keep, " ")
}

// fold counts records that say the same and keeps the last of them.
func fold(records []logRecord) []logRecord {
	times := map[string]int{}
	for _, r := range records {
		times[sameness(r)]++
	}
	var folded []logRecord
	seen := map[string]bool{}
	for _, r := range slices.Backward(records) {
		if key := sameness(r); !seen[key] {
			seen[key] = true
			r.times = times[key]
			folded = append(folded, r)
		}
	}
	slices.Reverse(folded)
	return folded
}

// latest keeps as many records as have room, the last of those that fail first, in their order.
func latest(records []logRecord) []logRecord {
	chosen := make([]bool, len(records))
	left := maxLogLines
	choose := func(most int, fits func(logRecord) bool) {
		for i, r := range slices.Backward(records) {
			if size := len(r.lines); !chosen[i] && fits(r) && size <= most && size <= left {
				chosen[i], most, left = true, most-size, left-size
			}
		}
	}
	for i := range records {
		if len(records[i].lines) > maxErrorLines {
			head, tail := records[i].lines[:maxErrorLines/2], records[i].lines[len(records[i].lines)-maxErrorLines/2:]
			records[i].lines = slices.Concat(head, []string{"…"}, tail)
		}
	}
	choose(maxErrorLines, func(r logRecord) bool { return r.fails })
	choose(maxLogLines, func(logRecord) bool { return true })
	var kept []logRecord
	for i, r := range records {
		if chosen[i] {
			kept = append(kept, r)
		}
	}
	return kept
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

// clipMiddle shortens a text and keeps its end, where most errors are.
func clipMiddle(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	head := width / 3
	return string(runes[:head]) + "…" + string(runes[len(runes)-(width-head-1):])
}
