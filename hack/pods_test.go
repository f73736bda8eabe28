package hack_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const renderedForDevelopment = "ci/chart/testdata/rendered/development.yaml"

// pod is what this test reads of a pod and of a template of pods.
type pod struct {
	AutomountServiceAccountToken *bool
	SecurityContext              struct{ RunAsUser int }
	InitContainers, Containers   []container
}

type container struct {
	Name            string
	Ports           []struct{ ContainerPort int }
	VolumeMounts    []struct{ MountPath string }
	SecurityContext struct {
		ReadOnlyRootFilesystem   bool
		AllowPrivilegeEscalation *bool
		Capabilities             struct{ Drop []string }
	}
	EnvFrom []struct{ SecretRef *struct{ Name string } }
	Env     []struct {
		ValueFrom *struct {
			SecretKeyRef *struct{ Key string }
		}
	}
}

func TestThePageHasEachContainerOfTheChart(t *testing.T) {
	var want []string
	for name, pod := range renderedPods(t) {
		for i, container := range slices.Concat(pod.InitContainers, pod.Containers) {
			place := ""
			if i < len(pod.InitContainers) {
				place = ", " + []string{"first", "second", "third"}[i]
			}
			port := ""
			if len(container.Ports) > 0 {
				port = strconv.Itoa(container.Ports[0].ContainerPort)
			}
			var mounts, secrets []string
			for _, mount := range container.VolumeMounts {
				mounts = append(mounts, "`"+mount.MountPath+"`")
			}
			for _, variable := range container.Env {
				if variable.ValueFrom != nil && variable.ValueFrom.SecretKeyRef != nil {
					secrets = append(secrets, "`"+variable.ValueFrom.SecretKeyRef.Key+"`")
				}
			}
			row := fmt.Sprintf("| `%s` | `%s`%s | %s | %d | %s | %s |", name, container.Name, place, port, pod.SecurityContext.RunAsUser,
				strings.Join(mounts, ", "), strings.Join(secrets, ", "))
			want = append(want, regexp.MustCompile(` +`).ReplaceAllString(row, " "))
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `[a-z-]+` \\| `[a-z-]+`.*\\|$").FindAllString(after(t, "docs/data-model.md", "## Containers and pods"), -1)
	assert.ElementsMatch(t, want, rows)
}

func TestWhatThePageSaysOfAllPodsHolds(t *testing.T) {
	for name, pod := range renderedPods(t) {
		require.NotNil(t, pod.AutomountServiceAccountToken, name)
		assert.False(t, *pod.AutomountServiceAccountToken, name)
		assert.NotZero(t, pod.SecurityContext.RunAsUser, name)
		for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
			assert.True(t, container.SecurityContext.ReadOnlyRootFilesystem, "%s: %s", name, container.Name)
			assert.Equal(t, []string{"ALL"}, container.SecurityContext.Capabilities.Drop, "%s: %s", name, container.Name)
			for _, from := range container.EnvFrom {
				assert.Nil(t, from.SecretRef, "%s: %s takes a whole Secret", name, container.Name)
			}
		}
	}
}

// renderedPods are those of the chart for development, by the name without the release's.
func renderedPods(t *testing.T) map[string]pod {
	t.Helper()
	pods := map[string]pod{}
	for text := range strings.SplitSeq(read(t, renderedForDevelopment), "\n---") {
		var object struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     struct {
				Template *struct{ Spec pod }
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &object))
		name := strings.TrimPrefix(object.Metadata.Name, "todo-chatbot-")
		switch object.Kind {
		case "Deployment", "StatefulSet":
			require.NotNil(t, object.Spec.Template)
			pods[name] = object.Spec.Template.Spec
		case "Pod":
			var alone struct{ Spec pod }
			require.NoError(t, yaml.Unmarshal([]byte(text), &alone))
			pods[name] = alone.Spec
		}
	}
	require.Len(t, pods, 4)
	return pods
}

// after is the part of a page that comes after a heading.
func after(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, page), heading+"\n")
	require.True(t, found, "%s has no %s", page, heading)
	return rest
}
