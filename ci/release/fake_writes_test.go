package release

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
)

func (c *client) Create(ctx context.Context, object []byte) ([]byte, error) {
	return c.put(ctx, "create", object)
}

func (c *client) Replace(ctx context.Context, object []byte) ([]byte, error) {
	return c.put(ctx, "replace", object)
}

// put creates or replaces a Lease, or creates a Namespace.
func (c *client) put(ctx context.Context, verb string, object []byte) ([]byte, error) {
	var next leaseObject
	if err := json.Unmarshal(object, &next); err != nil {
		return nil, err
	}
	if err := c.call(ctx, verb+" "+next.Kind); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if next.Kind == "Namespace" {
		c.writes = append(c.writes, write{time.Now(), c.name, "create namespace"})
		if c.namespaces[next.Metadata.Name] {
			return nil, said("kubectl create", "already exists")
		}
		c.namespaces[next.Metadata.Name] = true
		return object, c.answer()
	}
	switch {
	case !c.namespaces[next.Metadata.Namespace]:
		return nil, said("kubectl "+verb, "namespace not found")
	case verb == "create" && c.lease != nil, verb == "replace" && (c.lease == nil || c.lease.Metadata.ResourceVersion != next.Metadata.ResourceVersion):
		return nil, said("kubectl "+verb, "somebody was faster")
	}
	c.versions++
	next.Metadata.ResourceVersion = strconv.Itoa(c.versions)
	c.lease = &next
	if next.Spec.HolderIdentity != "" {
		c.identity = next.Spec.HolderIdentity
	}
	return asJSON(next), c.answer()
}

func said(command, what string) error {
	return &CommandError{Command: command, ExitCode: 1, Stderr: what}
}

func (c *client) Apply(ctx context.Context, object []byte) error {
	if err := c.call(ctx, "apply"); err != nil {
		return err
	}
	var secret struct{ Metadata kube.Meta }
	if err := json.Unmarshal(object, &secret); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote("apply secret")
	c.secrets[secret.Metadata.Name] = true
	return c.answer()
}

func (c *client) Label(ctx context.Context, _, _, name string, labels map[string]string) error {
	if err := c.call(ctx, "label"); err != nil {
		return err
	}
	if err := sleep(ctx, c.labelling); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote("label")
	for _, r := range c.revisions {
		if r.name() == name {
			maps.Copy(r.labels, labels)
		}
	}
	return c.answer()
}

func (c *client) Delete(ctx context.Context, q Query) error {
	if err := c.call(ctx, "delete "+q.Kinds); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote("delete " + q.Kinds)
	switch q.Kinds {
	case "secrets":
		for name := range c.secrets {
			if len(q.Names) > 0 && !slices.Contains(q.Names, name) {
				continue
			}
			if strings.Contains(c.live, name) {
				c.violations = append(c.violations, c.name+" deleted the secret of what is live")
			}
			delete(c.secrets, name)
		}
	case "pods":
		if len(q.Names) > 0 {
			c.obstructed = strings.Contains(c.live, c.obstacle)
		} else {
			clear(c.testPods)
		}
	case "lease":
		c.lease = nil
	case "persistentvolumeclaims":
		c.claims = nil
	}
	return c.answer()
}

func (c *client) Scale(ctx context.Context, _, kind, name string, seen, wanted int) error {
	if err := c.call(ctx, "scale"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote(fmt.Sprintf("scale %s/%s from %d to %d", kind, name, seen, wanted))
	return c.answer()
}

// last is the newest revision, nil without one. The world is locked.
func (w *world) last() *fakeRevision {
	if len(w.revisions) == 0 {
		return nil
	}
	return w.revisions[len(w.revisions)-1]
}

// begin makes a pending revision. The world is locked.
func (c *client) begin(status, manifest string, labels map[string]string) *fakeRevision {
	next := &fakeRevision{number: 1, status: status, manifest: manifest, hooks: c.hooks, labels: map[string]string{}, tested: map[string]time.Time{}}
	if last := c.last(); last != nil {
		next.number = last.number + 1
	}
	maps.Copy(next.labels, labels)
	c.wrote(status)
	c.revisions = append(c.revisions, next)
	if over := len(c.revisions) - HistoryMax; over > 0 {
		c.revisions = slices.Delete(c.revisions, 0, over)
	}
	return next
}

// carry brings a pending revision to its end, in steps between which anything may happen.
func (c *client) carry(ctx context.Context, next *fakeRevision) error {
	if err := c.step(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	c.wrote("objects")
	c.live, c.readyAt = next.manifest, time.Now().Add(c.rollTime)
	c.obstructed = c.obstructed || c.obstacle != "" && strings.Contains(c.live, c.obstacle)
	c.mu.Unlock()
	if err := c.step(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote("deployed")
	for _, r := range c.revisions {
		if r.status == "deployed" {
			r.status = "superseded"
		}
	}
	next.status = "deployed"
	return c.answer()
}

func (c *client) Upgrade(ctx context.Context, chart Chart) error {
	if err := c.call(ctx, "upgrade"); err != nil {
		return err
	}
	c.mu.Lock()
	last := c.last()
	if last != nil && last.status != "deployed" && last.status != "failed" && last.status != "superseded" {
		c.mu.Unlock()
		return said("helm upgrade", "another operation (install/upgrade/rollback) is in progress")
	}
	var next *fakeRevision
	if last == nil {
		next = c.begin("pending-install", c.rendered(chart), nil)
	} else {
		next = c.begin("pending-upgrade", c.rendered(chart), last.labels)
	}
	maps.Copy(next.labels, chart.Labels)
	refused := c.refuses["apply objects"]
	if refused != "" {
		next.status = "failed"
	}
	c.mu.Unlock()
	if refused != "" {
		return said("helm upgrade", refused)
	}
	return c.carry(ctx, next)
}

func (c *client) Rollback(ctx context.Context, _, _ string, revision int) error {
	if err := c.call(ctx, "rollback"); err != nil {
		return err
	}
	c.mu.Lock()
	i := slices.IndexFunc(c.revisions, func(r *fakeRevision) bool { return r.number == revision })
	if i < 0 {
		c.mu.Unlock()
		return said("helm rollback", "release has no such version")
	}
	to := c.revisions[i]
	next := c.begin("pending-rollback", to.manifest, to.labels)
	maps.Copy(next.tested, to.tested)
	c.mu.Unlock()
	return c.carry(ctx, next)
}

func (c *client) Uninstall(ctx context.Context, _, _ string) error {
	if err := c.call(ctx, "uninstall"); err != nil {
		return err
	}
	c.mu.Lock()
	last := c.last()
	if last == nil {
		c.mu.Unlock()
		return nil
	}
	c.wrote("uninstalling")
	if c.proven[c.live] && !c.deletable {
		c.violations = append(c.violations, c.name+" removed a proven release that is live")
	}
	if c.foreign && !c.deletable {
		c.violations = append(c.violations, c.name+" removed what somebody else had installed")
	}
	last.status = "uninstalling"
	c.mu.Unlock()
	if err := c.step(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	c.wrote("uninstall objects")
	c.live = ""
	c.mu.Unlock()
	if err := c.step(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote("uninstalled")
	c.revisions = nil
	return c.answer()
}

func (c *client) Test(ctx context.Context, _, _ string) error {
	if err := c.call(ctx, "test"); err != nil {
		return err
	}
	c.mu.Lock()
	c.wrote("test")
	failed := c.runTests()
	c.mu.Unlock()
	if err := c.step(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if failed != nil {
		return failed
	}
	c.proven[c.live] = true
	return c.answer()
}

// runTests makes one test after the other, and ends at one that fails. The world is locked.
func (c *client) runTests() error {
	broken := c.broken != "" && strings.Contains(c.live, c.broken)
	var ran []fakeHook
	remove := func(policy string) {
		for _, h := range ran {
			if strings.Contains(h.Metadata.Annotations["helm.sh/hook-delete-policy"], policy) {
				delete(c.testPods, h.pod())
			}
		}
	}
	for _, h := range hooksOf(c.last().hooks) {
		name := h.Metadata.Name
		if !slices.Contains(h.events(), "test") {
			continue
		}
		c.last().tested[name] = time.Now()
		if broken && (c.fails == "" || c.fails == name) {
			c.testPods[h.pod()] = cmp.Or(c.prints[name], "FAILED sign-up: status 500 with "+authSecret)
			remove("hook-succeeded")
			return said("helm test", "pod "+name+" failed")
		}
		c.testPods[h.pod()] = cmp.Or(c.prints[name], "ok sign-up 41ms")
		ran = append(ran, h)
	}
	remove("hook-succeeded")
	return nil
}
