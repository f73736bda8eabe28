package release

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
		assert.Equal(t, []string{"create namespace", "apply secret", "pending-install", "objects", "deployed", "test", "label"}, w.did("run"))
		assert.Equal(t, "sign-up", got.report.Journey[0].Name)
		assert.Len(t, got.report.Workloads, 1)
		assert.Len(t, got.report.Images, 2)
		assert.NotEmpty(t, got.report.Reach)
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

func TestARefusedPlanLeavesNoTrace(t *testing.T) {
	r, other := request(t, "one"), request(t, "two")
	require.NoError(t, os.WriteFile(other.Secrets.AuthSecret, []byte("vutsrqponmlkjihgfedcba9876543210"), 0o600))
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

		w.full, w.bootsAt = false, time.Now().Add(time.Minute)
		require.NoError(t, w.client("patient").deploy(r).err, "a cluster that has just started is waited for")

		w = newWorld()
		w.bootsAt = time.Now().Add(10 * time.Minute)
		got = w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "no node is ready yet")
		assert.Empty(t, w.writes)
	})
}

func TestAFailedReleaseIsDiagnosedAndRolledBackToTheLastProven(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	for name, c := range map[string]struct {
		spoil func(*world)
		says  string
	}{
		"its pods cannot start":        {func(w *world) { w.stuck = "bad" }, "the pods cannot become ready"},
		"its pods are too slow":        {func(w *world) { w.rollTime = 55 * time.Second; w.stuck = "" }, ""},
		"its test fails":               {func(w *world) { w.broken = "bad" }, `the user's journey failed at "sign-up"`},
		"Helm refuses it":              {func(w *world) { w.refuses["apply objects"] = "admission webhook denied the request" }, "admission webhook"},
		"Helm does not even store one": {func(w *world) { w.refuses["upgrade"] = "values don't meet the schema" }, "meet the schema"},
		"its journey is not readable":  {func(w *world) { w.refuses["logs"] = "container not found" }, "reading the journey"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				require.NoError(t, w.client("first").deploy(good).err)
				c.spoil(w)
				got := w.client("second").deploy(bad)
				if c.says == "" {
					require.NoError(t, got.err)
					return
				}
				require.ErrorContains(t, got.err, c.says)
				require.ErrorContains(t, got.err, "Rolled back to revision 1: the last that was proven.")
				assert.Equal(t, report.RolledBack, got.report.Outcome)
				assert.Equal(t, got.err.Error(), got.report.Failure)
				w.converged(t, "good")
				for _, hidden := range []string{password, authSecret, openAIKey} {
					raw, err := got.report.JSON()
					require.NoError(t, err)
					assert.NotContains(t, string(raw)+got.err.Error()+got.progress, hidden)
				}
			})
		})
	}
}

func TestADiagnosisHasTheEndOfTheLog(t *testing.T) {
	r := request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.stuck = "bad"
		got := w.client("run").deploy(r)
		require.Len(t, got.report.Diagnoses, 1)
		require.NotEmpty(t, got.report.Diagnoses[0].Logs)
		assert.Contains(t, got.err.Error(), "cannot reach postgresql+asyncpg://todo:***@db")
	})
}

func TestAFailedFirstInstallIsRemoved(t *testing.T) {
	r := request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.broken = "bad"
		got := w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "Removed: this was the release's first install.")
		assert.Equal(t, report.RolledBack, got.report.Outcome)
		assert.Empty(t, w.violations)
		assert.Empty(t, w.live)
		assert.Empty(t, w.revisions)
		assert.Empty(t, w.secrets)
		assert.Zero(t, w.testPods)
		assert.Nil(t, w.lease, "the Lease goes with the release")
	})
}

func TestARolloutThatDoesNotEndIsToldAndRolledBack(t *testing.T) {
	good, slow := request(t, "good"), request(t, "slow")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		w.rollTime = 90 * time.Second
		got := w.client("second").deploy(slow)
		require.ErrorContains(t, got.err, "it did not end within 1m0s; raise the timeout")
		// The earlier pods are as slow.
		require.ErrorContains(t, got.err, "wait for the earlier pods")
		require.ErrorContains(t, got.err, "The release is left as it is; see: release status")
		assert.Equal(t, report.Failed, got.report.Outcome)
		assert.Empty(t, w.lease.Spec.HolderIdentity)
	})
}

func TestARemediationThatFailsIsToldBesideTheFailure(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	for name, refuse := range map[string]string{"rollback": "rollback", "first install": "uninstall", "its secrets": "delete secrets"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				if name == "rollback" {
					require.NoError(t, w.client("first").deploy(good).err)
				}
				w.broken = "bad"
				w.refuses[refuse] = "quota exceeded"
				got := w.client("second").deploy(bad)
				require.ErrorContains(t, got.err, "the user's journey failed")
				require.ErrorContains(t, got.err, "remediate: "+refuse+" ended with exit code 1:\nquota exceeded")
				require.ErrorContains(t, got.err, "The release is left as it is")
				assert.Equal(t, report.Failed, got.report.Outcome)
				assert.Empty(t, w.lease.Spec.HolderIdentity)
			})
		})
	}
}

func TestAReleaseThatWasNeverProvenReturnsToWhatHelmCallsDeployed(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		delete(w.last().labels, provenLabel)
		w.broken = "bad"
		got := w.client("second").deploy(bad)
		require.ErrorContains(t, got.err, "Rolled back to revision 1: no revision was proven before.")
		assert.NotContains(t, w.did("second"), "label")
	})
}

func TestARemediationThatCannotReadOrFindItsRevisionSaysSo(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	for says, spoil := range map[string]func(*world){
		"reading the release's revisions":  func(w *world) { w.refuse("get secrets", "forbidden") },
		"no revision to return to is left": func(w *world) { look(w, func() int { w.revisions = w.revisions[1:]; return 0 }) },
	} {
		t.Run(says, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				require.NoError(t, w.client("first").deploy(good).err)
				delete(w.last().labels, provenLabel)
				w.broken = "bad"
				c := w.client("second")
				spoiled := false
				c.onStep = func(int) {
					if !spoiled && look(w, func() bool { return w.testPods > 0 }) && w.lastIs("deployed", "bad") {
						spoil(w)
						spoiled = true
					}
				}
				got := c.deploy(bad)
				require.ErrorContains(t, got.err, says)
				require.ErrorContains(t, got.err, "The release is left as it is")
				assert.Contains(t, w.live, "bad")
			})
		})
	}
}

func TestAFailureNeverReturnsToARevisionOfItsOwnRun(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		delete(w.last().labels, provenLabel)
		w.stuck = "bad"
		got := w.client("second").deploy(bad)
		require.ErrorContains(t, got.err, "Rolled back to revision 1")
		assert.Contains(t, w.live, "good")
	})
}

func TestATestThatHelmCallsFailedFailsTheReleaseWhateverItsJourneySays(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.refuses["test"] = "pod todo-chatbot-test-journey failed"
		got := w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "test the release: test ended with exit code 1:\npod todo-chatbot-test-journey failed")
		assert.Equal(t, report.RolledBack, got.report.Outcome)
	})
}

func TestAReleaseThatWasRolledBackIsProvenAsItWasBefore(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		w.broken = "bad"
		// Helm keeps five revisions: the first one is long gone when the last of these returns to it.
		for range 6 {
			got := w.client("second").deploy(bad)
			require.ErrorContains(t, got.err, "the last that was proven")
			w.converged(t, "good")
		}
		require.NoError(t, w.client("third").deploy(good).err)
		assert.Empty(t, w.did("third"), "it is in sync")
	})
}

func TestALiveReleaseThatPassedItsTestIsNeverReportedAsFailed(t *testing.T) {
	r := request(t, "one")
	for name, refuse := range map[string]string{"record the success": "label", "remove old secrets": "delete secrets"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.secrets["todo-chatbot-secrets-old"] = true
				w.refuses[refuse] = "forbidden"
				got := w.client("run").deploy(r)
				require.NoError(t, got.err)
				assert.Equal(t, report.Passed, got.report.Outcome)
				require.Len(t, got.report.Warnings, 1)
				assert.Contains(t, got.report.Warnings[0], name)
				assert.Contains(t, got.progress, "warning: "+name)
				assert.Contains(t, w.live, "one")
			})
		})
	}
}

func TestALeaseLostAfterTheTestIsAWarning(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		c.labelling = 3 * RetryPeriod // a sign of life tells meanwhile
		stolen := false
		c.onStep = func(int) {
			if !stolen && look(w, func() bool { return w.proven[w.live] }) {
				steal(w)
				stolen = true
			}
		}
		got := c.deploy(r)
		require.NoError(t, got.err)
		assert.Equal(t, report.Passed, got.report.Outcome)
		require.Len(t, got.report.Warnings, 1)
		assert.Contains(t, got.report.Warnings[0], "the release passed its test, and was not recorded as proven")
		assert.Equal(t, "deploy-thief", w.lease.Spec.HolderIdentity)
	})
}

func TestALabelIsTriedAgain(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		w.refuses["label"] = "a conflict"
		tries := 0
		c.onStep = func(int) {
			if look(w, func() bool { return w.proven[w.live] }) {
				if tries++; tries > 4 {
					w.refuse("label", "")
				}
			}
		}
		got := c.deploy(r)
		require.NoError(t, got.err)
		assert.Empty(t, got.report.Warnings)
		w.converged(t, "one")
	})
}

func TestOldSecretsGoAndThoseOfKeptRevisionsStay(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.secrets["todo-chatbot-secrets-aaaaaaaaaa"] = true
		require.NoError(t, w.client("run").deploy(r).err)
		assert.NotContains(t, w.secrets, "todo-chatbot-secrets-aaaaaaaaaa")
		assert.Len(t, w.secrets, 1)
		w.converged(t, "one")
	})
}

func TestWhatIsHalfMadeIsRepairedFirst(t *testing.T) {
	good, next := request(t, "good"), request(t, "next")
	for status, wants := range map[string]string{
		"pending-upgrade": "pending-rollback", "pending-rollback": "pending-rollback", "uninstalling": "pending-rollback",
		"pending-install": "uninstalling",
	} {
		t.Run(status, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.namespaces["todo"] = true
				number := 1
				if status != "pending-install" {
					require.NoError(t, w.client("first").deploy(good).err)
					number = 2
				}
				w.revisions = append(w.revisions, &fakeRevision{number: number, status: status, manifest: "", labels: map[string]string{provenLabel: "inherited"}})
				if status == "pending-install" {
					w.last().labels = map[string]string{}
				}
				require.NoError(t, w.client("second").deploy(next).err)
				assert.Contains(t, w.did("second"), wants)
				w.converged(t, "next")
			})
		})
	}
}

func TestARepairThatFailsIsRemediated(t *testing.T) {
	good, next := request(t, "good"), request(t, "next")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		w.revisions = append(w.revisions, &fakeRevision{number: 2, status: "pending-upgrade", labels: map[string]string{}})
		w.refuses["rollback"] = "forbidden"
		got := w.client("second").deploy(next)
		require.ErrorContains(t, got.err, "repair the pending release")
		require.ErrorContains(t, got.err, "remediate: rollback ended")
		assert.Empty(t, w.violations)
	})
}

func TestARepairedReleaseThatCannotBeReadIsRemediated(t *testing.T) {
	good, next := request(t, "good"), request(t, "next")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		w.revisions = append(w.revisions, &fakeRevision{number: 2, status: "pending-upgrade", labels: map[string]string{}})
		c := w.client("second")
		c.onStep = func(int) {
			if slices.Contains(w.did("second"), "deployed") {
				w.refuse("get namespace", "forbidden")
			}
		}
		got := c.deploy(next)
		require.ErrorContains(t, got.err, "look at the cluster: reading namespace")
		assert.Equal(t, report.RolledBack, got.report.Outcome)
		assert.Contains(t, w.live, "good")
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

func TestANamespaceThatIsRemovedUnderARunEndsIt(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		c.onStep = func(int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.lease != nil {
				delete(w.namespaces, "todo")
			}
		}
		got := c.deploy(r)
		require.ErrorIs(t, got.err, ErrLeaseLost)
		require.ErrorContains(t, got.err, "namespace todo was removed")
		assert.Equal(t, []string{"create namespace"}, w.did("run"))
	})
}

func TestAnEphemeralClusterKeepsWhatFailed(t *testing.T) {
	r := request(t, "bad")
	r.Ephemeral, r.Secrets, r.Environment = true, SecretFiles{}, "development"
	r.Images.Postgres = "docker.io/library/postgres" + digest
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(r).err)
		assert.Empty(t, w.violations)

		w = newWorld()
		w.broken = "bad"
		got := w.client("second").deploy(r)
		require.ErrorContains(t, got.err, "The cluster ends with this run; nothing is left.")
		assert.Equal(t, report.Failed, got.report.Outcome)
		assert.Contains(t, w.live, "bad")
	})
}

func TestARunThatIsToldToEndEndsAtOnceAndLetsTheNextOneBegin(t *testing.T) {
	good, next := request(t, "good"), request(t, "next")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.rollTime = 20 * time.Second
		require.NoError(t, w.client("first").deploy(good).err)
		c := w.client("second")
		var told time.Time
		go func() {
			time.Sleep(5 * time.Second)
			told = time.Now()
			c.kill(errors.New("terminated"))
		}()
		got := c.deploy(next)
		assert.Less(t, time.Since(told), 2*time.Second)
		require.ErrorContains(t, got.err, "the run was told to end: terminated")
		assert.Equal(t, report.Failed, got.report.Outcome)
		assert.Empty(t, w.lease.Spec.HolderIdentity, "the Lease is given back")
		assert.NotContains(t, w.did("second"), "pending-rollback", "nothing is taken back")
		began := time.Now()
		require.NoError(t, w.client("third").deploy(next).err)
		assert.Less(t, time.Since(began), LeaseDuration)
		w.converged(t, "next")
	})
}

func TestALeaseThatCannotBeGivenBackIsAWarning(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		c.onStep = func(int) {
			if look(w, func() bool { return w.last() != nil && w.last().labels[provenLabel] != "" }) {
				w.refuse("replace Lease", "forbidden")
			}
		}
		got := c.deploy(r)
		require.NoError(t, got.err)
		require.Len(t, got.report.Warnings, 1)
		assert.Contains(t, got.report.Warnings[0], "giving the lease back")
		assert.Contains(t, got.report.Warnings[0], "the next run waits 45s for it")
	})
}

func TestARunWhoseAPIServerComesAndGoesEnds(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		c.loses = func(int) bool { return w.last() != nil }
		got := c.deploy(r)
		require.ErrorIs(t, got.err, ErrUnreachable)
		assert.Contains(t, got.err.Error(), "the API server went away more than 10 times; nothing more was changed")
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
