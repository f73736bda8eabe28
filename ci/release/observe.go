package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/kube"
)

// observe reads what the next decision needs. It writes nothing.
func (r *run) observe(ctx context.Context) (string, error) {
	if err := r.look(ctx); err != nil {
		return "", err
	}
	if r.facts.Held && !r.facts.Namespace {
		return "", fmt.Errorf("%w: namespace %s was removed, and the Lease with it", ErrLeaseLost, r.target.Namespace)
	}
	last := r.history.Last()
	r.facts.Pending = last.pending() || r.history.fading()
	if r.facts.Changing {
		// Helm was broken off: what it has stored since says whether the change was made.
		r.facts.Changed = r.base >= 0 && last.Number > r.base && last.Status == "deployed"
	} else {
		r.before = r.history
	}
	switch {
	case r.facts.Verb == Rollback:
		return r.observeRollback()
	case r.facts.Verb == Deploy && last.pending() && r.history.Good().Number == 0 && !r.history.Own():
		return "", fmt.Errorf("revision %d is %s, and this pipeline did not make all of them: somebody's Helm is at work, or was ended early. "+
			"Wait for it and call again; if none is, return to one that ran with rollback --revision, or remove the release with uninstall",
			last.Number, last.Status)
	case r.facts.Verb == Deploy && !r.facts.Changing:
		return r.preflight(ctx)
	}
	return "", nil
}

// look reads what is there: the version, the namespace, the release's revisions and its Secret. Each question takes a process of its own, so
// all that follow the first are asked at once.
func (r *run) look(ctx context.Context) error {
	version, err := r.Cluster.Version(ctx)
	if err != nil {
		return err
	}
	r.version = version // which stays, when the server goes away later
	var (
		namespace, secret                bool
		history                          History
		noNamespace, noHistory, noSecret error
		wantsSecret                      = r.desired != nil && r.desired.secret != ""
		questions                        sync.WaitGroup
	)
	questions.Go(func() {
		namespace, noNamespace = r.exists(ctx, Query{Kinds: "namespace", Names: []string{r.target.Namespace}})
	})
	questions.Go(func() { history, noHistory = r.readHistory(ctx) })
	if wantsSecret {
		questions.Go(func() {
			secret, noSecret = r.exists(ctx, Query{Kinds: "secret", Names: []string{r.desired.secret}, Namespace: r.target.Namespace})
		})
	}
	questions.Wait()
	if noNamespace != nil {
		return noNamespace
	}
	r.facts.Namespace, r.history = namespace, nil
	if !namespace {
		return nil
	}
	if noHistory != nil {
		return noHistory
	}
	r.history = history
	if wantsSecret && noSecret == nil {
		r.facts.Secret = secret
	}
	return noSecret
}

// preflight holds the release against a saved plan and against the room in the cluster.
func (r *run) preflight(ctx context.Context) (string, error) {
	if r.desired.plan != "" {
		if err := r.comparePlan(ctx); err != nil {
			return "", err
		}
	}
	if same, err := r.inSync(ctx); err != nil {
		return "", err
	} else if same {
		r.facts.InSync = true
		return fmt.Sprintf("nothing to change: revision %d is the same, and was proven", r.history.Last().Number), nil
	}
	return "", r.capacity(ctx)
}

// comparePlan refuses a deployment that is not what the saved plan says.
func (r *run) comparePlan(ctx context.Context) error {
	now, err := r.plan(ctx)
	if err != nil {
		return err
	}
	return now.Same(r.desired.plan)
}

// inSync is true when there is nothing to do: the present revision was made from the same and proven, the server's dry run
// would change no object, and every pod runs and is ready. Whatever is in doubt is deployed, and tells there.
func (r *run) inSync(ctx context.Context) (bool, error) {
	last := r.history.Last()
	if last.Status != "deployed" || last.Content != r.desired.content {
		return false, nil
	}
	began := time.Now()
	changes, ready := 0, false
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		found, err := r.plan(inner)
		changes = len(found.Objects)
		return err
	})
	group.Go(func() error {
		found, err := r.assess(inner, began, false)
		ready = found.Done()
		if ready {
			r.report.Workloads = found.Workloads
		}
		return err
	})
	err := group.Wait()
	if errors.Is(err, ErrUnreachable) || ctx.Err() != nil {
		return false, err
	}
	if err != nil {
		r.warn(fmt.Sprintf("comparing with the cluster: %s; deploying", err))
	}
	return err == nil && changes == 0 && ready, nil
}

// capacity holds what the release asks for against what each node has left that runs its images, and waits for a cluster that has just
// started.
func (r *run) capacity(ctx context.Context) error {
	chart := r.desired.chart()
	chart.KubeVersion = r.version
	rendered, err := r.Cluster.Render(ctx, chart)
	if err != nil {
		return fmt.Errorf("rendering the chart: %w", err)
	}
	images := slices.Sorted(maps.Values(r.desired.request.Images))
	if err := kube.CheckRendered([]byte(rendered), r.target.Release, images); err != nil {
		return err
	}
	demand, err := kube.ParseDemand([]byte(rendered))
	if err != nil {
		return err
	}
	r.tellChanges(rendered)
	for limit := time.Now().Add(Outage); ; {
		raw, err := r.Cluster.Get(ctx, Query{Kinds: kube.CapacityKinds, Everywhere: true})
		if err != nil {
			return fmt.Errorf("reading the cluster's capacity: %w", err)
		}
		snapshot, err := kube.ParseSnapshot(raw)
		if err != nil {
			return err
		}
		err = kube.CheckCapacity(snapshot, demand, kube.CapacityOptions{
			Release: r.target.Release, Namespace: r.target.Namespace, Smaller: r.desired.request.smallerValues(), Platforms: r.desired.platforms,
		})
		if err != nil && r.desired.request.NodesOnDemand {
			r.warn(fmt.Sprintf("%s; left to the cluster, which adds nodes", err))
			err = nil
		}
		if err == nil && !r.facts.Held {
			return r.misplaced(snapshot, rendered)
		}
		if !errors.Is(err, kube.ErrNodeStarting) || time.Now().After(limit) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// misplaced warns of nodes that may get a pod and cannot run it, once for each run.
func (r *run) misplaced(snapshot kube.Snapshot, rendered string) error {
	what, err := kube.Misplaced(snapshot, []byte(rendered), r.desired.platforms)
	if what != "" {
		r.warn(what)
	}
	return err
}

// observeRollback finds the revision to return to.
func (r *run) observeRollback() (string, error) {
	// Helm's rollback goes on from a revision that is half made.
	r.facts.Pending = false
	if r.facts.Changing {
		return "", nil
	}
	if len(r.history) == 0 {
		return "", fmt.Errorf("namespace %s has no release %s; deploy it first, or name one that \"helm list --all-namespaces\" shows",
			r.target.Namespace, r.target.Release)
	}
	find := r.history.Previous
	if r.revision != 0 {
		find = func() (Revision, error) { return r.history.Find(r.revision) }
	}
	found, err := find()
	if err == nil {
		r.revision = found.Number
	}
	return fmt.Sprintf("revision %d", found.Number), err
}

// exists is true when a query finds something.
func (r *run) exists(ctx context.Context, q Query) (bool, error) {
	found, err := r.names(ctx, q)
	return len(found) > 0, err
}

// names are those of the objects that a query finds.
func (r *run) names(ctx context.Context, q Query) ([]string, error) {
	raw, err := r.Cluster.Get(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", q.Kinds, err)
	}
	var list struct {
		Items []struct {
			Metadata kube.Meta `json:"metadata"`
		} `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("reading %s: %w", q.Kinds, err)
	}
	var found []string
	for _, item := range list.Items {
		found = append(found, item.Metadata.Name)
	}
	return found, nil
}

// readHistory reads Helm's Secrets.
func (r *run) readHistory(ctx context.Context) (History, error) {
	raw, err := r.Cluster.Get(ctx, Query{Kinds: "secrets", Selector: helmSelector(r.target.Release), Namespace: r.target.Namespace})
	if err != nil {
		return nil, fmt.Errorf("reading the release's revisions: %w", err)
	}
	return ParseHistory(raw)
}

// createNamespace makes the release's namespace. Another run may have made it meanwhile.
func (r *run) createNamespace(ctx context.Context) error {
	_, failed := r.Cluster.Create(ctx, namespaceManifest(r.target.Namespace))
	if failed == nil {
		return nil
	}
	there, err := r.exists(ctx, Query{Kinds: "namespace", Names: []string{r.target.Namespace}})
	if there {
		return nil
	}
	return errors.Join(failed, err)
}

func namespaceManifest(name string) []byte {
	return fmt.Appendf(nil, `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q}}`, name)
}
