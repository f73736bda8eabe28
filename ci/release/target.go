package release

import (
	"encoding/json"
	"fmt"
	"time"

	"todo-chatbot/ci/kube"
)

// Target names a release in a cluster.
type Target struct {
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	// Cluster says for people which cluster it is, e.g. "context kind-todo".
	Cluster string `json:"cluster,omitempty"`
	// Timeout bounds each wait: for pods, and for another run where it is no less than leastPatience. Left out, it is five minutes.
	Timeout Duration `json:"timeout,omitempty"`
}

// defaultTimeout is how long pods may take where nobody says.
const defaultTimeout = 5 * time.Minute

// timeout of the target.
func (t Target) timeout() time.Duration {
	if t.Timeout == 0 {
		return defaultTimeout
	}
	return time.Duration(t.Timeout)
}

// selector finds what the chart makes for a release.
func (t Target) selector() string { return kube.InstanceLabel + "=" + t.Release }

// Duration is a time.Duration that JSON has as people write it: "5m", "90s".
type Duration time.Duration

// ParseTimeout reads how long something may take.
func ParseTimeout(text string) (Duration, error) {
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		return 0, fmt.Errorf("timeout: %q is no time to wait; write one as 5m or 90s", text)
	}
	return Duration(parsed), nil
}

// UnmarshalJSON reads "5m".
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var text string
	err := json.Unmarshal(raw, &text)
	if err == nil {
		var parsed time.Duration
		parsed, err = time.ParseDuration(text)
		*d = Duration(parsed)
	}
	if err != nil {
		return fmt.Errorf("%s is no duration; write one as \"5m\" or \"90s\"", raw)
	}
	return nil
}

// MarshalJSON writes "5m0s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }
