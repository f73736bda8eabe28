package kube

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// CapacityOptions says whose pods are to be replaced.
type CapacityOptions struct {
	// Release and Namespace name the release: its own running pods give their room to the ones that replace them.
	Release, Namespace string
	// Smaller is a values file that asks for less, for the error to name; "" where there is none.
	Smaller string
	// Platforms are what every image of the release is built for, e.g. linux/arm64; none where nobody knows. Other nodes count for nothing.
	Platforms []string
}

// ErrNodeStarting is that no node is ready and one may be in a moment: its cluster has just started, or its API server was away.
var ErrNodeStarting = errors.New("no node is ready yet; see: kubectl get nodes")

// nodeCapacity is what a node has left.
type nodeCapacity struct {
	name   string
	labels map[string]string
	Resources
	allocatable Resources
	pods        int64
}

// CheckCapacity holds what a release asks for against what each node has left: its allocatable resources less the requests of the
// pods on it. The snapshot is that of CapacityKinds. Pods are placed the largest first, each on the first node that has room,
// which finds a place wherever the scheduler would but in rare cases of many nodes. The error names the numbers and the
// ways out, or the platforms where no node is of the images'; it is ErrNodeStarting where asking again may find more.
func CheckCapacity(s Snapshot, demand Demand, o CapacityOptions) error {
	nodes, err := s.remaining(o)
	if err != nil {
		return fmt.Errorf("capacity: %w", err)
	}
	if len(nodes) == 0 {
		facts := indent(s.nodeFacts())
		if slices.ContainsFunc(s.Nodes, func(n Node) bool { return n.starting() && n.runs(o.Platforms) }) {
			return fmt.Errorf("capacity: %w\n%s", ErrNodeStarting, facts)
		}
		if err := s.checkPlatforms(o.Platforms); err != nil {
			return err
		}
		return fmt.Errorf("capacity: no node takes pods; see: kubectl get nodes (a cluster that adds nodes by itself: %s)\n%s", onDemand, facts)
	}
	extras := demand.Extra
	if len(extras) == 0 {
		extras = []PodDemand{{}}
	}
	for _, extra := range extras {
		pods := demand.Pods
		if extra.Name != "" {
			pods = append(append([]PodDemand{}, pods...), extra)
		}
		if missing := schedule(nodes, pods); missing != nil {
			return capacityError(nodes, pods, extra, *missing, s.remedies(o.Smaller))
		}
	}
	return nil
}

// remaining gives what each node that takes pods has left when the release's own pods are gone.
func (s Snapshot) remaining(o CapacityOptions) ([]nodeCapacity, error) {
	var nodes []nodeCapacity
	for _, n := range s.Nodes {
		if n.unschedulableReason() != "" || !n.runs(o.Platforms) {
			continue
		}
		allocatable, err := parseResources(n.Status.Allocatable)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Metadata.Name, err)
		}
		pods, err := n.Status.Allocatable["pods"].Value()
		if err != nil {
			return nil, fmt.Errorf("node %s: pods: %w", n.Metadata.Name, err)
		}
		left := nodeCapacity{name: n.Metadata.Name, labels: n.Metadata.Labels, Resources: allocatable, allocatable: allocatable, pods: pods}
		for _, pod := range s.Pods {
			if pod.Spec.NodeName != left.name || pod.ended() || o.owns(pod) {
				continue
			}
			used, err := pod.Spec.requests()
			if err != nil {
				return nil, fmt.Errorf("pod %s/%s: %w", pod.Metadata.Namespace, pod.Metadata.Name, err)
			}
			left.Resources, left.pods = left.minus(used), left.pods-1
		}
		nodes = append(nodes, left)
	}
	sort.Slice(nodes, func(i, j int) bool { return nodes[i].name < nodes[j].name })
	return nodes, nil
}

// owns is true for a pod that the roll replaces.
func (o CapacityOptions) owns(pod Pod) bool {
	return o.Release != "" && pod.Metadata.Namespace == o.Namespace &&
		pod.Metadata.Labels[InstanceLabel] == o.Release
}

// schedule puts pods on nodes, those for every node first, then those with a nodeSelector, then the rest, the largest first, and gives the
// first that has no place. A pod whose labels no node has asks for nothing: its nodes may have taints that it tolerates, or
// be yet to come. A DaemonSet with a required node affinity asks for nothing either: which nodes it means, only the scheduler knows.
func schedule(nodes []nodeCapacity, pods []PodDemand) *PodDemand {
	left := append([]nodeCapacity{}, nodes...)
	rest := make([]PodDemand, 0, len(pods))
	for _, pod := range pods {
		if !pod.EachNode {
			if slices.ContainsFunc(nodes, pod.takes) {
				rest = append(rest, pod)
			}
			continue
		}
		for i := range left {
			if !pod.Affinity && pod.takes(left[i]) && !left[i].reserve(pod.Resources) {
				return &pod
			}
		}
	}
	sort.SliceStable(rest, func(i, j int) bool {
		if choosy := len(rest[i].NodeSelector) > 0; choosy != (len(rest[j].NodeSelector) > 0) {
			return choosy
		}
		return dominantShare(nodes, rest[i].Resources) > dominantShare(nodes, rest[j].Resources)
	})
pods:
	for _, pod := range rest {
		for i := range left {
			if pod.takes(left[i]) && left[i].reserve(pod.Resources) {
				continue pods
			}
		}
		return &pod
	}
	return nil
}

// reserve gives a pod its room, if there is enough.
func (n *nodeCapacity) reserve(r Resources) bool {
	if n.pods < 1 || !r.fitsIn(n.Resources) {
		return false
	}
	n.Resources, n.pods = n.minus(r), n.pods-1
	return true
}

// dominantShare is how much of all nodes a pod asks for, by the resource of which it asks for more.
func dominantShare(nodes []nodeCapacity, r Resources) float64 {
	var total Resources
	for _, n := range nodes {
		total = total.plus(n.allocatable)
	}
	return max(float64(r.MilliCPU)/float64(max(total.MilliCPU, 1)), float64(r.Memory)/float64(max(total.Memory, 1)))
}

// capacityError writes the numbers and the ways out.
func capacityError(nodes []nodeCapacity, pods []PodDemand, extra, missing PodDemand, remedies string) error {
	var asked Resources
	for _, pod := range pods {
		asked = asked.plus(pod.Resources)
	}
	with := ""
	if extra.Name != "" {
		with = fmt.Sprintf(" (with %s, %s)", extra.Name, extra.Resources)
	}
	where := ""
	if len(missing.NodeSelector) > 0 {
		where = " on a node with the labels " + labelList(missing.NodeSelector)
	}
	lines := make([]string, 0, len(nodes))
	for _, n := range nodes {
		lines = append(lines, fmt.Sprintf("node %s has %s left of %s, for %d pods", n.name, n.Resources, n.allocatable, n.pods))
	}
	return fmt.Errorf("capacity: the release asks for %s in %d pods%s, and there is no place for %s, %s%s\n%s\n  %s", asked, len(pods), with,
		missing.Name, missing.Resources, where, indent(lines), remedies)
}

// labelList writes labels as kubectl takes them.
func labelList(labels map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		list = append(list, key+"="+labels[key])
	}
	return strings.Join(list, ",")
}

// remedies tells how to get more room in the kind of cluster at hand, or to need less.
func (s Snapshot) remedies(smaller string) string {
	larger := "add a node or a larger one (a cluster that adds nodes by itself: " + onDemand + ")"
	for _, n := range s.Nodes {
		switch {
		case n.Metadata.Labels["minikube.k8s.io/name"] != "":
			larger = "make a larger Minikube (minikube delete && minikube start --cpus 4 --memory 6g)"
		case n.Metadata.Name == "docker-desktop":
			larger = "give Docker Desktop more (Settings, Resources: 4 CPUs)"
		case strings.HasPrefix(n.Spec.ProviderID, "kind://"), strings.HasPrefix(n.Spec.ProviderID, "k3s://"):
			larger = "give the Docker that runs the nodes more CPUs"
		}
	}
	if smaller == "" {
		smaller = "a smaller values file, fewer replicas"
	} else {
		smaller = "--values " + smaller
	}
	return larger + ", or ask for less: " + smaller
}

// onDemand is for a cluster where the nodes of now decide nothing.
const onDemand = "release … with-registry … with-nodes-on-demand"

// indent writes lines two columns in.
func indent(lines []string) string { return "  " + strings.Join(lines, "\n  ") }
