package kube

// Code names a kind of failure; scripts may rely on it.
type Code string

// The codes, with the docs/decisions page of the rules: 0042-rollout-verdicts.md.
const (
	ImagePull        Code = "IMAGE-PULL"
	ImageName        Code = "IMAGE-NAME"
	ImageNeverPull   Code = "IMAGE-NOT-PRESENT"
	CrashLoop        Code = "CRASH-LOOP"
	MigrationFailed  Code = "MIGRATION-FAILED"
	InitFailed       Code = "INIT-FAILED"
	OOMKilled        Code = "OOM-KILLED"
	StartupProbe     Code = "STARTUP-PROBE"
	LivenessProbe    Code = "LIVENESS-PROBE"
	ReadinessProbe   Code = "READINESS-PROBE"
	CannotStart      Code = "CANNOT-START"
	ContainerConfig  Code = "CONTAINER-CONFIG"
	Unschedulable    Code = "UNSCHEDULABLE"
	VolumePending    Code = "VOLUME-PENDING"
	VolumeMount      Code = "VOLUME-MOUNT"
	PodNetwork       Code = "POD-NETWORK"
	QuotaExceeded    Code = "QUOTA"
	AdmissionDenied  Code = "ADMISSION"
	ProgressDeadline Code = "PROGRESS-DEADLINE"
)

// Diagnosis is why one workload cannot succeed, with the evidence and a next step. Nothing in it is secret.
type Diagnosis struct {
	Code Code `json:"code"`
	// Workload is the one that is stuck and Object what is wrong with it, both as kind/name.
	Workload string `json:"workload"`
	Object   string `json:"object"`
	// Container is the one that failed, "" when no container is at fault.
	Container string `json:"container,omitempty"`
	// Reason and Message are Kubernetes' own.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Events are the object's, oldest first, one line each: `BackOff ×4: Back-off restarting failed container`.
	Events []string `json:"events,omitempty"`
	// Facts are what else in the snapshot bears on it: nodes, quotas, claims.
	Facts []string `json:"facts,omitempty"`
	// Wanted are the logs worth reading, init containers first; give what was read to AddLog.
	Wanted []LogRequest `json:"-"`
	// Logs are the last lines that AddLog was given.
	Logs []LogTail `json:"logs,omitempty"`
	// Hint is the next step.
	Hint string `json:"hint"`
}

// LogRequest names the log of one container.
type LogRequest struct {
	Pod       string
	Container string
	// Previous asks for the log of the container's last run, since the present one says nothing yet.
	Previous bool
}

// LogTail is the end of a container's log.
type LogTail struct {
	Pod       string   `json:"pod"`
	Container string   `json:"container"`
	Lines     []string `json:"lines"`
}

// Args gives the arguments after `kubectl --namespace N` that print the log's last lines.
func (r LogRequest) Args() []string {
	args := []string{"logs", r.Pod, "--container", r.Container, "--tail", "20"}
	if r.Previous {
		args = append(args, "--previous")
	}
	return args
}

// AddLog keeps the last lines of what kubectl printed for a request, without secrets.
func (d *Diagnosis) AddLog(r LogRequest, output string, secrets []string) {}

// Text is the diagnosis as lines for a terminal: code and object, reason, events, facts, log lines and the next step.
func (d Diagnosis) Text() string { return "" }
