package kube

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// maxEvents is how many events a diagnosis keeps, the last ones.
const maxEvents = 6

// about is true for an event of an object; an object of the same name that was there before has another UID.
func (e Event) about(kind string, m Meta) bool {
	o := e.InvolvedObject
	return o.Kind == kind && o.Name == m.Name && (o.UID == "" || m.UID == "" || o.UID == m.UID)
}

// times is how often the event was seen.
func (e Event) times() int {
	if e.Series != nil {
		return max(e.Series.Count, 1)
	}
	return max(e.Count, 1)
}

// first and last are when the event was seen; which fields have it depends on the API that wrote it.
func (e Event) first() time.Time {
	for _, t := range []time.Time{e.FirstTimestamp, e.EventTime, e.Metadata.CreationTimestamp} {
		if !t.IsZero() {
			return t
		}
	}
	return e.LastTimestamp
}

func (e Event) last() time.Time {
	if e.Series != nil && !e.Series.LastObservedTime.IsZero() {
		return e.Series.LastObservedTime
	}
	if !e.LastTimestamp.IsZero() {
		return e.LastTimestamp
	}
	return e.first()
}

// generated is the end of the name that a controller gives a pod that it could not make: it differs each time.
var generated = regexp.MustCompile(`(pods "[a-z0-9.-]+)-[a-z0-9]{5}"`)

// told is what an event says, the same for each try of the same thing.
func (e Event) told() string {
	message := strings.TrimPrefix(oneLine(e.Message), "(combined from similar events): ")
	return e.Reason + ": " + generated.ReplaceAllString(message, `$1-…"`)
}

// events gives the last events of an object, oldest first, one line for those that say the same. A ReplicaSet comes back
// when a pod template does, with the events of earlier rolls: those are left out.
func (in *inspector) events(kind string, m Meta) []string {
	var found []Event
	for _, e := range in.Events {
		if e.about(kind, m) && (kind == "Pod" || !e.last().Before(in.since)) {
			found = append(found, e)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].last().Before(found[j].last()) })
	var told []string
	times := map[string]int{}
	for _, e := range found {
		if times[e.told()] == 0 {
			told = append(told, e.told())
		}
		times[e.told()] += e.times()
	}
	if len(told) > maxEvents {
		told = told[len(told)-maxEvents:]
	}
	for i, line := range told {
		if n := times[line]; n > 1 {
			reason, message, _ := strings.Cut(line, ": ")
			told[i] = fmt.Sprintf("%s ×%d: %s", reason, n, message)
		}
	}
	return told
}

// latestEvent is an object's last event of any of the reasons, nil when there is none.
func (in *inspector) latestEvent(kind string, m Meta, reasons ...string) *Event {
	var last *Event
	for i, e := range in.Events {
		if slices.Contains(reasons, e.Reason) && e.about(kind, m) && (last == nil || e.last().After(last.last())) {
			last = &in.Events[i]
		}
	}
	return last
}

// count adds up a pod's events of a reason whose message has a text; a container, if named, keeps to its own.
func (in *inspector) count(pod Pod, container, reason, text string) int {
	n := 0
	for _, e := range in.Events {
		if e.Reason == reason && e.about("Pod", pod.Metadata) && strings.Contains(e.Message, text) && e.of(container) {
			n += e.times()
		}
	}
	return n
}

// lastMessage is the message of a container's latest event of a reason, "" when there is none.
func (in *inspector) lastMessage(pod Pod, container, reason, text string) string {
	if last := in.lastEvent(pod, container, reason, text); last != nil {
		return last.Message
	}
	return ""
}

// lastEvent is a container's latest event of a reason whose message has a text, nil when there is none.
func (in *inspector) lastEvent(pod Pod, container, reason, text string) *Event {
	var last *Event
	for i, e := range in.Events {
		if e.Reason == reason && e.about("Pod", pod.Metadata) && strings.Contains(e.Message, text) && e.of(container) &&
			(last == nil || e.last().After(last.last())) {
			last = &in.Events[i]
		}
	}
	return last
}

// of is true for an event of a container, by its field path: spec.containers{name} or spec.initContainers{name}.
func (e Event) of(container string) bool {
	return container == "" || strings.HasSuffix(e.InvolvedObject.FieldPath, "{"+container+"}")
}

// oneLine folds white space, so that a message is one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
