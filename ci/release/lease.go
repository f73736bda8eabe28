package release

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"todo-chatbot/ci/deploy"
)

// ErrLeaseLost is that another run holds the release. Nothing is written after it, not even to take a failure back.
var ErrLeaseLost = errors.New("the lease is lost")

// errLeaseExpired is that no sign of life arrived for RenewDeadline. The Lease may be taken up again as long as no other run
// has it; until then nothing is written.
var errLeaseExpired = errors.New("the lease has run out")

// lease is the run's hold on its release.
type lease struct {
	cluster  Cluster
	target   Target
	identity string
	say      func(string)
	waiter   waiter

	// mu guards record, which renewLoop writes, and term.
	mu     sync.Mutex
	record record
	term   *term
}

// term is the time from when a Lease is acquired until it is given back, runs out or is lost.
type term struct {
	ctx      context.Context
	end      context.CancelCauseFunc
	deadline time.Time
	expiry   *time.Timer
	stop     chan struct{}
	stopped  chan struct{}
}

func newLease(c Cluster, t Target, v Verb, say func(string)) *lease {
	return &lease{cluster: c, target: t, identity: string(v) + "-" + strings.ToLower(rand.Text()[:12]), say: say}
}

// leastPatience is for how long a release that another run has is waited for at least: less would never outlast a killed run's Lease.
const leastPatience = LeaseDuration + 2*RetryPeriod

// acquire takes the release, and waits for a run that has it.
func (l *lease) acquire(ctx context.Context, patience time.Duration) error {
	limit, said := time.Now().Add(max(patience, leastPatience)), false
	for {
		asked := time.Now()
		found, err := l.read(ctx)
		if err != nil {
			return err
		}
		// That this run is its holder already is the end of a write whose answer did not arrive.
		if found.holder == l.identity || l.waiter.expired(found, asked) {
			won, err := l.write(ctx, record{version: found.version, holder: l.identity, acquired: asked})
			if err != nil {
				return err
			}
			if won {
				l.begin(ctx, asked)
				return nil
			}
			continue
		}
		if time.Now().After(limit) {
			return fmt.Errorf("another run is at work on release %s: %s; wait for it and call again", l.target.Release, found)
		}
		if !said {
			l.say(fmt.Sprintf("waiting for another run on release %s: %s", l.target.Release, found))
			said = true
		}
		if err := sleep(ctx, RetryPeriod); err != nil {
			return err
		}
	}
}

// reacquire takes up a Lease that ran out, if it is still this run's: of two runs that want it the API server lets one
// through, since each names the version that it has read.
func (l *lease) reacquire(ctx context.Context) error {
	if l.valid() == nil {
		return nil
	}
	l.close()
	asked := time.Now()
	found, err := l.read(ctx)
	if err != nil {
		return err
	}
	if found.holder != l.identity {
		return l.lost(found)
	}
	found.acquired = l.record.acquired
	won, err := l.write(ctx, found)
	if err == nil && !won {
		err = l.lost(record{})
	}
	if err == nil {
		l.begin(ctx, asked)
	}
	return err
}

// begin starts a term: the Lease was written by a request that began at a moment.
func (l *lease) begin(ctx context.Context, asked time.Time) {
	t := &term{deadline: asked.Add(RenewDeadline), stop: make(chan struct{}), stopped: make(chan struct{})}
	t.ctx, t.end = context.WithCancelCause(ctx)
	t.expiry = time.AfterFunc(time.Until(t.deadline), func() { t.end(errLeaseExpired) })
	l.mu.Lock()
	l.term = t
	l.mu.Unlock()
	go l.renewLoop(t)
}

// renewLoop gives signs of life until the term ends.
func (l *lease) renewLoop(t *term) {
	defer close(t.stopped)
	for {
		select {
		case <-t.stop:
			return
		case <-t.ctx.Done():
			return
		case <-time.After(RetryPeriod):
		}
		asked := time.Now()
		// One request that hangs does not use up the time of the next ones.
		ctx, cancel := context.WithTimeout(t.ctx, 2*RetryPeriod)
		won, err := l.write(ctx, l.held())
		cancel()
		switch {
		case err == nil && won:
			l.extend(t, asked)
		case err == nil:
			t.end(l.lost(record{}))
			return
		}
	}
}

// extend moves the end of a term that was renewed by a request that began at a moment.
func (l *lease) extend(t *term, asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// One that has run out meanwhile stays so: its context has ended.
	t.deadline = asked.Add(RenewDeadline)
	t.expiry.Reset(time.Until(t.deadline))
}

// valid is nil while the run may write.
func (l *lease) valid() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.term == nil:
		return errLeaseExpired
	case l.term.ctx.Err() != nil:
		return context.Cause(l.term.ctx)
	case !time.Now().Before(l.term.deadline):
		return errLeaseExpired
	}
	return nil
}

// context ends with the term; without one it has ended.
func (l *lease) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term.ctx
}

// close ends the signs of life. A write that is under way is waited for, since what the cluster has would be unknown.
func (l *lease) close() {
	l.mu.Lock()
	t := l.term
	l.mu.Unlock()
	if t == nil {
		return
	}
	select {
	case <-t.stop:
	default:
		close(t.stop)
	}
	<-t.stopped
	t.expiry.Stop()
	t.end(errLeaseExpired)
}

// giveBack lets the next run begin at once. The Lease goes with a release of which nothing is left.
func (l *lease) giveBack(ctx context.Context, gone bool) error {
	if gone {
		return l.cluster.Delete(ctx, Query{Kinds: "lease", Names: []string{deploy.LeaseName(l.target.Release)}, Namespace: l.target.Namespace})
	}
	_, err := l.write(ctx, record{version: l.held().version})
	return err
}

// held is the record that this run wrote last.
func (l *lease) held() record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record
}

// read gives what the cluster's Lease says.
func (l *lease) read(ctx context.Context) (record, error) {
	raw, err := l.cluster.Get(ctx, Query{Kinds: "lease", Names: []string{deploy.LeaseName(l.target.Release)}, Namespace: l.target.Namespace})
	if err != nil {
		return record{}, fmt.Errorf("reading who holds the release: %w", err)
	}
	return parseRecords(raw)
}

// write puts a record in the place of the version that it names, false when another run was faster. What the cluster has is
// read where the write failed: a write whose answer got lost is this run's own, and its version goes on from there.
func (l *lease) write(ctx context.Context, next record) (bool, error) {
	for {
		send := l.cluster.Replace
		if next.version == "" {
			send = l.cluster.Create
		}
		raw, failed := send(ctx, next.manifest(l.target, time.Now()))
		if failed == nil {
			written, err := parseRecord(raw)
			if err != nil {
				return false, err
			}
			l.keep(written)
			return true, nil
		}
		found, err := l.read(ctx)
		switch {
		case err != nil:
			return false, errors.Join(failed, err)
		case found.version == next.version:
			return false, fmt.Errorf("writing who holds the release: %w", failed)
		case found.holder != l.identity:
			return false, nil
		}
		next.version = found.version
	}
}

func (l *lease) keep(r record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record = r
}

// lost says who has the release now, where that is known.
func (l *lease) lost(to record) error {
	who := "another run may have acquired it"
	if to.holder != "" {
		who = to.String()
	}
	return fmt.Errorf("release %s: %w: %s; this run has changed nothing more; call again when the other has ended (see: release status)",
		l.target.Release, ErrLeaseLost, who)
}

// sleep lets some time pass, or gives why it should not.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
