package release

// Facts are what a run knows of its release and of what it has done. State is made of them and of nothing else.
type Facts struct {
	Verb Verb
	// Observed is false while the rest of what was seen counts for nothing.
	Observed bool
	// Namespace, Secret and Delivered say what is there.
	Namespace, Secret, Delivered bool
	// Pending is true when the release has to return to its last good revision before anything else.
	Pending bool
	// InSync is true when the release is what it shall be, was tested, and runs.
	InSync bool
	// Held is true once the run has acquired the Lease.
	Held bool
	// Changing is true as soon as the run may have changed the release: what is there is not what was found any more.
	Changing bool
	// Changed, RolledOut, Tested, Recorded, CleanedUp and Removed are what this run has achieved.
	Changed, RolledOut, Tested, Recorded, CleanedUp, Removed bool
	// Failed is true when the change failed, and the others say what was done about it.
	Failed, Diagnosed, Remediated, Returned bool
	// Remediates is true when a failure is to be remediated.
	Remediates bool
	// Interrupted is true until the API server and the Lease are back.
	Interrupted bool
	// Ended is a final state that was reached on the way, "" when there is none.
	Ended State
}

// State determines where a run stands.
func (f Facts) State() State {
	switch {
	case f.Ended != "":
		return f.Ended
	case f.Interrupted:
		return Interrupted
	case f.Failed:
		return f.failedState()
	case !f.Observed:
		return Unobserved
	case f.Verb == Uninstall:
		return f.uninstallState()
	case f.InSync:
		return InSync
	case !f.Namespace:
		return NamespaceMissing
	case !f.Held:
		return Unheld
	case f.Changed:
		return f.changedState()
	case !f.Delivered:
		return ImagesMissing
	case !f.Secret:
		return SecretMissing
	case f.Pending:
		return Pending
	}
	return OutOfSync
}

func (f Facts) failedState() State {
	switch {
	case !f.Diagnosed:
		return Failed
	case !f.Remediates:
		return Stalled
	case !f.Remediated:
		return Diagnosed
	case !f.Returned:
		return RollingBack
	}
	return RolledBack
}

func (f Facts) changedState() State {
	switch {
	case !f.RolledOut:
		return RollingOut
	case !f.Tested:
		return Untested
	case !f.Recorded:
		return Unrecorded
	case !f.CleanedUp:
		return Recorded
	}
	return Succeeded
}

func (f Facts) uninstallState() State {
	switch {
	case f.Removed:
		return Succeeded
	case !f.Namespace:
		return Absent
	case !f.Held:
		return Unheld
	}
	return Installed
}

// done takes an action that succeeded into account.
func (f *Facts) done(a Action) {
	switch a {
	case Observe:
		f.Observed = true
	case CreateNamespace:
		f.Namespace = true
	case AcquireLease:
		// Another run may have changed the release while this one waited.
		f.Held, f.Observed = true, false
	case DeliverImages:
		f.Delivered = true
	case ApplySecret:
		f.Secret = true
	case Repair:
		f.Observed = false
	case Change:
		f.Changed = true
	case Remove:
		f.Removed = true
	case WatchRollout:
		f.RolledOut = true
	case Test:
		f.Tested = true
	case RecordSuccess:
		f.Recorded = true
	case CleanUp:
		f.CleanedUp = true
	case Diagnose:
		f.Diagnosed = true
	case Remediate:
		f.Remediated = true
	case WatchRemediation:
		f.Returned = true
	case Reconnect:
		f.Interrupted = false
		// What Helm has confirmed stands. Whatever was under way may have ended either way.
		f.Observed = f.Observed && (f.Changed || f.Removed)
	case Finish:
	}
}
