package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The kubelet counts failures of a startup probe from one run of a container to the next, and kills one now and then that ends
// by itself every time.
func TestAProbeIsTheCauseOfTheRunsThatItEnded(t *testing.T) {
	backOff := waiting("CrashLoopBackOff", "back-off 20s restarting failed container")
	for name, c := range map[string]struct {
		ended Terminated
		kills int
		code  Code
	}{
		"it ends by itself":                         {Terminated{ExitCode: 1, Reason: "Error"}, 0, CrashLoop},
		"it ends by itself and was killed once":     {Terminated{ExitCode: 1, Reason: "Error"}, 1, CrashLoop},
		"it ends by itself, the last time killed":   {Terminated{ExitCode: 137, Reason: "Error"}, 2, CrashLoop},
		"it was killed most of the times":           {Terminated{ExitCode: 143, Reason: "Error"}, 3, StartupProbe},
		"it was killed each time":                   {Terminated{ExitCode: 137, Reason: "Error"}, 4, StartupProbe},
		"it was killed, and told so by exit code 0": {Terminated{ExitCode: 0, Reason: "Completed"}, 4, StartupProbe},
	} {
		t.Run(name, func(t *testing.T) {
			scene := deploymentScene(podScene("shop-a", 200, backOff, endedBefore(3, 40, 20, c.ended)))
			if c.kills > 0 {
				scene = with(scene, containerEvent("Killing", "Container api failed startup probe, will be restarted", 100, 21, c.kills),
					containerEvent("Unhealthy", "Startup probe failed: connection refused", 150, 22, 9))
			}
			found := verdict(scene).Diagnoses
			require.Len(t, found, 1)
			assert.Equal(t, c.code, found[0].Code)
		})
	}
}
