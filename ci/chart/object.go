package chart

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// release is everything that was rendered.
type release struct {
	manifests   []byte
	options     Options
	objects     []*object
	pods        []*pod
	workloads   []workload
	configs     []*object
	secrets     []*object
	services    []of[serviceSpec]
	policies    []of[policySpec]
	budgets     []of[budgetSpec]
	autoscalers []of[autoscalerSpec]
	ingresses   []of[ingressSpec]
	routes      []of[routeSpec]
	monitors    []of[monitorSpec]
}

// of is an object of one kind.
type of[T any] struct {
	object *object
	spec   T
}

// at is a place in the object.
func (o of[T]) at(path string) place { return place{o.object, path} }

// metadata is the part of an object's that rules read.
type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// object is one rendered object.
type object struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Spec       json.RawMessage   `json:"spec"`
	Data       map[string]string `json:"data"`
	StringData map[string]string `json:"stringData"`
	BinaryData map[string]string `json:"binaryData"`
	Items      []json.RawMessage `json:"items"`
	// Automount is a ServiceAccount's.
	Automount *bool `json:"automountServiceAccountToken"`

	// template is the file that rendered it; fields are all of it.
	template string
	fields   map[string]any
}

// reference names the object; a nil object is the release as a whole.
func (o *object) reference() Object {
	if o == nil {
		return Object{}
	}
	return Object{Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}
}

// source is the template that rendered it, "" when Helm did not say and for the release as a whole.
func (o *object) source() string {
	if o == nil {
		return ""
	}
	return o.template
}

// group is the API group, "" for the core one.
func (o *object) group() string {
	return kube.Group(o.APIVersion)
}

// builtIn is true for the groups of Kubernetes' own workloads.
func (o *object) builtIn() bool { return slices.Contains([]string{"", "apps", "batch"}, o.group()) }

// hook is what Helm runs the object for, "" for a part of the release.
func (o *object) hook() string { return o.Metadata.Annotations["helm.sh/hook"] }

// isTest is true for what `helm test` runs.
func (o *object) isTest() bool {
	return slices.Contains(strings.FieldsFunc(o.hook(), func(r rune) bool { return r == ',' || r == ' ' }), "test")
}

// place is a field of an object.
type place struct {
	object *object
	path   string
}

// in is a place below this one.
func (p place) in(format string, arguments ...any) place {
	below := fmt.Sprintf(format, arguments...)
	if p.path != "" && below != "" && below[0] != '[' {
		below = "." + below
	}
	return place{p.object, p.path + below}
}

// whole is the release, for findings that no object can have.
var whole = place{}

// addSecret decodes a Secret's values: they are kept in StringData, which Kubernetes lets win.
func (r *release) addSecret(o *object) error {
	values := map[string]string{}
	for _, key := range sorted(o.Data) {
		value, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(o.Data[key]), ""))
		if err != nil {
			return fmt.Errorf("data: the value of key %d is not base64", slices.Index(sorted(o.Data), key)+1)
		}
		values[key] = string(value)
	}
	maps.Copy(values, o.StringData)
	o.StringData = values
	r.secrets = append(r.secrets, o)
	return nil
}

// find gives the object of that name and namespace in a list.
func find(list []*object, namespace, name string) *object {
	for _, o := range list {
		if o.Metadata.Namespace == namespace && o.Metadata.Name == name {
			return o
		}
	}
	return nil
}

// sorted gives a map's keys in order, so that findings are the same each time.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
