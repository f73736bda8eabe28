package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"todo-chatbot/ci/kube"
)

var (
	// template is the comment in which Helm names the file that a document comes from.
	template = regexp.MustCompile(`(?m)^# Source: (\S+)\r?$`)
	// oddBreak is a document's end after a line break that is YAML's and no newline: what follows would not be seen.
	oddBreak = regexp.MustCompile("[\r\u0085\u2028\u2029](?:---|\\.\\.\\.)")
)

// parse reads rendered manifests. Its errors say where and never what: there are Secrets among them.
func parse(manifests []byte) (*release, error) {
	if !utf8.Valid(manifests) {
		return nil, errors.New("they are not UTF-8 text")
	}
	if oddBreak.Match(manifests) {
		return nil, errors.New("a document ends after a line break that is no newline; write newlines")
	}
	r := &release{manifests: manifests}
	for i, document := range kube.Documents(manifests) {
		var raw json.RawMessage
		if err := kube.Decode(document, &raw); err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
		source := ""
		if found := template.FindSubmatch(document); found != nil {
			source = string(found[1])
		}
		if err := r.add(raw, source); err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
	}
	if len(r.objects) == 0 {
		return nil, errors.New("there is no object in them; pass what helm template prints")
	}
	return r, r.assemble()
}

// add reads one object, or each item of a List.
func (r *release) add(raw json.RawMessage, template string) error {
	o := &object{template: template}
	if err := decode(raw, o); err != nil {
		return err
	}
	if kube.IsList(o.Kind, o.Items) {
		for i, item := range o.Items {
			item, err := kube.ListItem(o.APIVersion, o.Kind, item)
			if err != nil {
				return fmt.Errorf("item %d: %w", i+1, err)
			}
			if err := r.add(item, template); err != nil {
				return fmt.Errorf("item %d: %w", i+1, err)
			}
		}
		return nil
	}
	if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
		return errors.New("no Kubernetes object: it lacks apiVersion, kind or metadata.name")
	}
	for _, other := range r.objects {
		if other.reference() == o.reference() && other.group() == o.group() {
			return fmt.Errorf("%s is there twice", o.reference())
		}
	}
	if err := json.Unmarshal(raw, &o.fields); err != nil {
		return errors.New("not of the expected shape")
	}
	r.objects = append(r.objects, o)
	return nil
}

// decode reads JSON; what is left out is empty. Its errors name a field and never a value.
func decode(raw json.RawMessage, target any) error {
	if len(raw) == 0 {
		return nil
	}
	err := json.Unmarshal(raw, target)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Errorf("field %s is not of the expected type", mismatch.Field)
	}
	return errors.New("not of the expected shape")
}

// assemble reads the specs of the kinds that rules are about, and finds the pods.
func (r *release) assemble() error {
	for _, o := range r.objects {
		if err := r.specify(o); err != nil {
			return fmt.Errorf("%s: %w", o.reference(), err)
		}
	}
	return nil
}

// specify decodes one object's spec into the list of its kind.
func (r *release) specify(o *object) error {
	if path, runs := podPaths[o.Kind]; runs && o.builtIn() {
		return r.addPods(o, path)
	}
	switch o.Kind + "." + o.group() {
	case "ConfigMap.":
		r.configs = append(r.configs, o)
	case "Secret.":
		return r.addSecret(o)
	case "Service.":
		return specified(o, &r.services)
	case "NetworkPolicy.networking.k8s.io":
		return specified(o, &r.policies)
	case "PodDisruptionBudget.policy":
		return specified(o, &r.budgets)
	case "HorizontalPodAutoscaler.autoscaling":
		return specified(o, &r.autoscalers)
	case "Ingress.networking.k8s.io":
		return specified(o, &r.ingresses)
	case "HTTPRoute.gateway.networking.k8s.io":
		return specified(o, &r.routes)
	case "ServiceMonitor.monitoring.coreos.com":
		return specified(o, &r.monitors)
	}
	return nil
}

// specified appends an object with its spec.
func specified[T any](o *object, list *[]of[T]) error {
	found := of[T]{object: o}
	if err := decode(o.Spec, &found.spec); err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	*list = append(*list, found)
	return nil
}
