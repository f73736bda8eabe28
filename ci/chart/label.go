package chart

import "fmt"

// objectLabels and podLabels are the recommended ones (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels).
// A pod's template has only those that never change, so that a new version of the chart alone restarts nothing.
var (
	objectLabels = []string{"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component",
		"app.kubernetes.io/version", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "helm.sh/chart"}
	podLabels = objectLabels[:3]
)

// checkLabels wants them on every object and on every pod.
func checkLabels(r *release, report reporter) {
	hold := func(at place, has map[string]string, wanted []string) {
		for _, label := range wanted {
			if has[label] == "" {
				report(at.in("labels['%s']", label), "the label is not there", "add it")
			}
		}
	}
	for _, o := range r.objects {
		hold(place{o, "metadata"}, o.Metadata.Labels, objectLabels)
	}
	for _, w := range r.workloads {
		hold(place{w.object, podPaths[w.object.Kind] + ".metadata"}, w.pod.meta.Labels, podLabels)
	}
}

// checkComponents wants the parts of the product to be there: without them, the other rules would have nothing to find.
func checkComponents(r *release, report reporter) {
	for _, component := range []string{"backend", "frontend"} {
		pods := r.podsOf(component)
		if len(pods) == 0 {
			report(whole, fmt.Sprintf("no pod has the label app.kubernetes.io/component=%s", component), "render the component's Deployment")
		}
		for _, p := range pods {
			if !p.isTest() && !p.listens(ports[component]) {
				report(p.place, fmt.Sprintf("the pod has no port %d", ports[component]), "name the port that the image listens on")
			}
			if !r.served(p) {
				report(p.place, "no Service sends it requests", "render the component's Service")
			}
		}
	}
}

// checkChecksums wants a pod that reads what is rendered with it to roll when that changes: Kubernetes does not restart it.
func checkChecksums(r *release, report reporter) {
	for _, w := range r.workloads {
		if w.object.Kind != "Deployment" && w.object.Kind != "StatefulSet" {
			continue
		}
		reads := map[string]bool{}
		for _, c := range w.pod.containers {
			for _, from := range c.EnvFrom {
				reads["config"] = reads["config"] || from.ConfigMap != nil
				reads["secret"] = reads["secret"] || from.Secret != nil
			}
			for _, v := range c.Env {
				reads["config"] = reads["config"] || v.ValueFrom.ConfigMap != nil
				reads["secret"] = reads["secret"] || v.ValueFrom.Secret != nil
			}
		}
		for _, v := range w.pod.volumes() {
			for _, s := range v.shown() {
				reads["config"] = reads["config"] || s.kind == "ConfigMap"
				reads["secret"] = reads["secret"] || s.kind == "Secret"
			}
		}
		for _, of := range sorted(reads) {
			if reads[of] && w.pod.meta.Annotations["checksum/"+of] == "" {
				report(place{w.object, podPaths[w.object.Kind] + ".metadata.annotations"},
					fmt.Sprintf("the pod reads a %s and does not roll when it changes", map[string]string{"config": "ConfigMap", "secret": "Secret"}[of]),
					"annotate the template with checksum/"+of)
			}
		}
	}
}
