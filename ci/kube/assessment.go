package kube

import (
	"fmt"
	"strings"
	"time"
)

// AssessOptions says what to look at and how patiently.
type AssessOptions struct {
	// Now is the moment of the snapshot.
	Now time.Time
	// Since is when the roll began: events from before tell of another. Zero takes every event.
	Since time.Time
	// Release keeps to workloads labelled app.kubernetes.io/instance with it; "" takes the whole namespace.
	Release string
	// Patience is how long what may pass is left alone; nil is DefaultPatience.
	Patience *Patience
	// Secrets are values that must not appear in a diagnosis, whatever printed them.
	Secrets []string
}

// Assessment is what a snapshot says about a roll.
type Assessment struct {
	// Workloads has one entry for each Deployment and StatefulSet, by kind and name.
	Workloads []Progress `json:"workloads"`
	// Diagnoses has one entry for each workload that cannot succeed, the likeliest cause of the others first.
	Diagnoses []Diagnosis `json:"diagnoses,omitempty"`
}

// Progress is how far one workload has rolled.
type Progress struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Desired is how many pods it shall have; Updated, Ready and Available count those of the newest revision, ready
	// ones of any revision, and those ready for long enough.
	Desired   int `json:"desired"`
	Updated   int `json:"updated"`
	Ready     int `json:"ready"`
	Available int `json:"available"`
	// Done is true when every pod is of the newest revision and available, and no older one is left.
	Done bool `json:"done"`
	// Waiting says what is awaited while it is not done, "" when it is.
	Waiting string `json:"waiting,omitempty"`
	// Images are the images of its pod template, in the order of its containers.
	Images []string `json:"images,omitempty"`
}

// Line is the workload's progress in one line: `deployment/todo-chatbot-backend 1 of 2 updated, 1 ready: …`.
func (p Progress) Line() string {
	line := fmt.Sprintf("%s/%s %d of %d updated, %d ready", strings.ToLower(p.Kind), p.Name, p.Updated, p.Desired, p.Ready)
	if p.Waiting != "" {
		line += ": " + p.Waiting
	}
	return line
}

// Done is true when there is a workload and all of them are done: a namespace without any proves nothing.
func (a Assessment) Done() bool {
	for _, w := range a.Workloads {
		if !w.Done {
			return false
		}
	}
	return len(a.Workloads) > 0
}

// Stuck is true when at least one workload cannot succeed; waiting longer would change nothing.
func (a Assessment) Stuck() bool { return len(a.Diagnoses) > 0 }

// Assess tells whether a roll is done, under way or cannot succeed. Only pods of a workload's newest revision count: a
// terminating pod of the old one may do as it likes. It changes nothing and reads no clock.
func Assess(s Snapshot, o AssessOptions) Assessment { return Assessment{} }
