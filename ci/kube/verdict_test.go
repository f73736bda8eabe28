package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noVolume, noCommand and the like are the messages of more than one scene.
const (
	noVolume    = "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
	bindTimeout = `running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded`
	secretCache = "failed to sync secret cache: timed out waiting for the condition"
	storageFull = "Pod ephemeral local storage usage exceeds the total limit of containers 64Mi. "
)

// pastDeadline is a Deployment whose deadline is over.
func pastDeadline(at int) func(*Snapshot) {
	return func(s *Snapshot) {
		s.Deployments[0].Status.Conditions = []Condition{{Type: "Progressing", Status: "False", Reason: "ProgressDeadlineExceeded",
			Message: "it has timed out progressing", LastUpdateTime: ago(at), LastTransitionTime: ago(at)}}
	}
}

func TestAVerdictRestsOnWhatIsAtPresent(t *testing.T) {
	for name, scene := range map[string]Snapshot{
		"a mount that failed, and the image is pulled since": with(deploymentScene(podScene("shop-a", 90, waiting("ContainerCreating", ""))),
			eventScene("Pod", "shop-a", "FailedMount", `MountVolume.SetUp failed for volume "token" : failed to sync configmap cache: timed out waiting for the condition`, 89, 88, 2),
			containerEvent("Pulling", `Pulling image "shop:2"`, 86, 86, 1)),
		"a volume that is attached at the third try": with(statefulSetScene(podScene("ledger-0", 150, waiting("ContainerCreating", ""))),
			eventScene("Pod", "ledger-0", "FailedAttachVolume", `AttachVolume.Attach failed for volume "pv-1" : timed out`, 140, 100, 2),
			eventScene("Pod", "ledger-0", "SuccessfulAttachVolume", `AttachVolume.Attach succeeded for volume "pv-1"`, 20, 20, 1)),
		"a network that came": with(deploymentScene(podScene("shop-a", 200, waiting("PodInitializing", ""))),
			eventScene("Pod", "shop-a", "FailedCreatePodSandBox", `Failed to create pod sandbox: plugin type="bridge" failed`, 199, 120, 5),
			containerEvent("Created", "Created container: wait", 110, 110, 1)),
		"a pull that is tried again": with(deploymentScene(podScene("shop-a", 200, waiting("ErrImagePull", "dial tcp 10.0.0.9:443: i/o timeout"))),
			containerEvent("Failed", `Failed to pull image "shop:2": dial tcp 10.0.0.9:443: i/o timeout`, 190, 100, 3),
			containerEvent("Pulling", `Pulling image "shop:2"`, 199, 70, 4)),
		"a Secret's cache that is late after a long pull": with(deploymentScene(podScene("shop-a", 70, waiting("CreateContainerConfigError", secretCache))),
			containerEvent("Pulled", `Successfully pulled image "shop:2" in 1m5s`, 3, 3, 1),
			containerEvent("Failed", "Error: "+secretCache, 2, 2, 1)),
		"a Secret that is late after a long migration": deploymentScene(podScene("shop-a", 250, func(p *Pod) {
			p.Spec.InitContainers = []Container{{Name: "migrations"}}
			p.Status.InitContainerStatuses = []ContainerStatus{{Name: "migrations", State: ContainerState{Terminated: &Terminated{FinishedAt: ago(2)}}}}
		}, waiting("CreateContainerConfigError", `secret "shop" not found`))),
		"a volume that is made at the second try": with(statefulSetScene(podScene("ledger-0", 200, unplaced("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", 200), claims("data-ledger-0"))),
			claimScene("data-ledger-0", "Pending"),
			eventScene("PersistentVolumeClaim", "data-ledger-0", "ProvisioningFailed", "rpc error: code = DeadlineExceeded", 190, 150, 2),
			eventScene("PersistentVolumeClaim", "data-ledger-0", "ProvisioningSucceeded", "Successfully provisioned volume pv-1", 1, 1, 1)),
		"a deadline of an earlier roll": with(deploymentScene(podScene("shop-a", 5, waiting("ContainerCreating", ""))), pastDeadline(400)),
		"a refusal of an earlier moment": with(deploymentScene(podScene("shop-a", 20, waiting("ContainerCreating", ""))), func(s *Snapshot) {
			two := 2
			s.ReplicaSets[0].Spec.Replicas = &two
			s.ReplicaSets[0].Status.Conditions = []Condition{{Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate", Message: "exceeded quota: pods", LastTransitionTime: ago(200)}}
		}, eventScene("ReplicaSet", "shop-5c6d", "FailedCreate", "Error creating: exceeded quota: pods", 200, 30, 9),
			eventScene("ReplicaSet", "shop-5c6d", "SuccessfulCreate", "Created pod: shop-a", 20, 20, 1)),
		"kills of runs that this one has outlived": with(deploymentScene(podScene("shop-a", 290, running(125), endedBefore(3, 200, 130, Terminated{ExitCode: 137, Reason: "OOMKilled"})))),
		"probes of runs that this one has outlived": with(deploymentScene(podScene("shop-a", 290, running(125), endedBefore(3, 200, 130, Terminated{ExitCode: 143, Reason: "Error"}))),
			containerEvent("Killing", "Container api failed liveness probe, will be restarted", 260, 130, 3)),
		"no room where a node was not ready a moment ago": with(deploymentScene(podScene("shop-a", 110, unplaced("Unschedulable", "0/1 nodes are available: 1 node(s) had untolerated taint(s).", 110))),
			nodeScene(func(n *Node) { n.Status.Conditions[0].LastTransitionTime = ago(3) })),
		"no room since a moment, after a wait for a node": with(deploymentScene(podScene("shop-a", 140, unplaced("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 140))),
			nodeScene(), eventScene("Pod", "shop-a", "FailedScheduling", "no nodes available to schedule pods", 140, 20, 4),
			eventScene("Pod", "shop-a", "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", 5, 5, 1)),
		"a pod whose room another is being moved for": with(deploymentScene(podScene("shop-a", 140, func(p *Pod) { p.Status.NominatedNodeName = "alpha" },
			unplaced("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 140))), nodeScene()),
		"a pod that was ready when its node went away":                with(deploymentScene(podScene("shop-a", 1000, onAlpha, running(990), wasReady(990, 45))), nodeScene(away(45))),
		"a pod whose node was away until now":                         with(deploymentScene(podScene("shop-a", 1000, onAlpha, running(990), wasReady(990, 100))), nodeScene(since(5))),
		"a pod whose node came back, and nobody may read nodes":       deploymentScene(podScene("shop-a", 1000, onAlpha, running(990), wasReady(990, 100))),
		"a pod that starts on a node that went away":                  with(deploymentScene(podScene("shop-a", 200, onAlpha, waiting("CreateContainerConfigError", `secret "shop" not found`))), nodeScene(away(119))),
		"a container that could not be asked while its node was away": with(deploymentScene(podScene("shop-a", 250, onAlpha, running(240))), nodeScene(since(100))),
	} {
		t.Run(name, func(t *testing.T) { assert.Empty(t, verdict(scene).Diagnoses) })
	}
}

// wasReady is a pod whose containers are ready since some seconds and which a node controller says is not, since fewer.
func wasReady(ready, not int) func(*Pod) {
	return func(p *Pod) {
		p.Status.ContainerStatuses[0].Ready = true
		setCondition(p, Condition{Type: "ContainersReady", Status: "True", LastTransitionTime: ago(ready)})
		setCondition(p, Condition{Type: "Ready", Status: "False", LastTransitionTime: ago(not)})
	}
}

// since has a node that is ready since some seconds.
func since(n int) func(*Node) {
	return func(node *Node) { node.Status.Conditions[0].LastTransitionTime = ago(n) }
}

func TestANodeThatStaysAwayIsTheCause(t *testing.T) {
	a := verdict(with(deploymentScene(podScene("shop-a", 1000, onAlpha, waiting("CrashLoopBackOff", ""), endedBefore(9, 500, 490, Terminated{ExitCode: 1}))), nodeScene(away(120))))
	require.Len(t, a.Diagnoses, 1)
	d := a.Diagnoses[0]
	assert.Equal(t, NodeNotReady, d.Code)
	assert.Equal(t, "node alpha is not ready: Kubelet stopped posting node status.", d.Message)
	assert.Contains(t, d.Facts[0], "node/alpha: allocatable cpu 4, memory 8Gi, pods 110; not ready")
	assert.Contains(t, d.Hint, "kubectl describe node")
}

func TestNoPodIsDeletedOnANodeThatIsAway(t *testing.T) {
	broken := func(change ...func(*Pod)) Snapshot {
		changes := append([]func(*Pod){onAlpha, waiting("CrashLoopBackOff", ""), endedBefore(9, 500, 490, Terminated{ExitCode: 1})}, change...)
		s := statefulSetScene(podScene("ledger-0", 1000, changes...))
		s.Pods[0].Metadata.Labels[setRevisionLabel] = "ledger-older"
		return s
	}
	assert.NotEmpty(t, verdict(with(broken(), nodeScene(since(100)))).Obstacles)
	assert.Empty(t, verdict(with(broken(), nodeScene(away(300)))).Obstacles)
}

func TestANodeThatStartsIsKnownByItsFieldsAndNotByWords(t *testing.T) {
	for _, message := range []string{
		"0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
		"0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
		"0/1 nodes are available: 1 node(s) had taint {node.kubernetes.io/not-ready: }, that the pod didn't tolerate.",
	} {
		for name, test := range map[string]struct {
			node  Node
			since int
			stuck bool
		}{
			"not ready, for a while":             {nodeScene(tainted("node.kubernetes.io/not-ready")), 119, false},
			"not ready, for longer":              {nodeScene(tainted("node.kubernetes.io/not-ready")), 120, true},
			"its network's agent is not there":   {nodeScene(tainted("node.cilium.io/agent-not-ready")), 119, false},
			"its cloud has not taken it in":      {nodeScene(tainted("node.cloudprovider.kubernetes.io/uninitialized")), 119, false},
			"it says itself that it is not":      {nodeScene(func(n *Node) { n.Status.Conditions[0].Status = "False" }), 119, false},
			"kept for other pods, and no longer": {nodeScene(tainted("dedicated")), 30, true},
			"kept for other pods, for a moment":  {nodeScene(tainted("dedicated")), 29, false},
			"cordoned while it starts":           {nodeScene(tainted("node.kubernetes.io/not-ready"), func(n *Node) { n.Spec.Unschedulable = true }), 30, true},
		} {
			s := with(deploymentScene(podScene("shop-a", test.since, unplaced("Unschedulable", message, test.since))), test.node)
			assert.Equal(t, test.stuck, verdict(s).Stuck(), name)
		}
	}
}

func TestAVerdictReadsAllTheEvidence(t *testing.T) {
	evicted := func(name string, age int) Pod { return podScene(name, age, failedPod("Evicted", storageFull)) }
	pendingClaim := claimScene("data-ledger-0", "Pending")
	waitsForProvisioner := eventScene("PersistentVolumeClaim", "data-ledger-0", "ExternalProvisioning",
		"Waiting for a volume to be created either by the external provisioner 'disk.example.test' or manually by the system administrator.", 280, 5, 40)
	gated := func(since int) func(*Pod) {
		return func(p *Pod) {
			running(since)(p)
			p.Status.ContainerStatuses[0].Ready = true
			setCondition(p, Condition{Type: "ContainersReady", Status: "True", LastTransitionTime: ago(since)})
			setCondition(p, Condition{Type: "Ready", Status: "False", Reason: "ReadinessGatesNotReady", LastTransitionTime: ago(since),
				Message: `corresponding condition of pod readiness gate "balancer.example.test/target" does not exist.`})
		}
	}
	for name, test := range map[string]struct {
		scene                         Snapshot
		code                          Code
		object, reason, message, hint string
	}{
		"pods that are evicted again and again": {with(deploymentScene(evicted("shop-a", 200), evicted("shop-b", 100), podScene("shop-c", 6, running(4))), pastDeadline(1)),
			PodFailed, "pod/shop-b", "Evicted", "ephemeral local storage", "ephemeral-storage"},
		"three evictions before any deadline": {deploymentScene(evicted("shop-a", 200), evicted("shop-b", 150), evicted("shop-c", 100), podScene("shop-d", 6, running(4))),
			PodFailed, "pod/shop-c", "Evicted", "ephemeral local storage", "ephemeral-storage"},
		"evictions of which only events are left": {with(statefulSetScene(podScene("ledger-0", 6, running(4))),
			eventScene("Pod", "ledger-0", "Evicted", "The node was low on resource: memory. Threshold quantity: 100Mi, available: 2Mi.", 250, 20, 3)),
			PodFailed, "pod/ledger-0", "Evicted", "low on resource: memory", "requests"},
		"a node that admits none": {deploymentScene(podScene("shop-a", 200, failedPod("OutOfcpu", "Node didn't have enough resource: cpu")),
			podScene("shop-b", 199, failedPod("OutOfcpu", "Node didn't have enough resource: cpu")), podScene("shop-c", 198, failedPod("OutOfcpu", "Node didn't have enough resource: cpu"))),
			PodFailed, "pod/shop-c", "OutOfcpu", "enough resource: cpu", "node"},
		"a volume that nobody makes": {with(statefulSetScene(podScene("ledger-0", 900, unplaced("SchedulerError", bindTimeout, 280), claims("data-ledger-0"))), pendingClaim, waitsForProvisioner),
			VolumePending, "persistentvolumeclaim/data-ledger-0", "ExternalProvisioning", "disk.example.test", "provisioner"},
		"a volume that nobody makes, of a pod that says nothing": {with(statefulSetScene(podScene("ledger-0", 290, func(p *Pod) { p.Status.Conditions = nil }, claims("data-ledger-0"))), pendingClaim, waitsForProvisioner),
			VolumePending, "persistentvolumeclaim/data-ledger-0", "ExternalProvisioning", "disk.example.test", "provisioner"},
		"no volume to bind": {with(statefulSetScene(podScene("ledger-0", 900, unplaced("Unschedulable", noVolume, 280), claims("data-ledger-0"))), pendingClaim, nodeScene()),
			VolumePending, "persistentvolumeclaim/data-ledger-0", "Unschedulable", "available persistent volumes", "PersistentVolume"},
		"a claim whose volume is gone": {with(statefulSetScene(podScene("ledger-0", 900, unplaced("Unschedulable", "", 280), claims("data-ledger-0"))), claimScene("data-ledger-0", "Lost"),
			eventScene("PersistentVolumeClaim", "data-ledger-0", "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!", 280, 280, 1)),
			VolumePending, "persistentvolumeclaim/data-ledger-0", "ClaimLost", "lost its PersistentVolume", ""},
		"a claim that is not there": {statefulSetScene(podScene("ledger-0", 900, unplaced("Unschedulable", `persistentvolumeclaim "data-ledger-0" not found`, 280), claims("data-ledger-0"))),
			VolumePending, "persistentvolumeclaim/data-ledger-0", "Unschedulable", "not found", "claim"},
		"a scheduler's own error": {deploymentScene(podScene("shop-a", 900, unplaced("SchedulerError", `running Bind plugin "DefaultBinder": Operation cannot be fulfilled`, 280))),
			Unschedulable, "pod/shop-a", "SchedulerError", "DefaultBinder", "scheduler"},
		"a pod that is kept from the scheduler": {deploymentScene(podScene("shop-a", 900, unplaced("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", 280))),
			Unschedulable, "pod/shop-a", "SchedulingGated", "scheduling gates", "gate"},
		"a pod that no scheduler looks at": {deploymentScene(podScene("shop-a", 280, func(p *Pod) { p.Status.Conditions = nil })),
			Unschedulable, "pod/shop-a", "NotScheduled", "no scheduler", "schedulerName"},
		"a readiness gate that nobody opens": {deploymentScene(podScene("shop-a", 290, gated(250))),
			ReadinessGate, "pod/shop-a", "ReadinessGatesNotReady", "balancer.example.test/target", "gate"},
		"a container that is not ready, whose probe's events are gone": {deploymentScene(podScene("shop-a", 290, running(280), func(p *Pod) {
			setCondition(p, Condition{Type: "Ready", Status: "False", Reason: "ContainersNotReady", Message: "containers with unready status: [api]", LastTransitionTime: ago(285)})
		})), ReadinessProbe, "pod/shop-a", "ContainersNotReady", "containers with unready status: [api]", "/health/ready"},
		"a ReplicaSet that is not made": {func() Snapshot {
			s := deploymentScene()
			s.ReplicaSets = nil
			s.Deployments[0].Status.Conditions = []Condition{{Type: "Progressing", Status: "False", Reason: "ReplicaSetCreateError", LastUpdateTime: ago(200), LastTransitionTime: ago(200),
				Message: `Failed to create new replica set "shop-5c6d": exceeded quota: objects, requested: count/replicasets.apps=1`}}
			return s
		}(), QuotaExceeded, "deployment/shop", "ReplicaSetCreateError", "count/replicasets.apps", "quota"},
		"a quota that wants limits": {func() Snapshot {
			s := deploymentScene()
			s.ReplicaSets[0].Status.Conditions = []Condition{{Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate", LastTransitionTime: ago(60),
				Message: `pods "shop-5c6d-x" is forbidden: failed quota: team: must specify limits.cpu for: wait; limits.memory for: wait`}}
			return s
		}(), QuotaExceeded, "replicaset/shop-5c6d", "FailedCreate", "must specify limits.cpu", "set limits.cpu and limits.memory"},
		"a StatefulSet that does not move": {statefulSetScene(podScene("ledger-0", 601, waiting("ContainerCreating", ""))),
			ProgressDeadline, "statefulset/ledger", "ProgressDeadlineExceeded", "ready for 10m", ""},
		"a DaemonSet that does not move": {daemonSetScene(podScene("agent-x", 601, waiting("ContainerCreating", ""))),
			ProgressDeadline, "daemonset/agent", "ProgressDeadlineExceeded", "ready for 10m", ""},
		"a DaemonSet whose pod crashes": {daemonSetScene(podScene("agent-x", 200, waiting("CrashLoopBackOff", ""), endedBefore(4, 30, 29, Terminated{ExitCode: 1, Reason: "Error"}))),
			CrashLoop, "pod/agent-x", "CrashLoopBackOff", "exit code 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(test.scene, AssessOptions{Now: now, Since: began})
			if test.code == ProgressDeadline {
				a = Assess(test.scene, AssessOptions{Now: now, Since: ago(700)})
			}
			require.Len(t, a.Diagnoses, 1)
			d := a.Diagnoses[0]
			assert.Equal(t, test.code, d.Code)
			assert.Equal(t, test.object, d.Object)
			assert.Equal(t, test.reason, d.Reason)
			assert.Contains(t, d.Message, test.message)
			assert.Contains(t, d.Hint, test.hint)
			assert.NotEmpty(t, d.Hint)
		})
	}
}

// The condition of a ReplicaSet keeps the words of the first refusal, whatever the last was.
func TestTheLastRefusalIsTold(t *testing.T) {
	s := with(scenes["create"]("error looking up service account market/shop: not found", 250),
		eventScene("ReplicaSet", "shop-5c6d", "FailedCreate", "Error creating: error looking up service account market/shop: not found", 250, 240, 3),
		eventScene("ReplicaSet", "shop-5c6d", "FailedCreate", "Error creating: exceeded quota: team, requested: pods=1", 19, 1, 2))
	assert.Empty(t, verdict(s).Diagnoses, "a quota that is full since a moment")
	s.Events[1].FirstTimestamp = ago(20)
	d := verdict(s).Diagnoses
	require.Len(t, d, 1)
	assert.Equal(t, QuotaExceeded, d[0].Code)
	assert.Contains(t, d[0].Message, "exceeded quota")
}

func TestAnEventThatSaysWhyIsToldBeforeOneThatSaysThatItTookLong(t *testing.T) {
	why := eventScene("Pod", "shop-a", "FailedMount", `MountVolume.SetUp failed for volume "files" : configmap "shop" not found`, 200, 90, 9)
	long := eventScene("Pod", "shop-a", "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[files], unattached volumes=[files]: timed out waiting for the condition", 80, 10, 1)
	for _, events := range [][]any{{why, long}, {long, why}} {
		d := verdict(with(deploymentScene(podScene("shop-a", 250, waiting("ContainerCreating", ""))), events...)).Diagnoses
		require.Len(t, d, 1)
		assert.Contains(t, d[0].Message, "not found")
	}
	later := eventScene("Pod", "shop-a", "FailedMount", `MountVolume.SetUp failed for volume "files" : secret "shop" not found`, 200, 5, 9)
	for _, events := range [][]any{{why, later}, {later, why}} {
		d := verdict(with(deploymentScene(podScene("shop-a", 250, waiting("ContainerCreating", ""))), events...)).Diagnoses
		assert.Contains(t, d[0].Message, `secret "shop"`, "the last of two")
	}
}

func TestTheLastOfAClaimsEventsIsTold(t *testing.T) {
	first := eventScene("PersistentVolumeClaim", "data", "ProvisioningFailed", "no credentials", 200, 100, 1)
	last := eventScene("PersistentVolumeClaim", "data", "ProvisioningFailed", "disk quota reached", 200, 10, 1)
	for _, events := range [][]any{{first, last}, {last, first}} {
		s := statefulSetScene(podScene("ledger-0", 290, unplaced("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", 290), claims("data")))
		d := verdict(with(with(s, claimScene("data", "Pending")), events...)).Diagnoses
		require.Len(t, d, 1)
		assert.Equal(t, "disk quota reached", d[0].Message)
	}
}

func TestEvidenceThatMayPassIsLetPass(t *testing.T) {
	for name, scene := range map[string]Snapshot{
		"one eviction": deploymentScene(podScene("shop-a", 200, failedPod("Evicted", storageFull)), podScene("shop-b", 6, running(4))),
		"pods of this revision that failed before the roll": deploymentScene(podScene("shop-a", 900, failedPod("Evicted", storageFull)),
			podScene("shop-b", 800, failedPod("Evicted", storageFull)), podScene("shop-c", 700, failedPod("Evicted", storageFull)), podScene("shop-d", 6, running(4))),
		"evictions of before": with(statefulSetScene(podScene("ledger-0", 6, running(4))),
			eventScene("Pod", "ledger-0", "Evicted", storageFull, 900, 400, 3)),
		"a volume that is being made": with(statefulSetScene(podScene("ledger-0", 100, unplaced("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", 50), claims("data-ledger-0"))),
			claimScene("data-ledger-0", "Pending"), eventScene("PersistentVolumeClaim", "data-ledger-0", "ExternalProvisioning", "Waiting for a volume to be created", 50, 1, 9)),
		"a volume that is being made, of a pod that is older": with(statefulSetScene(podScene("ledger-0", 290, unplaced("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", 290), claims("data-ledger-0"))),
			claimScene("data-ledger-0", "Pending"), eventScene("PersistentVolumeClaim", "data-ledger-0", "ExternalProvisioning", "Waiting for a volume to be created", 50, 1, 9)),
		"a StatefulSet that moves": with(statefulSetScene(podScene("ledger-0", 599, waiting("ContainerCreating", "")))),
		"a StatefulSet whose first pod was long in coming": func() Snapshot {
			s := statefulSetScene(podScene("ledger-0", 900, running(890), func(p *Pod) {
				p.Status.ContainerStatuses[0].Ready = true
				setCondition(p, Condition{Type: "Ready", Status: "True", LastTransitionTime: ago(300)})
			}), podScene("ledger-1", 290, waiting("ContainerCreating", "")))
			return s
		}(),
		"a DaemonSet's pod of before": daemonSetScene(podScene("agent-x", 900, waiting("ImagePullBackOff", "not found")), func() Pod { return Pod{} }()),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a DaemonSet's pod of before" {
				scene.Pods = scene.Pods[:1]
				scene.Pods[0].Metadata.Labels[templateGenerationLabel] = "0"
			}
			a := Assess(scene, AssessOptions{Now: now, Since: began})
			assert.Empty(t, a.Diagnoses)
		})
	}
}

func TestARunThatIsShorterThanTheOneThatWasKilledHasProvenNothing(t *testing.T) {
	scene := deploymentScene(podScene("shop-a", 900, running(140), endedBefore(3, 400, 145, Terminated{ExitCode: 137, Reason: "OOMKilled"})))
	d := verdict(scene).Diagnoses
	require.Len(t, d, 1)
	assert.Equal(t, OOMKilled, d[0].Code)
}

func TestAnImageThatTheNodeHasUnderAnotherNameIsToldSo(t *testing.T) {
	const image = "localhost/shop@sha256:aa"
	pull := func(policy string, names ...string) Snapshot {
		s := with(deploymentScene(podScene("shop-a", 200, waiting("ErrImagePull", "failed to resolve reference: not found"))),
			containerEvent("Failed", `Failed to pull image "localhost/shop@sha256:aa": not found`, 190, 100, 3),
			nodeScene(func(n *Node) { n.Status.Images = []NodeImage{{Names: []string{"other@sha256:bb"}}, {Names: names}} }))
		s.Pods[0].Spec.NodeName = "alpha"
		s.Pods[0].Spec.Containers[0].Image, s.Pods[0].Spec.Containers[0].ImagePullPolicy = image, policy
		return s
	}
	const hint = "the node has this image"
	told := func(s Snapshot) string { return verdict(s).Diagnoses[0].Hint }
	kept := told(pull("IfNotPresent", image, "ghcr.io/somebody/shop@sha256:aa", "localhost/shop:1"))
	assert.Contains(t, kept, hint)
	assert.Contains(t, kept, ": ghcr.io/somebody/shop@sha256:aa;")
	assert.NotContains(t, told(pull("Always", image, "ghcr.io/somebody/shop@sha256:aa")), hint)
	assert.NotContains(t, told(pull("IfNotPresent", "ghcr.io/somebody/shop@sha256:aa")), hint, "the node lacks it")
	assert.NotContains(t, told(pull("IfNotPresent", image)), hint, "it has no other name")
}

// surgeScene is a Deployment of two whose new pods are all made at once: one has room, and one waits.
func surgeScene(first Pod, available int, more ...any) Snapshot {
	waits := podScene("shop-b", 200, unplaced("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", 200))
	two := 2
	return with(with(deploymentScene(first, waits), nodeScene(), func(s *Snapshot) {
		s.Deployments[0].Spec.Replicas = &two
		s.Deployments[0].Status = WorkloadStatus{ObservedGeneration: 1, Replicas: 4, UpdatedReplicas: 2, AvailableReplicas: available}
	}), more...)
}

func TestANewPodThatWaitsForRoomWhileItsRollGoesOnIsNoFailure(t *testing.T) {
	placed := func(p *Pod) { p.Spec.NodeName = "alpha" }
	ready := func(p *Pod) { setCondition(p, Condition{Type: "Ready", Status: "True"}) }
	broken := podScene("shop-a", 200, placed, waiting("InvalidImageName", "bad"))
	quota := func(s *Snapshot) {
		s.Pods = s.Pods[:1]
		s.ReplicaSets[0].Status.Conditions = []Condition{{Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate",
			Message: `pods "shop-b" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3`, LastTransitionTime: ago(200)}}
	}
	for name, c := range map[string]struct {
		scene Snapshot
		stuck bool
	}{
		"another one starts":             {surgeScene(podScene("shop-a", 20, placed, waiting("ContainerCreating", "")), 2), false},
		"an old one goes for another":    {surgeScene(podScene("shop-a", 200, placed, ready, running(100)), 3), false},
		"nothing goes on":                {surgeScene(podScene("shop-a", 200, placed, ready, running(100)), 2), true},
		"the other one is broken":        {surgeScene(broken, 2), true},
		"a quota, and another starts":    {surgeScene(podScene("shop-a", 20, placed, waiting("ContainerCreating", "")), 2, quota), false},
		"a quota, and nothing goes on":   {surgeScene(podScene("shop-a", 200, placed, ready, running(100)), 2, quota), true},
		"a quota, and an old one goes":   {surgeScene(podScene("shop-a", 200, placed, ready, running(100)), 3, quota), false},
		"a quota, and another is broken": {surgeScene(broken, 2, quota), true},
	} {
		assert.Equal(t, c.stuck, verdict(c.scene).Stuck(), "%s: %v", name, verdict(c.scene).Diagnoses)
	}
}

func TestAPodThatWaitsForRoomIsNotToldInPlaceOfOneThatFails(t *testing.T) {
	placed := func(p *Pod) { p.Spec.NodeName = "alpha" }
	s := with(surgeScene(podScene("shop-a", 200, placed, waiting("ErrImagePull", "429 Too Many Requests")), 2),
		containerEvent("Failed", `Failed to pull image "shop:2": 429 Too Many Requests`, 190, 100, 3))
	require.Len(t, verdict(s).Diagnoses, 1)
	assert.Equal(t, ImagePull, verdict(s).Diagnoses[0].Code)
	s.Pods[1].Metadata.Name = "shop-0"
	assert.Equal(t, ImagePull, verdict(s).Diagnoses[0].Code, "whichever comes first")
}

func TestAnEvictedPodThatObeyedIsAFailureToo(t *testing.T) {
	const message = `Usage of EmptyDir volume "full" exceeds the limit "16Ki".`
	ended := func(p *Pod) { p.Status = PodStatus{Phase: "Succeeded"} }
	evicted := func(name string) Event { return eventScene("Pod", name, "Evicted", message, 100, 100, 1) }
	pods := []Pod{podScene("shop-a", 200, ended), podScene("shop-b", 150, ended), podScene("shop-c", 100, ended), podScene("shop-d", 5, running(3))}
	s := with(deploymentScene(pods...), evicted("shop-a"), evicted("shop-b"), evicted("shop-c"))
	require.Len(t, verdict(s).Diagnoses, 1)
	d := verdict(s).Diagnoses[0]
	assert.Equal(t, PodFailed, d.Code)
	assert.Equal(t, "Evicted", d.Reason)
	assert.Equal(t, message+"; 3 pods of this revision failed", d.Message)
	assert.Contains(t, d.Hint, "sizeLimit")
	assert.False(t, verdict(with(deploymentScene(pods[1:]...), evicted("shop-b"), evicted("shop-c"))).Stuck(), "two are no reason yet")
}

func TestTheClaimOfTheChartsPostgresIsToldItsValue(t *testing.T) {
	s := with(statefulSetScene(podScene("ledger-0", 290, unplaced("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", 290), claims("data"))),
		claimScene("data", "Pending"),
		eventScene("PersistentVolumeClaim", "data", "ProvisioningFailed", `storageclass.storage.k8s.io "fast" not found`, 280, 5, 9))
	assert.NotContains(t, verdict(s).Diagnoses[0].Hint, "postgres")
	s.Pods[0].Metadata.Labels["app.kubernetes.io/component"] = "postgres"
	assert.Contains(t, verdict(s).Diagnoses[0].Hint, "postgres.persistence.storageClassName")
}
