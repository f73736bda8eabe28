package deploy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// LeaseTime is how long a release stays held by a run that gives no sign of life, and LeaseRenewal how often a run gives
// one. A killed run holds up the next by no more than LeaseTime, most of which goes by while images are built.
const (
	LeaseTime    = 45 * time.Second
	LeaseRenewal = 10 * time.Second
)

// microTime is how Kubernetes writes the times of a Lease (metav1.MicroTime).
const microTime = "2006-01-02T15:04:05.000000Z07:00"

// Lease is the coordination.k8s.io/v1 object by which one run at a time holds a release. Whoever writes it names the
// resourceVersion that it read, so of two that find it free the API server lets one through.
type Lease struct {
	// Version is the object's resourceVersion, "" when the cluster has none.
	Version string
	// Holder is the run that holds the release, "" when none does.
	Holder string
	// Since is when it took the release and Renewed when it last gave a sign of life, both by that run's clock.
	Since, Renewed time.Time
}

// LeaseName names the Lease of a release.
func LeaseName(release string) string { return Fullname(release) + "-deploy" }

// lease is the object as Kubernetes has it.
type lease struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Metadata   leaseMeta `json:"metadata"`
	Spec       leaseSpec `json:"spec"`
}

type leaseMeta struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
}

type leaseSpec struct {
	HolderIdentity       string `json:"holderIdentity"`
	LeaseDurationSeconds int    `json:"leaseDurationSeconds"`
	AcquireTime          string `json:"acquireTime,omitempty"`
	RenewTime            string `json:"renewTime,omitempty"`
}

// ParseLease reads what `kubectl get lease --ignore-not-found --output json` prints: nothing, where there is none.
func ParseLease(output string) (Lease, error) {
	if strings.TrimSpace(output) == "" {
		return Lease{}, nil
	}
	var object lease
	if err := json.Unmarshal([]byte(output), &object); err != nil || object.Kind != "Lease" {
		return Lease{}, fmt.Errorf("reading who holds the release: %q is no Lease", firstLine(output))
	}
	// A time that cannot be read is only not told.
	since, _ := time.Parse(time.RFC3339, object.Spec.AcquireTime)
	renewed, _ := time.Parse(time.RFC3339, object.Spec.RenewTime)
	return Lease{Version: object.Metadata.ResourceVersion, Holder: object.Spec.HolderIdentity, Since: since, Renewed: renewed}, nil
}

// Manifest gives the Lease as JSON, for `kubectl create` when it has no Version and `kubectl replace` when it has one.
func (l Lease) Manifest(release, namespace string) ([]byte, error) {
	object := lease{
		APIVersion: "coordination.k8s.io/v1", Kind: "Lease",
		Metadata: leaseMeta{
			Name: LeaseName(release), Namespace: namespace, ResourceVersion: l.Version,
			Labels: map[string]string{instanceLabel: release, managerLabel: manager},
		},
		Spec: leaseSpec{HolderIdentity: l.Holder, LeaseDurationSeconds: int(LeaseTime.Seconds())},
	}
	if l.Holder != "" {
		object.Spec.AcquireTime = l.Since.UTC().Format(microTime)
		object.Spec.RenewTime = l.Renewed.UTC().Format(microTime)
	}
	return json.Marshal(object)
}

// Held says who holds the release, for people.
func (l Lease) Held() string {
	return fmt.Sprintf("%s has held it since %s UTC", l.Holder, l.Since.UTC().Format("15:04:05"))
}

// Turn decides when a run may take a release. Clocks of two machines are never compared: a holder has gone when its Lease
// did not change for LeaseTime by the clock of the run that waits, as client-go's leader election has it.
type Turn struct {
	seen  Lease
	since time.Time
	began bool
}

// Free is true when the Lease, as it was found at a moment, may be taken.
func (t *Turn) Free(found Lease, now time.Time) bool {
	if found.Holder == "" {
		return true
	}
	if !t.began || found.Version != t.seen.Version {
		t.seen, t.since, t.began = found, now, true
		return false
	}
	return now.Sub(t.since) >= LeaseTime
}

// race is what kubectl says of a Lease that another run wrote first. That a namespace is not found is another matter.
var race = regexp.MustCompile(`AlreadyExists|\(Conflict\)|the object has been modified|leases\.coordination\.k8s\.io "[^"]*" not found`)

// LostRace is true when what kubectl printed says that another run wrote the Lease first.
func LostRace(output string) bool { return race.MatchString(output) }
