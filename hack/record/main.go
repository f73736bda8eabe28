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

// printed is true when each line of each diagnosis was said: all but the logs, which are fetched for it later.
func printed(a kube.Assessment, said string) bool {
	lines := map[string]bool{}
	for line := range strings.Lines(said) {
		lines[strings.TrimSpace(strings.TrimPrefix(line, "Error: "))] = true
	}
	for _, d := range a.Diagnoses {
		for line := range strings.Lines(d.Text()) {
			if !lines[strings.TrimSpace(line)] {
				return false
			}
		}
	}
	return a.Stuck()
}

func write(s kube.Snapshot, began, at time.Time, out string) error {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	fmt.Fprintf(file, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"began\":%q,\"recordedAt\":%q,\"items\":[", began.Format(time.RFC3339), at.Format(time.RFC3339Nano))
	w := &writer{file: file}
	all(w, "Deployment", s.Deployments)
	all(w, "StatefulSet", s.StatefulSets)
	for _, r := range s.ReplicaSets {
		if r.Spec.Replicas != nil && *r.Spec.Replicas > 0 {
			w.object("ReplicaSet", r)
		}
	}
	all(w, "Pod", s.Pods)
	for _, e := range s.Events {
		if !e.LastTimestamp.Before(began) || !e.EventTime.Before(began) {
			w.object("Event", e)
		}
	}
	all(w, "ResourceQuota", s.Quotas)
	all(w, "PersistentVolumeClaim", s.Claims)
	all(w, "Node", s.Nodes)
	_, err = fmt.Fprintln(file, "\n]}")
	return errors.Join(w.err, err, file.Close())
}

// writer puts one object on a line; the first error stays.
type writer struct {
	file  *os.File
	count int
	err   error
}

func all[T any](w *writer, kind string, objects []T) {
	for _, o := range objects {
		w.object(kind, o)
	}
}

func (w *writer) object(kind string, o any) {
	raw, err := json.Marshal(o)
	fields := map[string]json.RawMessage{}
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	fields["kind"], _ = json.Marshal(kind)
	if err == nil {
		raw, err = json.Marshal(fields)
	}
	between := ",\n"
	if w.count == 0 {
		between = "\n"
	}
	w.count++
	if err == nil {
		_, err = fmt.Fprintf(w.file, "%s%s", between, raw)
	}
	w.err = errors.Join(w.err, err)
}
