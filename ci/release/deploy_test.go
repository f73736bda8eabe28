package release

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

func TestAFirstDeploymentInstallsTestsAndRecords(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		got := w.client("run").deploy(r)
		require.NoError(t, got.err)
		assert.Equal(t, report.Passed, got.report.Outcome)
		assert.Empty(t, got.report.Failure)
		assert.Empty(t, got.report.Warnings)
		w.converged(t, "one")
		assert.Equal(t, []string{"create namespace", "apply secret", "pending-install", "objects", "deployed", "scale Deployment/backend from 1 to 2", "test", "label"}, w.did("run"))
		assert.Equal(t, "sign-up", got.report.Journey[0].Name)
		assert.Len(t, got.report.Workloads, 1)
		assert.Len(t, got.report.Images, 2)
		assert.NotEmpty(t, got.report.Reach)
		assert.True(t, strings.HasPrefix(got.report.Plan, "a first install\n\ncreate deployment/backend "), got.report.Plan)
		var steps []string
		for _, s := range got.report.Steps {
			steps = append(steps, s.Name)
		}
		assert.Equal(t, []string{"look at the cluster", "create the namespace", "acquire the lease", "look at the cluster",
			"apply the Secret of the release", "upgrade the release", "wait for every pod", "test the release", "record the success",
			"remove old secrets"}, steps)
		assert.Contains(t, got.progress, "1 new pod to become available")
	})
}

func TestWhatIsTheSameAndProvenIsLeftAlone(t *testing.T) {
	r := request(t, "one")
	for name, c := range map[string]struct {
		spoil func(*world, *client)
		same  bool
		warns bool
	}{
		"the same":                        {func(*world, *client) {}, true, false},
		"not proven":                      {func(w *world, _ *client) { delete(w.last().labels, provenLabel) }, false, false},
		"proven, but for other objects":   {func(w *world, _ *client) { w.last().labels[provenLabel] = "x" + w.last().labels[provenLabel] }, false, false},
		"of another content":              {func(w *world, _ *client) { w.last().labels[provenLabel] += "x" }, false, false},
		"of a content that is not known":  {func(w *world, _ *client) { w.last().labels[provenLabel] = w.last().labels[provenLabel][:20] }, false, false},
		"failed since":                    {func(w *world, _ *client) { w.last().status = "failed" }, false, false},
		"changed by hand":                 {func(w *world, _ *client) { w.live = strings.ReplaceAll(w.live, "replicas: 1", "replicas: 3") }, false, false},
		"not ready":                       {func(w *world, _ *client) { w.readyAt = time.Now().Add(time.Minute) }, false, false},
		"in doubt, for the dry run fails": {func(w *world, _ *client) { w.refuses["dry run"] = "forbidden" }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				require.NoError(t, w.client("first").deploy(r).err)
				second := w.client("second")
				c.spoil(w, second)
				got := second.deploy(r)
				require.NoError(t, got.err)
				assert.Equal(t, report.Passed, got.report.Outcome)
				assert.Equal(t, c.same, len(w.did("second")) == 0, "%q", w.did("second"))
				assert.Equal(t, c.warns, len(got.report.Warnings) > 0)
				if c.same {
					assert.Contains(t, got.progress, "revision 1 is the same, and was proven")
				} else {
					assert.Contains(t, w.did("second"), "pending-upgrade")
				}
				w.converged(t, "one")
			})
		})
	}
}

// plan saves what Plan says.
func savePlan(t *testing.T, c *client, r Request) string {
	t.Helper()
	found, err := (&Engine{Cluster: c, Progress: &strings.Builder{}}).Plan(context.Background(), r)
	require.NoError(t, err)
	path := filepath.Join(filepath.Dir(r.Chart), "plan.txt")
	require.NoError(t, os.WriteFile(path, []byte(found.Text()), 0o600))
	return path
}

func TestASavedPlanIsDoneOrNothing(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		r.Plan = savePlan(t, w.client("planner"), r)
		text, err := os.ReadFile(r.Plan)
		require.NoError(t, err)
		assert.Contains(t, string(text), "create deployment/backend")
		assert.Contains(t, string(text), "create secret/todo-chatbot-secrets-")
		assert.Contains(t, string(text), "uid-of-kube-system (context test), a first install")
		assert.Empty(t, w.writes)
		require.NoError(t, w.client("run").deploy(r).err)
		w.converged(t, "one")
		assert.Contains(t, w.did("run"), "pending-install")
	})
}

func TestAClusterWithoutMetricsIsTold(t *testing.T) {
	stays := "the autoscaler backend stays at 3 pods: this cluster serves no metrics (metrics.k8s.io); metrics-server would"
	for name, c := range map[string]struct {
		metrics, ephemeral bool
		refuses            string
		want               []string
	}{
		"it serves none":                {false, false, "", []string{stays}},
		"it serves them":                {true, false, "", nil},
		"it ends with the run":          {false, true, "", nil},
		"the caller may not look there": {false, false, "get apiservices", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "one")
			r.Ephemeral = c.ephemeral
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.metrics = c.metrics
				w.refuses = map[string]string{c.refuses: "forbidden"}
				got := w.client("run").deploy(r)
				require.NoError(t, got.err)
				assert.Equal(t, c.want, got.report.Facts)
				assert.Empty(t, got.report.Warnings)
			})
		})
	}
}

func TestAFirstInstallHasAtOnceThePodsThatItsAutoscalerWants(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	const scaled = "scale Deployment/backend from 1 to 2"
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(one).err)
		assert.Contains(t, w.did("first"), scaled)
		require.NoError(t, w.client("second").deploy(two).err)
		assert.NotContains(t, w.did("second"), scaled, "by then the number is the autoscaler's")
	})
	for _, refused := range []string{"scale", "get horizontalpodautoscalers"} {
		bubble(t, func(t *testing.T) {
			w := newWorld()
			w.refuses[refused] = "forbidden"
			got := w.client("run").deploy(one)
			require.NoError(t, got.err, refused)
			assert.NotContains(t, w.did("run"), scaled)
		})
	}
}

func TestARefusedPlanLeavesNoTrace(t *testing.T) {
	r, other := request(t, "one"), request(t, "two")
	require.NoError(t, os.WriteFile(other.TodoChatbot.Secrets.AuthSecret, []byte("vutsrqponmlkjihgfedcba9876543210"), 0o600))
	for name, change := range map[string]func(*testing.T, *world){
		"no namespace": func(*testing.T, *world) {},
		"a release that has moved on": func(t *testing.T, w *world) {
			require.NoError(t, w.client("meanwhile").deploy(request(t, "three")).err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				r.Plan = savePlan(t, w.client("planner"), other)
				change(t, w)
				before := len(w.writes)
				version := w.versions
				got := w.client("run").deploy(r)
				require.ErrorContains(t, got.err, "the plan does not hold any more")
				assert.Equal(t, report.Failed, got.report.Outcome)
				assert.Contains(t, got.report.Failure, "Nothing of the release was changed")
				assert.Len(t, w.writes, before)
				assert.Equal(t, version, w.versions, "the Lease is untouched")
				if name == "no namespace" {
					assert.NotContains(t, w.namespaces, "todo")
					assert.Nil(t, w.lease)
				}
			})
		})
	}
}

func TestAPlanOfNothingChangesNothing(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(r).err)
		r.Plan = savePlan(t, w.client("planner"), r)
		got := w.client("run").deploy(r)
		require.NoError(t, got.err)
		assert.Contains(t, got.progress, "nothing to change")
		assert.Empty(t, w.did("run"))
	})
}

func TestAPlanIsHeldToOnceMoreUnderTheLease(t *testing.T) {
	r, other := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		r.Plan = savePlan(t, w.client("planner"), r)
		first, second := w.client("first"), w.client("second")
		done := make(chan outcome)
		go func() { done <- first.deploy(other) }()
		// The second compares while the first has not changed anything yet, and waits for it then.
		got := second.deploy(r)
		require.NoError(t, (<-done).err)
		require.ErrorContains(t, got.err, "the plan does not hold any more")
		assert.NotContains(t, w.did("second"), "pending-upgrade")
		w.converged(t, "two")
	})
}

func TestCapacityIsHeldAgainstBeforeAnythingChanges(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.full = true
		got := w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "there is no place for")
		assert.Empty(t, w.writes)

		r.NodesOnDemand = true
		got = w.client("growing").deploy(r)
		require.NoError(t, got.err, "such a cluster has room once a pod wants it")
		assert.Contains(t, strings.Join(got.report.Warnings, "\n"), "there is no place for")
		r.NodesOnDemand = false

		w = newWorld()
		w.bootsAt = time.Now().Add(time.Minute)
		require.NoError(t, w.client("patient").deploy(r).err, "a cluster that has just started is waited for")

		w = newWorld()
		w.bootsAt = time.Now().Add(10 * time.Minute)
		got = w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "no node is ready yet")
		assert.Empty(t, w.writes)
	})
}

func TestAPreflightRefusesWhatADeploymentWouldAndChangesNothing(t *testing.T) {
	r, other := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		preflight := func(r Request) error {
			return (&Engine{Cluster: w.client("preflight"), Progress: &strings.Builder{}}).Preflight(t.Context(), r)
		}
		require.NoError(t, preflight(r))
		w.full = true
		require.ErrorContains(t, preflight(r), "there is no place for")
		w.full = false
		r.Plan = savePlan(t, w.client("planner"), other)
		require.ErrorContains(t, preflight(r), "the plan does not hold any more")
		require.ErrorContains(t, preflight(Request{TodoChatbot: &TodoChatbot{}}), "BETTER_AUTH_SECRET")
		assert.Empty(t, w.writes)
		assert.Nil(t, w.lease)
	})
}

func TestBeforeTheImagesAreBuiltOnlyAFirstDeploymentIsRefused(t *testing.T) {
	r := request(t, "one")
	unbuilt := r
	unbuilt.Images = map[string]string{"backend": Unbuilt, "frontend": Unbuilt}
	bubble(t, func(t *testing.T) {
		w := newWorld()
		preflight := func(r Request) error {
			return (&Engine{Cluster: w.client("preflight"), Progress: &strings.Builder{}}).Preflight(t.Context(), r)
		}
		require.NoError(t, preflight(unbuilt))
		w.full = true
		require.ErrorContains(t, preflight(unbuilt), "there is no place for")
		assert.Empty(t, w.writes)

		w.full = false
		require.NoError(t, w.client("first").deploy(r).err)
		w.full = true
		require.NoError(t, preflight(unbuilt), "it may be what is there already")
		w.away = []window{{time.Now(), time.Now().Add(time.Hour)}}
		require.ErrorIs(t, preflight(unbuilt), ErrUnreachable)
	})
}

func TestImagesAreDeliveredUnderTheLeaseAndBeforeTheRelease(t *testing.T) {
	r := request(t, "one")
	for name, fails := range map[string]bool{"delivered": false, "refused": true} {
		for _, known := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					w := newWorld()
					if known { // the Secret is there already
						require.NoError(t, w.client("first").deploy(r).err)
						w.last().status = "failed"
					}
					c := w.client("run")
					delivered := false
					got := c.run(func(ctx context.Context, e *Engine) (report.Run, error) {
						e.Deliver = func(context.Context) error {
							delivered = true
							assert.True(t, look(w, func() bool { return c.identity == w.lease.Spec.HolderIdentity }))
							assert.NotContains(t, w.did("run"), "apply secret")
							if fails {
								return errors.New("node a has no room")
							}
							return nil
						}
						return e.Deploy(ctx, r)
					})
					assert.True(t, delivered)
					if fails {
						require.ErrorContains(t, got.err, "deliver the images: node a has no room\nNothing of the release was changed")
						assert.NotContains(t, w.did("run"), "apply secret")
						return
					}
					require.NoError(t, got.err)
					w.converged(t, "one")
				})
			})
		}
	}
}

func TestImagesForAPendingReleaseAreDeliveredBeforeItIsRepaired(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(r).err)
		w.revisions = append(w.revisions, &fakeRevision{number: 2, status: "pending-upgrade", labels: map[string]string{}})
		got := w.client("run").run(func(ctx context.Context, e *Engine) (report.Run, error) {
			e.Deliver = func(context.Context) error { return nil }
			return e.Deploy(ctx, r)
		})
		require.NoError(t, got.err)
		w.converged(t, "one")
	})
}

func TestWhatIsRefusedBeforeTheReleaseChangesSaysSo(t *testing.T) {
	r := request(t, "one")
	for refuse, says := range map[string]string{
		"create Namespace": "create the namespace: create Namespace ended", "create Lease": "acquire the lease: writing who holds the release",
		"apply": "apply the Secret of the release", "version": "look at the cluster", "get secrets": "reading the release's revisions",
		"get secret": "reading secret", "render": "rendering the chart", "get nodes,pods": "reading the cluster's capacity",
		"get lease": "reading who holds the release",
	} {
		t.Run(refuse, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.refuses[refuse] = "forbidden"
				got := w.client("run").deploy(r)
				require.ErrorContains(t, got.err, says)
				require.ErrorContains(t, got.err, "forbidden\nNothing of the release was changed")
				assert.NotContains(t, w.did("run"), "pending-install")
				assert.Empty(t, w.violations)
			})
		})
	}
}

func TestANamespaceThatAnotherRunMadeMeanwhileIsTaken(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		c.onStep = func(n int) {
			if n == 4 {
				look(w, func() bool { w.namespaces["todo"] = true; return true })
			}
		}
		require.NoError(t, c.deploy(r).err)
		w.converged(t, "one")
	})
}

func TestNothingSecretIsInWhatAClusterIsAskedExceptTheSecret(t *testing.T) {
	r := request(t, "one")
	d, err := desire(r)
	require.NoError(t, err)
	for _, hidden := range []string{password, authSecret, openAIKey} {
		assert.NotContains(t, string(d.values)+d.secret+d.content, hidden)
	}
	var secret struct{ Data map[string][]byte }
	require.NoError(t, json.Unmarshal(d.manifest, &secret))
	assert.Equal(t, authSecret, string(secret.Data["BETTER_AUTH_SECRET"]), "without the file's line break")
}

func TestProgressHasNoSecretInIt(t *testing.T) {
	r := request(t, "one")
	d, err := desire(r)
	require.NoError(t, err)
	var progress strings.Builder
	run := (&Engine{Progress: &progress}).start(Deploy, r.Target, d)
	run.say("waiting for " + password)
	run.warn("not there: " + authSecret)
	assert.Equal(t, "waiting for ***\nwarning: not there: ***\n", progress.String())
	assert.Equal(t, []string{"not there: ***"}, run.report.Warnings)
}
