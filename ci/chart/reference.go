package chart

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// keyRef names a key of a ConfigMap or Secret.
type keyRef struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Optional bool   `json:"optional"`
}

// variable is one of a container's environment.
type variable struct {
	Name      string `json:"name"`
	Value     string `json:"value"`
	ValueFrom struct {
		ConfigMap *keyRef `json:"configMapKeyRef"`
		Secret    *keyRef `json:"secretKeyRef"`
	} `json:"valueFrom"`
}

// variables are all keys of a ConfigMap or Secret as environment.
type variables struct {
	Prefix    string  `json:"prefix"`
	ConfigMap *keyRef `json:"configMapRef"`
	Secret    *keyRef `json:"secretRef"`
}

// volume is what rules read of a volume that shows a ConfigMap or Secret; Projected has several.
type volume struct {
	Name      string      `json:"name"`
	ConfigMap *volumeOf   `json:"configMap"`
	Secret    *volumeOf   `json:"secret"`
	Projected *projection `json:"projected"`
}

type projection struct {
	Sources []struct {
		ConfigMap *volumeOf `json:"configMap"`
		Secret    *volumeOf `json:"secret"`
	} `json:"sources"`
}

type volumeOf struct {
	Name       string `json:"name"`
	SecretName string `json:"secretName"`
	Optional   bool   `json:"optional"`
	Items      []struct {
		Key  string `json:"key"`
		Path string `json:"path"`
	} `json:"items"`
}

// ofEveryNamespace are the ConfigMaps that Kubernetes itself keeps in each namespace, and their keys.
var ofEveryNamespace = map[string][]string{"kube-root-ca.crt": {"ca.crt"}}

// keys are those of a ConfigMap or Secret that is rendered, or of a Secret that Options names.
func (r *release) keys(kind, namespace, name string) (keys []string, exists bool) {
	if kind == "ConfigMap" {
		if o := find(r.configs, namespace, name); o != nil {
			return append(sorted(o.Data), sorted(o.BinaryData)...), true
		}
		return ofEveryNamespace[name], ofEveryNamespace[name] != nil
	}
	if o := find(r.secrets, namespace, name); o != nil {
		return sorted(o.StringData), true
	}
	keys, exists = r.options.ExistingSecrets[name]
	return keys, exists
}

// checkKeys wants every ConfigMap and Secret that a pod reads, and every key that it reads of it.
func checkKeys(r *release, report reporter) {
	for _, p := range r.pods {
		needs := func(at place, kind, name string, optional bool, keys ...string) {
			has, exists := r.keys(kind, p.meta.Namespace, name)
			if optional {
				return
			}
			fix := "render it, or mend the name"
			if kind == "Secret" {
				fix += "; a Secret that the release finds is named in the options"
			}
			if !exists {
				report(at, fmt.Sprintf("%s %s is not there", kind, name), fix)
				return
			}
			for _, key := range keys {
				if !slices.Contains(has, key) {
					report(at, fmt.Sprintf("%s %s has no key %s", kind, name, key), "add the key, mend its name, or make it optional")
				}
			}
		}
		for _, c := range p.containers {
			for i, from := range c.EnvFrom {
				if ref := from.ConfigMap; ref != nil {
					needs(c.in("envFrom[%d]", i), "ConfigMap", ref.Name, ref.Optional)
				}
				if ref := from.Secret; ref != nil {
					needs(c.in("envFrom[%d]", i), "Secret", ref.Name, ref.Optional)
				}
			}
			for i, v := range c.Env {
				if ref := v.ValueFrom.ConfigMap; ref != nil {
					needs(c.in("env[%d]", i), "ConfigMap", ref.Name, ref.Optional, ref.Key)
				}
				if ref := v.ValueFrom.Secret; ref != nil {
					needs(c.in("env[%d]", i), "Secret", ref.Name, ref.Optional, ref.Key)
				}
			}
		}
		for i, v := range p.volumes() {
			for _, s := range v.shown() {
				needs(p.in("volumes[%d]", i), s.kind, s.name, s.of.Optional, s.of.keys()...)
			}
			r.checkSubPaths(p, v, report)
		}
	}
}

// checkSubPaths wants a file that is mounted alone to be a key of its volume: otherwise the kubelet mounts an empty folder.
func (r *release) checkSubPaths(p *pod, v volume, report reporter) {
	shown := v.shown()
	if len(shown) == 0 {
		return
	}
	var files []string
	for _, s := range shown {
		keys, exists := r.keys(s.kind, p.meta.Namespace, s.name)
		if !exists {
			return
		}
		if len(s.of.Items) == 0 {
			files = append(files, keys...)
		}
		for _, item := range s.of.Items {
			files = append(files, item.Path)
		}
	}
	for _, c := range p.containers {
		for i, mount := range c.VolumeMounts {
			if mount.Name == v.Name && mount.SubPath != "" && !slices.Contains(files, mount.SubPath) {
				report(c.in("volumeMounts[%d].subPath", i), fmt.Sprintf("volume %s has no file %s", v.Name, mount.SubPath), "mount a key that exists")
			}
		}
	}
}

// volumes are the pod's, as far as they show ConfigMaps and Secrets.
func (p *pod) volumes() []volume {
	list := make([]volume, len(p.spec.Volumes))
	for i, fields := range p.spec.Volumes {
		raw, err := json.Marshal(fields)
		if err == nil {
			// a volume of another shape shows neither
			_ = json.Unmarshal(raw, &list[i])
		}
	}
	return list
}

// shown is a ConfigMap or Secret that a volume shows.
type shown struct {
	kind, name string
	of         volumeOf
}

func (v volume) shown() []shown {
	var list []shown
	add := func(config, secret *volumeOf) {
		if config != nil {
			list = append(list, shown{"ConfigMap", config.Name, *config})
		}
		if secret != nil {
			list = append(list, shown{"Secret", secret.SecretName + secret.Name, *secret})
		}
	}
	add(v.ConfigMap, v.Secret)
	if v.Projected != nil {
		for _, source := range v.Projected.Sources {
			add(source.ConfigMap, source.Secret)
		}
	}
	return list
}

func (v volumeOf) keys() []string {
	var keys []string
	for _, item := range v.Items {
		keys = append(keys, item.Key)
	}
	return keys
}

// environment is what a container finds set, as far as it is rendered; a later variable wins, as the kubelet has it.
func (r *release) environment(c *container) map[string]string {
	values := map[string]string{}
	namespace := c.pod.meta.Namespace
	for _, from := range c.EnvFrom {
		if ref := from.ConfigMap; ref != nil {
			if o := find(r.configs, namespace, ref.Name); o != nil {
				for key, value := range o.Data {
					values[from.Prefix+key] = value
				}
			}
		}
		if ref := from.Secret; ref != nil {
			if o := find(r.secrets, namespace, ref.Name); o != nil {
				for key, value := range o.StringData {
					values[from.Prefix+key] = value
				}
			}
		}
	}
	for _, v := range c.Env {
		delete(values, v.Name)
		if v.Value != "" {
			values[v.Name] = v.Value
		}
		for list, ref := range map[*[]*object]*keyRef{&r.configs: v.ValueFrom.ConfigMap, &r.secrets: v.ValueFrom.Secret} {
			if ref == nil {
				continue
			}
			if o := find(*list, namespace, ref.Name); o != nil {
				for _, data := range []map[string]string{o.Data, o.StringData} {
					if value, found := data[ref.Key]; found {
						values[v.Name] = value
					}
				}
			}
		}
	}
	return values
}

// isSet is true when a container gets a variable with a value, or may find one in a Secret that Options names.
func (r *release) isSet(c *container, name string) bool {
	if strings.TrimSpace(r.environment(c)[name]) != "" {
		return true
	}
	for _, v := range c.Env {
		if ref := v.ValueFrom.Secret; v.Name == name && ref != nil && find(r.secrets, c.pod.meta.Namespace, ref.Name) == nil {
			return slices.Contains(r.options.ExistingSecrets[ref.Name], ref.Key)
		}
	}
	return false
}
