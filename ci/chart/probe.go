package chart

import (
	"fmt"
	"strings"
	"time"
)

// probe is what rules read of a probe; figures left out have Kubernetes' defaults.
type probe struct {
	handler
	InitialDelaySeconds int `json:"initialDelaySeconds"`
	PeriodSeconds       int `json:"periodSeconds"`
	TimeoutSeconds      int `json:"timeoutSeconds"`
	FailureThreshold    int `json:"failureThreshold"`
}

// withDefaults fills in what Kubernetes does (k8s.io/api/core/v1 Probe).
func (p probe) withDefaults() probe {
	for _, figure := range []struct {
		of       *int
		standard int
	}{{&p.PeriodSeconds, 10}, {&p.TimeoutSeconds, 1}, {&p.FailureThreshold, 3}} {
		if *figure.of == 0 {
			*figure.of = figure.standard
		}
	}
	return p
}

// patience is how long the probe may fail before it counts.
func (p probe) patience() time.Duration {
	p = p.withDefaults()
	return time.Duration(p.InitialDelaySeconds+p.PeriodSeconds*p.FailureThreshold) * time.Second
}

// probes are a container's, by their fields' names.
func (c *container) probes() map[string]*probe {
	return map[string]*probe{"livenessProbe": c.LivenessProbe, "readinessProbe": c.ReadinessProbe, "startupProbe": c.StartupProbe}
}

// figures are what one probe has to be; a figure of 0 is left to the chart.
type figures struct {
	path                      string
	period, timeout, failures int
}

// wanted are the probes of requirement 3 of docs/requirements.md, with the backend's readiness asking for its database, and its
// startup probe asking each second in place of every five (docs/decisions/chart-design.md). The first probe waits for nothing: that
// is what the startup probe is for.
var wanted = map[string]map[string]figures{
	"backend": {
		"livenessProbe":  {"/health", 10, 3, 3},
		"readinessProbe": {"/health/ready", 5, 2, 2},
		"startupProbe":   {"/health", 1, 0, 30},
	},
	"frontend": {
		"livenessProbe":  {"/", 10, 0, 3},
		"readinessProbe": {"/", 5, 0, 2},
	},
}

// ports are where each component listens.
var ports = map[string]int{"backend": 8000, "frontend": 3000, "postgres": 5432}

// checkProbes wants exactly the probes that are decided.
func checkProbes(r *release, report reporter) {
	for _, component := range sorted(wanted) {
		for _, p := range r.podsOf(component) {
			c := p.main()
			for _, name := range sorted(wanted[component]) {
				if problem := wanted[component][name].differs(c, c.probes()[name], ports[component]); problem != "" {
					report(c.in("%s", name), problem, "write the probe as requirement 3 of docs/requirements.md has it")
				}
			}
		}
	}
}

// differs tells how a probe is not what is wanted, "" when it is.
func (want figures) differs(c *container, got *probe, port int) string {
	if got == nil {
		return fmt.Sprintf("container %s lacks it", c.Name)
	}
	if got.HTTPGet == nil {
		return "it is no HTTP GET"
	}
	p := got.withDefaults()
	var problems []string
	for _, figure := range []struct {
		name      string
		got, want any
		free      bool
	}{
		{"the path", p.HTTPGet.Path, want.path, false},
		{"the port", c.port(p.HTTPGet.Port), port, false},
		{"initialDelaySeconds", p.InitialDelaySeconds, 0, false},
		{"periodSeconds", p.PeriodSeconds, want.period, false},
		{"timeoutSeconds", p.TimeoutSeconds, want.timeout, want.timeout == 0},
		{"failureThreshold", p.FailureThreshold, want.failures, false},
	} {
		if !figure.free && figure.got != figure.want {
			problems = append(problems, fmt.Sprintf("%s is %v, not %v", figure.name, figure.got, figure.want))
		}
	}
	return strings.Join(problems, "; ")
}

// checkStart wants time for twice the start that was seen, readiness to give up before liveness does, and a rollout that
// waits for longer than a start may take.
func checkStart(r *release, report reporter) {
	for _, p := range r.pods {
		if p.isTest() {
			continue
		}
		for _, c := range p.containers {
			if c.init {
				continue
			}
			first, name := c.StartupProbe, "startupProbe"
			if first == nil {
				first, name = c.LivenessProbe, "livenessProbe"
			}
			if first == nil {
				continue
			}
			seen := r.options.Starts[p.component()]
			if c == p.main() && first.patience() < 2*seen {
				report(c.in("%s", name), fmt.Sprintf("a start may take %s, and one was seen to take %s", first.patience(), seen),
					"raise failureThreshold to allow for twice that")
			}
			if live, ready := c.LivenessProbe, c.ReadinessProbe; live != nil && ready != nil && ready.patience() >= live.patience() {
				report(c.in("readinessProbe"), fmt.Sprintf("it gives up after %s, and liveness after %s", ready.patience(), live.patience()),
					"let readiness give up first")
			}
		}
	}
	for _, w := range r.workloads {
		deadline := 600 * time.Second // k8s.io/api/apps/v1 DeploymentSpec
		if w.spec.ProgressDeadlineSeconds != nil {
			deadline = time.Duration(*w.spec.ProgressDeadlineSeconds) * time.Second
		}
		c := w.pod.main()
		if w.object.Kind == "Deployment" && c.StartupProbe != nil && c.StartupProbe.patience() >= deadline {
			report(w.at("spec.progressDeadlineSeconds"), fmt.Sprintf("a rollout fails after %s, and a start may take %s", deadline,
				c.StartupProbe.patience()), "raise progressDeadlineSeconds above the startup probe's time")
		}
	}
}

// port gives the number of a port that may be a name, 0 when no container port has it.
func (c *container) port(of amount) int {
	if of.text == "" {
		return of.number
	}
	for _, p := range c.Ports {
		if p.Name == of.text {
			return p.ContainerPort
		}
	}
	return 0
}
