package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADiagnosisTellsObjectReasonEventsLogAndNextStep(t *testing.T) {
	a := assess(t, "startup-probe")
	d := a.Diagnoses[0]
	require.Len(t, d.Wanted, 1)
	assert.Equal(t, LogRequest{newPod, "backend", true}, d.Wanted[0])
	d.AddLog(d.Wanted[0], "INFO: Started server process [1]\n\x1b[31mERROR\x1b[0m: no route to db\r\n\n", nil)
	assert.Equal(t, `STARTUP-PROBE pod/todo-chatbot-backend-7d9c5b6f4-x2kqp, container backend, of deployment/todo-chatbot-backend
  Unhealthy: Startup probe failed: Get "http://10.244.0.7:8000/health": dial tcp 10.244.0.7:8000: connect: connection refused; restarted 2 times
  events
    Killing ×2: Container backend failed startup probe, will be restarted
    Unhealthy ×70: Startup probe failed: Get "http://10.244.0.7:8000/health": dial tcp 10.244.0.7:8000: connect: connection refused
  last lines of backend in todo-chatbot-backend-7d9c5b6f4-x2kqp
    INFO: Started server process [1]
    ERROR: no route to db
  next: `+StartupProbe.hint()+"\n", d.Text())
}

func TestADiagnosisHasFactsThatBearOnIt(t *testing.T) {
	assert.Equal(t, []string{"resourcequota/compute requests.cpu: 1750m of 2 used"}, assess(t, "quota").Diagnoses[0].Facts)
	assert.Equal(t, []string{"node/minikube: allocatable cpu 2, memory 3916712Ki, pods 110"}, assess(t, "unschedulable").Diagnoses[0].Facts)
	assert.Equal(t, []string{`persistentvolumeclaim/data-todo-chatbot-postgres-0 asks for storage class "fast" and is Pending`},
		assess(t, "volume-pending").Diagnoses[0].Facts)

	s := snapshot(t, "unschedulable")
	s.Nodes[0].Spec.Unschedulable = true
	s.Nodes[0].Spec.Taints = []Taint{{Key: "dedicated", Effect: "NoSchedule"}, {Key: "soft", Effect: "PreferNoSchedule"}}
	s.Nodes[0].Status.Conditions = nil
	facts := Assess(s, AssessOptions{Now: now}).Diagnoses[0].Facts
	assert.Equal(t, []string{"node/minikube: allocatable cpu 2, memory 3916712Ki, pods 110; not ready, cordoned, taint dedicated"}, facts)
}

func TestInitContainersLogsComeFirst(t *testing.T) {
	s := snapshot(t, "crash-loop")
	init := s.Pods[0].Status.InitContainerStatuses
	init[0].LastState.Terminated = &Terminated{ExitCode: 1}
	assert.Equal(t, []LogRequest{{newPod, "migrations", true}, {newPod, "backend", true}},
		Assess(s, AssessOptions{Now: now}).Diagnoses[0].Wanted)
}

func TestNoSecretGetsIntoADiagnosis(t *testing.T) {
	const given = "correct horse battery"
	s := snapshot(t, "crash-loop")
	for i := range s.Events {
		s.Events[i].Message += " " + given
	}
	d := Assess(s, AssessOptions{Now: now, Secrets: []string{given}}).Diagnoses[0]
	assert.Contains(t, d.Message, "postgresql+asyncpg://todo:***@db.example.test:5432/todo")
	d.AddLog(d.Wanted[0], "connecting to postgresql://todo:Pl4nted-pa55word@db\npassword is "+given+
		"\n-----BEGIN PRIVATE KEY-----\nUGw0bnRlZA\nUGw0bnRlZB\n-----END PRIVATE KEY-----\nthe end", []string{given})
	text := d.Text()
	for _, planted := range []string{"Pl4nted", given, "UGw0bnRlZ"} {
		assert.NotContains(t, text, planted)
	}
	assert.Contains(t, text, "the end")
}
