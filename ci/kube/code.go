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
	ContainerConfig  Code = "CONTAINER-CONFIG"
	ImageName        Code = "IMAGE-NAME"
	ImageNeverPull   Code = "IMAGE-NOT-PRESENT"
	ImagePull        Code = "IMAGE-PULL"
	VolumeMount      Code = "VOLUME-MOUNT"
	PodNetwork       Code = "POD-NETWORK"
	CannotStart      Code = "CANNOT-START"
	OOMKilled        Code = "OOM-KILLED"
	MigrationFailed  Code = "MIGRATION-FAILED"
	InitFailed       Code = "INIT-FAILED"
	CrashLoop        Code = "CRASH-LOOP"
	StartupProbe     Code = "STARTUP-PROBE"
	LivenessProbe    Code = "LIVENESS-PROBE"
	ReadinessProbe   Code = "READINESS-PROBE"
	ProgressDeadline Code = "PROGRESS-DEADLINE"
)

// codes has every code in order, with the next step that goes with it.
var codes = []struct {
	code Code
	hint string
}{
	{AdmissionDenied, "the cluster refuses pods like this one; change what the message names in the chart's values, or ask " +
		"who runs the cluster for a namespace that allows it"},
	{QuotaExceeded, "ask for less (fewer replicas, smaller requests) or have the namespace's quota raised; a roll needs room " +
		"for one more pod than runs"},
	{VolumePending, "see `kubectl get storageclass`: name one that exists in postgres.persistence.storageClassName, or use " +
		"DATABASE_URL instead of the chart's Postgres"},
	{Unschedulable, "the message names what no node has: where it is CPU or memory, give the cluster more room (minikube delete && " +
		"minikube start --cpus 4) or ask for less with a smaller values file; otherwise change the selector or affinity in the " +
		"values, or uncordon a node"},
	{ContainerConfig, "the Secret or ConfigMap that the message names is missing, lacks a key, or the image wants to run as " +
		"root; deploy again, or make what existingSecret names"},
	{ImageName, "the image's reference is malformed; check repository, tag and digest in the values"},
	{ImageNeverPull, "the image is not on this node and pullPolicy is Never; deploy again, so that the images are put there"},
	{ImagePull, "see whether the reference exists and the cluster may read it: push it again, make the repository public, or " +
		"set imagePullSecrets"},
	{VolumeMount, "the volume, Secret or ConfigMap that the message names is missing or in use by another node"},
	{PodNetwork, "the node cannot give a pod its network; see the cluster's own pods: kubectl --namespace kube-system get pods"},
	{CannotStart, "the image has no such program or is for another processor; check the command, and the platform that the " +
		"image was built for"},
	{OOMKilled, "the container needs more memory than its limit; raise resources.limits.memory, and requests with it"},
	{MigrationFailed, "the old version goes on serving; read the migration's last lines, correct it, and deploy again"},
	{InitFailed, "the container before the application's failed; read its last lines, above all which host or variable it names"},
	{CrashLoop, "the application ends by itself; its last lines say why, most often a variable that it refuses"},
	{StartupProbe, "the application did not answer in the time that its startup probe gives; read its last lines, or raise " +
		"startupProbe.failureThreshold where the machine is slow"},
	{LivenessProbe, "the application stopped answering and was restarted; read its last lines from before the restart"},
	{ReadinessProbe, "the application runs and says that it is not ready: most often it does not reach its database; see its " +
		"last lines and /health/ready"},
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
