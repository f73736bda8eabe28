package kube

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/secret"
)

// wording is how one version or runtime words a failure, and what is to be said of it.
type wording struct{ Place, Of, Code, Hint, Course, Says string }

// scenes make a cluster of a wording, some seconds after the failure first showed.
var scenes = map[string]func(says string, since int) Snapshot{
	"pull": func(says string, since int) Snapshot {
		return with(deploymentScene(podScene("shop-a", since, waiting("ImagePullBackOff", `Back-off pulling image "api"`))),
			containerEvent("Failed", `Failed to pull image "api": `+says, since, 0, 1+since/20))
	},
	"config": func(says string, since int) Snapshot {
		return with(deploymentScene(podScene("shop-a", since, waiting("CreateContainerConfigError", says))),
			containerEvent("Failed", "Error: "+says, since, 0, 1+since/10))
	},
	"start": func(says string, since int) Snapshot {
		return with(deploymentScene(podScene("shop-a", since, waiting("CreateContainerError", says))),
			containerEvent("Failed", "Error: "+says, since, 0, 1+since/10))
	},
	"mount": func(says string, since int) Snapshot {
		return with(deploymentScene(podScene("shop-a", since, waiting("ContainerCreating", ""))),
			eventScene("Pod", "shop-a", "FailedMount", says, since, 0, 1+since/10))
	},
	"sandbox": func(says string, since int) Snapshot {
		return with(deploymentScene(podScene("shop-a", since, waiting("ContainerCreating", ""))),
			eventScene("Pod", "shop-a", "FailedCreatePodSandBox", says, since, 0, 1+since/10))
	},
	"schedule": func(says string, since int) Snapshot {
		return with(deploymentScene(podScene("shop-a", since, unplaced("Unschedulable", says, since))), nodeScene())
	},
	"create": func(says string, since int) Snapshot {
		s := deploymentScene()
		s.ReplicaSets[0].Status.Conditions = []Condition{{Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate", Message: says, LastTransitionTime: ago(since)}}
		return s
	},
}

func wordings(t testing.TB) []wording {
	t.Helper()
	raw, err := os.ReadFile("testdata/wordings.yaml")
	require.NoError(t, err)
	var list []wording
	require.NoError(t, yaml.UnmarshalStrict(raw, &list))
	require.Greater(t, len(list), 40)
	return list
}

func TestEachWordingHasItsCauseAndAnUnknownOneIsToldAsItIs(t *testing.T) {
	for _, w := range wordings(t) {
		t.Run(w.Place+" "+w.Of+" "+w.Code, func(t *testing.T) {
			scene, known := scenes[w.Place]
			require.True(t, known, w.Place)
			a := verdict(scene(w.Says, 290))
			require.Len(t, a.Diagnoses, 1)
			d := a.Diagnoses[0]
			assert.Equal(t, Code(w.Code), d.Code)
			assert.Contains(t, d.Message, secret.Redact(oneLine(w.Says), nil))
			if w.Hint == "" {
				assert.Equal(t, Code(w.Code).hint(), d.Hint, "another cause's next step would mislead")
			}
			assert.Contains(t, d.Hint, w.Hint)
			assert.NotContains(t, d.Hint, "%")
		})
	}
}

// The moments are between the graces: after a final cause's and before any other's; after that of its place and before that
// of one that passes.
func TestACauseThatDoesNotPassIsToldAtOnceAndOneThatPassesIsLetPass(t *testing.T) {
	moments := map[string]struct{ final, uncertain, passing int }{
		"pull": {20, 60, 80}, "config": {0, 35, 50}, "start": {0, 65, 110}, "mount": {60, 65, 110}, "sandbox": {60, 65, 110},
		"schedule": {30, 35, 35}, "create": {0, 25, 19},
	}
	for _, w := range wordings(t) {
		at := moments[w.Place]
		switch w.Course {
		case "final":
			assert.True(t, verdict(scenes[w.Place](w.Says, at.final)).Stuck(), w.Says)
		case "passing":
			assert.False(t, verdict(scenes[w.Place](w.Says, at.passing)).Stuck(), w.Says)
		default:
			assert.False(t, verdict(scenes[w.Place](w.Says, 5)).Stuck(), w.Says)
			assert.True(t, verdict(scenes[w.Place](w.Says, at.uncertain)).Stuck(), w.Says)
		}
	}
}
