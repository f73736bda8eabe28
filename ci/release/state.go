package release

import "slices"

// Verb is what a run was called for.
type Verb string

// The verbs that change a release.
const (
	Deploy    Verb = "deploy"
	Rollback  Verb = "rollback"
	Uninstall Verb = "uninstall"
)

// State is where a run stands. Each has one Action.
type State string

// The states. The first nine of the last group end a run.
const (
	// Unobserved is before the first look at the cluster, and after anything that makes the last one worthless.
	Unobserved State = "Unobserved"
	// NamespaceMissing is a release whose namespace is not there.
	NamespaceMissing State = "NamespaceMissing"
	// Unheld is a run that does not hold the release's Lease.
	Unheld State = "Unheld"
	// ImagesMissing is a cluster that has to be given the images first.
	ImagesMissing State = "ImagesMissing"
	// SecretMissing is a release whose Secret is not there.
	SecretMissing State = "SecretMissing"
	// Pending is a revision that a run which ended early left half made, or so many of them that Helm is about to forget the
	// last proven one.
	Pending State = "Pending"
	// OutOfSync is a release that is not what it shall be.
	OutOfSync State = "OutOfSync"
	// Installed is a release that is to be removed.
	Installed State = "Installed"
	// RollingOut is a revision whose pods are being replaced.
	RollingOut State = "RollingOut"
	// Untested is a revision that runs and was not tested.
	Untested State = "Untested"
	// Unrecorded is a revision that passed its test and has no label for it.
	Unrecorded State = "Unrecorded"
	// Recorded is a revision with its label, and Secrets of older ones may be left.
	Recorded State = "Recorded"
	// Failed is a failure of which only Helm's or the watch's word is known.
	Failed State = "Failed"
	// Diagnosed is a failure with its causes.
	Diagnosed State = "Diagnosed"
	// RollingBack is a release whose pods are being replaced by those of an earlier revision.
	RollingBack State = "RollingBack"
	// Interrupted is a run whose API server went away, or whose Lease ran out.
	Interrupted State = "Interrupted"

	// Succeeded is a release that is what it shall be.
	Succeeded State = "Succeeded"
	// InSync is a release that was so before the run: it is left alone.
	InSync State = "InSync"
	// Absent is a release that was to be removed and is not there.
	Absent State = "Absent"
	// Refused is a run that ended before it changed anything of the release.
	Refused State = "Refused"
	// RolledBack is a failed release that was returned to its last good revision, or removed if it had none.
	RolledBack State = "RolledBack"
	// Stalled is a failed release that is left as it is.
	Stalled State = "Stalled"
	// LeaseLost is a run whose Lease another one holds.
	LeaseLost State = "LeaseLost"
	// Unreachable is a run whose API server stayed away for longer than Outage.
	Unreachable State = "Unreachable"
	// Cancelled is a run that was told to end.
	Cancelled State = "Cancelled"
)

// Action is what is done in a State.
type Action string

// The actions. Each may be begun again after it was broken off.
const (
	Observe          Action = "look at the cluster"
	CreateNamespace  Action = "create the namespace"
	AcquireLease     Action = "acquire the lease"
	DeliverImages    Action = "deliver the images"
	ApplySecret      Action = "apply the Secret of the release"
	Repair           Action = "repair the pending release"
	Change           Action = "change the release"
	Remove           Action = "remove the release"
	WatchRollout     Action = "wait for every pod"
	Test             Action = "test the release"
	RecordSuccess    Action = "record the success"
	CleanUp          Action = "remove old secrets"
	Diagnose         Action = "diagnose the failure"
	Remediate        Action = "remediate"
	WatchRemediation Action = "wait for the earlier pods"
	Reconnect        Action = "reconnect"
	Finish           Action = ""
)

// Transition is a state, what is done in it, and where that leads.
type Transition struct {
	From   State
	Action Action
	To     []State
}

// Every action may also lead to these.
var always = []State{Interrupted, LeaseLost, Unreachable, Cancelled}

// Transitions are the whole machine. A run that leaves it is a defect and panics.
func Transitions() []Transition { return transitions }

var transitions = []Transition{
	{Unobserved, Observe, []State{InSync, Refused, Absent, NamespaceMissing, Unheld, ImagesMissing, SecretMissing, Pending,
		OutOfSync, Installed, RollingOut, Failed}},
	{NamespaceMissing, CreateNamespace, []State{Unheld, Refused}},
	{Unheld, AcquireLease, []State{Unobserved, Refused}},
	{ImagesMissing, DeliverImages, []State{SecretMissing, Pending, OutOfSync, Refused}},
	{SecretMissing, ApplySecret, []State{Pending, OutOfSync, Refused}},
	{Pending, Repair, []State{Unobserved, Failed}},
	{OutOfSync, Change, []State{RollingOut, Failed}},
	{RollingOut, WatchRollout, []State{Untested, Failed}},
	{Untested, Test, []State{Unrecorded, Failed}},
	{Unrecorded, RecordSuccess, []State{Recorded, Succeeded}},
	{Recorded, CleanUp, []State{Succeeded}},
	{Failed, Diagnose, []State{Diagnosed, Stalled}},
	{Diagnosed, Remediate, []State{RollingBack, RolledBack, Stalled}},
	{RollingBack, WatchRemediation, []State{RolledBack, Stalled}},
	{Installed, Remove, []State{Succeeded, Stalled}},
	{Interrupted, Reconnect, []State{Unobserved, RollingOut, Untested, Unrecorded, Recorded, Failed, Diagnosed, RollingBack,
		Succeeded}},
	{From: Succeeded}, {From: InSync}, {From: Absent}, {From: Refused}, {From: RolledBack}, {From: Stalled},
	{From: LeaseLost}, {From: Unreachable}, {From: Cancelled},
}

// transition finds a state's own.
func transition(s State) Transition {
	i := slices.IndexFunc(transitions, func(t Transition) bool { return t.From == s })
	if i < 0 {
		panic("release: there is no state " + string(s))
	}
	return transitions[i]
}

// Next is the one thing to do in a state, Finish when there is nothing more.
func Next(s State) Action { return transition(s).Action }

// Leads is true when a state's action may lead to another.
func Leads(from, to State) bool {
	t := transition(from)
	return t.Action != Finish && (slices.Contains(t.To, to) || slices.Contains(always, to))
}
