package chart

import (
	"fmt"
	"net/netip"
	"slices"
)

// policySpec is a NetworkPolicy's.
type policySpec struct {
	PodSelector selector `json:"podSelector"`
	PolicyTypes []string `json:"policyTypes"`
	Ingress     []struct {
		From  []peer       `json:"from"`
		Ports []policyPort `json:"ports"`
	} `json:"ingress"`
	Egress []struct {
		To    []peer       `json:"to"`
		Ports []policyPort `json:"ports"`
	} `json:"egress"`
}

// peer is who a rule of a policy is about.
type peer struct {
	PodSelector       *selector `json:"podSelector"`
	NamespaceSelector *selector `json:"namespaceSelector"`
	IPBlock           *struct {
		CIDR   string   `json:"cidr"`
		Except []string `json:"except"`
	} `json:"ipBlock"`
}

// policyPort is a port that a rule admits; nothing means all.
type policyPort struct {
	Protocol string  `json:"protocol"`
	Port     *amount `json:"port"`
	EndPort  int     `json:"endPort"`
}

// admission is one rule of a policy, whichever way it is about.
type admission struct {
	peers []peer
	ports []policyPort
}

// Directions of a policy (k8s.io/api/networking/v1 PolicyType).
const (
	ingress = "Ingress"
	egress  = "Egress"
)

// isolates is true when a policy is about a direction: when it leaves out its types, it is about what comes in, and about what
// goes out if it has a rule for that (k8s.io/api/networking/v1 NetworkPolicySpec).
func (s policySpec) isolates(direction string) bool {
	if len(s.PolicyTypes) > 0 {
		return slices.Contains(s.PolicyTypes, direction)
	}
	return direction == ingress || len(s.Egress) > 0
}

// admissions are the rules of a policy for a direction.
func (s policySpec) admissions(direction string) []admission {
	var list []admission
	if direction == ingress {
		for _, rule := range s.Ingress {
			list = append(list, admission{rule.From, rule.Ports})
		}
		return list
	}
	for _, rule := range s.Egress {
		list = append(list, admission{rule.To, rule.Ports})
	}
	return list
}

// other is the far end of a connection: one of the release's pods, the cluster's resolver, an address, or anyone.
type other struct {
	name string
	is   func(policyNamespace string, p peer) bool
}

// anyone is a peer that no rule may name, so that only a rule without peers, or of another namespace or address, admits it.
var anyone = other{"what is outside of the release", func(_ string, p peer) bool { return p.NamespaceSelector != nil || p.IPBlock != nil }}

// resolver is whatever answers for names: outside of the release, so that no rule about its pods admits it.
var resolver = other{"the resolver", anyone.is}

// onePod is one of the release's. An address block is not about pods: their addresses are the cluster's own.
func onePod(target *pod) other {
	return other{target.object.reference().String(), func(namespace string, p peer) bool {
		if p.IPBlock != nil {
			return false
		}
		if p.NamespaceSelector == nil && namespace != target.meta.Namespace {
			return false
		}
		if p.NamespaceSelector != nil && !p.NamespaceSelector.matches(map[string]string{"kubernetes.io/metadata.name": target.meta.Namespace}) {
			return false
		}
		return p.PodSelector == nil || p.PodSelector.matches(target.meta.Labels)
	}}
}

// address is one outside of the cluster; the zero address stands for one that is not known.
func address(name string, at netip.Addr) other {
	return other{name, func(_ string, p peer) bool {
		if p.IPBlock == nil {
			return false
		}
		block, err := netip.ParsePrefix(p.IPBlock.CIDR)
		if err != nil {
			return false
		}
		if !at.IsValid() {
			return true
		}
		excepted := slices.ContainsFunc(p.IPBlock.Except, func(cidr string) bool {
			except, err := netip.ParsePrefix(cidr)
			return err == nil && except.Contains(at)
		})
		return block.Contains(at) && !excepted
	}}
}

// admits is true when a pod's policies let it connect to, or be reached by, the other end. A pod that no policy is about may do
// everything (https://kubernetes.io/docs/concepts/services-networking/network-policies, "The two sorts of pod isolation").
// Port 0 is one that is not known: any rule that admits TCP will do, save that of names.
func (r *release) admits(p *pod, direction string, end other, protocol string, port int) bool {
	isolated := false
	for _, policy := range r.policies {
		namespace := policy.object.Metadata.Namespace
		if namespace != p.meta.Namespace || !policy.spec.PodSelector.matches(p.meta.Labels) || !policy.spec.isolates(direction) {
			continue
		}
		isolated = true
		for _, rule := range policy.spec.admissions(direction) {
			peers := len(rule.peers) == 0 || slices.ContainsFunc(rule.peers, func(q peer) bool { return end.is(namespace, q) })
			if peers && admitsPort(rule.ports, p, protocol, port) {
				return true
			}
		}
	}
	return !isolated
}

// admitsPort is true when a rule's ports hold one; a named port is that of the pod.
func admitsPort(list []policyPort, p *pod, protocol string, port int) bool {
	if len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(list, func(q policyPort) bool {
		if q.Protocol == "" {
			q.Protocol = "TCP"
		}
		if q.Protocol != protocol {
			return false
		}
		if q.Port == nil || port == 0 && q.Port.number != 53 {
			return true
		}
		if q.Port.text != "" {
			return slices.ContainsFunc(p.containers, func(c *container) bool { return c.port(*q.Port) == port })
		}
		return port == q.Port.number || q.EndPort > 0 && port > q.Port.number && port <= q.EndPort
	})
}

// checkDeny wants every pod to be isolated both ways, and no rule that takes that back.
func checkDeny(r *release, report reporter) {
	for _, p := range r.pods {
		for _, direction := range []string{ingress, egress} {
			if !slices.ContainsFunc(r.policies, func(policy of[policySpec]) bool {
				return policy.object.Metadata.Namespace == p.meta.Namespace && policy.spec.PodSelector.matches(p.meta.Labels) &&
					policy.spec.isolates(direction)
			}) {
				report(p.place, fmt.Sprintf("no NetworkPolicy denies the pod's %s", direction), "render the default NetworkPolicy for every pod")
			}
		}
	}
	for _, policy := range r.policies {
		for direction, path := range map[string]string{ingress: "ingress", egress: "egress"} {
			for i, rule := range policy.spec.admissions(direction) {
				at := policy.at(fmt.Sprintf("spec.%s[%d]", path, i))
				switch {
				case len(rule.ports) == 0 && len(rule.peers) == 0:
					report(at, "it admits everything", "name peers and ports")
				case len(rule.ports) == 0:
					report(at, "it admits every port", "name the ports")
				case len(rule.peers) == 0 && direction == egress:
					report(at, "it admits connections to everyone", "name the peers")
				}
			}
		}
	}
}
