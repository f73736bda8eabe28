package chart_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/chart"
	"todo-chatbot/ci/kube"
)

// Where the rules' tests break things.
const (
	backend   = "Deployment/todo-chatbot-backend"
	frontend  = "Deployment/todo-chatbot-frontend"
	postgres  = "StatefulSet/todo-chatbot-postgres"
	journey   = "Pod/todo-chatbot-test-journey"
	podSpec   = "/spec/template/spec"
	container = podSpec + "/containers/0"
	policy    = "NetworkPolicy/todo-chatbot-"
)

// broken is one way to break a rule: what is changed in the development release (another where `of` names it), and what is found.
type broken struct {
	rule    string
	patches []patch
	path    string
	message string
	of      string
	options func(*chart.Options)
}

// hold checks each case: the rule is broken at that place.
func hold(t *testing.T, tests map[string]broken) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			held = append(held, test.rule)
			if test.of == "" {
				test.of = "development"
			}
			o := options()
			if test.options != nil {
				test.options(&o)
			}
			manifests := patched(t, rendered(t, test.of), test.patches...)
			findings, err := chart.Check(manifests, o)
			require.NoError(t, err)
			assert.True(t, slices.ContainsFunc(findings, func(f chart.Finding) bool {
				return f.Rule == test.rule && f.Path == test.path && strings.Contains(f.Message, test.message)
			}), "%s at %q: %s\n%s", test.rule, test.path, test.message, chart.Text(findings))
		})
	}
}

// held are the rules that a case has broken.
var held []string

type m = map[string]any

func TestRules(t *testing.T) {
	for environment := range golden {
		findings, err := chart.Check(rendered(t, environment), options())
		require.NoError(t, err)
		require.Empty(t, findings, "what the cases break holds before: %s", chart.Text(findings))
	}
	hold(t, resourceCases)
	hold(t, probeCases)
	hold(t, referenceCases)
	hold(t, rolloutCases)
	hold(t, networkCases)
	hold(t, securityCases)
	hold(t, metadataCases)
	t.Run("every rule has a case that breaks it", func(t *testing.T) {
		for _, rule := range chart.Rules() {
			assert.Contains(t, held, rule.ID)
		}
	})
}

const spec = "spec.template.spec"

var resourceCases = map[string]broken{
	"an init container counts for the pod's class": {"qos-guaranteed", []patch{{backend, podSpec + "/initContainers/1/resources/requests/cpu", "100m"}},
		spec, "the pod is Burstable", "", nil},
	"a pod without resources is the first to go": {"qos-guaranteed", []patch{{journey, "/spec/containers/0/resources", nil}},
		"spec", "the pod is BestEffort", "", nil},
	"a limit of nothing is no limit": {"qos-guaranteed", []patch{{backend, container + "/resources/limits/cpu", 0},
		{backend, container + "/resources/requests/cpu", 0}}, spec, "the pod is Burstable", "", nil},
	"a test that asks for less memory than it may use": {"requests-equal-limits", []patch{{journey, "/spec/containers/0/resources/requests/memory", "64Mi"}},
		"spec.containers[0].resources", "requests 64Mi memory and is limited to 128Mi", "", nil},
	"resources of the pod itself count alone": {"qos-guaranteed", []patch{{backend, podSpec + "/resources", m{"requests": m{"cpu": "1"}}}},
		spec, "the pod is Burstable", "", nil},
	"an amount that is none has no class": {"qos-guaranteed", []patch{{journey, "/spec/containers/0/resources/limits/cpu", "lots"}},
		"spec", `cpu: "lots" is no quantity`, "", nil},
	"requests below limits": {"requests-equal-limits", []patch{{backend, container + "/resources/requests/memory", "256Mi"}},
		spec + ".containers[0].resources", "requests 256Mi memory and is limited to 512Mi", "", nil},
	"a request that is left out": {"requests-equal-limits", []patch{{backend, podSpec + "/initContainers/0/resources/requests/cpu", nil}},
		spec + ".initContainers[0].resources", "container await-postgres has no request of cpu", "", nil},
	"a release that is larger than its budget": {"budget", []patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/minReplicas", 3}},
		"", "the release asks for 2250m CPU", "", func(o *chart.Options) { o.Budget = chart.Development }},
	"an init container that needs more than what runs": {"budget", []patch{{postgres, podSpec + "/initContainers", []any{
		m{"name": "a", "image": "a:1", "resources": m{"requests": m{"memory": "4Gi"}}}}}},
		"", "and 5632Mi while it rolls, more than 1900m CPU and 4096Mi", "", func(o *chart.Options) { o.Budget = kube.Resources{MilliCPU: 1900, Memory: 4 << 30} }},
	"a surge above the budget": {"budget", nil, "", "the release asks for 1750m CPU", "",
		func(o *chart.Options) { o.Budget = kube.Resources{MilliCPU: 1749, Memory: 4 << 30} }},
	"more pods than can be counted": {"budget", []patch{{frontend, "/spec/replicas", 2000000000}},
		"", "more than can be counted", "",
		func(o *chart.Options) { o.Budget = chart.Development }},
}

var probeCases = map[string]broken{
	"a liveness probe that asks for the database": {"probe-figures", []patch{{backend, container + "/livenessProbe/httpGet/path", "/health/ready"}},
		spec + ".containers[0].livenessProbe", "the path is /health/ready, not /health", "", nil},
	"a readiness probe that does not": {"probe-figures", []patch{{backend, container + "/readinessProbe/httpGet/path", "/health"}},
		spec + ".containers[0].readinessProbe", "the path is /health, not /health/ready", "", nil},
	"a startup probe that is left out": {"probe-figures", []patch{{backend, container + "/startupProbe", nil}},
		spec + ".containers[0].startupProbe", "container backend lacks it", "", nil},
	"a figure that is left to Kubernetes": {"probe-figures", []patch{{backend, container + "/readinessProbe/timeoutSeconds", nil}},
		spec + ".containers[0].readinessProbe", "timeoutSeconds is 1, not 2", "", nil},
	"a port with another number": {"probe-figures", []patch{{frontend, container + "/livenessProbe/httpGet/port", "web"}},
		spec + ".containers[0].livenessProbe", "the port is 0, not 3000", "", nil},
	"a probe that is no HTTP GET": {"probe-figures", []patch{{frontend, container + "/readinessProbe/httpGet", nil},
		{frontend, container + "/readinessProbe/tcpSocket", m{"port": "http"}}}, spec + ".containers[0].readinessProbe", "it is no HTTP GET", "", nil},
	"a start of which twice is more than its probe allows": {"probe-budget", nil, spec + ".containers[0].startupProbe",
		"a start may take 30s, and one was seen to take 16s", "", func(o *chart.Options) { o.Starts = map[string]time.Duration{"backend": 16 * time.Second} }},
	"readiness that outlasts liveness": {"probe-budget", []patch{{postgres, container + "/readinessProbe/failureThreshold", 12}},
		spec + ".containers[0].readinessProbe", "it gives up after 1m0s, and liveness after 1m0s", "", nil},
	"a rollout shorter than a start": {"probe-budget", []patch{{frontend, "/spec/progressDeadlineSeconds", 60}},
		"spec.progressDeadlineSeconds", "a rollout fails after 1m0s", "", nil},
}

var referenceCases = map[string]broken{
	"a ConfigMap that is not rendered": {"key-exists", []patch{{backend, container + "/envFrom/0/configMapRef/name", "other"}},
		spec + ".containers[0].envFrom[0]", "ConfigMap other is not there", "", nil},
	"a key that its Secret lacks": {"key-exists", []patch{{"Secret/todo-chatbot-secrets", "/data/BETTER_AUTH_SECRET", nil}},
		spec + ".containers[0].env[1]", "has no key BETTER_AUTH_SECRET", "", nil},
	"a key that is misspelt in an init container": {"key-exists", []patch{{backend, podSpec + "/initContainers/1/env/0/valueFrom/secretKeyRef/key", "URL"}},
		spec + ".initContainers[1].env[0]", "has no key URL", "", nil},
	"a Secret that nobody names": {"key-exists", nil, spec + ".containers[0].env[0]", "Secret todo-chatbot-2026-11 is not there", "production",
		func(o *chart.Options) { o.ExistingSecrets = nil }},
	"a Secret that lacks a key": {"key-exists", nil, spec + ".containers[0].env[1]", "Secret todo-chatbot-2026-11 has no key BETTER_AUTH_SECRET", "production",
		func(o *chart.Options) {
			o.ExistingSecrets = map[string][]string{"todo-chatbot-2026-11": {"DATABASE_URL"}}
		}},
	"a Secret as a whole": {"key-exists", []patch{{backend, container + "/envFrom/-", m{"secretRef": m{"name": "other"}}}},
		spec + ".containers[0].envFrom[1]", "Secret other is not there", "", nil},
	"a key of a ConfigMap": {"key-exists", []patch{{backend, container + "/env/-", m{"name": "A", "valueFrom": m{"configMapKeyRef": m{"name": "todo-chatbot-backend", "key": "A"}}}}},
		spec + ".containers[0].env[2]", "ConfigMap todo-chatbot-backend has no key A", "", nil},
	"a volume of a ConfigMap that is not there": {"key-exists", []patch{{journey, "/spec/volumes/0/configMap/name", "other"}},
		"spec.volumes[0]", "ConfigMap other is not there", "", nil},
	"a key of a volume that is projected": {"key-exists", []patch{{journey, "/spec/volumes/0", m{"name": "scripts", "projected": m{"sources": []any{
		m{"configMap": m{"name": "todo-chatbot-test-scripts", "items": []any{m{"key": "none.py", "path": "a"}}}}}}}}},
		"spec.volumes[0]", "has no key none.py", "", nil},
	"a file that its volume lacks": {"key-exists", []patch{{postgres, container + "/volumeMounts/3/subPath", "shadow"}},
		spec + ".containers[0].volumeMounts[3].subPath", "volume passwd has no file shadow", "", nil},
	"a Deployment that does not select its pods": {"selector-matches", []patch{{backend, "/spec/selector/matchLabels/app.kubernetes.io~1component", "api"}},
		"spec.selector", "does not match the pods that it makes", "", nil},
	"a Service of nobody": {"selector-matches", []patch{{"Service/todo-chatbot-backend", "/spec/selector/app.kubernetes.io~1component", "api"}},
		"spec.selector", "matches no pod", "", nil},
	"a budget of nobody": {"selector-matches", []patch{{"PodDisruptionBudget/todo-chatbot-backend", "/spec/selector/matchLabels/app.kubernetes.io~1component", "api"}},
		"spec.selector", "matches no pod", "", nil},
	"a policy of nobody": {"selector-matches", []patch{{policy + "frontend", "/spec/podSelector", m{"matchExpressions": []any{
		m{"key": "app.kubernetes.io/component", "operator": "In", "values": []any{"web"}}}}}}, "spec.podSelector", "component In web", "", nil},
	"a policy that admits nobody": {"selector-matches", []patch{{policy + "backend", "/spec/ingress/0/from/0/podSelector/matchLabels/app.kubernetes.io~1component", "web"}},
		"spec.ingress[0].from[0].podSelector", "matches no pod", "", nil},
	"a spread of other pods": {"selector-matches", []patch{{frontend, podSpec + "/topologySpreadConstraints/0/labelSelector/matchLabels/app.kubernetes.io~1component", "backend"}},
		spec + ".topologySpreadConstraints[0].labelSelector", "does not match the pods that it spreads", "", nil},
	"a monitor of no Service": {"selector-matches", []patch{{"ServiceMonitor/todo-chatbot-backend", "/spec/selector/matchLabels/app.kubernetes.io~1component", "api"}},
		"spec.selector", "matches no Service", "production", nil},
	"another namespace": {"selector-matches", []patch{{"Service/todo-chatbot-frontend", "/metadata/namespace", "default"}},
		"spec.selector", "matches no pod", "", nil},
	"a Service to a port that pods lack": {"service-port", []patch{{"Service/todo-chatbot-backend", "/spec/ports/0/targetPort", "web"}},
		"spec.ports[0].targetPort", "Deployment/todo-chatbot/todo-chatbot-backend has no port for port 8000", "", nil},
	"an Ingress to no Service": {"service-port", []patch{{"Ingress/todo-chatbot-frontend", "/spec/rules/0/http/paths/0/backend/service/name", "web"}},
		"spec.rules[0].http.paths[0].backend", "Service web is not there", "staging", nil},
	"a route to no port": {"service-port", []patch{{"HTTPRoute/todo-chatbot-frontend", "/spec/rules/0/backendRefs/0/port", 80}},
		"spec.rules[0].backendRefs[0]", "has no port 80", "production", nil},
	"a URL of no Service": {"service-url", []patch{{"ConfigMap/todo-chatbot-frontend", "/data/BACKEND_URL", "http://backend:8000"}},
		spec + ".containers[0].env", "BACKEND_URL names backend, which is no Service of the release", "", nil},
	"a URL of no port": {"service-url", []patch{{"ConfigMap/todo-chatbot-backend", "/data/AUTH_JWKS_URL", "http://todo-chatbot-frontend.todo-chatbot.svc/jwks"}},
		spec + ".containers[0].env", "AUTH_JWKS_URL names port 80", "", nil},
	"no tag": {"image-pinned", []patch{{backend, podSpec + "/initContainers/0/image", "registry:5000/postgres"}},
		spec + ".initContainers[0].image", "neither tag nor digest", "", nil},
	"latest": {"image-pinned", []patch{{frontend, container + "/image", "todo-frontend:latest"}},
		spec + ".containers[0].image", "changes under the release", "", nil},
	"a digest that is none": {"image-pinned", []patch{{frontend, container + "/image", "todo-frontend@sha256:abc"}},
		spec + ".containers[0].image", "is none", "", nil},
	"a tag and a digest": {"image-pinned",
		[]patch{{frontend, container + "/image", "todo-frontend:1@sha256:" + strings.Repeat("a", 64)}},
		spec + ".containers[0].image", "has a tag and a digest", "", nil},
	"an image that has no name": {"image-pinned", []patch{{journey, "/spec/containers/0/image", nil}},
		"spec.containers[0].image", "container journey has no image", "", nil},
	"an autoscaler of nothing": {"autoscaler-target",
		[]patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/scaleTargetRef/name", "api"}},
		"spec.scaleTargetRef", "Deployment api is not there", "", nil},
	"replicas beside autoscaling": {"autoscaler-target", []patch{{backend, "/spec/replicas", 2}},
		"spec.replicas", "it is 2, and an autoscaler has the say", "", nil},
	"more at least than at most": {"autoscaler-target",
		[]patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/maxReplicas", 1}},
		"spec.minReplicas", "it is 2, above maxReplicas, 1", "", nil},
	"an autoscaler of other bounds": {"autoscaler-figures",
		[]patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/minReplicas", nil}},
		"spec", "it keeps 1 to 5 pods", "", nil},
	"an autoscaler by memory": {"autoscaler-figures",
		[]patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/metrics/0/resource/name", "memory"}},
		"spec.metrics", "by CPU at 70 % alone", "", nil},
	"an autoscaler of the front end": {"autoscaler-figures", []patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/spec/scaleTargetRef/name", "todo-chatbot-frontend"}},
		"spec.scaleTargetRef", "it scales the frontend", "", nil},
	"an older autoscaler": {"autoscaler-figures",
		[]patch{{"HorizontalPodAutoscaler/todo-chatbot-backend", "/apiVersion", "autoscaling/v2beta2"}},
		"apiVersion", "not autoscaling/v2", "", nil},
}
