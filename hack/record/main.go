// Record keeps what a cluster showed when a roll was given up, for the tests of ci/kube.
//
//	go run ./hack/record SAID LOOKS OUT
//
// SAID is what the deployment printed. LOOKS is a directory of what `kubectl get` gave while it rolled, each file named by
// its moment (RFC 3339) with .json after it. The first look whose diagnosis is the printed one is written to OUT, with the
// fields that ci/kube reads and without what other rolls left behind.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
)

const release = "todo-chatbot"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "record: usage: go run ./hack/record SAID LOOKS OUT")
		os.Exit(2)
	}
	if err := record(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func record(saidFile, looks, out string) error {
	said, err := os.ReadFile(saidFile)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(looks, "*.json"))
	if err != nil {
		return err
	}
	var began time.Time
	for _, file := range files {
		at, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(filepath.Base(file), ".json"))
		if err != nil {
			return err
		}
		if began.IsZero() {
			began = at
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		s, err := kube.ParseSnapshot(raw)
		if err != nil {
			continue // the API server was away for a moment
		}
		if a := kube.Assess(s, kube.AssessOptions{Now: at, Since: began, Release: release}); printed(a, string(said)) {
			return write(s, began, at, out)
		}
	}
	return fmt.Errorf("none of the %d looks in %s has the diagnosis that %s prints; record it again", len(files), looks, saidFile)
}

// counted is what differs between two looks at one failure that is tried again: how often it was, and the name of the last pod.
var counted = regexp.MustCompile(`×\d+|-[a-z0-9]{5}\b`)

func plain(line string) string {
	return counted.ReplaceAllString(strings.TrimSpace(strings.TrimPrefix(line, "Error: ")), "")
}

// printed is true when each line of each diagnosis was said: all but the logs, which are fetched for it later.
func printed(a kube.Assessment, said string) bool {
	lines := map[string]bool{}
	for line := range strings.Lines(said) {
		lines[plain(line)] = true
	}
	for _, d := range a.Diagnoses {
		for line := range strings.Lines(d.Text()) {
			if !lines[plain(line)] {
				return false
			}
		}
	}
	return a.Stuck()
}

func write(s kube.Snapshot, began, at time.Time, out string) error {
	var r recording
	all(&r, "Deployment", s.Deployments)
	all(&r, "StatefulSet", s.StatefulSets)
	for _, set := range s.ReplicaSets {
		if set.Spec.Replicas != nil && *set.Spec.Replicas > 0 {
			r.add("ReplicaSet", set)
		}
	}
	all(&r, "Pod", s.Pods)
	for _, e := range s.Events {
		if !e.LastTimestamp.Before(began) || !e.EventTime.Before(began) {
			r.add("Event", e)
		}
	}
	all(&r, "ResourceQuota", s.Quotas)
	all(&r, "PersistentVolumeClaim", s.Claims)
	all(&r, "Node", s.Nodes)
	if r.err != nil {
		return r.err
	}
	list := fmt.Sprintf(`{"apiVersion":"v1","kind":"List","began":%q,"recordedAt":%q,"items":[`, began.Format(time.RFC3339), at.Format(time.RFC3339Nano))
	return os.WriteFile(out, []byte(list+"\n"+strings.Join(r.lines, ",\n")+"\n]}\n"), 0o644)
}

// recording has one object on a line; its first error stays.
type recording struct {
	lines []string
	err   error
}

func all[T any](r *recording, kind string, objects []T) {
	for _, o := range objects {
		r.add(kind, o)
	}
}

// add takes an object as the API server gives it, but for what ci/kube does not read.
func (r *recording) add(kind string, o any) {
	raw, err := json.Marshal(o)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	fields["kind"] = kind
	if err == nil {
		raw, err = json.Marshal(fields)
	}
	r.lines, r.err = append(r.lines, string(raw)), errors.Join(r.err, err)
}
