package kube

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patienceRow is a line of the table that people read.
var patienceRow = regexp.MustCompile(`(?m)^\| ([A-Z]\w+) \| (\S+) \| .{30,} \|$`)

func TestThePatienceThatPeopleReadIsTheOneInUse(t *testing.T) {
	page, err := os.ReadFile("../../docs/patience.md")
	require.NoError(t, err)
	read := map[string]string{}
	for _, row := range patienceRow.FindAllStringSubmatch(string(page), -1) {
		read[row[1]] = row[2]
	}
	used := map[string]string{}
	value := reflect.ValueOf(DefaultPatience())
	for i := range value.NumField() {
		used[value.Type().Field(i).Name] = fmt.Sprint(value.Field(i).Interface())
	}
	assert.Equal(t, used, read)
}

func TestEachFigureHasTwoSides(t *testing.T) {
	crashed := func(reason string) func(n int) Snapshot {
		return func(n int) Snapshot {
			return deploymentScene(podScene("shop-a", 280, waiting("CrashLoopBackOff", ""), endedBefore(n, 20, 19, Terminated{ExitCode: 1, Reason: reason})))
		}
	}
	claimPending := func(n int) Snapshot {
		return with(statefulSetScene(podScene("ledger-0", 290, unplaced("Unschedulable", "pod has unbound immediate PersistentVolumeClaims", 290), claims("data"))),
			claimScene("data", "Pending"), eventScene("PersistentVolumeClaim", "data", "ExternalProvisioning", "Waiting for a volume to be created", n, 0, 1))
	}
	for figure, test := range map[string]struct {
		// over is the first number, of seconds or times, that is too many; scene makes a cluster of a number.
		over  int
		scene func(n int) Snapshot
	}{
		"Pulls": {3, func(n int) Snapshot {
			return with(deploymentScene(podScene("shop-a", 280, waiting("ErrImagePull", "i/o timeout"))),
				containerEvent("Failed", "Failed to pull image: i/o timeout", 280, 0, n))
		}},
		"Pull": {90, func(n int) Snapshot {
			return deploymentScene(podScene("shop-a", n, waiting("ErrImagePull", "i/o timeout")))
		}},
		"Restarts": {3, crashed("Error")},
		"OOMKills": {2, crashed("OOMKilled")},
		"ProbeKills": {2, func(n int) Snapshot {
			return with(crashed("Error")(n), containerEvent("Killing", "Container api failed startup probe, will be restarted", 200, 20, n))
		}},
		"Readiness": {120 + 30, func(n int) Snapshot { return deploymentScene(podScene("shop-a", 280, running(n))) }},
		"ReadinessGate": {120, func(n int) Snapshot {
			return deploymentScene(podScene("shop-a", 280, running(n), func(p *Pod) {
				p.Status.ContainerStatuses[0].Ready = true
				setCondition(p, Condition{Type: "ContainersReady", Status: "True", LastTransitionTime: ago(n)})
				setCondition(p, Condition{Type: "Ready", Status: "False", Reason: "ReadinessGatesNotReady", Message: "not open"})
			}))
		}},
		"Scheduling": {30, func(n int) Snapshot { return scenes["schedule"]("0/1 nodes are available: 1 Insufficient cpu.", n) }},
		"NodeStart": {120, func(n int) Snapshot {
			return deploymentScene(podScene("shop-a", n, unplaced("Unschedulable", "no nodes available to schedule pods", n)))
		}},
		"NodeReturn": {30, func(n int) Snapshot {
			return with(deploymentScene(podScene("shop-a", 280, waiting("CrashLoopBackOff", ""), endedBefore(5, 20, 19, Terminated{ExitCode: 1}), onAlpha)),
				nodeScene(func(node *Node) { node.Status.Conditions[0].LastTransitionTime = ago(n) }))
		}},
		"ScaleUp": {300, func(n int) Snapshot {
			return with(scenes["schedule"]("0/1 nodes are available: 1 Insufficient cpu.", 320),
				eventScene("Pod", "shop-a", "TriggeredScaleUp", "pod triggered scale-up: [{pool 1->2}]", n, n, 1))
		}},
		"Config":       {30, func(n int) Snapshot { return scenes["config"](`secret "shop" not found`, n) }},
		"Mount":        {60, func(n int) Snapshot { return scenes["mount"](`configmap "shop" not found`, n) }},
		"Provisioning": {120, claimPending},
		"Failures": {3, func(n int) Snapshot {
			var pods []Pod
			for i := range n {
				pods = append(pods, podScene(fmt.Sprintf("shop-%d", i), 200-i, failedPod("Evicted", storageFull)))
			}
			return deploymentScene(pods...)
		}},
		"Admission": {20, func(n int) Snapshot { return scenes["create"]("exceeded quota: team", n) }},
		"Progress": {600, func(n int) Snapshot {
			return statefulSetScene(podScene("ledger-0", n, waiting("ContainerCreating", "")))
		}},
	} {
		t.Run(figure, func(t *testing.T) {
			at := func(n int) bool { return Assess(test.scene(n), AssessOptions{Now: now, Since: ago(900)}).Stuck() }
			assert.False(t, at(test.over-1), "just below")
			assert.True(t, at(test.over), "at it")
		})
	}
}

func TestACallerThatGivesUpIsToldWhatWouldHaveBeenLeftAlone(t *testing.T) {
	scene := scenes["config"](`secret "shop" not found`, 5)
	assert.False(t, verdict(scene).Stuck())
	a := Assess(scene, AssessOptions{Now: now, Since: began, GaveUp: true})
	require.Len(t, a.Diagnoses, 1)
	assert.Equal(t, ContainerConfig, a.Diagnoses[0].Code)
	early := deploymentScene(podScene("shop-a", 6, running(4)))
	assert.Empty(t, Assess(early, AssessOptions{Now: now, Since: began, GaveUp: true}).Diagnoses, "a container that has just started is no cause")
}
