package kube

import (
	"slices"
	"sort"
	"time"
)

// AssessOptions says what to look at and how patiently.
type AssessOptions struct {
	// Now is the moment of the snapshot.
	Now time.Time
	// Since is when the roll began: a StatefulSet's events from before tell of another roll. Zero takes every event.
	Since time.Time
	// Release keeps to workloads labelled app.kubernetes.io/instance with it; "" takes the whole namespace.
	Release string
	// Patience is how long what may pass is left alone; nil is DefaultPatience.
	Patience *Patience
	// GaveUp is true when the caller waits no longer: what would have been left alone is named too.
	GaveUp bool
	// Secrets are values that must not appear in a diagnosis, whatever printed them.
	Secrets []string
}

// Assessment is what a snapshot says about a roll.
type Assessment struct {
	// Workloads has one entry for each Deployment, StatefulSet and DaemonSet, by kind and name.
	Workloads []Progress `json:"workloads"`
	// Diagnoses has one entry for each workload that cannot succeed, the likeliest cause of the others first.
	Diagnoses []Diagnosis `json:"diagnoses,omitempty"`
	// Obstacles are pods that cannot become ready and are not of the revision that is wanted. Their StatefulSet replaces them
	// only once they are ready, so somebody has to delete them (Kubernetes documents it as "forced rollback").
	Obstacles []string `json:"-"`
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
func Assess(s Snapshot, o AssessOptions) Assessment {
	in := &inspector{Snapshot: s, now: o.Now, since: o.Since, patience: DefaultPatience(), gaveUp: o.GaveUp}
	if o.Patience != nil {
		in.patience = *o.Patience
	}
	var a Assessment
	rolling := 0
	for _, w := range workloads(s, o.Release) {
		p := progressOf(w)
		a.Workloads = append(a.Workloads, p)
		if p.Done || p.unobserved {
			continue
		}
		if in.frees(w) {
			rolling++
		}
		if d := in.diagnose(w); d != nil {
			a.Diagnoses = append(a.Diagnoses, *d)
			a.Obstacles = append(a.Obstacles, in.obstacles(w)...)
		}
	}
	a.Diagnoses = in.settle(a.Diagnoses, rolling)
	for i := range a.Diagnoses {
		a.Diagnoses[i].redact(o.Secrets)
	}
	return a
}

// workloads lists the Deployments, StatefulSets and DaemonSets of a release in order.
func workloads(s Snapshot, release string) []Workload {
	var list []Workload
	for _, w := range slices.Concat(s.Deployments, s.StatefulSets, s.DaemonSets) {
		if release == "" || w.Metadata.Labels[InstanceLabel] == release {
			list = append(list, w)
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		return list[i].Kind+"/"+list[i].Metadata.Name < list[j].Kind+"/"+list[j].Metadata.Name
	})
	return list
}

// settle drops what other workloads may still put right, and sorts causes before what they cause. A pod without room is
// given time while old pods are about to go, its own or another workload's: two rolls may share the room of one surge. When
// the other roll fails for a reason of its own, that is told first: it keeps the room that is missing.
func (in *inspector) settle(found []Diagnosis, rolling int) []Diagnosis {
	moving := rolling
	if in.terminating() {
		moving++
	}
	for _, d := range found {
		if in.stands(d.Workload) {
			moving--
		}
	}
	var kept, waiting []Diagnosis
	for _, d := range found {
		switch {
		case d.Code != Unschedulable || !d.passing:
			kept = append(kept, d)
		case moving <= 0:
			waiting = append(waiting, d)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].Code.rank() < kept[j].Code.rank() })
	for i := range waiting {
		if len(kept) > 0 {
			waiting[i].Hint = "it waits for the room that the failing pods above keep: put those right first"
		}
	}
	return append(kept, waiting...)
}
