package chart

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// public stands for an address of OpenAI's API, which has many: any public one (TEST-NET-3 is in no private range).
var public = netip.MustParseAddr("203.0.113.1")

// checkFlows wants NetworkPolicies to admit every connection that the release's configuration needs, at both ends.
func checkFlows(r *release, report reporter) {
	if len(r.policies) == 0 {
		return // the rule about denying says so
	}
	told := map[string]bool{}
	missing := func(p *pod, direction string, end other, protocol string, port int) {
		way := "to"
		if direction == ingress {
			way = "from"
		}
		number := strconv.Itoa(port)
		if port == 0 {
			number = "of the database"
		}
		message := fmt.Sprintf("no NetworkPolicy admits %s %s %s port %s", direction, way, end.name, protocol+" "+number)
		if key := fmt.Sprint(p.object.reference(), message); !r.admits(p, direction, end, protocol, port) && !told[key] {
			told[key] = true
			report(p.place, message, "admit it in the policy of the component")
		}
	}
	between := func(from, to *pod, port int) {
		missing(from, egress, onePod(to), "TCP", port)
		missing(to, ingress, onePod(from), "TCP", port)
	}
	for _, from := range r.pods {
		for _, to := range r.needed(from) {
			between(from, to.pod, to.port)
		}
		component := from.component()
		if slices.Contains([]string{"backend", "frontend"}, component) || from.isTest() {
			missing(from, egress, resolver, "UDP", 53)
			missing(from, egress, resolver, "TCP", 53)
		}
		if slices.Contains([]string{"backend", "frontend"}, component) && len(r.podsOf("postgres")) == 0 {
			database, port := r.database(from)
			missing(from, egress, database, "TCP", port)
		}
		if component == "backend" && r.isSet(from.main(), "OPENAI_API_KEY") {
			server, port := r.model(from)
			missing(from, egress, server, "TCP", port)
		}
		mail := r.environment(from.main())
		if port, err := strconv.Atoi(mail["SMTP_PORT"]); component == "frontend" && err == nil {
			missing(from, egress, r.elsewhere("the mail server", mail["SMTP_HOST"], netip.Addr{}), "TCP", port)
		}
		if component == "frontend" {
			missing(from, ingress, anyone, "TCP", ports[component])
		}
	}
}

// end is a port of a pod.
type end struct {
	pod  *pod
	port int
}

// talks are the components that each one calls, whatever its configuration says: the front end passes requests on, the backend
// fetches the keys that their tokens are signed with, and both keep their data in Postgres.
var talks = map[string][]string{"backend": {"frontend", "postgres"}, "frontend": {"backend", "postgres"}}

// needed are the pods of the release that one calls: those of the components, and those behind the URLs in its environment.
func (r *release) needed(from *pod) []end {
	var ends []end
	for _, component := range talks[from.component()] {
		for _, to := range r.podsOf(component) {
			ends = append(ends, end{to, ports[component]})
		}
	}
	for _, u := range r.urls(from) {
		service, port := r.service(from.meta.Namespace, u.url)
		if service == nil || port < 0 {
			continue
		}
		for _, to := range r.selected(service.object.Metadata.Namespace, selector{MatchLabels: service.spec.Selector}) {
			ends = append(ends, end{to, service.spec.target(port, to)})
		}
	}
	return ends
}

// namedURL is a URL in a container's environment.
type namedURL struct {
	container *container
	name      string
	url       *url.URL
}

// urls are those in a pod's environment, as far as it is rendered.
func (r *release) urls(p *pod) []namedURL {
	var list []namedURL
	for _, c := range p.containers {
		values := r.environment(c)
		for _, name := range sorted(values) {
			if u, err := url.Parse(values[name]); err == nil && u.Host != "" {
				list = append(list, namedURL{c, name, u})
			}
		}
	}
	return list
}

// internal is true for a host that only the cluster's resolver knows.
func internal(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && host != "localhost" && (!strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc."))
}

// service is the Service that a URL names, and the index of its port; -1 when it has none of that number.
func (r *release) service(namespace string, u *url.URL) (*of[serviceSpec], int) {
	labels := strings.Split(u.Hostname(), ".")
	if !internal(u.Hostname()) {
		return nil, -1
	}
	if len(labels) > 1 {
		namespace = labels[1]
	}
	for i := range r.services {
		s := &r.services[i]
		if s.object.Metadata.Name == labels[0] && s.object.Metadata.Namespace == namespace {
			number := portOf(u)
			return s, slices.IndexFunc(s.spec.Ports, func(p servicePort) bool { return p.Port == number })
		}
	}
	return nil, -1
}

// portOf is a URL's port, or that of its scheme; 0 when neither is known.
func portOf(u *url.URL) int {
	if number, err := strconv.Atoi(u.Port()); err == nil {
		return number
	}
	scheme, _, _ := strings.Cut(u.Scheme, "+")
	return map[string]int{"http": 80, "https": 443, "postgres": 5432, "postgresql": 5432}[scheme]
}

// model is the server that answers for the assistant, and its port.
func (r *release) model(backend *pod) (other, int) {
	const name = "the model's server"
	u := r.urlOf(backend, "OPENAI_BASE_URL")
	if u == nil {
		return address("OpenAI", public), 443
	}
	return r.elsewhere(name, u.Hostname(), public), portOf(u)
}

// database is a pod's database outside of the release, and its port, as far as its URL is rendered.
func (r *release) database(p *pod) (other, int) {
	const name = "the database"
	u := r.urlOf(p, "DATABASE_URL")
	if u == nil {
		return r.elsewhere(name, "", netip.Addr{}), 0
	}
	return r.elsewhere(name, u.Hostname(), netip.Addr{}), portOf(u)
}

// elsewhere is a host that is not the release's: pods of the cluster where only its resolver knows the host, or where nobody does,
// else an address; named stands for that of a name.
func (r *release) elsewhere(name, host string, named netip.Addr) other {
	if host == "" || internal(host) {
		return other{name, func(namespace string, p peer) bool {
			own := p.PodSelector != nil && slices.ContainsFunc(r.pods, func(q *pod) bool { return p.PodSelector.matches(q.meta.Labels) })
			return anyone.is(namespace, p) || p.PodSelector != nil && !own
		}}
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		at = named
	}
	return address(name, at)
}

// urlOf is the URL in a variable of a pod, nil where none is rendered.
func (r *release) urlOf(p *pod, variable string) *url.URL {
	for _, u := range r.urls(p) {
		if u.name == variable {
			return u.url
		}
	}
	return nil
}

// checkURLs wants every URL that names a host of the cluster to name a Service of the release, by a port that it has.
func checkURLs(r *release, report reporter) {
	for _, p := range r.pods {
		for _, u := range r.urls(p) {
			host := u.url.Hostname()
			if !internal(host) {
				continue
			}
			at := u.container.in("env")
			switch service, port := r.service(p.meta.Namespace, u.url); {
			case service == nil:
				report(at, fmt.Sprintf("%s names %s, which is no Service of the release", u.name, host), "name a Service that is rendered")
			case port < 0:
				report(at, fmt.Sprintf("%s names port %d of %s, which has none", u.name, portOf(u.url), host), "name a port of the Service")
			}
		}
	}
}
