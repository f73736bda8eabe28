package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/kube"
)

// The figures of the Lease, as client-go's leader election has them. A holder stops LeaseDuration less RenewDeadline before
// any other run may start, and ends what it has under way in less than that.
const (
	// LeaseDuration is how long a Lease stays held by a run that gives no sign of life.
	LeaseDuration = 45 * time.Second
	// RenewDeadline is how long its holder goes on after the last sign of life that arrived, by its own monotonic clock.
	RenewDeadline = 30 * time.Second
	// RetryPeriod is the time between two signs of life, and between two looks of a run that waits.
	RetryPeriod = 5 * time.Second
)

// microTime is how Kubernetes writes the times of a Lease (metav1.MicroTime).
const microTime = "2006-01-02T15:04:05.000000Z07:00"

// record is what a Lease says.
type record struct {
	// version is the object's resourceVersion, "" where there is no Lease.
	version string
	// holder is the run that holds the release, "" when none does.
	holder string
	// acquired is when it acquired it, by that run's clock: told to people, and compared with nothing.
	acquired time.Time
}

// leaseObject is a coordination.k8s.io/v1 Lease.
type leaseObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name            string            `json:"name"`
		Namespace       string            `json:"namespace"`
		ResourceVersion string            `json:"resourceVersion,omitempty"`
		Labels          map[string]string `json:"labels,omitempty"`
	} `json:"metadata"`
	Spec struct {
		HolderIdentity       string `json:"holderIdentity"`
		LeaseDurationSeconds int    `json:"leaseDurationSeconds"`
		AcquireTime          string `json:"acquireTime,omitempty"`
		RenewTime            string `json:"renewTime,omitempty"`
	} `json:"spec"`
}

// parseRecord reads a Lease's JSON.
func parseRecord(raw []byte) (record, error) {
	var object leaseObject
	if err := json.Unmarshal(raw, &object); err != nil {
		return record{}, fmt.Errorf("reading the Lease: %w", err)
	}
	if object.Kind != "Lease" || object.Metadata.ResourceVersion == "" {
		return record{}, fmt.Errorf("reading the Lease: kubectl gave a %q", object.Kind)
	}
	// A time that cannot be read is only not told.
	acquired, _ := time.Parse(time.RFC3339, object.Spec.AcquireTime)
	return record{object.Metadata.ResourceVersion, object.Spec.HolderIdentity, acquired}, nil
}

// parseRecords reads the JSON List of a query for one Lease.
func parseRecords(raw []byte) (record, error) {
	var list struct {
		Kind  string            `json:"kind"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil || list.Kind != "List" {
		return record{}, errors.Join(fmt.Errorf("reading the Lease: kubectl gave no List but a %q", list.Kind), err)
	}
	if len(list.Items) == 0 {
		return record{}, nil
	}
	return parseRecord(list.Items[0])
}

// manifest is the Lease's JSON; now is the time of the sign of life.
func (r record) manifest(t Target, now time.Time) []byte {
	var object leaseObject
	object.APIVersion, object.Kind = "coordination.k8s.io/v1", "Lease"
	object.Metadata.Name, object.Metadata.Namespace = deploy.LeaseName(t.Release), t.Namespace
	object.Metadata.ResourceVersion = r.version
	object.Metadata.Labels = map[string]string{kube.InstanceLabel: t.Release, "app.kubernetes.io/managed-by": "todo-chatbot-pipeline"}
	object.Spec.HolderIdentity = r.holder
	object.Spec.LeaseDurationSeconds = int(LeaseDuration.Seconds())
	if r.holder != "" {
		object.Spec.AcquireTime = r.acquired.UTC().Format(microTime)
		object.Spec.RenewTime = now.UTC().Format(microTime)
	}
	raw, err := json.Marshal(object)
	if err != nil {
		panic("release: a Lease has no JSON: " + err.Error()) // it is made of texts and numbers
	}
	return raw
}

// String says who holds the release, for people.
func (r record) String() string {
	return fmt.Sprintf("%s has held it since %s UTC", r.holder, r.acquired.UTC().Format("15:04:05"))
}

// waiter decides when a run may take a Lease over. Clocks of two machines are never compared: a holder has gone when its
// Lease did not change for LeaseDuration by the clock of the run that waits.
type waiter struct {
	version string
	since   time.Time
}

// expired is true when the Lease, as it was found at a moment, may be taken.
func (w *waiter) expired(found record, now time.Time) bool {
	if found.holder == "" {
		return true
	}
	if found.version != w.version {
		w.version, w.since = found.version, now
		return false
	}
	return now.Sub(w.since) >= LeaseDuration
}
