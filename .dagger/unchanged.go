package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/plan"
	"todo-chatbot/ci/report"
)

// made labels a revision that passed its proof with its own number and what it was made from.
const made = "todo-chatbot/content"

// content stands for all that a revision is made from: the chart, its values, the images, and by its name the Secret.
func (d *deployment) content(ctx context.Context, images placed) (string, error) {
	chart, err := d.module.Chart().Source.Digest(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the chart: %w", err)
	}
	values, err := d.values(images, deploy.SecretName(d.inputs.Release, d.secrets))
	if err != nil {
		return "", err
	}
	parts := []string{chart, values}
	if d.extra != nil {
		extra, err := d.extra.Contents(ctx)
		if err != nil {
			return "", fmt.Errorf("reading --values: %w", err)
		}
		parts = append(parts, extra)
	}
	// A label's value is 63 characters at most.
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, "\x00"))))[:40], nil
}

// unchanged is true when there is nothing to do: the present revision was made from the same and proven, the server's dry
// run would change no object, and every pod runs and is ready. Whatever is in doubt is deployed, and tells there.
func (d *deployment) unchanged(ctx context.Context, images placed) (bool, error) {
	if d.cluster.embedded != nil || d.saved != nil {
		return false, nil
	}
	started := time.Now()
	content, err := d.content(ctx, images)
	if err != nil {
		return false, err
	}
	revision, err := d.provenAs(ctx, content)
	if err != nil || revision == 0 {
		return false, err
	}
	var found plan.Plan
	var now kube.Assessment
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found, err = d.plan(inner, revision, images)
		return err
	})
	group.Go(func() (err error) {
		now, err = d.assess(inner, started)
		return err
	})
	if err := group.Wait(); err != nil || len(found.Objects) > 0 || !now.Done() {
		return false, err
	}
	d.report.Workloads = now.Workloads
	d.record(report.Step{
		Name: "compare with the cluster", Started: started, Took: report.Duration(time.Since(started)), Outcome: report.Passed,
		Result: fmt.Sprintf("nothing to change: revision %d is the same, and was proven", revision),
	})
	return true, nil
}

// provenAs is the present revision where it was made from a content and passed its proof, 0 otherwise.
func (d *deployment) provenAs(ctx context.Context, content string) (int, error) {
	fields, err := d.cluster.ask(ctx, d.kubectl("get", "secrets", "--selector", d.revisions(), "--output",
		`jsonpath={range .items[*]}{.metadata.labels.version}={.metadata.labels.status}={.metadata.labels.`+proven+
			`}={.metadata.labels.`+made+`} {end}`)...)
	if err != nil {
		return 0, explain("asking the cluster for the release's revisions", err)
	}
	return deploy.ProvenAs(fields, content)
}
