package chart_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/chart"
	"todo-chatbot/ci/deploy"
)

//go:generate go test . -run TestTheRenderedChartIsTheChart -update

var update = flag.Bool("update", false, "write testdata/rendered anew")

const (
	root   = "../.."
	source = root + "/helm/todo-chatbot"
)

// built gives the path of a tool that hack/tools builds. No test builds one: that takes longer than a test may.
func built(name string) (string, error) {
	path, err := filepath.Abs(root + "/.bin/" + name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the tool %s is missing; to build it, run: hack/tools %s (%w)", name, name, err)
	}
	return path, nil
}

// The Helm that the pipeline runs, and the one that whoever installs the chart by hand may still have.
func helm() (string, error)  { return built("helm") }
func helm3() (string, error) { return built("helm3") }

var (
	bringsSecrets = regexp.MustCompile(`(?m)^(secrets|existingSecret):`)
	bringsURL     = regexp.MustCompile(`(?m)^publicUrl:`)
	forUsers      = regexp.MustCompile(`(?m)^environment: (staging|production)`)
)

// template gives what a Helm prints with a set of values and further ones as --set takes them, or what it refuses them with.
func template(t *testing.T, tool func() (string, error), values string, sets ...string) (manifests []byte, refused string) {
	t.Helper()
	var flags []string
	for _, set := range sets {
		flags = append(flags, "--set", set)
	}
	return templateWith(t, tool, "todo-chatbot", values, flags...)
}

// templateWith is template of a release with flags of Helm's.
func templateWith(t *testing.T, tool func() (string, error), release, values string, flags ...string) (manifests []byte, refused string) {
	t.Helper()
	path, err := tool()
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(source, values))
	require.NoError(t, err)
	arguments := []string{"template", release, source, "--namespace", "todo-chatbot", "--kube-version", kubernetes(t),
		"--values", filepath.Join(source, values)}
	if !bringsSecrets.Match(raw) {
		arguments = append(arguments, "--set", "existingSecret="+chart.Placeholder)
	}
	if forUsers.Match(raw) && !bringsURL.Match(raw) {
		arguments = append(arguments, "--set", "publicUrl=https://todo.example.com")
	}
	arguments = append(arguments, flags...)
	var out, problems bytes.Buffer
	command := exec.Command(path, arguments...)
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return nil, err.Error() + ": " + problems.String()
	}
	return out.Bytes(), ""
}

// render gives what the chart renders with a set of values, and with further ones as --set takes them.
func render(t *testing.T, values string, sets ...string) []byte {
	t.Helper()
	manifests, refused := template(t, helm, values, sets...)
	require.Empty(t, refused)
	return manifests
}

// everySet gives the names of the chart's sets of values.
func everySet(t *testing.T) []string {
	t.Helper()
	var sets []string
	for _, pattern := range []string{"ci/*.yaml", "examples/*.yaml", "values-*.yaml"} {
		found, err := filepath.Glob(filepath.Join(source, pattern))
		require.NoError(t, err)
		for _, path := range found {
			values, err := filepath.Rel(source, path)
			require.NoError(t, err)
			sets = append(sets, values)
		}
	}
	require.Greater(t, len(sets), 5)
	return sets
}

// golden are the sets of values whose manifests are kept: one for each environment.
var golden = map[string]string{
	"development": "ci/default-values.yaml",
	"staging":     "examples/ingress-values.yaml",
	"production":  "examples/production-values.yaml",
}

func rendered(t testing.TB, environment string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata/rendered", environment+".yaml"))
	require.NoError(t, err)
	return raw
}

func TestTheRenderedChartIsTheChart(t *testing.T) {
	for environment, values := range golden {
		t.Run(environment, func(t *testing.T) {
			now := render(t, values)
			if *update {
				require.NoError(t, os.WriteFile(filepath.Join("testdata/rendered", environment+".yaml"), now, 0o644))
			}
			assert.Equal(t, string(now), string(rendered(t, environment)), "run: go generate ./ci/chart")
		})
	}
}

// options are what the pipeline would say of a set of values.
func options() chart.Options {
	keys := []string{"DATABASE_URL", "BETTER_AUTH_SECRET", "OPENAI_API_KEY", "POSTGRES_PASSWORD"}
	return chart.Options{ExistingSecrets: map[string][]string{"named": keys, "todo-chatbot-2026-11": keys}}
}

func TestTheChartBreaksNoRuleWithAnyOfItsValues(t *testing.T) {
	var sets []chart.Rendered
	for _, values := range everySet(t) {
		content, err := os.ReadFile(filepath.Join(source, values))
		require.NoError(t, err)
		sets = append(sets, chart.Rendered{Values: values, Content: content, Manifests: render(t, values)})
	}
	findings, err := chart.CheckSets(sets)
	require.NoError(t, err)
	assert.Empty(t, findings, "%s", chart.Text(findings))
}

// A value that a user may set is found where it breaks a rule.
func TestAValueThatBreaksARuleIsFound(t *testing.T) {
	tests := map[string]struct {
		values, set string
		rules       []string
	}{
		"a request below its limit":            {"ci/default-values.yaml", "backend.resources.requests.cpu=250m", []string{"qos-guaranteed", "requests-equal-limits"}},
		"more pods than fit":                   {"ci/fixed-replicas-values.yaml", "backend.replicas=4", []string{"budget", "disruption-budget"}},
		"a probe of another figure":            {"ci/default-values.yaml", "backend.livenessProbe.periodSeconds=30", []string{"probe-figures"}},
		"the fault of a pod that is not ready": {"ci/default-values.yaml", "faults.unready=true", []string{"probe-figures"}},
		"a start cut short":                    {"ci/default-values.yaml", "frontend.startupProbe.failureThreshold=2", []string{"probe-budget"}},
		"a pod that stops at once":             {"ci/default-values.yaml", "backend.preStopSeconds=0", []string{"graceful-stop"}},
		"no policies":                          {"ci/default-values.yaml", "networkPolicy.enabled=false", []string{"network-deny"}},
		"no way to OpenAI":                     {"examples/ingress-values.yaml", "networkPolicy.openai.enabled=false", []string{"network-admits"}},
		"no way to another model's server":     {"examples/ingress-values.yaml", "backend.openaiBaseUrl=http://llm.models.svc:8000/v1,networkPolicy.openai.enabled=false", []string{"network-admits"}},
		"a model's server in no range":         {"examples/ingress-values.yaml", "backend.openaiBaseUrl=http://10.1.2.3:8000/v1", []string{"network-admits"}},
		"more pods than were measured":         {"ci/default-values.yaml", "backend.autoscaling.maxReplicas=9", []string{"autoscaler-figures"}},
		"pods that nothing keeps from a drain": {"ci/default-values.yaml", "backend.podDisruptionBudget.enabled=false", []string{"disruption-budget"}},
		"a password among the variables": {"ci/default-values.yaml", "frontend.extraEnv[0].name=SMTP_PASSWORD,frontend.extraEnv[0].value=swordfish",
			[]string{"no-plain-secret"}},
		"a Secret that nobody made": {"ci/default-values.yaml",
			"backend.extraEnv[0].name=A,backend.extraEnv[0].valueFrom.secretKeyRef.name=b,backend.extraEnv[0].valueFrom.secretKeyRef.key=c",
			[]string{"key-exists"}},
		"a mail Secret that nobody made": {"ci/default-values.yaml",
			"frontend.mail.host=smtp.example.com,frontend.mail.from=a@example.com,frontend.mail.existingSecret=smtp", []string{"key-exists"}},
		"a node's folder": {"ci/default-values.yaml", "backend.extraVolumes[0].name=node,backend.extraVolumes[0].hostPath.path=/",
			[]string{"pod-security"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := options()
			o.Budget = chart.Development
			o.Starts = starts
			findings, err := chart.Check(render(t, test.values, test.set), o)
			require.NoError(t, err)
			assert.Subset(t, names(findings), test.rules, "%s", chart.Text(findings))
		})
	}
}

// The rule that is asked reads the port out of the URL by itself.
func TestTheBackendReachesTheModelsServer(t *testing.T) {
	for name, sets := range map[string]string{
		"OpenAI":                    "",
		"with TLS":                  "backend.openaiBaseUrl=https://llm.example.com/v1",
		"without TLS":               "backend.openaiBaseUrl=http://llm.example.com/v1",
		"on a port of its own":      "backend.openaiBaseUrl=https://llm.example.com:8443/v1",
		"at a private address":      "backend.openaiBaseUrl=http://10.1.2.3:8000/v1,networkPolicy.openai.cidrs[0]=10.1.2.3/32",
		"in a namespace of its own": "backend.openaiBaseUrl=http://llm.models.svc:8000/v1,networkPolicy.openai.to[0].namespaceSelector.matchLabels.name=models",
	} {
		t.Run(name, func(t *testing.T) {
			findings, err := chart.Check(render(t, "examples/ingress-values.yaml", sets), options())
			require.NoError(t, err)
			assert.NotContains(t, names(findings), "network-admits", "%s", chart.Text(findings))
		})
	}
}

// ways are what a policy of the chart admits, from the release to what is not of it, by the port.
func ways(t *testing.T, policy string, sets ...string) map[string][]any {
	t.Helper()
	found := map[string][]any{}
	var flags []string
	for _, set := range sets {
		flags = append(flags, "--set-json", set)
	}
	manifests, refused := templateWith(t, helm, "todo-chatbot", "examples/ingress-values.yaml", flags...)
	require.Empty(t, refused)
	for _, o := range objects(t, manifests) {
		if o.(m)["kind"] != "NetworkPolicy" || o.(m)["metadata"].(m)["name"] != "todo-chatbot-"+policy {
			continue
		}
		egress, _ := o.(m)["spec"].(m)["egress"].([]any)
		for _, rule := range egress {
			to, _ := rule.(m)["to"].([]any)
			require.NotEmpty(t, to, "a rule without a peer admits everything")
			found[fmt.Sprint(rule.(m)["ports"].([]any)[0].(m)["port"])] = to
		}
	}
	return found
}

// The places outside of the release that its pods reach: the policy, the key of the values, and the port.
var places = []struct{ policy, key, port string }{
	{"backend", "openai", "443"}, {"backend", "database", "6432"}, {"frontend", "database", "6432"}, {"frontend", "smtp", "587"},
}

func TestAPlaceInTheClusterIsReachedByItsPodsAndNoAddress(t *testing.T) {
	for _, place := range places {
		peer := m{"namespaceSelector": m{"matchLabels": m{"name": "theirs"}}}
		set := fmt.Sprintf(`networkPolicy.%s.to[0].namespaceSelector.matchLabels.name="theirs"`, place.key)
		assert.Equal(t, []any{peer}, ways(t, place.policy, set)[place.port], place.key)
	}
	findings, err := chart.Check(render(t, "examples/ingress-values.yaml",
		"secrets.DATABASE_URL=postgresql+asyncpg://todo:not-a-password@todo-rw:5432/todo,networkPolicy.database.to[0].podSelector.matchLabels.name=theirs",
		"frontend.mail.host=mailpit.mail.svc,networkPolicy.smtp.to[0].namespaceSelector.matchLabels.name=theirs"), options())
	require.NoError(t, err)
	assert.NotContains(t, names(findings), "network-admits", "%s", chart.Text(findings))
}

func TestAnEmptyListOfPlacesIsNowhere(t *testing.T) {
	for _, place := range places {
		for _, empty := range []string{"[]", "null"} {
			assert.NotContains(t, ways(t, place.policy, "networkPolicy."+place.key+".cidrs="+empty), place.port, place.key)
		}
		assert.Contains(t, ways(t, place.policy), place.port, place.key)
	}
	assert.Empty(t, ways(t, "default", "networkPolicy.dns.to=null"))
	assert.Empty(t, ways(t, "default", "networkPolicy.dns.to=[]"))
	assert.NotEmpty(t, ways(t, "default"))
}

func TestOpenAIIsAtNoPrivateAddressOfEitherFamily(t *testing.T) {
	assert.Equal(t, []any{
		m{"ipBlock": m{"cidr": "0.0.0.0/0", "except": []any{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}}},
		m{"ipBlock": m{"cidr": "::/0", "except": []any{"fc00::/7", "fe80::/10"}}},
	}, ways(t, "backend")["443"])
	assert.Equal(t, []any{m{"ipBlock": m{"cidr": "198.51.100.0/24"}}}, ways(t, "backend", `networkPolicy.openai.cidrs=["198.51.100.0/24"]`)["443"])
}

func TestADeploymentAndTheChartNameObjectsAlike(t *testing.T) {
	for _, each := range []struct{ release, name, fullname string }{
		{"todo-chatbot", "", ""}, {"my-todo-chatbot-2", "", ""}, {"blue", "", ""}, {"todo.prod", "", ""}, {"a.todo-chatbot", "", ""},
		{strings.Repeat("a", 53), "", ""}, {strings.Repeat("a", 45), "", ""}, {strings.Repeat("a", 46), "", ""},
		{"blue", "todos", ""}, {"my-todos", "todos", ""}, {"blue", "to.dos", ""}, {"blue", strings.Repeat("b", 63), ""},
		{"blue", "todos", "todo"}, {"blue", "", "to.do"}, {"todo-chatbot", "", strings.Repeat("a.", 22) + "a"},
	} {
		manifests, refused := templateWith(t, helm, each.release, "ci/default-values.yaml", "--set", "postgres.enabled=false,secrets.POSTGRES_PASSWORD=",
			"--set", "secrets.DATABASE_URL=postgresql+asyncpg://todo:not-a-password@db/todo,nameOverride="+each.name+",fullnameOverride="+each.fullname)
		require.Empty(t, refused)
		fullname := deploy.Fullname(each.release, deploy.Overrides{Name: &each.name, Fullname: &each.fullname})
		for _, o := range objects(t, manifests) {
			name := o.(m)["metadata"].(m)["name"].(string)
			assert.True(t, name == fullname || strings.HasPrefix(name, fullname+"-"), "%v: %s is none of %s", o.(m)["kind"], name, fullname)
			assert.Regexp(t, "^[a-z]([-a-z0-9]*[a-z0-9])?$", name)
			assert.LessOrEqual(t, len(name), 63)
		}
	}
}

// A node that passes a connection on to another one gives it its own address, and all users would share one limit on sign-ins.
func TestAFrontEndThatUsersReachByNodesSeesTheirAddresses(t *testing.T) {
	policy := func(set string) any {
		for _, o := range objects(t, render(t, "ci/default-values.yaml", set)) {
			if o.(m)["kind"] == "Service" && o.(m)["metadata"].(m)["name"] == "todo-chatbot-frontend" {
				return o.(m)["spec"].(m)["externalTrafficPolicy"]
			}
		}
		return "no Service"
	}
	for set, want := range map[string]any{
		"frontend.service.type=ClusterIP": nil, "frontend.service.type=NodePort": "Local", "frontend.service.type=LoadBalancer": "Local",
		"frontend.service.type=LoadBalancer,frontend.service.externalTrafficPolicy=Cluster": "Cluster",
	} {
		assert.Equal(t, want, policy(set), set)
	}
}

// A pod that was evicted for what it wrote is told to raise it (ci/kube).
func TestAContainerMayHaveALimitOfWhatItWrites(t *testing.T) {
	for _, part := range []string{"backend", "frontend", "postgres", "tests"} {
		set := fmt.Sprintf("%[1]s.resources.requests.ephemeral-storage=64Mi,%[1]s.resources.limits.ephemeral-storage=64Mi", part)
		manifests := render(t, "ci/default-values.yaml", set)
		assert.Contains(t, string(manifests), "ephemeral-storage: 64Mi", part)
		findings, err := chart.Check(manifests, options())
		require.NoError(t, err)
		assert.NotContains(t, names(findings), "requests-equal-limits", part)
	}
}

func TestTheNotesAdviseWhatAnotherVersionsValuesPass(t *testing.T) {
	notes, err := os.ReadFile(filepath.Join(source, "templates/NOTES.txt"))
	require.NoError(t, err)
	assert.NotContains(t, string(notes), "--reuse-values")
	assert.Contains(t, string(notes), "--reset-then-reuse-values --set publicUrl=")
}

func TestEveryObjectHasTheCommonLabels(t *testing.T) {
	for _, o := range objects(t, render(t, "ci/extras-values.yaml")) {
		labels := o.(m)["metadata"].(m)["labels"].(m)
		assert.Equal(t, "todos", labels["example.com/team"], "%v", o.(m)["kind"])
	}
}

// The pod of the test runs the backend's image: a node that cannot run that gets neither.
func TestTheTestGoesWhereTheBackendsPodsGo(t *testing.T) {
	placed := func(sets ...string) (specs []m) {
		for _, o := range objects(t, render(t, "ci/default-values.yaml", sets...)) {
			switch name := o.(m)["metadata"].(m)["name"]; name {
			case "todo-chatbot-test-journey":
				specs = append(specs, o.(m)["spec"].(m))
			case "todo-chatbot-backend":
				if o.(m)["kind"] == "Deployment" {
					specs = append(specs, o.(m)["spec"].(m)["template"].(m)["spec"].(m))
				}
			}
		}
		require.Len(t, specs, 2)
		return specs
	}
	for _, spec := range placed(`backend.nodeSelector.kubernetes\.io/arch=arm64`, "backend.tolerations[0].key=kubernetes.io/arch", "backend.tolerations[0].operator=Exists") {
		assert.Equal(t, m{"kubernetes.io/arch": "arm64"}, spec["nodeSelector"])
		assert.Equal(t, []any{m{"key": "kubernetes.io/arch", "operator": "Exists"}}, spec["tolerations"])
	}
	for _, spec := range placed() {
		assert.NotContains(t, spec, "nodeSelector")
	}
}

// With a changed secret Postgres rolls with everything else, and what takes its room meanwhile would wait for it.
func TestNewPodsLeaveTheRoomOfTheReleasesOwnPostgres(t *testing.T) {
	const backend, frontend = "Deployment/todo-chatbot-backend", "Deployment/todo-chatbot-frontend"
	for name, each := range map[string]struct {
		values, set string
		want        map[string]string
	}{
		"half of the backends go first":       {"ci/default-values.yaml", "backend.maxUnavailable=", map[string]string{backend: "0", frontend: "1"}},
		"no backend may go":                   {"ci/default-values.yaml", "backend.maxUnavailable=0", map[string]string{backend: "1", frontend: "1"}},
		"less than one backend may go":        {"ci/default-values.yaml", "backend.maxUnavailable=10%", map[string]string{backend: "1"}},
		"there is one backend":                {"ci/fixed-replicas-values.yaml", "backend.maxUnavailable=50%", map[string]string{"Deployment/todo-backend": "1"}},
		"a database of the caller's has room": {"examples/ingress-values.yaml", "backend.maxUnavailable=50%", map[string]string{backend: "100%", frontend: "100%"}},
	} {
		t.Run(name, func(t *testing.T) {
			surges := map[string]string{}
			for document := range bytes.SplitSeq(render(t, each.values, each.set), []byte("\n---\n")) {
				var object struct {
					Kind     string
					Metadata struct{ Name string }
					Spec     struct {
						Strategy struct {
							RollingUpdate struct {
								MaxSurge any `json:"maxSurge"`
							} `json:"rollingUpdate"`
						}
					}
				}
				require.NoError(t, yaml.Unmarshal(document, &object))
				surges[object.Kind+"/"+object.Metadata.Name] = fmt.Sprint(object.Spec.Strategy.RollingUpdate.MaxSurge)
			}
			for deployment, want := range each.want {
				assert.Equal(t, want, surges[deployment], deployment)
			}
		})
	}
}
