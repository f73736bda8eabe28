package kube

import (
	"slices"

	"todo-chatbot/ci/registry/address"
)

// NodeImage is an image that a node has, under all its names. A kubelet tells of its 50 largest.
type NodeImage struct {
	Names []string `json:"names"`
}

// otherNames are the names of other repositories under which a pod's node has the image that a container cannot pull, none
// where the node lacks it. A kubelet since 1.35 asks the registry whether a pod may have an image that it once pulled itself, for
// each repository anew (KEP-2535). Of one that came some other way no registry knows.
func (in *inspector) otherNames(pod Pod, container string) []string {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name != container || c.ImagePullPolicy == "Always" {
			continue
		}
		for _, node := range in.Nodes {
			for _, image := range node.Status.Images {
				if node.Metadata.Name == pod.Spec.NodeName && slices.Contains(image.Names, c.Image) {
					return slices.DeleteFunc(slices.Clone(image.Names), func(name string) bool { return address.Repository(name) == address.Repository(c.Image) })
				}
			}
		}
	}
	return nil
}
