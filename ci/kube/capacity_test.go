package kube

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readRelease(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/release.yaml")
	require.NoError(t, err)
	return string(raw)
}

func TestAnAskCountsReplicasSurgesHooksAndAutoscalers(t *testing.T) {
	demand, err := ParseDemand([]byte(readRelease(t)))
	require.NoError(t, err)
	backend, frontend := Resources{500, 512 << 20}, Resources{250, 256 << 20}
	assert.Equal(t, []PodDemand{
		{Name: "deployment/todo-chatbot-backend 1 of 2", Resources: backend},
		{Name: "deployment/todo-chatbot-backend 2 of 2", Resources: backend},
		{Name: "deployment/todo-chatbot-frontend 1 of 3", Resources: frontend},
		{Name: "deployment/todo-chatbot-frontend 2 of 3", Resources: frontend},
		{Name: "deployment/todo-chatbot-frontend 3 of 3", Resources: frontend},
		{Name: "statefulset/todo-chatbot-postgres", Resources: Resources{100, 256 << 20}},
	}, demand.Pods)
	assert.Equal(t, []PodDemand{
		{Name: "deployment/todo-chatbot-backend surge", Resources: backend},
		{Name: "deployment/todo-chatbot-frontend surge", Resources: frontend},
		{Name: "pod/todo-chatbot-test-journey", Resources: Resources{50, 64 << 20}},
	}, demand.Extra)
	assert.Equal(t, Resources{2*500 + 3*250 + 100 + 500, (2*512 + 3*256 + 256 + 512) << 20}, demand.Total())
}

func TestASurgeIsRoundedUpAndMayBeNone(t *testing.T) {
	for spec, want := range map[string]int{
		"{replicas: 2}": 1, "{replicas: 3}": 1, "{replicas: 0}": 0, "{replicas: 4, strategy: {type: Recreate}}": 0,
		// Of four pods, 25 % may go first: their room is that of the new ones.
		"{replicas: 4}": 0, `{replicas: 2, strategy: {rollingUpdate: {maxSurge: "100%", maxUnavailable: "50%"}}}`: 0,
		`{replicas: 1, strategy: {rollingUpdate: {maxSurge: "100%", maxUnavailable: "50%"}}}`: 1,
		`{replicas: 5, strategy: {rollingUpdate: {maxUnavailable: 0}}}`:                       2,
		"{replicas: 4, strategy: {rollingUpdate: {maxSurge: 0}}}":                             0, `{replicas: 3, strategy: {rollingUpdate: {maxSurge: "34%"}}}`: 2,
		"{replicas: 3, strategy: {rollingUpdate: {maxSurge: 2}}}": 2, "{replicas: 3, strategy: {rollingUpdate: {maxSurge: null}}}": 1,
	} {
		objects, err := parseManifests([]byte("kind: Deployment\nspec: " + spec))
		require.NoError(t, err)
		got, err := surgeOf(objects[0], Workload{Spec: objects[0].Spec.WorkloadSpec}.desired())
		require.NoError(t, err)
		assert.Equal(t, want, got, spec)
	}
}

func TestAnAskReadsOtherKinds(t *testing.T) {
	container := "template: {spec: {containers: [{name: c, resources: {requests: {cpu: 10m}}}]}}"
	demand, err := ParseDemand([]byte("kind: DaemonSet\nmetadata: {name: d}\nspec: {" + container + "}\n---\n" +
		"kind: Job\nmetadata: {name: j}\nspec: {parallelism: 2, " + container + "}\n---\n# nothing\n---\n" +
		"kind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: {parallelism: 2, " + container + "}}}\n---\n" +
		"kind: List\nitems:\n- {kind: StatefulSet, metadata: {name: s}, spec: {replicas: 0, " + container + "}}\n" +
		"- {kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, resources: {requests: {cpu: 20m}}}]}}\n"))
	require.NoError(t, err)
	var names []string
	for _, p := range demand.Pods {
		names = append(names, p.Name)
	}
	assert.Equal(t, []string{"daemonset/d", "job/j 1 of 2", "job/j 2 of 2", "pod/p"}, names)
	assert.Empty(t, demand.Extra)
	assert.True(t, demand.Pods[0].EachNode)
	assert.Equal(t, int64(20), demand.Pods[3].Resources.MilliCPU)
}

func TestAnAskReadsListsOfAKindAndNoCustomResourceOfItsName(t *testing.T) {
	const container = "template: {spec: {containers: [{name: c, resources: {requests: {cpu: 10m}}}]}}"
	demand, err := ParseDemand([]byte("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- {metadata: {name: typed}, spec: {replicas: 1, strategy: {type: Recreate}, " + container + "}}\n---\n" +
		"apiVersion: batch.example.test/v1\nkind: Job\nmetadata: {name: custom}\nspec: {parallelism: many}\n---\n" +
		"apiVersion: example.test/v1\nkind: AllowList\nmetadata: {name: custom}\nspec: {}\n---\n" +
		"apiVersion: batch/v1\nkind: Job\nmetadata: {name: ours}\nspec: {" + container + "}\n"))
	require.NoError(t, err)
	require.Len(t, demand.Pods, 2)
	assert.Equal(t, "deployment/typed", demand.Pods[0].Name)
	assert.Equal(t, "job/ours", demand.Pods[1].Name)
	_, err = ParseDemand([]byte("apiVersion: apps/v1\nkind: DeploymentList\nitems: [null]\n"))
	assert.ErrorContains(t, err, "an item of the DeploymentList is no object")
}

func TestAnAskReadsAKeyThatIsTwiceAsHelmDoes(t *testing.T) {
	demand, err := ParseDemand([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, labels: {a: b, a: c}}\n" +
		"spec: {replicas: 3, replicas: 2, template: {spec: {containers: []}}}\n"))
	require.NoError(t, err)
	require.Len(t, demand.Pods, 2, "the last one counts")
	assert.Equal(t, "deployment/d 2 of 2", demand.Pods[1].Name)
}

func TestAnAskSaysWhichManifestIsWrong(t *testing.T) {
	for manifest, want := range map[string]string{
		"kind: Deployment\nmetadata: {name: d}\nspec: {strategy: {rollingUpdate: {maxSurge: many}}}":             `deployment/d: maxSurge: "many" is neither`,
		"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, resources: {requests: {memory: lots}}}]}": `pod/p: container c: memory: "lots" is no quantity`,
		"kind: Service\n---\nkind: Pod\nspec: [":                                                                 "document 2: not valid YAML",
		"kind: Pod\nspec: {containers: 3}":                                                                       "containers is not of the expected type",
	} {
		_, err := ParseDemand([]byte(manifest))
		assert.ErrorContains(t, err, want)
	}
}

// cluster makes nodes of a size, with a system pod on the first.
func clusterOf(cpu, memory, used Quantity, names ...string) Snapshot {
	var s Snapshot
	for _, name := range names {
		n := Node{Metadata: Meta{Name: name, Labels: map[string]string{"minikube.k8s.io/name": "minikube"}}}
		n.Status.Allocatable = map[string]Quantity{"cpu": cpu, "memory": memory, "pods": "110"}
		n.Status.Conditions = []Condition{{Type: "Ready", Status: "True"}}
		s.Nodes = append(s.Nodes, n)
	}
	s.Pods = append(s.Pods, podOn(names[0], "kube-system", "control-plane", used))
	return s
}

func podOn(node, namespace, release string, cpu Quantity) Pod {
	return Pod{
		Metadata: Meta{Name: release, Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/instance": release}},
		Spec:     PodSpec{NodeName: node, Containers: []Container{{Resources: Requirements{Requests: map[string]Quantity{"cpu": cpu}}}}},
		Status:   PodStatus{Phase: "Running"},
	}
}

func TestRoomRefusesADefaultMinikubeWithNumbersAndWaysOut(t *testing.T) {
	release := strings.Replace(readRelease(t), "minReplicas: 3", "minReplicas: 1", 1)
	demand, err := ParseDemand([]byte(release))
	require.NoError(t, err)
	err = CheckCapacity(clusterOf("2", "3916712Ki", "750m", "minikube"), demand, CapacityOptions{})
	assert.EqualError(t, err, `capacity: the release asks for 1850m CPU and 2048Mi in 5 pods (with deployment/todo-chatbot-backend surge, 500m CPU and 512Mi), and there is no place for deployment/todo-chatbot-backend surge, 500m CPU and 512Mi
  node minikube has 1250m CPU and 3825Mi left of 2000m CPU and 3825Mi, for 109 pods
  make a larger Minikube (minikube delete && minikube start --cpus 4 --memory 6g), or ask for less: a smaller values file, fewer replicas`)
	assert.ErrorContains(t, CheckCapacity(clusterOf("2", "3916712Ki", "750m", "minikube"), demand, CapacityOptions{Smaller: "small.yaml"}),
		"or ask for less: --values small.yaml", "a values file that asks for less is named")
	assert.NoError(t, CheckCapacity(clusterOf("4", "6Gi", "750m", "minikube"), demand, CapacityOptions{}))
	assert.NoError(t, CheckCapacity(clusterOf("2", "3916712Ki", "150m", "minikube"), demand, CapacityOptions{}), "exactly enough is enough")
	assert.Error(t, CheckCapacity(clusterOf("2", "3916712Ki", "151m", "minikube"), demand, CapacityOptions{}))
}

func TestRoomCountsWhatANodeReallyHasLeft(t *testing.T) {
	one := Demand{Pods: []PodDemand{{Name: "pod/a", Resources: Resources{500, 1 << 20}}}}
	many := func(n int, cpu int64) Demand {
		var demand Demand
		for range n {
			demand.Pods = append(demand.Pods, PodDemand{Name: "pod/a", Resources: Resources{MilliCPU: cpu}})
		}
		return demand
	}
	o := CapacityOptions{Release: "todo-chatbot", Namespace: "todo"}
	for name, test := range map[string]struct {
		demand Demand
		change func(*Snapshot)
		fits   bool
	}{
		"enough":                    {one, func(*Snapshot) {}, true},
		"another's pods":            {one, func(s *Snapshot) { s.Pods = append(s.Pods, podOn("a", "x", "other", "600m")) }, false},
		"the release's own pods":    {one, func(s *Snapshot) { s.Pods = append(s.Pods, podOn("a", "todo", "todo-chatbot", "600m")) }, true},
		"one of its name elsewhere": {one, func(s *Snapshot) { s.Pods = append(s.Pods, podOn("a", "x", "todo-chatbot", "600m")) }, false},
		"a pod that has ended": {one, func(s *Snapshot) {
			p := podOn("a", "x", "y", "600m")
			p.Status.Phase = "Succeeded"
			s.Pods = append(s.Pods, p)
		}, true},
		"a pod without node":           {one, func(s *Snapshot) { s.Pods = append(s.Pods, podOn("", "x", "y", "600m")) }, true},
		"a cordoned node":              {one, func(s *Snapshot) { s.Nodes[0].Spec.Unschedulable = true }, false},
		"a node that is not ready":     {one, func(s *Snapshot) { s.Nodes[0].Status.Conditions[0].Status = "Unknown" }, false},
		"a tainted node":               {one, func(s *Snapshot) { s.Nodes[0].Spec.Taints = []Taint{{Key: "k", Effect: "NoSchedule"}} }, false},
		"too many pods":                {one, func(s *Snapshot) { s.Nodes[0].Status.Allocatable["pods"] = "1" }, false},
		"too little memory":            {one, func(s *Snapshot) { s.Nodes[0].Status.Allocatable["memory"] = "1023Ki" }, false},
		"one pod larger than any node": {many(1, 1500), func(s *Snapshot) { *s = clusterOf("1", "1Gi", "0", "a", "b") }, false},
		"pods spread over two nodes":   {many(4, 500), func(s *Snapshot) { *s = clusterOf("1", "1Gi", "0", "a", "b") }, true},
		"one more than both hold":      {many(5, 500), func(s *Snapshot) { *s = clusterOf("1", "1Gi", "0", "a", "b") }, false},
		"small pods first given": {Demand{Pods: []PodDemand{{Resources: Resources{MilliCPU: 400}}, {Resources: Resources{MilliCPU: 400}},
			{Resources: Resources{MilliCPU: 600}}, {Resources: Resources{MilliCPU: 600}}}}, func(s *Snapshot) { *s = clusterOf("1", "1Gi", "0", "a", "b") }, true},
		"a pod on each node": {Demand{Pods: []PodDemand{{Resources: Resources{MilliCPU: 600}, EachNode: true}, {Resources: Resources{MilliCPU: 500}}}},
			func(s *Snapshot) { *s = clusterOf("1", "1Gi", "0", "a", "b") }, false},
		"two extras, one at a time": {Demand{Pods: one.Pods, Extra: []PodDemand{{Name: "x", Resources: Resources{MilliCPU: 400}}, {Name: "y", Resources: Resources{MilliCPU: 400}}}},
			func(*Snapshot) {}, true},
		"an extra too large": {Demand{Pods: one.Pods, Extra: []PodDemand{{Name: "x", Resources: Resources{MilliCPU: 400}}, {Name: "y", Resources: Resources{MilliCPU: 401}}}},
			func(*Snapshot) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := clusterOf("1", "1Gi", "100m", "a")
			test.change(&s)
			err := CheckCapacity(s, test.demand, o)
			if test.fits {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, "capacity: ")
			}
		})
	}
}

func TestRoomIsThatOfTheNodesThatAPodChooses(t *testing.T) {
	daemon := func(placement, cpu string) string {
		return "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec: {template: {spec: {" + placement +
			" containers: [{name: c, resources: {requests: {cpu: " + cpu + "}}}]}}}\n---\n"
	}
	pod := func(name, placement, cpu string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec: {" + placement +
			" containers: [{name: c, resources: {requests: {cpu: " + cpu + "}}}]}\n---\n"
	}
	const gpu, fast, none = "nodeSelector: {gpu: yes-it-has},", "nodeSelector: {gpu: yes-it-has, disk: fast},", "nodeSelector: {gpu: no-such},"
	const affinity = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}},"
	const preferred = "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}},"
	for name, test := range map[string]struct {
		manifests, says string
	}{
		"each node":                             {daemon("", "1700m"), "no place for daemonset/agent, 1700m CPU and 0Mi\n"},
		"each node that has a label":            {daemon(gpu, "1700m"), ""},
		"each node that has it, and it is full": {daemon(gpu, "2500m"), "no place for daemonset/agent, 2500m CPU and 0Mi on a node with the labels gpu=yes-it-has\n"},
		"each node that has two labels":         {daemon(fast, "2500m"), ""},
		"each node by affinity":                 {daemon(affinity, "1700m"), ""},
		"by affinity, beside others":            {daemon(affinity, "2") + pod("a", "", "2"), ""},
		"each node, and some sooner":            {daemon(preferred, "1700m"), "no place for daemonset/agent"},
		"a node that has a label":               {pod("a", gpu, "2"), ""},
		"a node that has it, and it is full":    {pod("a", gpu, "2") + pod("b", gpu, "100m"), "no place for pod/b, 100m CPU and 0Mi on a node with the labels gpu=yes-it-has\n"},
		"a node that has one of two labels":     {pod("a", fast, "100m"), ""},
		"a node that is not here":               {pod("a", none, "100m"), ""},
		"first those that choose":               {pod("a", "", "1500m") + pod("b", gpu, "1"), ""},
		"one that has no place beside them":     {pod("a", "", "1700m") + pod("b", gpu, "1"), "no place for pod/a, 1700m CPU and 0Mi\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := clusterOf("2", "1Gi", "0", "big", "small")
			s.Nodes[0].Metadata.Labels = map[string]string{"gpu": "yes-it-has"}
			s.Nodes[1].Metadata.Labels = map[string]string{"gpu": "none"}
			s.Nodes[1].Status.Allocatable["cpu"] = "1600m"
			demand, err := ParseDemand([]byte(test.manifests))
			require.NoError(t, err)
			err = CheckCapacity(s, demand, CapacityOptions{})
			if test.says == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.says)
			}
		})
	}
}

func TestRoomTellsANodeThatStartsFromOneThatIsClosed(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*Node)
		starting bool
	}{
		"not ready":            {func(n *Node) { n.Status.Conditions[0].Status = "Unknown" }, true},
		"ready a moment ago":   {func(n *Node) { n.Spec.Taints = []Taint{{"node.kubernetes.io/not-ready", "NoSchedule"}} }, true},
		"cordoned":             {func(n *Node) { n.Spec.Unschedulable = true }, false},
		"cordoned and away":    {func(n *Node) { n.Status.Conditions[0].Status, n.Spec.Unschedulable = "Unknown", true }, false},
		"kept for other pods":  {func(n *Node) { n.Spec.Taints = []Taint{{"gpu", "NoSchedule"}} }, false},
		"ready, and too small": {func(n *Node) { n.Status.Allocatable["cpu"] = "1m" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := clusterOf("1", "1Gi", "0", "a")
			test.change(&s.Nodes[0])
			err := CheckCapacity(s, Demand{Pods: []PodDemand{{Resources: Resources{MilliCPU: 500}}}}, CapacityOptions{})
			require.Error(t, err)
			assert.Equal(t, test.starting, errors.Is(err, ErrNodeStarting), err)
		})
	}
}

func TestRoomsWaysOutAreThoseOfTheCluster(t *testing.T) {
	for want, change := range map[string]func(*Node){
		"minikube start --cpus 4": func(*Node) {},
		"Docker Desktop":          func(n *Node) { n.Metadata.Labels, n.Metadata.Name = nil, "docker-desktop" },
		"the Docker that runs":    func(n *Node) { n.Metadata.Labels = nil; n.Spec.ProviderID = "kind://docker/kind/kind-control-plane" },
		"add a node or a larger":  func(n *Node) { n.Metadata.Labels = nil },
		"a smaller values file":   func(*Node) {},
	} {
		s := clusterOf("1", "1Gi", "0", "a")
		change(&s.Nodes[0])
		assert.ErrorContains(t, CheckCapacity(s, Demand{Pods: []PodDemand{{Resources: Resources{MilliCPU: 1001}}}}, CapacityOptions{}), want)
	}
	s := clusterOf("1", "1Gi", "0", "a")
	s.Nodes[0].Spec.Unschedulable = true
	assert.ErrorContains(t, CheckCapacity(s, Demand{}, CapacityOptions{}), "cordoned")
	s = clusterOf("one", "1Gi", "0", "a")
	assert.ErrorContains(t, CheckCapacity(s, Demand{}, CapacityOptions{}), `node a: cpu: "one" is no quantity`)
}
