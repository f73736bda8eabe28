package release

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/kube"
)

// errKilled is what a client that was killed gets: its process is gone.
var errKilled = errors.New("killed")

// world is a cluster that holds releases as Helm and the API server would, by the clock of a synctest bubble.
type world struct {
	mu         sync.Mutex
	namespaces map[string]bool
	lease      *leaseObject
	versions   int
	revisions  []*fakeRevision
	secrets    map[string]bool
	services   []any
	claims     []string
	// live are the manifests that the cluster has, and readyAt when their pods are ready.
	live    string
	readyAt time.Time
	// testPods are the tests that are there, as kubectl logs names them, with what each has printed.
	testPods map[string]string
	// proven are the manifests that passed a test.
	proven map[string]bool
	// away are the times in which nobody is answered.
	away []window
	// metrics says whether the cluster serves any.
	metrics bool
	// platforms are those of the nodes, "" for one that does not say.
	platforms []string
	// full leaves no room, and bootsAt is when the nodes become ready.
	full    bool
	bootsAt time.Time

	// hooks are those of every revision, and others the documents that the chart makes beside its Deployment.
	hooks, others string
	// stuck and broken are parts of manifests whose pods never become ready, or whose test fails: the one that fails names, or the first.
	stuck, broken, fails string
	// prints is what tests print in place of what became of them.
	prints map[string]string
	// obstacle is a part of manifests that break a StatefulSet's pod, and obstructed says that the pod is still there.
	obstacle   string
	obstructed bool
	rollTime   time.Duration
	// refuses are calls that fail with what kubectl or Helm would say, by their name.
	refuses map[string]string
	// foreign says that somebody else's Helm made the first revision, and deletable allows that or a proven release to be removed.
	foreign, deletable bool

	// ending is held by the one client that looks whether all is quiet.
	ending chan struct{}
	// writes is everything that was written, and violations what must never happen.
	writes     []write
	violations []string
}

type window struct{ from, to time.Time }

type write struct {
	at        time.Time
	who, what string
}

type fakeRevision struct {
	number   int
	status   string
	manifest string
	hooks    string
	labels   map[string]string
	// tested is when each test was made last.
	tested map[string]time.Time
}

func newWorld() *world {
	return &world{
		namespaces: map[string]bool{"kube-system": true}, secrets: map[string]bool{}, proven: map[string]bool{},
		testPods: map[string]string{}, refuses: map[string]string{}, platforms: []string{""}, rollTime: 3 * time.Second, hooks: journeyPod, ending: make(chan struct{}, 1),
	}
}

// client is one run's way to the world.
type client struct {
	*world
	name     string
	identity string
	// killAt is the step at which the run is killed, 0 for never, and kill ends its context.
	steps, killAt int
	kill          context.CancelCauseFunc
	dead          bool
	// cut are times in which this client alone is not answered.
	cut []window
	// loses says which answers get lost after the thing was done.
	loses func(step int) bool
	// onStep is told of each, of one at a time.
	onStep   func(step int)
	stepping sync.Mutex
	// labelling is how long a label takes.
	labelling time.Duration
}

const latency = 100 * time.Millisecond

// step takes some time, and fails when the client is dead, the server away or the caller gone.
func (c *client) step(ctx context.Context) error {
	c.mu.Lock()
	dead := c.dead
	c.mu.Unlock()
	if dead {
		return errKilled
	}
	if err := sleep(ctx, latency); err != nil {
		return err
	}
	c.mu.Lock()
	c.steps++
	n := c.steps
	if c.killAt == n {
		c.dead = true
	}
	dead = c.dead
	now := time.Now()
	gone := within(now, c.away) || within(now, c.cut)
	c.mu.Unlock()
	if c.onStep != nil {
		c.stepping.Lock()
		c.onStep(n)
		c.stepping.Unlock()
	}
	if dead {
		c.kill(errKilled)
		return errKilled
	}
	if gone {
		return errors.Join(ErrUnreachable, said("kubectl get", "The connection to the server cluster:6443 was refused - did you specify the right host or port?"))
	}
	return nil
}

func within(now time.Time, windows []window) bool {
	return slices.ContainsFunc(windows, func(w window) bool { return !now.Before(w.from) && now.Before(w.to) })
}

// call begins a call by name.
func (c *client) call(ctx context.Context, name string) error {
	if err := c.step(ctx); err != nil {
		return err
	}
	if said := c.refusal(name); said != "" {
		return &CommandError{Command: name, ExitCode: 1, Stderr: said}
	}
	return nil
}

// refusal is what a call is told, "" when nothing keeps it.
func (w *world) refusal(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refuses[name]
}

// refuse lets a call fail from now on, and one of "" pass.
func (w *world) refuse(name, said string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuses[name] = said
}

// cutOff takes the server from this client alone.
func (c *client) cutOff(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = []window{{time.Now(), time.Now().Add(d)}}
}

// look reads something of the world while others change it.
func look[T any](w *world, read func() T) T {
	w.mu.Lock()
	defer w.mu.Unlock()
	return read()
}

// answer is the end of a call: what it did may be done without this client's ever hearing of it.
func (c *client) answer() error {
	if c.loses != nil && c.loses(c.steps) { // the world is locked
		return fmt.Errorf("%w: the answer was lost", ErrUnreachable)
	}
	return nil
}

// wrote records a write and holds it against the promise that nothing is written without the Lease. The world is locked.
func (c *client) wrote(what string) {
	c.writes = append(c.writes, write{time.Now(), c.name, what})
	if c.lease == nil || c.identity == "" || c.lease.Spec.HolderIdentity != c.identity {
		c.violations = append(c.violations, fmt.Sprintf("%s wrote %q without the lease", c.name, what))
	}
}

func (c *client) Version(ctx context.Context) (string, error) {
	if err := c.call(ctx, "version"); err != nil {
		return "", err
	}
	return "v1.36.4", nil
}

func (c *client) Get(ctx context.Context, q Query) ([]byte, error) {
	if err := c.call(ctx, "get "+q.Kinds); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var items []any
	switch {
	case q.Manifests != "":
		owned, err := withOwner(c.live, Target{Release: "todo-chatbot", Namespace: "todo"})
		if err != nil {
			return nil, err
		}
		items = objects(owned)
	case q.Kinds == "namespace":
		for _, name := range q.Names {
			if c.namespaces[name] {
				items = append(items, named("Namespace", name))
			}
		}
	case q.Kinds == "lease":
		if c.lease != nil {
			items = append(items, c.lease)
		}
	case q.Selector == helmSelector("todo-chatbot"):
		for _, r := range c.revisions {
			items = append(items, r.secret())
		}
	case q.Kinds == "secrets":
		for _, name := range slices.Sorted(maps.Keys(c.secrets)) {
			items = append(items, named("Secret", name))
		}
	case q.Kinds == "secret":
		if c.secrets[q.Names[0]] {
			items = append(items, named("Secret", q.Names[0]))
		}
	case q.Kinds == "pod" || q.Kinds == "job":
		if _, there := c.testPods[strings.TrimPrefix(q.Kinds+"/"+q.Names[0], "pod/")]; there {
			items = append(items, named(q.Kinds, q.Names[0]))
		}
	case q.Kinds == "persistentvolumeclaims":
		for _, name := range c.claims {
			items = append(items, named("PersistentVolumeClaim", name))
		}
	case q.Kinds == kube.CapacityKinds:
		for i := range c.platforms {
			items = append(items, c.node(i))
		}
	case q.Kinds == kube.SnapshotKinds:
		items = c.snapshot()
	case q.Kinds == "apiservices" && c.metrics:
		items = append(items, map[string]any{"kind": "APIService", "status": map[string]any{"conditions": []any{map[string]any{"type": "Available", "status": "True"}}}})
	case q.Kinds == "services":
		items = c.services
	case q.Kinds == "horizontalpodautoscalers":
		items = append(items, map[string]any{"kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": "backend"},
			"spec": map[string]any{"minReplicas": 2, "maxReplicas": 5, "scaleTargetRef": map[string]any{"kind": "Deployment", "name": "backend"}}, "status": map[string]any{"currentReplicas": 2, "desiredReplicas": 3}})
	}
	return asJSON(map[string]any{"kind": "List", "items": append([]any{}, items...)}), c.answer()
}

func asJSON(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return raw
}

func named(kind, name string) map[string]any {
	return map[string]any{"kind": kind, "metadata": map[string]any{"name": name, "uid": "uid-of-" + name}}
}

// objects gives manifests as the server has them: each in a namespace, unless its kind is in none.
func objects(manifests string) []any {
	var items []any
	for _, document := range kube.Documents([]byte(manifests)) {
		var o map[string]any
		if err := yaml.Unmarshal(document, &o); err != nil {
			panic(err)
		}
		meta := o["metadata"].(map[string]any)
		if o["kind"] == "ClusterRole" {
			delete(meta, "namespace")
		} else if meta["namespace"] == nil {
			meta["namespace"] = "todo"
		}
		items = append(items, o)
	}
	return items
}

func (r *fakeRevision) secret() map[string]any {
	labels := maps.Clone(r.labels)
	labels["version"], labels["status"] = strconv.Itoa(r.number), r.status
	return map[string]any{
		"kind": "Secret", "metadata": map[string]any{"name": r.name(), "labels": labels},
		"data": map[string][]byte{"release": r.packed()},
	}
}

// journeyPod is the hook of every revision, unless a world has others.
const journeyPod = `{apiVersion: v1, kind: Pod, metadata: {name: todo-chatbot-test-journey, annotations: {helm.sh/hook: test}}}`

// packs keeps what was packed: compressing takes most of the time of a test.
var packs sync.Map

// packed is a revision as Helm stores it.
func (r *fakeRevision) packed() []byte {
	key := fmt.Sprint(r.manifest, r.hooks, r.tested)
	if known, found := packs.Load(key); found {
		return known.([]byte)
	}
	var hooks []any
	for _, h := range hooksOf(r.hooks) {
		started := "" // as Helm 3 has it
		if at, ran := r.tested[h.Metadata.Name]; ran {
			started = at.Format(time.RFC3339Nano)
		}
		hooks = append(hooks, map[string]any{"manifest": h.manifest, "kind": h.Kind, "name": h.Metadata.Name, "events": h.events(),
			"last_run": map[string]any{"started_at": started}})
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(asJSON(map[string]any{"manifest": r.manifest, "hooks": hooks}))
	_ = w.Close()
	encoded := []byte(base64.StdEncoding.EncodeToString(out.Bytes()))
	packs.Store(key, encoded)
	return encoded
}

// fakeHook is a hook of a revision.
type fakeHook struct {
	manifest string
	Kind     string
	Metadata kube.Meta
}

func hooksOf(manifests string) []fakeHook {
	var hooks []fakeHook
	for _, document := range kube.Documents([]byte(manifests)) {
		h := fakeHook{manifest: string(document)}
		if err := yaml.Unmarshal(document, &h); err != nil {
			panic(err)
		}
		hooks = append(hooks, h)
	}
	return hooks
}

// pod is what kubectl logs takes for it.
func (h fakeHook) pod() string {
	return strings.TrimPrefix(strings.ToLower(h.Kind)+"/"+h.Metadata.Name, "pod/")
}

func (h fakeHook) events() []string {
	return strings.Split(h.Metadata.Annotations["helm.sh/hook"], ",")
}

func (r *fakeRevision) name() string {
	return fmt.Sprintf("sh.helm.release.v1.todo-chatbot.v%d", r.number)
}

func (w *world) node(i int) map[string]any {
	cpu, ready := "4", "True"
	if w.full {
		cpu = "100m"
	}
	if time.Now().Before(w.bootsAt) {
		ready = "False"
	}
	system, architecture, _ := strings.Cut(w.platforms[i], "/")
	return map[string]any{"kind": "Node", "metadata": map[string]any{"name": fmt.Sprintf("node-%d", i)}, "status": map[string]any{
		"nodeInfo":    map[string]any{"operatingSystem": system, "architecture": architecture},
		"allocatable": map[string]any{"cpu": cpu, "memory": "8Gi", "pods": "110"},
		"conditions":  []any{map[string]any{"type": "Ready", "status": ready}},
	}}
}

// snapshot has the live Deployment, and a pod that cannot start when its manifest is a stuck one.
func (w *world) snapshot() []any {
	if w.live == "" {
		return nil
	}
	ready := 1
	stuck := w.stuck != "" && strings.Contains(w.live, w.stuck)
	if stuck || time.Now().Before(w.readyAt) {
		ready = 0
	}
	labels := map[string]any{"app.kubernetes.io/instance": "todo-chatbot"}
	revision := map[string]any{"deployment.kubernetes.io/revision": "1"}
	items := []any{
		map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": "backend", "uid": "d", "labels": labels, "annotations": revision},
			"spec":   map[string]any{"replicas": 1, "template": map[string]any{"spec": map[string]any{"containers": []any{}}}},
			"status": map[string]any{"replicas": 1, "updatedReplicas": 1, "readyReplicas": ready, "availableReplicas": ready}},
		map[string]any{"kind": "ReplicaSet", "metadata": map[string]any{"name": "backend-1", "uid": "r", "annotations": revision,
			"ownerReferences": []any{map[string]any{"kind": "Deployment", "name": "backend", "uid": "d"}}}},
	}
	if stuck {
		items = append(items, map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "backend-1-x", "uid": "p",
			"ownerReferences": []any{map[string]any{"kind": "ReplicaSet", "name": "backend-1", "uid": "r"}}},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "backend"}}},
			"status": map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{
				"name": "backend", "restartCount": 5, "state": map[string]any{"waiting": map[string]any{"reason": "CrashLoopBackOff",
					"message": "back-off with " + authSecret}},
				"lastState": map[string]any{"terminated": map[string]any{"exitCode": 1, "reason": "Error"}}}}}})
	}
	return append(items, w.set()...)
}

// set is a StatefulSet with a pod that a revision broke: it stays until it is deleted, whatever is wanted by then.
func (w *world) set() []any {
	if !w.obstructed {
		return nil
	}
	wanted := "good"
	if strings.Contains(w.live, w.obstacle) {
		wanted = "bad"
	}
	return []any{
		map[string]any{"kind": "StatefulSet", "metadata": map[string]any{"name": "postgres", "uid": "s",
			"labels": map[string]any{"app.kubernetes.io/instance": "todo-chatbot"}},
			"spec":   map[string]any{"replicas": 1, "template": map[string]any{"spec": map[string]any{"containers": []any{}}}},
			"status": map[string]any{"replicas": 1, "currentRevision": "good", "updateRevision": wanted}},
		map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "postgres-0", "uid": "q",
			"labels":          map[string]any{"controller-revision-hash": "bad"},
			"ownerReferences": []any{map[string]any{"kind": "StatefulSet", "name": "postgres", "uid": "s"}}},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "postgres"}}},
			"status": map[string]any{"phase": "Pending", "containerStatuses": []any{map[string]any{
				"name": "postgres", "state": map[string]any{"waiting": map[string]any{"reason": "InvalidImageName"}}}}}},
	}
}

func (c *client) Render(_ context.Context, chart Chart) (string, error) {
	if said := c.refusal("render"); said != "" {
		return "", &CommandError{Command: "helm template", ExitCode: 1, Stderr: said}
	}
	return c.rendered(chart), nil
}

// rendered is a chart of one Deployment that names its image and Secret.
func (w *world) rendered(chart Chart) string {
	var values struct{ ExistingSecret string }
	var parts map[string]any
	if err := errors.Join(json.Unmarshal(chart.Values, &values), json.Unmarshal(chart.Values, &parts)); err != nil {
		panic(err)
	}
	var containers strings.Builder
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		if image, found := imageOf(parts[part]); found {
			fmt.Fprintf(&containers, "        - {name: %s, image: %s@%s}\n", part, image["repository"], image["digest"])
		}
	}
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, labels: {app.kubernetes.io/instance: %s}}
spec:
  replicas: 1
  template:
    spec:
      initContainers:
        - {name: room, image: "%s", resources: {requests: {cpu: 500m, memory: 64Mi}}}
      containers:
%s%s`, chart.Release, values.ExistingSecret, containers.String(), w.others)
}

func (c *client) DryRun(ctx context.Context, _, manifests string) ([]byte, error) {
	if err := c.call(ctx, "dry run"); err != nil {
		return nil, err
	}
	return asJSON(map[string]any{"kind": "List", "items": objects(manifests)}), nil
}

func (c *client) Logs(ctx context.Context, l Logs, to io.Writer) error {
	if err := c.call(ctx, "logs"); err != nil {
		return err
	}
	if l.Follow {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case l.Selector != "":
		fmt.Fprintln(to, "[pod/backend] up with "+authSecret)
	case l.Container == "backend":
		fmt.Fprintln(to, "cannot reach postgresql+asyncpg://todo:"+password+"@db/todo")
	default:
		printed, there := c.testPods[l.Pod]
		if !there {
			return said("kubectl logs", "Error from server (NotFound): "+l.Pod+" not found")
		}
		fmt.Fprintln(to, printed)
	}
	return nil
}

// said by others: the constants that every test plants.
const (
	password   = "pass-word-that-nobody-guesses"
	authSecret = "0123456789abcdefghijklmnopqrstuv"
	openAIKey  = "sk-abcdefghijklmnop0123456789"
)
