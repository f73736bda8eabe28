package kube

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// InstanceLabel is the label by which the objects of a release are found (https://helm.sh/docs/chart_best_practices/labels).
const InstanceLabel = "app.kubernetes.io/instance"

// Unreadable is what a chart renders that is no Kubernetes.
func Unreadable(err error) error {
	return fmt.Errorf("reading what the chart renders: %w; look at it: helm template CHART, with the release's --values", err)
}

// CheckRendered fails where rendered manifests (`helm template`, many YAML documents) could not be followed as a release, or are made
// without its images: each Deployment, StatefulSet and DaemonSet has to have the release in the label that a rollout is watched by, and a
// pod each of the images.
func CheckRendered(manifests []byte, release string, images []string) error {
	objects, err := parseManifests(manifests)
	if err != nil {
		return Unreadable(err)
	}
	var unlabelled, run []string
	workloads := 0
	for _, m := range objects {
		switch m.Kind {
		case "Deployment", "StatefulSet", "DaemonSet":
			workloads++
			if m.Metadata.Labels[InstanceLabel] != release {
				unlabelled = append(unlabelled, object(m.Kind, m.Metadata))
			}
		}
		spec := m.pod()
		for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
			run = append(run, untagged(c.Image))
		}
	}
	var problems []error
	switch {
	case workloads == 0:
		problems = append(problems, errors.New("the chart makes no Deployment, StatefulSet or DaemonSet, so there is no rollout to follow"))
	case len(unlabelled) > 0:
		problems = append(problems, fmt.Errorf("%s: the label %s has to be %s, the release's name, or its rollout cannot be followed",
			strings.Join(unlabelled, ", "), InstanceLabel, release))
	}
	for _, image := range images {
		if !slices.Contains(run, untagged(image)) {
			problems = append(problems, fmt.Errorf("no pod of the chart runs %s: its templates do not use the values of that image", image))
		}
	}
	return errors.Join(problems...)
}

// untagged is an image's reference without the tag that it has beside a digest: a node goes by the digest alone.
func untagged(reference string) string {
	repository, digest, pinned := strings.Cut(reference, "@")
	if tag := strings.LastIndex(repository, ":"); pinned && tag > strings.LastIndex(repository, "/") {
		return repository[:tag] + "@" + digest
	}
	return reference
}
