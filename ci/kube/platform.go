package kube

import (
	"fmt"
	"slices"
	"strings"
)

// ArchitectureLabel is where a kubelet says its node's architecture, e.g. arm64
// (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-arch).
const ArchitectureLabel = "kubernetes.io/arch"

// platform is what a node runs, as linux/arm64, "" where it does not say.
func (n Node) platform() string {
	info := n.Status.NodeInfo
	if info.OperatingSystem == "" || info.Architecture == "" {
		return ""
	}
	return info.OperatingSystem + "/" + info.Architecture
}

// runs says whether a node can run images that are built for some platforms. Where either says nothing, it can.
func (n Node) runs(platforms []string) bool {
	return len(platforms) == 0 || n.platform() == "" || slices.Contains(platforms, n.platform())
}

// unfit are the nodes that take pods and can run no image of the platforms, and what those nodes run.
func (s Snapshot) unfit(platforms []string) (names, runs []string) {
	for _, n := range s.Nodes {
		if n.unschedulableReason() == "" && !n.runs(platforms) {
			names, runs = append(names, n.Metadata.Name), append(runs, n.platform())
		}
	}
	slices.Sort(names)
	slices.Sort(runs)
	return names, slices.Compact(runs)
}

// checkPlatforms fails where every node that takes pods is for another platform than the images.
func (s Snapshot) checkPlatforms(platforms []string) error {
	names, runs := s.unfit(platforms)
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("platform: no node runs %s, which these images are built for; nodes are %s: call with --platform %s, or deploy what was published with --platforms %s\n%s",
		strings.Join(platforms, " or "), strings.Join(runs, " and "), runs[0], strings.Join(runs, ","), indent(s.platformFacts()))
}

// platformFacts tells what each node runs, and what keeps pods off it.
func (s Snapshot) platformFacts() []string {
	var facts []string
	for _, n := range s.Nodes {
		fact := "node/" + n.Metadata.Name + ": " + n.platform()
		if reason := n.unschedulableReason(); reason != "" {
			fact += "; " + reason
		}
		facts = append(facts, fact)
	}
	slices.Sort(facts)
	return facts
}

// Misplaced tells of nodes that the scheduler may choose for a pod of the rendered manifests and that run none of its images, "" where there
// is none. A pod keeps off them by a nodeSelector of an architecture.
func Misplaced(s Snapshot, manifests []byte, platforms []string) (string, error) {
	names, runs := s.unfit(platforms)
	if len(names) == 0 {
		return "", nil
	}
	objects, err := parseManifests(manifests)
	if err != nil {
		return "", Unreadable(err)
	}
	var anywhere []string
	for _, m := range objects {
		spec := m.pod()
		if len(spec.Containers) > 0 && spec.NodeSelector[ArchitectureLabel] == "" {
			anywhere = append(anywhere, object(m.Kind, m.Metadata))
		}
	}
	if len(anywhere) == 0 {
		return "", nil
	}
	architecture := platforms[0][strings.LastIndex(platforms[0], "/")+1:]
	return fmt.Sprintf("a pod of %s that is placed on %s (%s) cannot start there: the images are built for %s; give the pods the nodeSelector %s: %s",
		strings.Join(anywhere, ", "), strings.Join(names, ", "), strings.Join(runs, ", "), strings.Join(platforms, ", "), ArchitectureLabel, architecture), nil
}
