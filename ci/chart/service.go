package chart

import "fmt"

// serviceSpec is what rules read of a Service.
type serviceSpec struct {
	Selector map[string]string `json:"selector"`
	Type     string            `json:"type"`
	Ports    []servicePort     `json:"ports"`
}

type servicePort struct {
	Name       string  `json:"name"`
	Port       int     `json:"port"`
	TargetPort *amount `json:"targetPort"`
}

// target is the port of a pod that a port of a Service leads to, 0 when the pod has none of that name.
func (s serviceSpec) target(index int, p *pod) int {
	port := s.Ports[index]
	if port.TargetPort == nil {
		return port.Port
	}
	for _, c := range p.containers {
		if number := c.port(*port.TargetPort); number != 0 && !c.init {
			return number
		}
	}
	return 0
}

// served is true for a pod that a Service sends requests to.
func (r *release) served(p *pod) bool {
	for _, s := range r.services {
		if s.object.Metadata.Namespace == p.meta.Namespace && len(s.spec.Selector) > 0 && (selector{MatchLabels: s.spec.Selector}).matches(p.meta.Labels) {
			return true
		}
	}
	return false
}

// checkServices wants each port of a Service to lead to a port of each pod that it selects, and what Ingresses, HTTPRoutes
// and ServiceMonitors send requests to to be a Service's port.
func checkServices(r *release, report reporter) {
	for _, s := range r.services {
		for _, p := range r.selected(s.object.Metadata.Namespace, selector{MatchLabels: s.spec.Selector}) {
			for i, port := range s.spec.Ports {
				if len(s.spec.Selector) > 0 && !p.listens(s.spec.target(i, p)) {
					report(s.at(fmt.Sprintf("spec.ports[%d].targetPort", i)), fmt.Sprintf("%s has no port for port %d", p.object.reference(), port.Port),
						"name a port of the pod's containers")
				}
			}
		}
	}
	for _, in := range r.ingresses {
		for i, rule := range in.spec.Rules {
			for j, path := range rule.HTTP.Paths {
				to := path.Backend.Service
				r.checkBackend(in.at(fmt.Sprintf("spec.rules[%d].http.paths[%d].backend", i, j)), to.Name, to.Port.Name, to.Port.Number, report)
			}
		}
	}
	for _, route := range r.routes {
		for i, rule := range route.spec.Rules {
			for j, to := range rule.BackendRefs {
				r.checkBackend(route.at(fmt.Sprintf("spec.rules[%d].backendRefs[%d]", i, j)), to.Name, "", to.Port, report)
			}
		}
	}
}

// listens is true for a port that one of the pod's containers names.
func (p *pod) listens(number int) bool {
	for _, c := range p.containers {
		for _, port := range c.Ports {
			if port.ContainerPort == number {
				return true
			}
		}
	}
	return false
}

// checkBackend wants a Service with a port of that name or number.
func (r *release) checkBackend(at place, name, port string, number int, report reporter) {
	for _, s := range r.services {
		if s.object.Metadata.Name != name || s.object.Metadata.Namespace != at.object.Metadata.Namespace {
			continue
		}
		for _, p := range s.spec.Ports {
			if port != "" && p.Name == port || port == "" && p.Port == number {
				return
			}
		}
		report(at, fmt.Sprintf("Service %s has no port %s", name, amount{number, port}), "name one of its ports")
		return
	}
	report(at, fmt.Sprintf("Service %s is not there", name), "name a Service of the release")
}

// ingressSpec is what rules read of an Ingress.
type ingressSpec struct {
	Rules []struct {
		HTTP struct {
			Paths []struct {
				Backend struct {
					Service struct {
						Name string `json:"name"`
						Port struct {
							Name   string `json:"name"`
							Number int    `json:"number"`
						} `json:"port"`
					} `json:"service"`
				} `json:"backend"`
			} `json:"paths"`
		} `json:"http"`
	} `json:"rules"`
}

// routeSpec is what rules read of an HTTPRoute.
type routeSpec struct {
	Rules []struct {
		BackendRefs []struct {
			Name string `json:"name"`
			Port int    `json:"port"`
		} `json:"backendRefs"`
	} `json:"rules"`
}
