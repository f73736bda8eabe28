package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

func TestARollbackReturnsToTheLastProvenThatIsAnother(t *testing.T) {
	one, two, bad := request(t, "one"), request(t, "two"), request(t, "bad")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.broken = "bad"
		require.NoError(t, w.client("a").deploy(one).err)
		require.NoError(t, w.client("b").deploy(two).err)
		require.Error(t, w.client("c").deploy(bad).err)
		// Revision 4 is the rollback to 2: both have what runs now.
		got := w.client("run").rollback(one.Target, 0)
		require.NoError(t, got.err)
		assert.Equal(t, report.Passed, got.report.Outcome)
		assert.Equal(t, "return to revision 1", got.report.Steps[3].Name)
		w.converged(t, "one")
		assert.Equal(t, w.revisions[0].labels[provenLabel], w.last().labels[provenLabel])
		assert.Equal(t, []string{"pending-rollback", "objects", "deployed", "test", "label"}, w.did("run"))

		// What was rolled back to is in sync for whoever deploys it.
		require.NoError(t, w.client("again").deploy(one).err)
		assert.Empty(t, w.did("again"))
	})
}

func TestARollbackGoesToTheRevisionThatWasNamed(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("a").deploy(one).err)
		delete(w.last().labels, provenLabel)
		require.NoError(t, w.client("b").deploy(two).err)
		require.NoError(t, w.client("run").rollback(one.Target, 1).err)
		w.converged(t, "one")
		assert.Regexp(t, "^[0-9a-f]{20}$", w.last().labels[provenLabel], "what it was made from is not known")
	})
}

func TestARollbackThatCannotBeIsRefused(t *testing.T) {
	r := request(t, "one")
	for name, c := range map[string]struct {
		deployed bool
		revision int
		says     string
	}{
		"nothing installed":       {false, 0, "namespace todo has no release todo-chatbot; deploy it first"},
		"no earlier proven":       {true, 0, "no earlier revision was proven; choose one with --revision (the release is at 1); see: release status"},
		"a revision that is not":  {true, 7, "there is no revision 7; see: release status"},
		"a namespace that is not": {false, 3, "namespace todo has no release"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				if c.deployed {
					require.NoError(t, w.client("a").deploy(r).err)
				}
				got := w.client("run").rollback(r.Target, c.revision)
				require.ErrorContains(t, got.err, c.says)
				assert.Empty(t, w.did("run"))
				assert.Equal(t, report.Failed, got.report.Outcome)
			})
		})
	}
}

func TestARollbackThatFailsIsDiagnosedAndLeft(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("a").deploy(one).err)
		require.NoError(t, w.client("b").deploy(two).err)
		w.stuck = "one"
		got := w.client("run").rollback(one.Target, 0)
		require.ErrorContains(t, got.err, "CRASH-LOOP")
		require.ErrorContains(t, got.err, "The release is left as it is; see: release status")
		assert.Len(t, got.report.Diagnoses, 1)
		assert.Contains(t, w.live, "one")
		assert.Empty(t, w.lease.Spec.HolderIdentity)
	})
}

func TestARollbackGoesOnFromAHalfMadeRevision(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("a").deploy(one).err)
		require.NoError(t, w.client("b").deploy(two).err)
		w.revisions = append(w.revisions, &fakeRevision{number: 3, status: "pending-upgrade", manifest: "kind: Other", labels: map[string]string{}})
		require.NoError(t, w.client("run").rollback(one.Target, 1).err)
		w.converged(t, "one")
	})
}

func TestAnUninstallRemovesWhatIsTheReleasesAndKeepsItsData(t *testing.T) {
	r := request(t, "one")
	for name, volumes := range map[string]bool{"keeps": false, "removes": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				require.NoError(t, w.client("a").deploy(r).err)
				w.claims = []string{"data-postgres-0"}
				got := w.client("run").uninstall(r.Target, volumes)
				require.NoError(t, got.err)
				assert.Equal(t, report.Passed, got.report.Outcome)
				assert.Empty(t, w.violations)
				assert.Empty(t, w.live)
				assert.Empty(t, w.secrets)
				assert.Empty(t, w.testPods)
				assert.Nil(t, w.lease)
				assert.Equal(t, volumes, len(w.claims) == 0)
				assert.Equal(t, !volumes, strings.Contains(got.progress, `["data-postgres-0"] stay, and the data in them`))
				assert.Contains(t, w.namespaces, "todo")
			})
		})
	}
}

func TestAnUninstallOfWhatIsNotThereDoesNothing(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		got := w.client("run").uninstall(r.Target, false)
		require.NoError(t, got.err)
		assert.Equal(t, report.Passed, got.report.Outcome)
		assert.Empty(t, w.writes)
	})
}

func TestAnUninstallThatFailsGoesOnWhenItIsCalledAgain(t *testing.T) {
	r := request(t, "one")
	for _, refuse := range []string{"uninstall", "delete pods", "delete secrets", "get persistentvolumeclaims", "delete persistentvolumeclaims"} {
		t.Run(refuse, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld()
				require.NoError(t, w.client("a").deploy(r).err)
				w.claims = []string{"data-postgres-0"}
				w.refuses[refuse] = "forbidden"
				got := w.client("run").uninstall(r.Target, true)
				require.ErrorContains(t, got.err, "remove the release")
				require.ErrorContains(t, got.err, "Call uninstall again: it goes on from here")
				assert.Equal(t, report.Failed, got.report.Outcome)
				delete(w.refuses, refuse)
				require.NoError(t, w.client("again").uninstall(r.Target, true).err)
				assert.Empty(t, w.secrets)
				assert.Empty(t, w.claims)
				assert.Nil(t, w.lease)
			})
		})
	}
}

func TestATargetThatIsNoneIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		c := w.client("run")
		e := &Engine{Cluster: c, Progress: &strings.Builder{}}
		ctx := context.Background()
		bad := Target{Release: "No Name", Namespace: "kube-system", Timeout: -1}
		_, err := e.Rollback(ctx, bad, 0)
		require.ErrorContains(t, err, "release: ")
		require.ErrorContains(t, err, "namespace: ")
		require.ErrorContains(t, err, "timeout: ")
		_, err = e.Uninstall(ctx, bad, false)
		require.Error(t, err)
		_, err = e.Status(ctx, bad)
		require.Error(t, err)
		require.Error(t, e.Wait(ctx, bad))
		require.Error(t, e.Logs(ctx, bad, 1, false, &strings.Builder{}))
		run, err := e.Deploy(ctx, Request{Target: bad, TodoChatbot: &TodoChatbot{}})
		require.ErrorContains(t, err, "BETTER_AUTH_SECRET")
		require.ErrorContains(t, err, "image backend: name it")
		require.ErrorContains(t, err, "chart: name the chart's folder")
		assert.Equal(t, report.Failed, run.Outcome)
		assert.Equal(t, err.Error(), run.Failure)
		_, err = e.Plan(ctx, Request{Target: bad})
		require.Error(t, err)
		assert.Zero(t, c.steps)
	})
}

func TestAStatusSaysWhatTheReleaseIs(t *testing.T) {
	one, two := request(t, "one"), request(t, "two")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		engine := func() *Engine { return &Engine{Cluster: w.client("status"), Progress: &strings.Builder{}} }
		status, err := engine().Status(t.Context(), one.Target)
		require.NoError(t, err)
		assert.Equal(t, "todo-chatbot in namespace todo of context test: not installed\n", status.Text())

		require.NoError(t, w.client("a").deploy(one).err)
		w.rollTime = 20 * time.Second
		second := w.client("b")
		done := make(chan outcome)
		go func() { done <- second.deploy(two) }()
		time.Sleep(10 * time.Second)
		writes := len(w.writes)
		status, err = engine().Status(t.Context(), one.Target)
		require.NoError(t, err)
		assert.Len(t, w.writes, writes)
		text := status.Text()
		assert.Contains(t, text, "  1  superseded, proven\n  2  deployed\n")
		assert.Contains(t, text, "a run is at work: deploy-")
		assert.Contains(t, text, "deployment/backend 1 of 1 updated, 0 ready")
		assert.Contains(t, text, "autoscaler/backend 2 of 2 to 5, wants 3")
		raw, err := json.Marshal(status)
		require.NoError(t, err)
		assert.Contains(t, string(raw), `"revisions":[{"number":1,"status":"superseded","proven":true,"content":"`)
		require.NoError(t, (<-done).err)

		w.stuck = "two"
		status, err = engine().Status(t.Context(), one.Target)
		require.NoError(t, err)
		assert.Contains(t, status.Text(), "CRASH-LOOP pod/backend-1-x")
		for _, refuse := range []string{"version", "get lease", "get horizontalpodautoscalers", "get deployments,statefulsets,daemonsets,replicasets,pods,events,resourcequotas,persistentvolumeclaims,nodes"} {
			w.refuses = map[string]string{refuse: "forbidden"}
			_, err = engine().Status(t.Context(), one.Target)
			require.ErrorContains(t, err, "forbidden", refuse)
		}
	})
}

func TestWaitingEndsWhenThePodsAreReadyOrCannotBe(t *testing.T) {
	one := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("a").deploy(one).err)
		wait := func() (string, error) {
			var said strings.Builder
			err := (&Engine{Cluster: w.client("wait"), Progress: &said}).Wait(t.Context(), one.Target)
			return said.String(), err
		}
		writes := len(w.writes)
		w.readyAt = time.Now().Add(30 * time.Second)
		began := time.Now()
		said, err := wait()
		require.NoError(t, err)
		assert.Contains(t, said, "deployment/backend 1 of 1 updated, 0 ready")
		assert.InDelta(t, 30, time.Since(began).Seconds(), 3)

		w.readyAt = time.Now().Add(time.Hour)
		_, err = wait()
		require.ErrorContains(t, err, "it did not end within 1m0s")

		w.stuck = "one"
		began = time.Now()
		_, err = wait()
		require.ErrorContains(t, err, "CRASH-LOOP pod/backend-1-x")
		assert.Less(t, time.Since(began), 10*time.Second)
		w.away = []window{{time.Now(), time.Now().Add(time.Hour)}}
		_, err = wait()
		require.ErrorIs(t, err, ErrUnreachable)
		assert.Len(t, w.writes, writes)
	})
}

func TestARollbackShowsNothingThatTheReleaseWasGiven(t *testing.T) {
	good, next := request(t, "good"), request(t, "next")
	secrets, err := next.SecretValues()
	require.NoError(t, err)
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		require.NoError(t, w.client("second").deploy(next).err)
		w.broken = "good"
		got := w.client("third").run(func(ctx context.Context, e *Engine) (report.Run, error) {
			e.Secrets = secrets
			return e.Rollback(ctx, good.Target, 1)
		})
		require.ErrorContains(t, got.err, "failed at \"sign-up\": status 500 with ***")
		raw, err := got.report.JSON()
		require.NoError(t, err)
		assert.NotContains(t, string(raw)+got.err.Error()+got.progress, authSecret)
	})
}

func TestTheSecretsOfARequestAreWhatItsApplicationIsTold(t *testing.T) {
	r := request(t, "good")
	values, err := r.SecretValues()
	require.NoError(t, err)
	for _, secret := range []string{password, authSecret, openAIKey} {
		assert.Contains(t, values, secret)
	}
	r.TodoChatbot.Secrets.OpenAIKey = "/nowhere"
	_, err = r.SecretValues()
	require.ErrorContains(t, err, "OPENAI_API_KEY: open /nowhere")
	r.TodoChatbot = nil
	values, err = r.SecretValues()
	require.NoError(t, err)
	assert.Empty(t, values)
}

func TestWaitingDeletesNothingAndNamesThePodThatHoldsUpItsStatefulSet(t *testing.T) {
	good := request(t, "good")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		require.NoError(t, w.client("first").deploy(good).err)
		w.obstacle, w.obstructed = "bad", true
		writes := len(w.writes)
		var said strings.Builder
		err := (&Engine{Cluster: w.client("wait"), Progress: &said}).Wait(t.Context(), good.Target)
		require.ErrorContains(t, err, "the pods cannot become ready\nIMAGE-NAME pod/postgres-0")
		require.NotErrorIs(t, err, errLeaseExpired)
		assert.NotContains(t, said.String(), "deleting")
		assert.Len(t, w.writes, writes)
	})
}

func TestLogsAreFollowedUntilTheCallerHasEnough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld()
		e := &Engine{Cluster: w.client("logs"), Progress: &strings.Builder{}, Secrets: []string{authSecret}}
		target := Target{Release: "todo-chatbot", Namespace: "todo"}
		var out bytes.Buffer
		require.NoError(t, e.Logs(t.Context(), target, 10, false, &out))
		assert.Equal(t, "[pod/backend] up with ***\n", out.String())
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("enough"))
		defer cancel()
		require.NoError(t, e.Logs(ctx, target, 10, true, &out))
		w.refuses["logs"] = "forbidden"
		require.ErrorContains(t, e.Logs(t.Context(), target, 10, true, &out), "forbidden")
	})
}

func TestAPlanThatCannotBeMadeSaysWhy(t *testing.T) {
	r := request(t, "one")
	bubble(t, func(t *testing.T) {
		w := newWorld()
		w.namespaces["todo"] = true
		for refuse, says := range map[string]string{
			"version": "forbidden", "render": "rendering the chart", "get namespace": "forbidden", "dry run": "asking the cluster what would change",
			"get ": "asking the cluster what would change",
		} {
			w.refuses = map[string]string{refuse: "forbidden"}
			_, err := (&Engine{Cluster: w.client("plan"), Progress: &strings.Builder{}}).Plan(t.Context(), r)
			require.ErrorContains(t, err, says, refuse)
		}
		w.refuses = nil
		delete(w.namespaces, "kube-system")
		_, err := (&Engine{Cluster: w.client("plan"), Progress: &strings.Builder{}}).Plan(t.Context(), r)
		require.ErrorContains(t, err, "the cluster has 0 namespaces kube-system")
		assert.Empty(t, w.writes)
	})
}
