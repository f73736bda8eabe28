package kube

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// began is when the roll of every snapshot in testdata began, five minutes before now.
var began = now.Add(-5 * time.Minute)

const newPod = "todo-chatbot-backend-7d9c5b6f4-x2kqp"

func snapshot(t testing.TB, name string) Snapshot {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "rollout", name+".json"))
	require.NoError(t, err)
	s, err := ParseSnapshot(raw)
	require.NoError(t, err)
	return s
}

func assess(t testing.TB, name string) Assessment {
	return Assess(snapshot(t, name), AssessOptions{Now: now, Since: began, Release: "todo-chatbot"})
}

func TestAssessNamesWhyARollCannotSucceed(t *testing.T) {
	backend, postgres := "deployment/todo-chatbot-backend", "statefulset/todo-chatbot-postgres"
	pod := "pod/" + newPod
	previous := func(container string) []LogRequest { return []LogRequest{{newPod, container, true}} }
	for name, want := range map[string]struct {
		workload, object, container string
		code                        Code
		reason, message             string
		wanted                      []LogRequest
	}{
		"image-pull":        {backend, pod, "migrations", ImagePull, "ImagePullBackOff", "NotFound", nil},
		"image-name":        {backend, pod, "backend", ImageName, "InvalidImageName", "invalid reference format", nil},
		"image-never-pull":  {backend, pod, "backend", ImageNeverPull, "ErrImageNeverPull", "pull policy of Never", nil},
		"crash-loop":        {backend, pod, "backend", CrashLoop, "CrashLoopBackOff", "exit code 1 (Error)", previous("backend")},
		"migration":         {backend, pod, "migrations", MigrationFailed, "CrashLoopBackOff", "exit code 1", previous("migrations")},
		"init":              {backend, pod, "await-postgres", InitFailed, "CrashLoopBackOff", "restarted 3 times", previous("await-postgres")},
		"oom":               {backend, pod, "backend", OOMKilled, "CrashLoopBackOff", "exit code 137 (OOMKilled)", previous("backend")},
		"startup-probe":     {backend, pod, "backend", StartupProbe, "Unhealthy", "Startup probe failed", previous("backend")},
		"liveness-probe":    {backend, pod, "backend", LivenessProbe, "Unhealthy", "context deadline exceeded", previous("backend")},
		"readiness-probe":   {backend, pod, "backend", ReadinessProbe, "Unhealthy", "statuscode: 503; not ready for 4m40s", []LogRequest{{newPod, "backend", false}}},
		"cannot-start":      {backend, pod, "backend", CannotStart, "RunContainerError", `exec: "uvicorn"`, nil},
		"container-config":  {backend, pod, "backend", ContainerConfig, "CreateContainerConfigError", "todo-chatbot-secrets-k2m7tc9fbh", nil},
		"unschedulable":     {backend, pod, "", Unschedulable, "Unschedulable", "1 Insufficient cpu", nil},
		"quota":             {backend, "replicaset/todo-chatbot-backend-7d9c5b6f4", "", QuotaExceeded, "FailedCreate", "limited: requests.cpu=2", nil},
		"pod-security":      {backend, "replicaset/todo-chatbot-backend-7d9c5b6f4", "", AdmissionDenied, "FailedCreate", "violates PodSecurity", nil},
		"webhook":           {backend, "replicaset/todo-chatbot-backend-7d9c5b6f4", "", AdmissionDenied, "FailedCreate", "denied the request", nil},
		"webhook-down":      {backend, "replicaset/todo-chatbot-backend-7d9c5b6f4", "", AdmissionDenied, "FailedCreate", "failed calling webhook", nil},
		"volume-pending":    {postgres, "persistentvolumeclaim/data-todo-chatbot-postgres-0", "", VolumePending, "ProvisioningFailed", `"fast" not found`, nil},
		"volume-mount":      {postgres, "pod/todo-chatbot-postgres-0", "", VolumeMount, "FailedMount", `configmap "todo-chatbot-postgres" not found`, nil},
		"pod-network":       {postgres, "pod/todo-chatbot-postgres-0", "", PodNetwork, "FailedCreatePodSandBox", "no IP addresses available", nil},
		"statefulset-quota": {postgres, postgres, "", QuotaExceeded, "FailedCreate", "limited: requests.memory=2Gi", nil},
		"deadline":          {backend, backend, "", ProgressDeadline, "ProgressDeadlineExceeded", "timed out progressing", nil},
		"deadline-cause":    {backend, pod, "migrations", ImagePull, "ErrImagePull", "connection refused", nil},
		"statefulset-old-pod": {postgres, "pod/todo-chatbot-postgres-0", "postgres", CrashLoop, "CrashLoopBackOff", "restarted 6 times",
			[]LogRequest{{"todo-chatbot-postgres-0", "postgres", true}}},
		"volume-first-consumer": {postgres, "pod/todo-chatbot-postgres-0", "", Unschedulable, "Unschedulable", "Insufficient cpu", nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := assess(t, name)
			require.True(t, a.Stuck())
			require.Len(t, a.Diagnoses, 1)
			assert.False(t, a.Done())
			d := a.Diagnoses[0]
			assert.Equal(t, want.code, d.Code)
			assert.Equal(t, want.workload, d.Workload)
			assert.Equal(t, want.object, d.Object)
			assert.Equal(t, want.container, d.Container)
			assert.Equal(t, want.reason, d.Reason)
			assert.Contains(t, d.Message, want.message)
			assert.Equal(t, want.wanted, d.Wanted)
			assert.NotEmpty(t, d.Hint)
			assert.NotContains(t, d.Text(), "Pl4nted")
		})
	}
}

func TestAPodThatHoldsUpItsStatefulSetIsNamed(t *testing.T) {
	assert.Equal(t, []string{"todo-chatbot-postgres-0"}, assess(t, "statefulset-old-pod").Obstacles)
	for name, s := range map[string]Snapshot{
		"of the revision that is wanted": statefulSetScene(podScene("ledger-0", 200, waiting("InvalidImageName", ""))),
		"that may still become ready": with(statefulSetScene(podScene("ledger-0", 20, waiting("ContainerCreating", ""))),
			func(s *Snapshot) { s.StatefulSets[0].Status.UpdateRevision = "v2" }),
		"that is replaced by hand": with(statefulSetScene(podScene("ledger-0", 200, waiting("InvalidImageName", ""))),
			func(s *Snapshot) {
				s.StatefulSets[0].Status.UpdateRevision = "v2"
				s.StatefulSets[0].Spec.UpdateStrategy.Type = "OnDelete"
			}),
		"of a Deployment": deploymentScene(podScene("shop-a", 200, waiting("InvalidImageName", ""))),
	} {
		assert.Empty(t, verdict(s).Obstacles, name)
	}
}

func TestAssessWaitsForWhatMaySucceed(t *testing.T) {
	for _, name := range []string{"rolling", "image-pull-once", "unobserved", "unschedulable-passing"} {
		t.Run(name, func(t *testing.T) {
			a := assess(t, name)
			assert.Empty(t, a.Diagnoses)
			assert.False(t, a.Done())
			for _, w := range a.Workloads {
				assert.Equal(t, w.Done, w.Waiting == "", w.Line())
			}
		})
	}
}

func TestAssessIsPatientOnceAndNotForever(t *testing.T) {
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	events := func(s *Snapshot, reason string, count int) {
		for i := range s.Events {
			if s.Events[i].Reason == reason {
				s.Events[i].Count = count
			}
		}
	}
	restarts := func(count int) func(*Snapshot) {
		return func(s *Snapshot) {
			for i := range s.Pods {
				for _, list := range [][]ContainerStatus{s.Pods[i].Status.InitContainerStatuses, s.Pods[i].Status.ContainerStatuses} {
					for k := range list {
						list[k].RestartCount = min(list[k].RestartCount, count)
					}
				}
			}
		}
	}
	pulls := func(count int) func(*Snapshot) { return func(s *Snapshot) { events(s, "Failed", count) } }
	noEvents := func(s *Snapshot) { s.Events = nil }
	nothing := func(*Snapshot) {}
	leaving := func(s *Snapshot) { s.Pods[len(s.Pods)-1].Metadata.DeletionTimestamp = &now }

	for name, test := range map[string]struct {
		snapshot string
		change   func(*Snapshot)
		now      time.Time
		stuck    bool
	}{
		"one refused pull":                            {"image-pull", pulls(1), at(20), false},
		"two refused pulls":                           {"image-pull", pulls(2), at(20), true},
		"two pulls from a registry out of reach":      {"image-pull-once", pulls(2), now, false},
		"three pulls from a registry out of reach":    {"image-pull-once", pulls(3), now, true},
		"a pull whose events are gone, early":         {"image-pull", noEvents, at(90), false},
		"a pull whose events are gone, late":          {"image-pull", noEvents, at(97), true},
		"two restarts":                                {"crash-loop", restarts(2), now, false},
		"two restarts of a migration":                 {"migration", restarts(2), now, false},
		"one restart out of memory":                   {"oom", restarts(1), now, false},
		"one kill by the startup probe":               {"startup-probe", restarts(1), now, false},
		"one kill by the liveness probe":              {"liveness-probe", restarts(1), now, false},
		"not ready within its probe's time and grace": {"readiness-probe", nothing, at(20 + 15 + 119), false},
		"not ready after that":                        {"readiness-probe", nothing, at(20 + 15 + 120), true},
		"a Secret that just came":                     {"container-config", nothing, at(10 + 29), false},
		"a Secret that does not come":                 {"container-config", nothing, at(10 + 30), true},
		"no room for a moment":                        {"unschedulable", nothing, at(10 + 29), false},
		"no room for longer":                          {"unschedulable", nothing, at(10 + 30), true},
		"no room while an old pod leaves":             {"unschedulable", leaving, now, false},
		"a quota while an old pod leaves":             {"quota", leaving, now, false},
		"a quota for a moment":                        {"quota", nothing, at(5 + 19), false},
		"a quota for longer":                          {"quota", nothing, at(5 + 20), true},
		"Pod Security at once":                        {"pod-security", nothing, at(5), true},
		"a webhook's no at once":                      {"webhook", nothing, at(5), true},
		"a webhook that starts":                       {"webhook-down", nothing, at(5 + 19), false},
		"a storage class that is not, at first":       {"volume-pending", nothing, at(10 + 29), false},
		"a storage class that is not, later":          {"volume-pending", nothing, at(10 + 30), true},
		"a mount that fails at first":                 {"volume-mount", nothing, at(6 + 59), false},
		"no network at first":                         {"pod-network", nothing, at(6 + 59), false},
		"a program that is not there, at once":        {"cannot-start", nothing, at(10), true},
		"an image name that is none, at once":         {"image-name", nothing, at(10), true},
		"a node that starts": {"unschedulable", func(s *Snapshot) {
			s.Nodes[0].Spec.Taints = []Taint{{Key: "node.kubernetes.io/not-ready", Effect: "NoSchedule"}}
		}, at(6 + 119), false},
		"a new pod that is on its way out itself": {"migration", func(s *Snapshot) {
			for i := range s.Pods {
				s.Pods[i].Metadata.DeletionTimestamp = &now
			}
		}, now, false},
		"a new pod that its node has evicted": {"migration", func(s *Snapshot) {
			for i := range s.Pods {
				s.Pods[i].Status.Phase = "Failed"
			}
		}, now, false},
		"events of an earlier pod of its name": {"statefulset-quota", func(s *Snapshot) {
			s.Events[0].InvolvedObject.UID = "another"
		}, now, false},
		"events of an earlier roll": {"statefulset-quota", func(s *Snapshot) {
			s.Events[0].LastTimestamp = began.Add(-time.Second)
		}, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := snapshot(t, test.snapshot)
			test.change(&s)
			a := Assess(s, AssessOptions{Now: test.now, Since: began})
			assert.Equal(t, test.stuck, a.Stuck(), "%v", a.Diagnoses)
		})
	}
}

func TestAssessIsDoneOnlyWhenEveryWorkloadIs(t *testing.T) {
	a := assess(t, "done")
	assert.True(t, a.Done())
	assert.False(t, a.Stuck())
	require.Len(t, a.Workloads, 2)
	assert.Equal(t, "deployment/todo-chatbot-backend 2 of 2 updated, 2 ready", a.Workloads[0].Line())
	assert.Len(t, a.Workloads[0].Images, 1)

	assert.False(t, Assess(Snapshot{}, AssessOptions{Now: now}).Done(), "nothing is not done")
	assert.False(t, Assess(snapshot(t, "done"), AssessOptions{Now: now, Release: "other"}).Done(), "another release's is not ours")
	for name, change := range map[string]func(*Workload){
		"an old pod is left":         func(w *Workload) { w.Status.Replicas = 3 },
		"a new pod is not available": func(w *Workload) { w.Status.AvailableReplicas = 1 },
		"a new pod is not made":      func(w *Workload) { w.Status.UpdatedReplicas, w.Status.Replicas = 1, 1 },
		"it is paused":               func(w *Workload) { w.Spec.Paused = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := snapshot(t, "done")
			change(&s.Deployments[0])
			assert.False(t, Assess(s, AssessOptions{Now: now}).Done())
		})
	}
}

func TestAStatefulSetIsDoneByItsOwnRules(t *testing.T) {
	zero, three := 0, 3
	for name, test := range map[string]struct {
		spec   WorkloadSpec
		status WorkloadStatus
		done   bool
	}{
		"all ready, one revision": {WorkloadSpec{}, WorkloadStatus{ReadyReplicas: 1, CurrentRevision: "a", UpdateRevision: "a"}, true},
		"none ready":              {WorkloadSpec{}, WorkloadStatus{CurrentRevision: "a", UpdateRevision: "a"}, false},
		"still of the old one":    {WorkloadSpec{}, WorkloadStatus{ReadyReplicas: 1, CurrentRevision: "a", UpdateRevision: "b"}, false},
		"scaled to nothing":       {WorkloadSpec{Replicas: &zero}, WorkloadStatus{}, true},
		"replaced by hand":        {WorkloadSpec{UpdateStrategy: Strategy{Type: "OnDelete"}}, WorkloadStatus{ReadyReplicas: 1, CurrentRevision: "a", UpdateRevision: "b"}, true},
		"up to its partition":     {partitioned(&three, 2), WorkloadStatus{ReadyReplicas: 3, UpdatedReplicas: 1, CurrentRevision: "a", UpdateRevision: "b"}, true},
		"before its partition":    {partitioned(&three, 1), WorkloadStatus{ReadyReplicas: 3, UpdatedReplicas: 1, CurrentRevision: "a", UpdateRevision: "b"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.done, progressOf(Workload{Kind: "StatefulSet", Spec: test.spec, Status: test.status}).Done)
		})
	}
}

func partitioned(replicas *int, at int) WorkloadSpec {
	spec := WorkloadSpec{Replicas: replicas}
	spec.UpdateStrategy.RollingUpdate.Partition = at
	return spec
}

func TestCausesComeBeforeWhatTheyCause(t *testing.T) {
	s, p := snapshot(t, "migration"), snapshot(t, "volume-pending")
	s.StatefulSets, s.Claims = p.StatefulSets, p.Claims
	s.Pods, s.Events = append(s.Pods, p.Pods...), append(s.Events, p.Events...)
	a := Assess(s, AssessOptions{Now: now})
	require.Len(t, a.Diagnoses, 2)
	assert.Equal(t, VolumePending, a.Diagnoses[0].Code)
	assert.Equal(t, MigrationFailed, a.Diagnoses[1].Code)
}

func TestAReplicaSetThatComesBackBringsNoOldEvents(t *testing.T) {
	require.NotEmpty(t, Assess(snapshot(t, "quota"), AssessOptions{Now: now, Since: began}).Diagnoses[0].Events)
	assert.Empty(t, Assess(snapshot(t, "quota"), AssessOptions{Now: now, Since: now}).Diagnoses[0].Events)
}

func TestARollThatKeepsTheRoomIsToldBeforeTheOneThatWaitsForIt(t *testing.T) {
	s := snapshot(t, "unschedulable-passing")
	for i := range s.Pods {
		if strings.HasPrefix(s.Pods[i].Metadata.Name, "todo-chatbot-frontend") {
			s.Pods[i].Status.ContainerStatuses = snapshot(t, "crash-loop").Pods[0].Status.ContainerStatuses
		}
	}
	a := Assess(s, AssessOptions{Now: now})
	require.Len(t, a.Diagnoses, 2)
	assert.Equal(t, CrashLoop, a.Diagnoses[0].Code)
	assert.Equal(t, Unschedulable, a.Diagnoses[1].Code)
}

func TestParseSnapshotRefusesWhatIsNoList(t *testing.T) {
	for _, raw := range []string{"", "error: You must be logged in", `{"kind":"Status"}`, `{"kind":"List","items":[{"kind":"Pod","spec":3}]}`, `[]`} {
		_, err := ParseSnapshot([]byte(raw))
		assert.ErrorContains(t, err, "reading the cluster's objects", raw)
	}
	s, err := ParseSnapshot([]byte(`{"kind":"List","items":[{"kind":"Service","metadata":{"name":"x"}}]}`))
	require.NoError(t, err)
	assert.Equal(t, Snapshot{}, s)
}

func TestEveryCodeHasANextStep(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range codes {
		assert.False(t, seen[c.code], c.code)
		seen[c.code] = true
		assert.Equal(t, strings.ToUpper(string(c.code)), string(c.code))
		assert.NotEmpty(t, c.hint)
	}
	assert.Len(t, codes, 22)
}
