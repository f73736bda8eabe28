package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// CommonPlatforms are those that every image of the request is built for, none where nobody says. It is an error when there is none: no
// node could run the release.
func (r Request) CommonPlatforms() ([]string, error) {
	var common, said []string
	known := false
	for _, part := range slices.Sorted(maps.Keys(r.Images)) {
		given, found := r.Platforms[part]
		if !found {
			continue
		}
		platforms := make([]string, len(given))
		for i, platform := range given {
			platforms[i] = withoutVariant(platform)
		}
		said = append(said, part+" for "+strings.Join(platforms, ", "))
		if !known {
			known, common = true, platforms
			continue
		}
		common = slices.DeleteFunc(common, func(platform string) bool { return !slices.Contains(platforms, platform) })
	}
	if known && len(common) == 0 {
		return nil, fmt.Errorf("images: no platform runs all of them: %s; build them for the same", strings.Join(said, "; "))
	}
	return common, nil
}

// withoutVariant is a platform as nodes tell theirs: linux/arm64/v8 is what every linux/arm64 is.
func withoutVariant(platform string) string {
	parts := strings.Split(platform, "/")
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// place keeps the todo chatbot's pods on nodes that run its images: a cluster may have others. Images of several platforms run where
// the cluster has one of them, and a node of a third is told of.
func place(values map[string]any, platforms []string) {
	if len(platforms) != 1 {
		return
	}
	_, architecture, _ := strings.Cut(platforms[0], "/")
	for _, part := range values {
		if component, _ := part.(map[string]any); component["image"] != nil {
			component["nodeSelector"] = map[string]string{kube.ArchitectureLabel: architecture}
		}
	}
}
