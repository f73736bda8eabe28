package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/plan"
)

// plan compares what the release is with what it would be. The run has observed the cluster before.
func (r *run) plan(ctx context.Context) (plan.Plan, error) {
	chart := r.desired.chart()
	chart.KubeVersion, chart.NoHooks = r.version, true
	after, err := r.Cluster.Render(ctx, chart)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("rendering the chart: %w", err)
	}
	owned, err := withOwner(after, r.target)
	if err != nil {
		return plan.Plan{}, err
	}
	last := r.history.Last()
	in := plan.Input{Namespace: r.target.Namespace, Before: last.Manifest, After: after, Secrets: r.secretValues()}
	cluster := ""
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		cluster, err = r.clusterID(inner)
		return err
	})
	if r.facts.Namespace {
		group.Go(func() error {
			live, err := r.Cluster.Get(inner, Query{Manifests: in.Before + "\n---\n" + after, Namespace: r.target.Namespace})
			in.Live = string(live)
			return err
		})
		group.Go(func() error {
			applied, err := r.Cluster.DryRun(inner, r.target.Namespace, owned)
			in.Applied = string(applied)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return plan.Plan{}, fmt.Errorf("asking the cluster what would change: %w", err)
	}
	title := fmt.Sprintf("%s in namespace %s of cluster %s (%s), %s", r.target.Release, r.target.Namespace, cluster, r.target.Cluster, from(last))
	found, err := plan.New(title, in)
	if err == nil && !r.facts.Secret {
		found = found.With(plan.Object{Action: plan.Create, Name: "secret/" + r.desired.secret})
	}
	return found, err
}

// from says which revision a change goes from.
func from(last Revision) string {
	if last.Number == 0 {
		return "a first install"
	}
	return fmt.Sprintf("from revision %d", last.Number)
}

// tellChanges puts into the report what the revision to come changes. It asks the cluster nothing.
func (r *run) tellChanges(rendered string) {
	last := r.history.Last()
	found, err := plan.Between(from(last), r.target.Namespace, last.Manifest, rendered, r.secretValues())
	if err != nil {
		r.warn(fmt.Sprintf("the report does not tell what changes: %s", err))
		return
	}
	r.report.Plan = found.Text()
}

// clusterID tells clusters apart, as far as Kubernetes does.
func (r *run) clusterID(ctx context.Context) (string, error) {
	raw, err := r.Cluster.Get(ctx, Query{Kinds: "namespace", Names: []string{"kube-system"}})
	if err != nil {
		return "", err
	}
	var list struct {
		Items []struct {
			Metadata kube.Meta `json:"metadata"`
		} `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil || len(list.Items) != 1 {
		return "", fmt.Errorf("the cluster has %d namespaces kube-system", len(list.Items))
	}
	return list.Items[0].Metadata.UID, nil
}

// withOwner adds to manifests what Helm adds to each object that it applies. Without it the server would take a dry run in
// Helm's name for one that removes it.
func withOwner(manifests string, t Target) (string, error) {
	var all []string
	objects, err := kube.Objects([]byte(manifests))
	if err != nil {
		return "", kube.Unreadable(err)
	}
	for _, raw := range objects {
		object := map[string]any{}
		if err := json.Unmarshal(raw, &object); err != nil {
			return "", kube.Unreadable(err)
		}
		meta, _ := object["metadata"].(map[string]any)
		if meta == nil {
			return "", kube.Unreadable(errors.New("an object has no metadata"))
		}
		set(meta, "annotations", "meta.helm.sh/release-name", t.Release)
		set(meta, "annotations", "meta.helm.sh/release-namespace", t.Namespace)
		set(meta, "labels", "app.kubernetes.io/managed-by", "Helm")
		raw, err := json.Marshal(object)
		if err != nil {
			return "", kube.Unreadable(err)
		}
		all = append(all, string(raw))
	}
	return strings.Join(all, "\n---\n"), nil
}

// set adds an entry to one of the maps of an object's metadata.
func set(meta map[string]any, field, key, value string) {
	entries, _ := meta[field].(map[string]any)
	if entries == nil {
		entries = map[string]any{}
		meta[field] = entries
	}
	entries[key] = value
}
