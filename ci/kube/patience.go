package kube

import "time"

// Patience is how long each trouble that may pass is left alone. A zero field is zero patience: start from
// DefaultPatience and change what differs.
type Patience struct {
	// Pulls is how many failed attempts to pull an image are let pass; a registry's definite no (not found, denied) is
	// let pass once less than that.
	Pulls int
	// Pull stands in for Pulls where the events that count attempts are gone: how long after its scheduling.
	Pull time.Duration
	// Restarts is how often a container, init containers included, may be restarted after it failed.
	Restarts int
	// OOMKills is how often a container may be restarted for having been killed for its memory.
	OOMKills int
	// ProbeKills is how often a container may be restarted by its startup or liveness probe.
	ProbeKills int
	// Readiness is how long a started container may be not ready, on top of what its own probe allows.
	Readiness time.Duration
	// ReadinessGate is how long a pod whose containers are ready may wait for what else must say so.
	ReadinessGate time.Duration
	// Scheduling is how long a pod may find no node.
	Scheduling time.Duration
	// NodeStart replaces Scheduling while the only reason is a node that is not ready yet. It is also how long a pod's node may be away.
	NodeStart time.Duration
	// NodeReturn is how long a node that is ready again has to tell of its pods anew.
	NodeReturn time.Duration
	// Config is how long a missing Secret, ConfigMap or key of one may stay missing.
	Config time.Duration
	// Mount is how long a volume may fail to mount, a claim stay unbound or a pod be without its network.
	Mount time.Duration
	// Provisioning is how long a volume may be awaited that a provisioner was asked for and of which it says nothing.
	Provisioning time.Duration
	// ScaleUp replaces Scheduling once a cluster's autoscaler has said that it adds a node.
	ScaleUp time.Duration
	// Failures is how many pods of the newest revision may fail as a whole: evicted, or not taken by their node.
	Failures int
	// Progress is how long a StatefulSet or DaemonSet may stand still; a Deployment has a deadline of its own.
	Progress time.Duration
	// Admission is how long creating pods may fail for a reason that may pass: a quota, a webhook that is down.
	Admission time.Duration
}

// DefaultPatience gives the figures of docs/patience.md, which has the reason for each.
func DefaultPatience() Patience {
	return Patience{
		Pulls:      3,
		Pull:       90 * time.Second,
		Restarts:   3,
		OOMKills:   2,
		ProbeKills: 2,
		Readiness:  2 * time.Minute,
		Scheduling: 30 * time.Second,
		NodeStart:  2 * time.Minute,
		NodeReturn: 30 * time.Second,
		Config:     30 * time.Second,
		Mount:      60 * time.Second,
		Admission:  20 * time.Second,

		ReadinessGate: 2 * time.Minute,
		Provisioning:  2 * time.Minute,
		ScaleUp:       5 * time.Minute,
		Failures:      3,
		Progress:      10 * time.Minute,
	}
}
