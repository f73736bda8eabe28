package release

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

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
		"its journey is not readable":  {func(w *world) { w.refuses["logs"] = "container not found" }, "reading the log of the test todo-chatbot-test-journey"},
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
				assert.True(t, strings.HasPrefix(got.report.Plan, "from revision 1\n\nchange deployment/backend\n"), got.report.Plan)
				assert.Contains(t, got.report.Next, "release status --name todo-chatbot --namespace todo shows what runs")
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

func TestABrokenPodOfAStatefulSetHoldsUpNeitherARollbackNorTheNextDeployment(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	t.Run("a rollback", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			w := newWorld()
			require.NoError(t, w.client("first").deploy(good).err)
			w.obstacle = "bad"
			got := w.client("second").deploy(bad)
			require.ErrorContains(t, got.err, "Rolled back to revision 1: the last that was proven.")
			assert.Contains(t, got.progress, "deleting pods of another revision, which would never become ready: postgres-0")
			w.converged(t, "good")
		})
	})
	t.Run("the next deployment", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			w := newWorld()
			w.obstacle, w.obstructed = "bad", true
			require.NoError(t, w.client("run").deploy(good).err)
			w.converged(t, "good")
		})
	})
	t.Run("one that may not be deleted", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			w := newWorld()
			w.obstacle, w.obstructed = "bad", true
			w.refuses["delete pods"] = "pods is forbidden"
			got := w.client("run").deploy(good)
			require.ErrorContains(t, got.err, "deleting pods that hold up their StatefulSet")
			require.ErrorContains(t, got.err, "pods is forbidden")
		})
	})
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
		assert.Empty(t, w.testPods)
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
					if !spoiled && look(w, func() bool { return len(w.testPods) > 0 }) && w.lastIs("deployed", "bad") {
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
		w.broken, w.prints = "one", map[string]string{"todo-chatbot-test-journey": "ok sign-up 41ms"}
		got := w.client("run").deploy(r)
		require.ErrorContains(t, got.err, "test the release: helm test ended with exit code 1:\npod todo-chatbot-test-journey failed")
		assert.Len(t, got.report.Journey, 1)
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
					w.last().labels = map[string]string{numberLabel: "1"}
				}
				require.NoError(t, w.client("second").deploy(next).err)
				assert.Contains(t, w.did("second"), wants)
				w.converged(t, "next")
			})
		})
	}
}

// takenOver is a world in which somebody else's Helm made the first revision, which runs: Helm gave up before its pods were ready.
func takenOver(status string) *world {
	w := newWorld()
	w.namespaces["todo"], w.foreign, w.live = true, true, "{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs}}"
	w.revisions = []*fakeRevision{{number: 1, status: status, manifest: w.live, hooks: journeyPod, labels: map[string]string{}}}
	return w
}

func TestAFailureNeverRemovesWhatSomebodyElseInstalled(t *testing.T) {
	bad := request(t, "bad")
	for name, c := range map[string]struct {
		spoil func(*world)
		runs  int
	}{
		"its test fails": {func(w *world) { w.broken = "bad" }, 1},
		// Helm keeps five revisions: theirs is forgotten when the last of these fails.
		"Helm refuses it": {func(w *world) { w.refuses["apply objects"] = "admission webhook denied the request" }, 7},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := takenOver("failed")
				c.spoil(w)
				for range c.runs {
					got := w.client("run").deploy(bad)
					require.ErrorContains(t, got.err, "this pipeline did not make all of them, so nothing was removed")
					require.ErrorContains(t, got.err, "The release is left as it is; see: release status")
					assert.Equal(t, report.Failed, got.report.Outcome)
					assert.NotEmpty(t, w.live)
					assert.Len(t, w.secrets, 1, "what is left needs its Secret")
					assert.Empty(t, w.violations)
				}
			})
		})
	}
}

func TestWhatSomebodyElseLeftIsTakenOverByADeploymentThatPasses(t *testing.T) {
	good, bad := request(t, "good"), request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := takenOver("failed")
		require.NoError(t, w.client("first").deploy(good).err)
		w.converged(t, "good")
		w.broken = "bad"
		require.ErrorContains(t, w.client("second").deploy(bad).err, "Rolled back to revision 2: the last that was proven.")
		w.converged(t, "good")
	})
}

func TestAReleaseThatSomebodyElseInstallsMeanwhileIsNotRemoved(t *testing.T) {
	r := request(t, "one")
	for _, status := range []string{"pending-install", "failed", "deployed"} {
		t.Run(status, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				w.refuses["upgrade"] = "another operation (install/upgrade/rollback) is in progress"
				c := w.client("run")
				c.onStep = func(int) {
					if len(w.did("run")) == 2 {
						look(w, func() bool { w.foreign, w.revisions = true, takenOver(status).revisions; return true })
					}
				}
				got := c.deploy(r)
				require.ErrorContains(t, got.err, "so nothing was removed")
				assert.Equal(t, report.Failed, got.report.Outcome)
				assert.Len(t, w.revisions, 1)
				assert.Empty(t, w.violations)
			})
		})
	}
}

func TestWhatSomebodyElseLeftHalfMadeIsRefusedAndLeftAsItIs(t *testing.T) {
	r := request(t, "one")
	for _, status := range []string{"pending-install", "uninstalling"} {
		t.Run(status, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := takenOver(status)
				got := w.client("run").deploy(r)
				require.ErrorContains(t, got.err, "look at the cluster: revision 1 is "+status+", and this pipeline did not make all of them: somebody's Helm is at work")
				require.ErrorContains(t, got.err, "Nothing of the release was changed")
				assert.Equal(t, report.Failed, got.report.Outcome)
				assert.Empty(t, w.writes)
				assert.Nil(t, w.lease)

				w.last().status = "failed" // theirs has ended
				require.NoError(t, w.client("again").deploy(r).err)
				w.converged(t, "one")
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
	r.Ephemeral, r.TodoChatbot.Secrets, r.TodoChatbot.Environment = true, SecretFiles{}, "development"
	r.Images["postgres"] = "docker.io/library/postgres" + digest
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
