package chart

import (
	"fmt"
	"slices"
	"strings"
)

// securityContext is a pod's or a container's.
type securityContext struct {
	Privileged               bool   `json:"privileged"`
	AllowPrivilegeEscalation *bool  `json:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   *bool  `json:"readOnlyRootFilesystem"`
	RunAsNonRoot             *bool  `json:"runAsNonRoot"`
	RunAsUser                *int64 `json:"runAsUser"`
	ProcMount                string `json:"procMount"`
	Capabilities             struct {
		Add  []string `json:"add"`
		Drop []string `json:"drop"`
	} `json:"capabilities"`
	SeccompProfile  *profile `json:"seccompProfile"`
	AppArmorProfile *profile `json:"appArmorProfile"`
	SELinuxOptions  struct {
		Type string `json:"type"`
		User string `json:"user"`
		Role string `json:"role"`
	} `json:"seLinuxOptions"`
	WindowsOptions struct {
		HostProcess bool `json:"hostProcess"`
	} `json:"windowsOptions"`
	Sysctls []struct {
		Name string `json:"name"`
	} `json:"sysctls"`
}

type profile struct {
	Type string `json:"type"`
}

// What Pod Security allows (https://kubernetes.io/docs/concepts/security/pod-security-standards, as of Kubernetes 1.34).
var (
	safeVolumes = []string{"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}
	safeSysctls = []string{"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
		"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem"}
	safeSELinux  = []string{"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
	safeProfiles = []string{"RuntimeDefault", "Localhost"}
)

// checkPodSecurity wants every pod to pass Pod Security's level "restricted", which holds the level "baseline".
func checkPodSecurity(r *release, report reporter) {
	for _, p := range r.pods {
		at, spec := p.in("securityContext"), p.spec
		for field, set := range map[string]bool{"hostNetwork": spec.HostNetwork, "hostPID": spec.HostPID, "hostIPC": spec.HostIPC} {
			if set {
				report(p.in("%s", field), "the pod shares the node's", "leave it out")
			}
		}
		for i, sysctl := range spec.SecurityContext.Sysctls {
			if !slices.Contains(safeSysctls, sysctl.Name) {
				report(at.in("sysctls[%d]", i), sysctl.Name+" is not isolated between pods", "leave it out")
			}
		}
		for i, volume := range spec.Volumes {
			for _, kind := range sorted(volume) {
				if kind != "name" && volume[kind] != nil && !slices.Contains(safeVolumes, kind) {
					report(p.in("volumes[%d].%s", i, kind), "a volume of this kind reaches past the pod", "use "+strings.Join(safeVolumes, ", "))
				}
			}
		}
		for _, key := range sorted(p.meta.Annotations) {
			value := p.meta.Annotations[key]
			if strings.HasPrefix(key, "container.apparmor.security.beta.kubernetes.io/") && value != "runtime/default" && !strings.HasPrefix(value, "localhost/") {
				report(p.place, "annotation "+key+" turns AppArmor off", "leave it out")
			}
		}
		checkContext(spec.SecurityContext, at, report)
		for _, c := range p.containers {
			checkContext(c.SecurityContext, c.in("securityContext"), report)
			checkContainerSecurity(spec.SecurityContext, c, report)
		}
	}
}

// checkContext holds what a pod's and a container's context have in common against both levels.
func checkContext(s securityContext, at place, report reporter) {
	if s.RunAsUser != nil && *s.RunAsUser == 0 {
		report(at.in("runAsUser"), "it is root", "name a user above 0")
	}
	if s.RunAsNonRoot != nil && !*s.RunAsNonRoot {
		report(at.in("runAsNonRoot"), "it is false", "set it to true")
	}
	if s.SeccompProfile != nil && !slices.Contains(safeProfiles, s.SeccompProfile.Type) {
		report(at.in("seccompProfile.type"), "it is "+s.SeccompProfile.Type, "use RuntimeDefault")
	}
	if s.AppArmorProfile != nil && !slices.Contains(safeProfiles, s.AppArmorProfile.Type) {
		report(at.in("appArmorProfile.type"), "it is "+s.AppArmorProfile.Type, "use RuntimeDefault")
	}
	if o := s.SELinuxOptions; !slices.Contains(safeSELinux, o.Type) || o.User != "" || o.Role != "" {
		report(at.in("seLinuxOptions"), "it names a user, a role or a type of its own", "leave it out")
	}
	if s.WindowsOptions.HostProcess {
		report(at.in("windowsOptions.hostProcess"), "it runs in the node", "leave it out")
	}
}

// checkContainerSecurity holds a container against what is its own; a pod's context is inherited where it leaves something out.
func checkContainerSecurity(pod securityContext, c *container, report reporter) {
	s, at := c.SecurityContext, c.in("securityContext")
	if s.Privileged {
		report(at.in("privileged"), "it is true", "leave it out")
	}
	if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
		report(at.in("allowPrivilegeEscalation"), "it is not false", "set it to false")
	}
	if s.RunAsNonRoot == nil && (pod.RunAsNonRoot == nil || !*pod.RunAsNonRoot) {
		report(at.in("runAsNonRoot"), "neither the container nor the pod sets it", "set it to true")
	}
	if s.SeccompProfile == nil && pod.SeccompProfile == nil {
		report(at.in("seccompProfile"), "neither the container nor the pod has one", "use RuntimeDefault")
	}
	if !slices.Contains(s.Capabilities.Drop, "ALL") {
		report(at.in("capabilities.drop"), "it does not drop ALL", "drop: [ALL]")
	}
	for _, name := range s.Capabilities.Add {
		if name != "NET_BIND_SERVICE" {
			report(at.in("capabilities.add"), "it adds "+name, "add none")
		}
	}
	if s.ProcMount != "" && s.ProcMount != "Default" {
		report(at.in("procMount"), "it is "+s.ProcMount, "leave it out")
	}
	for i, port := range c.Ports {
		if port.HostPort != 0 {
			report(c.in("ports[%d].hostPort", i), fmt.Sprintf("it takes the node's port %d", port.HostPort), "leave it out; use a Service")
		}
	}
	handlers := map[string]*handler{"lifecycle.postStart": c.Lifecycle.PostStart, "lifecycle.preStop": c.Lifecycle.PreStop}
	for name, probe := range c.probes() {
		if probe != nil {
			handlers[name] = &probe.handler
		}
	}
	for _, name := range sorted(handlers) {
		if h := handlers[name]; h != nil && (h.HTTPGet != nil && h.HTTPGet.Host != "" || h.TCPSocket != nil && h.TCPSocket.Host != "") {
			report(c.in("%s", name), "it calls a host of its own choice, from the node", "leave the host out")
		}
	}
}

// checkFilesystems wants root filesystems that cannot be written.
func checkFilesystems(r *release, report reporter) {
	r.eachContainer(func(c *container) {
		if only := c.SecurityContext.ReadOnlyRootFilesystem; only == nil || !*only {
			report(c.in("securityContext.readOnlyRootFilesystem"), fmt.Sprintf("container %s can write its root filesystem", c.Name),
				"set it to true, and mount an emptyDir where it writes")
		}
	})
}

// checkTokens wants neither a pod nor a service account to hand out a token for the API server.
func checkTokens(r *release, report reporter) {
	for _, p := range r.pods {
		if auto := p.spec.AutomountServiceAccountToken; auto == nil || *auto {
			report(p.in("automountServiceAccountToken"), "the pod gets a token for the API server, which it never calls", "set it to false")
		}
	}
	for _, o := range r.objects {
		if o.Kind == "ServiceAccount" && (o.Automount == nil || *o.Automount) {
			report(place{o, "automountServiceAccountToken"}, "pods of this account get a token for the API server", "set it to false")
		}
	}
}
