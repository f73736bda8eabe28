package kube

// Code names a kind of failure; scripts may rely on it.
type Code string

// The codes, in the order in which one is likely to be the cause of the next: what keeps a pod from being made, placed and
// started comes before what it does when it runs. The rules are in docs/decisions/rollout-verdicts.md.
const (
	AdmissionDenied  Code = "ADMISSION"
	QuotaExceeded    Code = "QUOTA"
	VolumePending    Code = "VOLUME-PENDING"
	Unschedulable    Code = "UNSCHEDULABLE"
	NodeNotReady     Code = "NODE-NOT-READY"
	ContainerConfig  Code = "CONTAINER-CONFIG"
	ImageName        Code = "IMAGE-NAME"
	ImageNeverPull   Code = "IMAGE-NOT-PRESENT"
	ImagePull        Code = "IMAGE-PULL"
	VolumeMount      Code = "VOLUME-MOUNT"
	PodNetwork       Code = "POD-NETWORK"
	CannotStart      Code = "CANNOT-START"
	OOMKilled        Code = "OOM-KILLED"
	PodFailed        Code = "POD-FAILED"
	MigrationFailed  Code = "MIGRATION-FAILED"
	InitFailed       Code = "INIT-FAILED"
	CrashLoop        Code = "CRASH-LOOP"
	StartupProbe     Code = "STARTUP-PROBE"
	LivenessProbe    Code = "LIVENESS-PROBE"
	ReadinessProbe   Code = "READINESS-PROBE"
	ReadinessGate    Code = "READINESS-GATE"
	ProgressDeadline Code = "PROGRESS-DEADLINE"
)

// codes has every code in order, with the next step where no cause within it is known: then the message is told as it is.
var codes = []struct {
	code Code
	hint string
}{
	{AdmissionDenied, "the API server does not take the pod and the message says why; see also: kubectl describe of the object"},
	{QuotaExceeded, "the namespace's quota refuses the pod and the message says why; see: kubectl describe resourcequota"},
	{VolumePending, "the volume is not there and the message says why; see `kubectl get storageclass` and `kubectl describe` of the claim, or use " +
		"DATABASE_URL instead of the chart's Postgres"},
	{Unschedulable, "no node takes the pod and the message says why; see: kubectl describe nodes"},
	{NodeNotReady, "the pod's node does not answer; see that it runs and that its kubelet does: kubectl describe node"},
	{ContainerConfig, "the node cannot put the container together and the message says why; see: kubectl describe of the pod"},
	{ImageName, "the image's reference is malformed; check repository, tag and digest in the values"},
	{ImageNeverPull, "the image is not on this node and pullPolicy is Never; deploy again, so that the images are put there"},
	{ImagePull, "the node does not get the image and the message is the registry's answer; see: kubectl describe of the pod"},
	{VolumeMount, "the node does not get the volume and the message says why; see: kubectl describe of the pod"},
	{PodNetwork, "the node cannot prepare the pod and the message says why; see: kubectl describe node"},
	{CannotStart, "the node's runtime does not start the container and the message says why; see: kubectl describe of the pod"},
	{OOMKilled, raiseMemory},
	{PodFailed, "the node ended the pod and the message says why; see: kubectl describe node"},
	{MigrationFailed, "the old version goes on serving; read the migration's last lines, correct it, and deploy again"},
	{InitFailed, "the container before the application's failed; read its last lines, above all which host or variable it names"},
	{CrashLoop, "the application ends by itself; its last lines say why, most often a variable that it refuses"},
	{StartupProbe, "the application did not answer in the time that its startup probe gives; read its last lines, or raise " +
		"startupProbe.failureThreshold where the machine is slow"},
	{LivenessProbe, "the application stopped answering and was restarted; read its last lines from before the restart"},
	{ReadinessProbe, "the application runs and says that it is not ready: most often it does not reach its database; see its " +
		"last lines and /health/ready"},
	{ReadinessGate, "the containers are ready and a readiness gate is not open; see the controller that should open it, most often a load balancer's"},
	{ProgressDeadline, "nothing in the snapshot says why it takes so long; see `kubectl describe` of the object, or give it " +
		"more time with --timeout"},
}

// rank is a code's place in the order, the likeliest cause first.
func (c Code) rank() int {
	for i, known := range codes {
		if known.code == c {
			return i
		}
	}
	return len(codes)
}

// hint is the next step that goes with a code.
func (c Code) hint() string {
	if i := c.rank(); i < len(codes) {
		return codes[i].hint
	}
	return ""
}
