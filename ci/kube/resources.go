package kube

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
)

// Resources is an amount of CPU in thousandths of one and of memory in bytes.
type Resources struct {
	MilliCPU int64 `json:"milliCPU"`
	Memory   int64 `json:"memory"`
}

// String writes the amount as a values file would: "1500m CPU and 512Mi".
func (r Resources) String() string {
	return strconv.FormatInt(r.MilliCPU, 10) + "m CPU and " + mebibytes(r.Memory)
}

// mebibytes writes bytes in Mi, rounded up, below zero too.
func mebibytes(bytes int64) string {
	const mebi = 1 << 20
	whole := bytes / mebi
	if bytes%mebi > 0 {
		whole++
	}
	return strconv.FormatInt(whole, 10) + "Mi"
}

func (r Resources) plus(s Resources) Resources {
	return Resources{r.MilliCPU + s.MilliCPU, r.Memory + s.Memory}
}

func (r Resources) minus(s Resources) Resources {
	return Resources{r.MilliCPU - s.MilliCPU, r.Memory - s.Memory}
}

// larger takes the larger amount of each.
func (r Resources) larger(s Resources) Resources {
	return Resources{max(r.MilliCPU, s.MilliCPU), max(r.Memory, s.Memory)}
}

// fitsIn is true when there is enough of both.
func (r Resources) fitsIn(capacity Resources) bool {
	return r.MilliCPU <= capacity.MilliCPU && r.Memory <= capacity.Memory
}

// parseResources reads the CPU and memory of a list of amounts.
func parseResources(list map[string]Quantity) (Resources, error) {
	cpu, errCPU := list["cpu"].Milli()
	memory, errMemory := list["memory"].Value()
	if errCPU != nil {
		errCPU = fmt.Errorf("cpu: %w", errCPU)
	}
	if errMemory != nil {
		errMemory = fmt.Errorf("memory: %w", errMemory)
	}
	return Resources{cpu, memory}, errors.Join(errCPU, errMemory)
}

// requests are what the scheduler counts: a limit without a request is a request of as much (the API server's defaulting).
func (q Requirements) requests() (Resources, error) {
	merged := map[string]Quantity{}
	maps.Copy(merged, q.Limits)
	maps.Copy(merged, q.Requests)
	return parseResources(merged)
}

// requests are what the scheduler counts for a pod (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers,
// "Resource sharing within containers"): its containers and sidecars together, or the init container that needs more than
// they beside the sidecars started before it; and the pod's overhead. Requests of the pod itself replace that sum.
func (p PodSpec) requests() (Resources, error) {
	var running, started, starting Resources
	for _, c := range p.Containers {
		r, err := c.Resources.requests()
		if err != nil {
			return Resources{}, fmt.Errorf("container %s: %w", c.Name, err)
		}
		running = running.plus(r)
	}
	for _, c := range p.InitContainers {
		r, err := c.Resources.requests()
		if err != nil {
			return Resources{}, fmt.Errorf("init container %s: %w", c.Name, err)
		}
		starting = starting.larger(started.plus(r))
		if c.RestartPolicy == "Always" {
			started = started.plus(r)
		}
	}
	total := running.plus(started).larger(starting)
	own, err := p.Resources.requests()
	if err != nil {
		return Resources{}, err
	}
	if own.MilliCPU > 0 {
		total.MilliCPU = own.MilliCPU
	}
	if own.Memory > 0 {
		total.Memory = own.Memory
	}
	overhead, err := parseResources(p.Overhead)
	return total.plus(overhead), err
}
