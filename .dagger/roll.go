package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/kube"

	"dagger/todo-chatbot/internal/dagger"
)

const (
	// pause is the time between two looks at a roll.
	pause = 2 * time.Second
	// outage is how long an API server may not answer while a roll is watched, and how long no node may be ready before one:
	// what restarts needs less.
	outage = 2 * time.Minute
)

// roll waits until every pod of the release is the new one and ready, and fails as soon as that cannot be.
func (d *deployment) roll(ctx context.Context, began time.Time) error {
	limit, answered := time.Now().Add(d.inputs.Timeout), time.Now()
	last := ""
	for {
		a, err := d.assess(ctx, began)
		if err != nil && kube.Unreached(err.Error()) != "" && time.Since(answered) < outage {
			fmt.Println("the cluster does not answer; asking again")
			if err := wait(ctx, pause); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		answered = time.Now()
		d.report.Workloads = a.Workloads
		if a.Done() {
			return nil
		}
		if a.Stuck() {
			return d.diagnose(ctx, a.Diagnoses)
		}
		var lines []string
		for _, w := range a.Workloads {
			if !w.Done {
				lines = append(lines, w.Line())
			}
		}
		if now := strings.Join(lines, "\n"); now != last {
			fmt.Println(now)
			last = now
		}
		if time.Now().After(limit) {
			return fmt.Errorf("the roll did not end within %s; raise --timeout if it was still moving:\n%s", d.inputs.Timeout, last)
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

func (d *deployment) assess(ctx context.Context, began time.Time) (kube.Assessment, error) {
	out, err := d.cluster.ask(ctx, d.kubectl("get", kube.SnapshotKinds, "--output", "json")...)
	if err != nil {
		return kube.Assessment{}, explain("looking at the roll", err)
	}
	snapshot, err := kube.ParseSnapshot([]byte(out))
	if err != nil {
		return kube.Assessment{}, err
	}
	return kube.Assess(snapshot, kube.AssessOptions{
		Now: time.Now(), Since: began.Add(-pause), Release: d.inputs.Release, Secrets: d.hidden(),
	}), nil
}

// diagnose fetches the logs that a diagnosis asks for and makes an error of it.
func (d *deployment) diagnose(ctx context.Context, found []kube.Diagnosis) error {
	var text []string
	for i := range found {
		for _, request := range found[i].Wanted {
			out, err := d.cluster.tools().
				WithExec(d.kubectl(request.Args()...), dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny}).
				CombinedOutput(ctx)
			if err == nil {
				found[i].AddLog(request, out, d.hidden())
			}
		}
		text = append(text, found[i].Text())
	}
	d.report.Diagnoses = found
	return errors.New(strings.Join(text, "\n\n"))
}
