package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/deploy"

	"dagger/todo-chatbot/internal/dagger"
)

// errTaken ends a run that may not change its release any more, not even to take it back.
var errTaken = errors.New("another run may have taken it")

// hold is a release of a cluster of the user's that this run alone may change.
type hold struct {
	cluster            *cluster
	namespace, release string
	lease              deploy.Lease
	// gone is true when nothing is left of the release, and its Lease goes too.
	gone bool
	// end stops the signs of life, and ended is closed when there are none any more.
	end   context.CancelFunc
	ended chan struct{}
}

// hold takes a release, and waits for a run that has it. What names the call. When the release is lost after all, since
// no sign of life came through for as long as others wait for one, lost is called with the reason.
func (c *cluster) hold(ctx context.Context, what, namespace, release string, patience time.Duration, lost context.CancelCauseFunc) (*hold, error) {
	h := &hold{cluster: c, namespace: namespace, release: release}
	mine := deploy.Lease{Holder: what + "-" + strings.ToLower(rand.Text()[:8])}
	var turn deploy.Turn
	limit, said := time.Now().Add(patience), false
	for {
		found, err := h.look(ctx)
		if err != nil {
			return nil, err
		}
		if turn.Free(found, time.Now()) {
			mine.Version, mine.Since, mine.Renewed = found.Version, time.Now(), time.Now()
			won, err := h.write(ctx, mine)
			if err != nil {
				return nil, err
			}
			if won {
				break
			}
			continue
		}
		if time.Now().After(limit) {
			return nil, fmt.Errorf("another run is at work on release %s: %s; wait for it and call again", release, found.Held())
		}
		if !said {
			fmt.Printf("waiting for another run on release %s: %s\n", release, found.Held())
			said = true
		}
		if err := wait(ctx, pause); err != nil {
			return nil, err
		}
	}
	// Taking a failed release back outlives the call's own patience, and so do the signs of life.
	alive, end := context.WithCancel(context.WithoutCancel(ctx))
	h.end, h.ended = end, make(chan struct{})
	go h.live(alive, lost)
	return h, nil
}

// live gives signs of life until it is ended.
func (h *hold) live(ctx context.Context, lost context.CancelCauseFunc) {
	defer close(h.ended)
	last := time.Now()
	for wait(ctx, deploy.LeaseRenewal) == nil {
		next := h.lease
		next.Renewed = time.Now()
		// Not ended halfway: what the cluster has then would be unknown.
		won, err := h.write(context.WithoutCancel(ctx), next)
		switch {
		case err == nil && won:
			last = time.Now()
		case err == nil || time.Since(last) > deploy.LeaseTime:
			lost(fmt.Errorf("release %s: %w, since this one's signs of life did not arrive; nothing more was changed", h.release, errTaken))
			return
		}
	}
}

// free gives the release back.
func (h *hold) free(ctx context.Context) error {
	if h == nil {
		return nil
	}
	h.end()
	<-h.ended
	if h.gone {
		_, err := h.cluster.ask(context.WithoutCancel(ctx), "kubectl", "--namespace", h.namespace, "delete", "lease", deploy.LeaseName(h.release), "--ignore-not-found")
		return explain("giving the release back", err)
	}
	_, err := h.write(context.WithoutCancel(ctx), deploy.Lease{Version: h.lease.Version})
	return err
}

// look reads who holds the release.
func (h *hold) look(ctx context.Context) (deploy.Lease, error) {
	out, err := h.cluster.ask(ctx, "kubectl", "--namespace", h.namespace, "get", "lease", deploy.LeaseName(h.release), "--ignore-not-found", "--output", "json")
	if err != nil {
		return deploy.Lease{}, explain("asking who holds the release", err)
	}
	return deploy.ParseLease(out)
}

// write puts a Lease into the cluster, false when another run was faster.
func (h *hold) write(ctx context.Context, l deploy.Lease) (bool, error) {
	manifest, err := l.Manifest(h.release, h.namespace)
	if err != nil {
		return false, err
	}
	verb := "replace"
	if l.Version == "" {
		verb = "create"
	}
	done := h.cluster.tools().
		WithNewFile("/run/lease.json", string(manifest)).
		WithExec([]string{"sh", "-c", `kubectl "$1" --filename /run/lease.json --output json >/tmp/lease.json`, "hold", verb},
			dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	code, err := done.ExitCode(ctx)
	if err != nil {
		return false, explain("holding the release", err)
	}
	if code != 0 {
		out, err := done.Stderr(ctx)
		if err != nil {
			return false, explain("holding the release", err)
		}
		if deploy.LostRace(out) {
			return false, nil
		}
		return false, fmt.Errorf("holding the release: %s", end(out))
	}
	out, err := done.File("/tmp/lease.json").Contents(ctx)
	if err != nil {
		return false, explain("holding the release", err)
	}
	h.lease, err = deploy.ParseLease(out)
	return err == nil, err
}

// wait lets some time pass, or gives why it should not.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
