package release

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

// scenario is something that a run is called for, on a world that is prepared for it.
type scenario struct {
	name    string
	prepare func(*testing.T, *world)
	run     func(*client) outcome
	// passes is false for one that fails and is remediated; ends holds the world against what it leaves.
	passes bool
	ends   func(*testing.T, *world, string)
}

func scenarios(t *testing.T) []scenario {
	one, two, bad := request(t, "one"), request(t, "two"), request(t, "bad")
	with := func(requests ...Request) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			for _, r := range requests {
				require.NoError(t, w.client("before").deploy(r).err)
			}
			w.secrets["todo-chatbot-secrets-aaaaaaaaaa"] = true
			w.broken = "bad"
		}
	}
	runs := func(image string) func(*testing.T, *world, string) {
		return func(t *testing.T, w *world, what string) { w.converged(t, image, what) }
	}
	pending := func(t *testing.T, w *world) {
		with(one)(t, w)
		w.revisions = append(w.revisions, &fakeRevision{number: 2, status: "pending-upgrade", manifest: "kind: Other", labels: map[string]string{}})
	}
	return []scenario{
		{"first install", with(), func(c *client) outcome { return c.deploy(one) }, true, runs("one")},
		{"upgrade", with(one), func(c *client) outcome { return c.deploy(two) }, true, runs("two")},
		{"pending upgrade", pending, func(c *client) outcome { return c.deploy(two) }, true, runs("two")},
		{"rollback", with(one, two), func(c *client) outcome { return c.rollback(one.Target, 1) }, true, runs("one")},
		{"failing upgrade", with(one), func(c *client) outcome { return c.deploy(bad) }, false, func(t *testing.T, w *world, what string) {
			delete(w.secrets, "todo-chatbot-secrets-aaaaaaaaaa") // the next deployment that passes removes it
			w.converged(t, "one", what)
		}},
		{"failing install", with(), func(c *client) outcome { return c.deploy(bad) }, false, func(t *testing.T, w *world, what string) {
			assert.Empty(t, w.violations, what)
			assert.Empty(t, w.live+strings.Join(keys(w.secrets), " "), what)
		}},
		{"uninstall", with(one), func(c *client) outcome { return c.uninstall(one.Target, true) }, true, func(t *testing.T, w *world, what string) {
			assert.Empty(t, w.violations, what)
			assert.Empty(t, w.live+strings.Join(keys(w.secrets), " "), what)
			assert.Nil(t, w.lease, what)
		}},
	}
}

func keys(set map[string]bool) []string {
	var list []string
	for key := range set {
		list = append(list, key)
	}
	return list
}

// again is a run after one that did not end: it puts everything right.
func (s scenario) again(t *testing.T, w *world, what string) {
	t.Helper()
	got := s.run(w.client("again"))
	if s.passes {
		require.NoError(t, got.err, what)
	} else {
		require.Error(t, got.err, what)
	}
	if w.lease != nil && len(w.did("again")) == 0 {
		// The run had done its work. What is left of it are a Lease that has run out and, until the next one, an old Secret.
		w.lease.Spec.HolderIdentity = ""
		delete(w.secrets, "todo-chatbot-secrets-aaaaaaaaaa")
	}
	if s.name == "failing install" && len(w.revisions) > 0 {
		// A killed run's first revision is one that Helm calls deployed: it is returned to, as broken as it was.
		assert.Empty(t, w.violations, what)
		return
	}
	s.ends(t, w, what)
}

func TestARunKilledAtAnyStepIsPutRightByTheNextOne(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			kills := 0
			bubble(t, func(t *testing.T) {
				for at := 1; ; at++ {
					w := newWorld()
					s.prepare(t, w)
					c := w.client("killed")
					c.killAt = at
					s.run(c)
					if !c.dead {
						break
					}
					kills++
					s.again(t, w, fmt.Sprintf("killed at step %d", at))
				}
			})
			assert.Greater(t, kills, 10)
		})
	}
}

// What a killed run left half made on top of somebody else's revision is for people to decide, and for no run to remove.
func TestAKilledRunNeverCostsWhatSomebodyElseInstalled(t *testing.T) {
	bad := request(t, "bad")
	bubble(t, func(t *testing.T) {
		refused := 0
		for at := 1; ; at++ {
			w := takenOver("failed")
			w.broken = "bad"
			c := w.client("killed")
			c.killAt = at
			c.deploy(bad)
			if !c.dead {
				break
			}
			what := fmt.Sprintf("killed at step %d", at)
			half := w.last().status == "pending-upgrade"
			got := w.client("again").deploy(bad)
			require.Error(t, got.err, what)
			require.NotEmpty(t, w.revisions, what)
			assert.Empty(t, w.violations, what)
			assert.NotEmpty(t, w.live, what)
			if half {
				refused++
				assert.Equal(t, "pending-upgrade", w.last().status, what)
				require.NoError(t, w.client("person").rollback(bad.Target, 1).err, what)
				assert.Contains(t, w.live, "theirs", what)
			}
		}
		assert.Positive(t, refused)
	})
}

func TestARunKilledTwiceIsPutRightByTheNextOne(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				for first := 4; first < 40; first += 7 {
					for second := 10; second < 40; second += 6 {
						w := newWorld()
						s.prepare(t, w)
						for i, at := range []int{first, second} {
							c := w.client(fmt.Sprint("killed ", i))
							c.killAt = at
							s.run(c)
						}
						s.again(t, w, fmt.Sprintf("killed at steps %d and %d", first, second))
					}
				}
			})
		})
	}
}

// Each killed run leaves a revision that Helm calls deployed, and Helm keeps a few.
func TestTheLastProvenRevisionIsNotForgottenHoweverManyRunsAreKilled(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	var others []Request
	for i := range 9 {
		others = append(others, request(t, fmt.Sprint("other", i)))
	}
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		for i, r := range others {
			c := w.client(fmt.Sprint("killed ", i))
			c.onStep = func(step int) {
				if w.lastIs("deployed", fmt.Sprint("other", i)) {
					look(w, func() int { c.killAt = step + 1; return 0 })
				}
			}
			require.Error(t, c.deploy(r).err)
			require.True(t, w.lastIs("deployed", fmt.Sprint("other", i)))
		}
		w.broken = "bad"
		got := w.client("last").deploy(bad)
		require.ErrorContains(t, got.err, "the last that was proven")
		w.converged(t, "good")
	})
}

// lastIs is true when the newest revision has a status and an image.
func (w *world) lastIs(status, image string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.last()
	return last != nil && last.status == status && strings.Contains(last.manifest, image)
}

// The API server goes away at each step of a run, for a moment, for longer than the Lease lasts, and for longer than a run
// waits.
func TestAnAPIServerThatGoesAwayIsWaitedForAndThenTold(t *testing.T) {
	for _, s := range scenarios(t) {
		for _, away := range []time.Duration{5 * time.Second, time.Minute, 130 * time.Second} {
			t.Run(fmt.Sprintf("%s for %s", s.name, away), func(t *testing.T) {
				told := 0
				bubble(t, func(t *testing.T) {
					for at := 1; ; at++ {
						w := newWorld()
						s.prepare(t, w)
						w.rollTime = 8 * time.Second
						c := w.client("run")
						var from time.Time
						c.onStep = func(step int) {
							if step == at {
								from = time.Now()
								w.mu.Lock()
								w.away = []window{{from, from.Add(away)}}
								w.mu.Unlock()
							}
						}
						got := s.run(c)
						if from.IsZero() {
							require.Greater(t, at, 10)
							break
						}
						what := fmt.Sprintf("away at step %d", at)
						if errors.Is(got.err, ErrUnreachable) {
							told++
							assert.True(t, away > Outage || at == 1, what)
							assert.Contains(t, got.err.Error(), "no answer for", what)
							assert.NotContains(t, got.err.Error(), "pass the host and port", "%s: an address that answered is right", what)
							assert.Equal(t, report.Failed, got.report.Outcome)
							for _, one := range w.writes {
								assert.False(t, one.who == "run" && one.at.After(from.Add(time.Second)), "%s: wrote %q", what, one.what)
							}
							time.Sleep(away)
							s.again(t, w, what)
							continue
						}
						assert.False(t, s.passes && got.err != nil, "%s: %v", what, got.err)
						assert.Empty(t, w.violations, what)
						if away > Outage && at < 15 && len(got.report.Warnings) == 0 {
							t.Error(what + ": it was not told")
						}
						if len(got.report.Warnings) == 0 {
							s.ends(t, w, what)
						} else {
							time.Sleep(away)
							s.again(t, w, what)
						}
					}
				})
				assert.Equal(t, away > Outage, told > 5, "%d", told)
			})
		}
	}
}

// One run is cut off from a cluster that goes on without it: another takes the release over, and the first finds out.
func TestARunThatIsCutOffLosesItsReleaseToTheNextOne(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			lost := 0
			bubble(t, func(t *testing.T) {
				for at := 1; at < 45; at++ {
					w := newWorld()
					s.prepare(t, w)
					w.rollTime = 8 * time.Second
					c := w.client("cut off")
					next := make(chan outcome, 1)
					started := false
					c.onStep = func(step int) {
						if step == at && !started {
							started = true
							c.cutOff(70 * time.Second)
							go func() { next <- s.run(w.client("next")) }()
						}
					}
					got := s.run(c)
					if !started {
						break
					}
					<-next
					what := fmt.Sprintf("cut off at step %d", at)
					assert.Empty(t, w.violations, what)
					if errors.Is(got.err, ErrLeaseLost) {
						lost++
					}
					s.again(t, w, what)
				}
			})
			assert.Greater(t, lost, 5)
		})
	}
}

// Whatever happens in whatever order, nothing is written without the Lease, no release that is live and proven is removed,
// and one run that is left in peace puts everything right.
func TestNoOrderOfMishapsRemovesAProvenReleaseOrWritesWithoutTheLease(t *testing.T) {
	seeds := uint64(150)
	if testing.Short() {
		seeds = 30
	}
	requests, last := []Request{request(t, "one"), request(t, "two"), request(t, "bad")}, request(t, "last")
	for seed := range seeds {
		bubble(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			w := newWorld()
			w.broken, w.rollTime = "bad", time.Duration(random.IntN(30))*time.Second
			if random.IntN(2) == 0 {
				require.NoError(t, w.client("before").deploy(requests[0]).err)
			}
			moment := func(most int) time.Duration { return time.Duration(random.IntN(most*10)) * time.Second / 10 }
			mishaps := func(from time.Time) window {
				from = from.Add(moment(150))
				return window{from, from.Add(moment(80))}
			}
			for range random.IntN(3) {
				w.away = append(w.away, mishaps(time.Now()))
			}
			runs := 1 + random.IntN(3)
			done := make(chan outcome, runs)
			for i := range runs {
				c := w.client(fmt.Sprint("run ", i))
				if random.IntN(2) == 0 {
					c.killAt = 1 + random.IntN(60)
				}
				if random.IntN(3) == 0 {
					c.cut = append(c.cut, mishaps(time.Now()))
				}
				losing := random.IntN(60)
				c.loses = func(step int) bool { return step == losing }
				start, verb, wanted := moment(60), random.IntN(5), requests[random.IntN(3)]
				go func() {
					time.Sleep(start)
					if verb == 0 {
						done <- c.rollback(wanted.Target, 0)
						return
					}
					done <- c.deploy(wanted)
				}()
			}
			for range runs {
				<-done
			}
			time.Sleep(3 * time.Minute)
			w.away = nil
			got := w.client("last").deploy(last)
			require.NoError(t, got.err, "seed %d", seed)
			w.converged(t, "last", "seed %d", seed)
		})
	}
}
