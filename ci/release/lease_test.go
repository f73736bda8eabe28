package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

func TestAHolderStopsWellBeforeOthersMayStart(t *testing.T) {
	assert.Less(t, RenewDeadline+10*time.Second, LeaseDuration)
	assert.Less(t, RetryPeriod*3, RenewDeadline, "several signs of life may fail")
}

func TestALeaseIsExpiredByTheClockOfTheOneThatWaits(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(version string) record { return record{version: version, holder: "other"} }
	type look struct {
		after   time.Duration
		found   record
		expired bool
	}
	for name, looks := range map[string][]look{
		"nobody ever held it":     {{0, record{}, true}},
		"given back":              {{0, record{version: "7"}, true}},
		"held":                    {{0, at("1"), false}, {20 * time.Second, at("1"), false}},
		"given back while waited": {{0, at("1"), false}, {time.Second, record{version: "2"}, true}},
		"silent for its time":     {{0, at("1"), false}, {44 * time.Second, at("1"), false}, {45 * time.Second, at("1"), true}},
		"alive all the while":     {{0, at("1"), false}, {40 * time.Second, at("2"), false}, {80 * time.Second, at("3"), false}},
		"silent from then on":     {{0, at("1"), false}, {40 * time.Second, at("2"), false}, {85 * time.Second, at("2"), true}},
		"a clock of another year": {{0, record{version: "1", holder: "other", acquired: noon.AddDate(-1, 0, 0)}, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var w waiter
			for _, l := range looks {
				assert.Equal(t, l.expired, w.expired(l.found, noon.Add(l.after)), "after %s", l.after)
			}
		})
	}
}

func TestALeaseSurvivesItsWayThroughTheCluster(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	held := record{version: "41", holder: "deploy-abc", acquired: noon}
	got, err := parseRecord(held.manifest(Target{Release: "blue", Namespace: "todo"}, noon))
	require.NoError(t, err)
	assert.Equal(t, held, got)
	assert.Equal(t, "deploy-abc has held it since 12:00:00 UTC", got.String())
	free := string(record{version: "41"}.manifest(Target{Release: "blue", Namespace: "todo"}, noon))
	assert.NotContains(t, free, "acquireTime")
	assert.Contains(t, free, `"name":"blue-deploy"`)
	assert.Contains(t, free, `"leaseDurationSeconds":45`)
}

func TestWhatIsNoLeaseIsNeverTakenForAFreeOne(t *testing.T) {
	for _, raw := range []string{"", "Error from server", `{"kind":"Lease"}`, `[]`, `{"items":[]}`, `{"kind":"List","items":[{"kind":"Pod"}]}`, `{"kind":"List","items":[7]}`} {
		_, err := parseRecords([]byte(raw))
		assert.Error(t, err, raw)
	}
	got, err := parseRecords([]byte(`{"kind":"List","items":[]}`))
	require.NoError(t, err)
	assert.Equal(t, record{}, got)
}

func TestOfTwoRunsOneWaitsForTheOther(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.rollTime = 50 * time.Second
		first, second := w.client("first"), w.client("second")
		done := make(chan outcome)
		go func() { done <- first.deploy(one) }()
		time.Sleep(2 * time.Second)
		got := second.deploy(two)
		require.NoError(t, got.err)
		require.NoError(t, (<-done).err)
		assert.Contains(t, got.progress, "waiting for another run on release todo-chatbot: deploy-")
		assert.Equal(t, 1, strings.Count(got.progress, "waiting for another run"))
		w.converged(t, "two")
		var order []string
		for _, one := range w.writes {
			if n := len(order); n == 0 || order[n-1] != one.who {
				order = append(order, one.who)
			}
		}
		assert.Equal(t, []string{"first", "second"}, order, "they never mix")
	})
}

func TestTwoRunsThatBeginAtTheSameMomentNeverMix(t *testing.T) {
	one := request(t, "one")
	two := request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		done := make(chan outcome)
		for i, r := range []Request{one, two} {
			go func() { done <- w.client(strconv.Itoa(i)).deploy(r) }()
		}
		require.NoError(t, (<-done).err)
		require.NoError(t, (<-done).err)
		assert.Empty(t, w.violations)
	})
}

func TestARunThatWaitsInVainSaysWhoIsAtWork(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	one.Timeout = Duration(10 * time.Minute)
	for timeout, waits := range map[time.Duration]time.Duration{2 * time.Minute: 2 * time.Minute, time.Second: leastPatience} {
		t.Run(timeout.String(), func(t *testing.T) {
			two.Timeout = Duration(timeout)
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.rollTime = 5 * time.Minute
				done := make(chan outcome)
				go func() { done <- w.client("first").deploy(one) }()
				time.Sleep(2 * time.Second)
				began := time.Now()
				got := w.client("second").deploy(two)
				require.ErrorContains(t, got.err, "another run is at work on release todo-chatbot: deploy-")
				require.ErrorContains(t, got.err, "wait for it and call again")
				assert.InDelta(t, waits.Seconds(), time.Since(began).Seconds(), 10)
				assert.Empty(t, w.did("second"))
				require.NoError(t, (<-done).err)
			})
		})
	}
}

// killedAtWork is a world whose release is held by a run that was killed.
func killedAtWork(t *testing.T, r Request) *world {
	t.Helper()
	w := newWorld()
	first := w.client("first")
	first.killAt = 12
	require.Error(t, first.deploy(r).err)
	require.NotEmpty(t, w.lease.Spec.HolderIdentity)
	return w
}

func TestAKilledRunHoldsTheNextOneUpForNoLongerThanItsLease(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := killedAtWork(t, r)
		time.Sleep(time.Minute) // longer than the Lease, of which the next run knows nothing
		began := time.Now()
		require.NoError(t, w.client("second").deploy(r).err)
		assert.GreaterOrEqual(t, time.Since(began), LeaseDuration)
		assert.Less(t, time.Since(began), LeaseDuration+15*time.Second)
		w.converged(t, "one")
	})
}

func TestAKilledRunsLeaseEndsHoweverShortTheNextOnesTimeoutIs(t *testing.T) {
	r := request(t, "one")
	r.Timeout = Duration(10 * time.Second)
	bubble(t, func(t *testing.T) {
		w := killedAtWork(t, r)
		require.NoError(t, w.client("second").deploy(r).err)
		w.converged(t, "one")
	})
}

// held gives a lease that was acquired, and its client.
func held(t *testing.T, w *world) (*lease, *client) {
	t.Helper()
	c := w.client("holder")
	l := newLease(c, Target{Release: "todo-chatbot", Namespace: "todo"}, Deploy, func(string) {})
	w.namespaces["todo"] = true
	require.NoError(t, l.acquire(context.Background(), time.Minute))
	return l, c
}

func TestALeaseIsKeptByItsSignsOfLife(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		l, c := held(t, w)
		time.Sleep(10 * time.Minute)
		require.NoError(t, l.valid())
		assert.Equal(t, l.identity, look(w, func() string { return w.lease.Spec.HolderIdentity }))
		steps := look(w, func() int { return c.steps })
		l.close()
		time.Sleep(time.Minute)
		assert.Equal(t, steps, c.steps, "no sign of life after the end")
		require.ErrorIs(t, l.valid(), errLeaseExpired)
	})
}

func TestALeaseRunsOutAtItsDeadlineAndNotLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		l, c := held(t, w)
		time.Sleep(time.Minute)
		cut := time.Now()
		c.cutOff(time.Hour)
		<-l.context().Done()
		require.ErrorIs(t, context.Cause(l.context()), errLeaseExpired)
		require.ErrorIs(t, l.valid(), errLeaseExpired)
		assert.LessOrEqual(t, time.Since(cut), RenewDeadline, "the last sign of life was before")
		assert.Greater(t, time.Since(cut), RenewDeadline-RetryPeriod-time.Second)
		l.close()
	})
}

// slow answers writes of the Lease late, after they were done.
type slow struct {
	*client
	late atomic.Int64
}

func (s *slow) Create(ctx context.Context, object []byte) ([]byte, error) {
	raw, err := s.client.Create(ctx, object)
	time.Sleep(time.Duration(s.late.Load()))
	return raw, err
}

func (s *slow) Replace(ctx context.Context, object []byte) ([]byte, error) {
	raw, err := s.client.Replace(ctx, object)
	time.Sleep(time.Duration(s.late.Load()))
	return raw, err
}

func TestATermCountsFromTheRequestAndNotFromItsAnswer(t *testing.T) {
	for name, renewed := range map[string]bool{"acquired": false, "renewed": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.namespaces["todo"] = true
				late := &slow{client: w.client("holder")}
				l := newLease(late, Target{Release: "todo-chatbot", Namespace: "todo"}, Deploy, func(string) {})
				if !renewed {
					late.late.Store(int64(8 * time.Second))
				}
				asked := time.Now()
				require.NoError(t, l.acquire(t.Context(), time.Minute))
				if renewed {
					late.late.Store(int64(8 * time.Second))
					asked = time.Now().Add(RetryPeriod)
					time.Sleep(RetryPeriod + 8*time.Second + time.Second)
				}
				late.cutOff(time.Hour)
				<-l.context().Done()
				assert.LessOrEqual(t, time.Since(asked), RenewDeadline+time.Second)
				l.close()
			})
		})
	}
}

func TestATermIsOverByTheClockThoughItsTimerIsLate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l, _ := held(t, newWorld())
		l.mu.Lock()
		l.term.expiry.Stop()
		l.term.deadline = time.Now()
		l.mu.Unlock()
		require.ErrorIs(t, l.valid(), errLeaseExpired)
		l.close()
	})
}

func TestALeaseWhoseAnswerGotLostIsNotWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.namespaces["todo"] = true
		c := w.client("holder")
		l := newLease(c, Target{Release: "todo-chatbot", Namespace: "todo"}, Deploy, func(string) {})
		c.loses = func(int) bool {
			c.cut = []window{{time.Now(), time.Now().Add(3 * time.Second)}} // the world is locked
			return true
		}
		require.ErrorIs(t, l.acquire(t.Context(), time.Minute), ErrUnreachable)
		c.loses = nil
		time.Sleep(4 * time.Second)
		began := time.Now()
		require.NoError(t, l.acquire(t.Context(), time.Minute))
		assert.Less(t, time.Since(began), RetryPeriod)
		l.close()
	})
}

func TestALeaseThatRanOutIsTakenUpAgainAsLongAsNobodyHasIt(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*world)
		lost      bool
	}{
		"nobody":               {func(*world) {}, false},
		"another run":          {func(w *world) { steal(w) }, true},
		"one that has ended":   {func(w *world) { steal(w); look(w, func() string { w.lease.Spec.HolderIdentity = ""; return "" }) }, true},
		"one that uninstalled": {func(w *world) { look(w, func() bool { w.lease = nil; return true }) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				l, client := held(t, w)
				client.cutOff(50 * time.Second)
				time.Sleep(51 * time.Second)
				require.ErrorIs(t, l.valid(), errLeaseExpired)
				c.meanwhile(w)
				err := l.reacquire(t.Context())
				if c.lost {
					require.ErrorIs(t, err, ErrLeaseLost)
					require.Error(t, l.valid())
					return
				}
				require.NoError(t, err)
				require.NoError(t, l.valid())
				require.NoError(t, l.reacquire(t.Context()), "one that is valid stays so")
				time.Sleep(time.Minute)
				require.NoError(t, l.valid(), "its signs of life have begun again")
				l.close()
			})
		})
	}
}

// steal makes the Lease another run's.
func steal(w *world) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stolen := *w.lease
	w.versions++
	stolen.Metadata.ResourceVersion = strconv.Itoa(w.versions)
	stolen.Spec.HolderIdentity = "deploy-thief"
	w.lease = &stolen
}

func TestALeaseThatAnotherRunTookEndsTheTermAtTheNextSignOfLife(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		l, _ := held(t, w)
		time.Sleep(12 * time.Second)
		steal(w)
		began := time.Now()
		<-l.context().Done()
		require.ErrorIs(t, context.Cause(l.context()), ErrLeaseLost)
		require.ErrorIs(t, l.valid(), ErrLeaseLost)
		assert.Less(t, time.Since(began), RetryPeriod+time.Second)
		l.close()
	})
}

func TestAWriteWhoseAnswerGotLostIsTheRunsOwn(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		for lost := 1; lost < 60; lost++ {
			w := newWorld()
			w.rollTime = 20 * time.Second
			c := w.client("run")
			c.loses = func(step int) bool { return step == lost }
			got := c.deploy(r)
			require.NoError(t, got.err, "answer %d", lost)
			w.converged(t, "one", "answer %d", lost)
			assert.Len(t, w.revisions, 1, "answer %d: what was made is not made again", lost)
		}
	})
}

func TestARequestThatHangsDoesNotUseUpTheLease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("holder")
		hangs := &hanging{client: c}
		l := newLease(hangs, Target{Release: "todo-chatbot", Namespace: "todo"}, Deploy, func(string) {})
		w.namespaces["todo"] = true
		require.NoError(t, l.acquire(t.Context(), time.Minute))
		hangs.hang.Store(1)
		time.Sleep(40 * time.Second)
		require.NoError(t, l.valid())
		hangs.hang.Store(1000)
		time.Sleep(31 * time.Second)
		require.ErrorIs(t, l.valid(), errLeaseExpired)
		l.close()
	})
}

// hanging never answers a number of writes of the Lease.
type hanging struct {
	*client
	hang atomic.Int64
}

func (h *hanging) Replace(ctx context.Context, object []byte) ([]byte, error) {
	if h.hang.Load() > 0 {
		h.hang.Add(-1)
		<-ctx.Done()
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, context.Cause(ctx))
	}
	return h.client.Replace(ctx, object)
}

// At each step of a run, another one comes to hold its release: whatever the run was at, it writes nothing any more, not
// even to take back what it had begun.
func TestARunThatLostItsLeaseWritesNothingMore(t *testing.T) {
	good, next := request(t, "good"), request(t, "next")
	for name, broken := range map[string]string{"of one that passes": "", "of one that fails": "next"} {
		t.Run(name, func(t *testing.T) {
			lost := 0
			bubble(t, func(t *testing.T) {
				for at := 1; ; at++ {
					w := newWorld()
					require.NoError(t, w.client("first").deploy(good).err)
					w.rollTime, w.broken = 12*time.Second, broken
					c := w.client("second")
					var stolen time.Time
					c.onStep = func(step int) {
						if step >= at && stolen.IsZero() && look(w, func() bool { return c.identity != "" && w.lease.Spec.HolderIdentity == c.identity }) {
							steal(w)
							stolen = time.Now()
						}
					}
					got := c.deploy(next)
					if stolen.IsZero() {
						require.Greater(t, at, 20)
						return
					}
					for _, one := range w.writes {
						if one.who == "second" {
							assert.LessOrEqual(t, one.at.Sub(stolen), RetryPeriod+time.Second, "step %d: %s", at, one.what)
						}
					}
					assert.Equal(t, "deploy-thief", w.lease.Spec.HolderIdentity, "step %d: it is not given back", at)
					if errors.Is(got.err, ErrLeaseLost) {
						lost++
						assert.Equal(t, report.Failed, got.report.Outcome)
						assert.Contains(t, got.err.Error(), "this run has changed nothing more")
					}
				}
			})
			assert.Greater(t, lost, 15)
		})
	}
}

func TestNothingIsWrittenByAHolderWhoseLeaseHasRunOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		l, c := held(t, w)
		g := guarded{c, l}
		ctx := t.Context() // whatever becomes of the context that ends with the term
		writes := map[string]func() error{
			"apply":     func() error { return g.Apply(ctx, []byte("{}")) },
			"label":     func() error { return g.Label(ctx, "todo", "secret", "a", nil) },
			"delete":    func() error { return g.Delete(ctx, Query{Kinds: "pods"}) },
			"upgrade":   func() error { return g.Upgrade(ctx, Chart{}) },
			"rollback":  func() error { return g.Rollback(ctx, "todo", "todo-chatbot", 1) },
			"uninstall": func() error { return g.Uninstall(ctx, "todo", "todo-chatbot") },
			"test":      func() error { return g.Test(ctx, "todo", "todo-chatbot") },
		}
		require.NoError(t, writes["apply"]())
		l.close()
		steps := c.steps
		for name, write := range writes {
			require.ErrorIs(t, write(), errLeaseExpired, name)
		}
		l.term = nil
		require.ErrorIs(t, writes["apply"](), errLeaseExpired, "nor by one that never had it")
		assert.Equal(t, steps, c.steps)
	})
}

func TestWhateverIsUnderWayEndsWithTheTerm(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		began, ended := time.Time{}, time.Time{}
		got := c.run(func(ctx context.Context, e *Engine) (report.Run, error) {
			e.Deliver = func(ctx context.Context) error {
				if !began.IsZero() {
					return nil
				}
				began = time.Now()
				c.cutOff(time.Minute)
				<-ctx.Done() // as a child does that never ends by itself
				ended = time.Now()
				return context.Cause(ctx)
			}
			return e.Deploy(ctx, r)
		})
		require.NoError(t, got.err, "it is begun again")
		assert.LessOrEqual(t, ended.Sub(began), RenewDeadline)
		w.converged(t, "one")
	})
}

func TestAnAddressThatNeverAnsweredIsGivenUpSoon(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.away = []window{{time.Now(), time.Now().Add(time.Hour)}}
		began := time.Now()
		got := w.client("run").deploy(r)
		require.ErrorIs(t, got.err, ErrUnreachable)
		require.ErrorContains(t, got.err, `no answer for 15s; nothing was changed; see that "kubectl get nodes" works`)
		require.ErrorContains(t, got.err, "pass the host and port of the kubeconfig's server")
		assert.Less(t, time.Since(began), 20*time.Second)
	})
}

func TestARunThatIsToldToEndDoesNotWaitForAServerThatIsAway(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.rollTime = time.Minute
		c := w.client("run")
		hangs := &hanging{client: c}
		ctx, end := context.WithCancel(t.Context())
		var told time.Time
		go func() {
			time.Sleep(6 * time.Second)
			told = time.Now()
			hangs.hang.Store(1000)
			end()
		}()
		run, err := (&Engine{Cluster: hangs, Progress: &strings.Builder{}}).Deploy(ctx, r)
		require.ErrorContains(t, err, "the run was told to end")
		assert.Less(t, time.Since(told), 1500*time.Millisecond)
		require.Len(t, run.Warnings, 1)
		assert.Contains(t, run.Warnings[0], "giving the lease back")
	})
}
