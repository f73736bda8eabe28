package kube

// Resources is an amount of CPU in thousandths of one and of memory in bytes.
type Resources struct {
	MilliCPU int64 `json:"milliCPU"`
	Memory   int64 `json:"memory"`
}

// Ask is what a release asks of a cluster when it rolls.
type Ask struct {
	// Pods are the pods that stand at the height of a roll, the surge included.
	Pods []PodAsk
	// Hooks are the pods of Helm hooks and tests; one of them stands at a time, when the surge is gone.
	Hooks []PodAsk
}

// PodAsk is what one pod asks for.
type PodAsk struct {
	// Name says which pod it is: `deployment/todo-chatbot-backend 3 of 3 (surge)`.
	Name      string
	Resources Resources
	// Surge is true for a pod that stands only while rolling.
	Surge bool
	// EachNode is true for a DaemonSet's pod.
	EachNode bool
}

// RoomOptions says whose pods are to be replaced.
type RoomOptions struct {
	// Release and Namespace name the release: its own running pods give their room to the ones that replace them.
	Release, Namespace string
}

// ParseAsk reads rendered manifests (`helm template`, many YAML documents) and counts what they ask for.
func ParseAsk(manifests []byte) (Ask, error) { return Ask{}, nil }

// Room holds what a release asks for against what each node has left: its allocatable resources less the requests of the
// pods on it. The snapshot is that of RoomKinds. The error names the numbers and the ways out.
func Room(s Snapshot, ask Ask, o RoomOptions) error { return nil }
