package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/plan"
)

// deployment is a Deployment with a container's fields and what else its spec has.
func deployment(container, spec string) string {
	return `{"kind": "Deployment", "metadata": {"name": "backend"}, "spec": {` + spec +
		`"template": {"spec": {"containers": [{"name": "backend", ` + container + `}]}}}}`
}

// list is what kubectl prints of some objects.
func list(objects string) string { return `{"kind": "List", "items": [` + objects + `]}` }

func TestAPlanTellsWhatWouldChangeFieldByField(t *testing.T) {
	for name, test := range map[string]struct {
		before, after, live, applied string
		want                         []plan.Field
	}{
		"nothing": {
			before: deployment(`"image": "a"`, ""), after: deployment(`"image": "a"`, ""),
			live: deployment(`"image": "a", "imagePullPolicy": "Always"`, ""), applied: deployment(`"image": "a", "imagePullPolicy": "Always"`, ""),
		},
		"another image": {
			before: deployment(`"image": "a"`, ""), after: deployment(`"image": "b"`, ""),
			live: deployment(`"image": "a"`, ""), applied: deployment(`"image": "b"`, ""),
			want: []plan.Field{{"spec.template.spec.containers[backend].image", `"a"`, `"b"`}},
		},
		"a variable that is added": {
			before: deployment(`"env": []`, ""), after: deployment(`"env": [{"name": "A", "value": "1"}]`, ""),
			live: deployment(`"image": "a"`, ""), applied: deployment(`"image": "a", "env": [{"name": "A", "value": "1"}]`, ""),
			want: []plan.Field{
				{"spec.template.spec.containers[backend].env[A].name", "", `"A"`},
				{"spec.template.spec.containers[backend].env[A].value", "", `"1"`},
			},
		},
		"a variable that the chart no longer sets": {
			before: deployment(`"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]`, ""),
			after:  deployment(`"env": [{"name": "B", "value": "2"}]`, ""),
			live:   deployment(`"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]`, ""),
			// A dry run of its own merges, and would leave it.
			applied: deployment(`"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]`, ""),
			want: []plan.Field{
				{"spec.template.spec.containers[backend].env[A].name", `"A"`, ""},
				{"spec.template.spec.containers[backend].env[A].value", `"1"`, ""},
			},
		},
		"a variable that somebody else set": {
			before: deployment(`"image": "a"`, ""), after: deployment(`"image": "a"`, ""),
			live:    deployment(`"image": "a", "env": [{"name": "THEIRS", "value": "1"}]`, ""),
			applied: deployment(`"image": "a", "env": [{"name": "THEIRS", "value": "1"}]`, ""),
		},
		"what was changed by hand is set back": {
			before: deployment(`"image": "a"`, ""), after: deployment(`"image": "a"`, ""),
			live: deployment(`"image": "by-hand"`, ""), applied: deployment(`"image": "a"`, ""),
			want: []plan.Field{{"spec.template.spec.containers[backend].image", `"by-hand"`, `"a"`}},
		},
		"replicas that an autoscaler chose": {
			before: deployment(`"image": "a"`, ""), after: deployment(`"image": "a"`, ""),
			live: deployment(`"image": "a"`, `"replicas": 4, `), applied: deployment(`"image": "a"`, `"replicas": 4, `),
		},
		"replicas that the chart no longer sets": {
			before: deployment(`"image": "a"`, `"replicas": 3, `), after: deployment(`"image": "a"`, ""),
			live: deployment(`"image": "a"`, `"replicas": 3, `), applied: deployment(`"image": "a"`, `"replicas": 3, `),
			want: []plan.Field{{"spec.replicas", "3", ""}},
		},
		"a list that is no list any more": {
			before: deployment(`"command": [{"name": "a"}]`, ""), after: deployment(`"command": "a"`, ""),
			live: deployment(`"command": [{"name": "a"}]`, ""), applied: deployment(`"command": [{"name": "a"}, {"name": "b"}]`, ""),
			want: []plan.Field{{"spec.template.spec.containers[backend].command[b].name", "", `"b"`}},
		},
		"a list where there was none": {
			before: deployment(`"args": "a"`, ""), after: deployment(`"args": ["a"]`, ""),
			live: deployment(`"args": "a"`, ""), applied: deployment(`"args": ["a"]`, ""),
			want: []plan.Field{{"spec.template.spec.containers[backend].args", `"a"`, `["a"]`}},
		},
		"several, in the order of their paths": {
			before: deployment(`"a": 1, "b": 1, "c": 1, "d": 1, "e": 1`, ""), after: deployment(`"a": 2, "b": 2, "c": 2, "d": 2, "e": 2`, ""),
			live: deployment(`"a": 1, "b": 1, "c": 1, "d": 1, "e": 1`, ""), applied: deployment(`"a": 2, "b": 2, "c": 2, "d": 2, "e": 2`, ""),
			want: []plan.Field{
				{"spec.template.spec.containers[backend].a", "1", "2"},
				{"spec.template.spec.containers[backend].b", "1", "2"},
				{"spec.template.spec.containers[backend].c", "1", "2"},
				{"spec.template.spec.containers[backend].d", "1", "2"},
				{"spec.template.spec.containers[backend].e", "1", "2"},
			},
		},
		"a value as its file has it": {
			before: deployment(`"args": ["a"]`, ""), after: deployment(`"args": ["a && b >c"]`, ""),
			live: deployment(`"args": ["a"]`, ""), applied: deployment(`"args": ["a && b >c"]`, ""),
			want: []plan.Field{{"spec.template.spec.containers[backend].args", `["a"]`, `["a && b >c"]`}},
		},
		"a list that is replaced as a whole": {
			before: deployment(`"args": ["a", "b"]`, ""), after: deployment(`"args": ["a"]`, ""),
			live: deployment(`"args": ["a", "b"]`, ""), applied: deployment(`"args": ["a"]`, ""),
			want: []plan.Field{{"spec.template.spec.containers[backend].args", `["a","b"]`, `["a"]`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := plan.New("t", plan.Input{Before: test.before, After: test.after, Live: list(test.live), Applied: list(test.applied)})
			require.NoError(t, err)
			var got []plan.Field
			for _, o := range p.Objects {
				assert.Equal(t, plan.Change, o.Action)
				got = append(got, o.Fields...)
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, 1, p.Unchanged+len(p.Objects))
		})
	}
}

const (
	service = `{"kind": "Service", "metadata": {"name": "backend"}}`
	account = `{"kind": "ServiceAccount", "metadata": {"name": "backend"}}`
	claim   = `{"kind": "PersistentVolumeClaim", "metadata": {"name": "data", "annotations": {"helm.sh/resource-policy": "keep"}}}`
)

func TestAPlanTellsWhatIsMadeAndWhatGoes(t *testing.T) {
	p, err := plan.New("a title", plan.Input{
		Before: "# Source: a\n" + service + "\n---\n" + claim, After: account, Live: list(service + "," + claim), Applied: list(account),
	})
	require.NoError(t, err)
	assert.Equal(t, []plan.Object{
		{Action: plan.Create, Name: "serviceaccount/backend", Digest: "sha256:a8b6028698abf307"},
		{Action: plan.Delete, Name: "service/backend"},
	}, p.Objects, "what Helm keeps is no deletion")
	assert.Equal(t, "a title\n\ncreate serviceaccount/backend sha256:a8b6028698abf307\ndelete service/backend\n\n"+
		"1 to create, 0 to change, 1 to delete, 0 as they are\n", p.Text())
}

func TestTwoRevisionsAreComparedWithoutACluster(t *testing.T) {
	const hooked = "\n---\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}"
	const kept = "\n---\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}"
	before := "kind: ConfigMap\nmetadata: {name: gone}\n---\nkind: Service\nmetadata: {name: same}\n---\n" +
		"kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1, paused: true, password: one}" + kept
	after := "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2, password: planted-secret}\n---\nkind: Service\nmetadata: {name: same}" + hooked
	p, err := plan.Between("from revision 3", "todo", before, after, []string{"planted-secret"})
	require.NoError(t, err)
	text := p.Text()
	assert.NotContains(t, text, "planted-secret")
	assert.True(t, strings.HasPrefix(text, "from revision 3\n\nchange deployment/a\n"), text)
	assert.Contains(t, text, "  spec.replicas\n    - 1\n    + 2\n")
	assert.Contains(t, text, "  spec.paused\n    - true\n", "and what is set no more")
	assert.True(t, strings.HasSuffix(text, "\ndelete configmap/gone\n\n0 to create, 1 to change, 1 to delete, 1 as they are\n"), text)

	first, err := plan.Between("a first install", "todo", "", after, nil)
	require.NoError(t, err)
	assert.Contains(t, first.Text(), "2 to create", "a hook is no object of a revision")
	_, err = plan.Between("", "todo", "kind: A", "", nil)
	assert.ErrorContains(t, err, "comparing two revisions: object 1: it has no kind or no name")
}

func TestAFirstInstallNeedsNoAnswerFromTheServer(t *testing.T) {
	p, err := plan.New("t", plan.Input{After: service})
	require.NoError(t, err)
	assert.Equal(t, []plan.Object{{Action: plan.Create, Name: "service/backend", Digest: "sha256:d6ae080bdb9587f0"}}, p.Objects)
}

func TestAPlanOfWhatIsMadeHoldsForThatContentAlone(t *testing.T) {
	first := func(manifests string) plan.Plan {
		p, err := plan.New("t", plan.Input{After: manifests})
		require.NoError(t, err)
		return p
	}
	saved := first(service).Text()
	require.NoError(t, first("# another comment\n"+service).Same(saved))
	require.Error(t, first(`{"kind": "Service", "metadata": {"name": "backend"}, "spec": {"type": "LoadBalancer"}}`).Same(saved))
}

func TestWhatTheServerWritesForItselfIsNoChange(t *testing.T) {
	live := `{"kind": "Service", "metadata": {"name": "backend", "resourceVersion": "1", "generation": 1, "managedFields": [{"manager": "helm"}],
		"annotations": {"deployment.kubernetes.io/revision": "1"}}, "status": {"replicas": 1}}`
	p, err := plan.New("t", plan.Input{Before: service, After: service, Live: live, Applied: service})
	require.NoError(t, err)
	assert.Empty(t, p.Objects)

	// A field whose name begins like one of the server's is the chart's.
	p, err = plan.New("t", plan.Input{Before: service, After: service, Live: live, Applied: strings.Replace(service, "{", `{"statusPage": "a", `, 1)})
	require.NoError(t, err)
	require.Len(t, p.Objects, 1)
	assert.Equal(t, []plan.Field{{Path: "statusPage", To: `"a"`}}, p.Objects[0].Fields)
}

func TestAPlanShowsNoSecret(t *testing.T) {
	secret := func(value string) string {
		return `{"kind": "Secret", "metadata": {"name": "s", "annotations": {"note": "is bmV3LXZhbHVl"}}, "data": {"KEY": "` + value + `"}}`
	}
	env := func(value string) string {
		return deployment(`"env": [{"name": "SMTP_PASSWORD", "value": "`+value+`"}, {"name": "URL", "value": "postgresql://u:`+value+`@h/d"}]`, "")
	}
	was, is := secret("b2xkLXZhbHVl")+","+env("planted-old"), secret("bmV3LXZhbHVl")+","+env("planted-new")
	p, err := plan.New("of bmV3LXZhbHVl", plan.Input{
		Before: secret("b2xkLXZhbHVl") + "\n---\n" + env("planted-old"), After: secret("bmV3LXZhbHVl") + "\n---\n" + env("planted-new"),
		Live: list(was), Applied: list(is), Secrets: []string{"bmV3LXZhbHVl"},
	})
	require.NoError(t, err)
	assert.Len(t, p.Objects, 2, "that it changes is told")
	for _, planted := range []string{"b2xkLXZhbHVl", "bmV3LXZhbHVl", "planted"} {
		assert.NotContains(t, p.Text(), planted)
	}
}

func TestAListThatIsShownAsAWholeShowsNoSecretEither(t *testing.T) {
	// One name twice: Kubernetes takes it, and nothing tells the elements apart.
	env := func(value string) string {
		return deployment(`"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "SMTP_PASSWORD", "value": "`+value+`"}],
			"args": ["--token", "`+value+`"]`, "")
	}
	settings := func(value string) string {
		return `{"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"DB_PASS": "` + value + `", "a.ini": "password = ` + value + `", "MAX_TOKENS": "` + value[8:] + `"}}`
	}
	was, is := env("planted-1")+","+settings("planted-1"), env("planted-2")+","+settings("planted-2")
	p, err := plan.New("t", plan.Input{Before: env("planted-1") + "\n---\n" + settings("planted-1"), After: env("planted-2") + "\n---\n" + settings("planted-2"),
		Live: list(was), Applied: list(is)})
	require.NoError(t, err)
	require.Len(t, p.Objects, 2)
	assert.NotContains(t, p.Text(), "planted")
	assert.Contains(t, p.Text(), `{"name":"SMTP_PASSWORD","value":"***"}`)
	assert.Contains(t, p.Text(), "data.MAX_TOKENS\n    - \"1\"\n    + \"2\"", "a number of tokens is shown")
}

func TestALongValueIsToldByItsDigest(t *testing.T) {
	text := func(end string) string {
		long := ""
		for range 300 {
			long += "x"
		}
		return `{"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "` + long + end + `"}}`
	}
	p, err := plan.New("t", plan.Input{Before: text("a"), After: text("b"), Live: text("a"), Applied: text("b")})
	require.NoError(t, err)
	field := p.Objects[0].Fields[0]
	assert.NotEqual(t, field.From, field.To)
	assert.Less(t, len(field.To), 300)

	// With its quotes it has 160 characters, and is shown whole.
	short := strings.Repeat("x", 158)
	p, err = plan.New("t", plan.Input{Before: deployment(`"image": "a"`, ""), After: deployment(`"image": "`+short+`"`, ""),
		Live: deployment(`"image": "a"`, ""), Applied: deployment(`"image": "`+short+`"`, "")})
	require.NoError(t, err)
	assert.Equal(t, `"`+short+`"`, p.Objects[0].Fields[0].To)
}

func TestAPlanOfNothingIsATitleAndALine(t *testing.T) {
	assert.Equal(t, "t\n\n0 to create, 0 to change, 0 to delete, 3 as they are\n", plan.Plan{Title: "t", Unchanged: 3}.Text())
}

func TestADocumentWithNothingInItIsNoObject(t *testing.T) {
	p, err := plan.New("t", plan.Input{After: "# nothing\n---\n" + service + "\n---\n---\nnull\n---\n{}\n"})
	require.NoError(t, err)
	assert.Len(t, p.Objects, 1)
}

func TestTheItemsOfAListAreObjectsOfTheirOwn(t *testing.T) {
	p, err := plan.New("t", plan.Input{After: "kind: List\nitems:\n- " + service + "\n- kind: ServiceList\n  items: [{metadata: {name: frontend}}]\n",
		Live: service, Applied: service})
	require.NoError(t, err)
	require.Len(t, p.Objects, 1)
	assert.Equal(t, "service/frontend", p.Objects[0].Name)
	assert.Equal(t, 1, p.Unchanged)
}

// settings is a ConfigMap with the rest of its metadata and a value.
func settings(metadata, value string) string {
	return `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"` + metadata + `}, "data": {"a": "` + value + `"}}`
}

func TestObjectsOfOneNameInTwoNamespacesAreTwo(t *testing.T) {
	const own, other = `, "namespace": "shop"`, `, "namespace": "other"`
	p, err := plan.New("t", plan.Input{
		Namespace: "shop",
		Before:    settings("", "1") + "\n---\n" + settings(other, "1"),
		After:     settings(own, "2") + "\n---\n" + settings(other, "3") + "\n---\n" + settings(`, "namespace": "third"`, "4"),
		Live:      list(settings(own, "1") + "," + settings(other, "1")),
		Applied:   list(settings(own, "2") + "," + settings(other, "3")),
	})
	require.NoError(t, err)
	for i := range p.Objects {
		p.Objects[i].Digest = ""
	}
	assert.Equal(t, []plan.Object{
		{Action: plan.Create, Name: "configmap/settings in namespace third"},
		{Action: plan.Change, Name: "configmap/settings", Fields: []plan.Field{{Path: "data.a", From: `"1"`, To: `"2"`}}},
		{Action: plan.Change, Name: "configmap/settings in namespace other", Fields: []plan.Field{{Path: "data.a", From: `"1"`, To: `"3"`}}},
	}, p.Objects, "of the release's own namespace nothing is said")

	gone, err := plan.Between("t", "shop", settings(own, "1")+"\n---\n"+settings(other, "1"), settings("", "1"), nil)
	require.NoError(t, err)
	assert.Equal(t, []plan.Object{{Action: plan.Delete, Name: "configmap/settings in namespace other"}}, gone.Objects)
	assert.Equal(t, 1, gone.Unchanged, "one that names the release's namespace is the one that names none")
}

func TestASavedPlanOfOneNamespaceIsNotOneOfAnother(t *testing.T) {
	removed := func(metadata string) plan.Plan {
		p, err := plan.Between("t", "shop", settings(metadata, "1"), "", nil)
		require.NoError(t, err)
		return p
	}
	saved := removed("").Text()
	require.NoError(t, removed(`, "namespace": "shop"`).Same(saved))
	assert.ErrorContains(t, removed(`, "namespace": "other"`).Same(saved), "would happen now: delete configmap/settings in namespace other")
}

func TestANamespaceThatAChartWritesForAKindOfNoneCountsForNothing(t *testing.T) {
	role := func(name, metadata string) string {
		return `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "` + name + `"` + metadata + `}}`
	}
	const written = `, "namespace": "other"`
	p, err := plan.New("t", plan.Input{
		Namespace: "shop", Before: role("a", written), After: role("a", written) + "\n---\n" + role("b", written),
		Live: role("a", ""), Applied: list(role("a", "") + "," + role("b", "")),
	})
	require.NoError(t, err)
	assert.Equal(t, 1, p.Unchanged)

	// Before the namespace is there, nobody asks the server. The plan has to hold when it is.
	first, err := plan.New("t", plan.Input{Namespace: "shop", After: role("b", written)})
	require.NoError(t, err)
	assert.Equal(t, p.Objects, first.Objects)
	assert.Equal(t, "clusterrole/b in namespace other", first.Objects[0].Name, "as the chart has it")
}

func TestTheGroupIsShownWhereNothingElseTellsTwoObjectsApart(t *testing.T) {
	of := func(version string) string {
		return `{"apiVersion": "` + version + `", "kind": "Service", "metadata": {"name": "web"}}`
	}
	both, err := plan.Between("t", "shop", of("v1")+"\n---\n"+of("serving.knative.dev/v1"), "", nil)
	require.NoError(t, err)
	assert.Equal(t, []plan.Object{{Action: plan.Delete, Name: "service.serving.knative.dev/web"}, {Action: plan.Delete, Name: "service/web"}}, both.Objects)
	one, err := plan.Between("t", "shop", of("serving.knative.dev/v1beta1"), of("serving.knative.dev/v1"), nil)
	require.NoError(t, err)
	require.Len(t, one.Objects, 1)
	assert.Equal(t, plan.Object{Action: plan.Change, Name: "service/web",
		Fields: []plan.Field{{Path: "apiVersion", From: `"serving.knative.dev/v1beta1"`, To: `"serving.knative.dev/v1"`}}}, one.Objects[0])
}

func TestAKeyThatIsTwiceHasItsLastValue(t *testing.T) {
	p, err := plan.Between("t", "todo", deployment(`"image": "a"`, ""), deployment(`"image": "b", "image": "c"`, ""), nil)
	require.NoError(t, err)
	require.Len(t, p.Objects, 1)
	assert.Equal(t, []plan.Field{{Path: "spec.template.spec.containers[backend].image", From: `"a"`, To: `"c"`}}, p.Objects[0].Fields)
}

func TestASavedPlanHoldsAsLongAsItIsWhatWouldHappen(t *testing.T) {
	input := plan.Input{
		Before: deployment(`"image": "a"`, ""), After: deployment(`"image": "b"`, ""),
		Live: deployment(`"image": "a"`, ""), Applied: deployment(`"image": "b"`, ""),
	}
	planned, err := plan.New("from revision 3", input)
	require.NoError(t, err)
	assert.NoError(t, planned.Same(planned.Text()))
	assert.NoError(t, planned.Same(planned.Text()+"\n"), "a line more at the end of a file")

	input.Live = deployment(`"image": "c"`, "")
	moved, err := plan.New("from revision 3", input)
	require.NoError(t, err)
	err = moved.Same(planned.Text())
	assert.ErrorContains(t, err, `was planned: - "a"`)
	assert.ErrorContains(t, err, `would happen now: - "c"`)

	other, err := plan.New("from revision 4", input)
	require.NoError(t, err)
	assert.ErrorContains(t, other.Same(moved.Text()), "from revision 4")
}

func TestOfAPlanThatHoldsNoMoreTheFirstTwelveLinesThatDifferAreShown(t *testing.T) {
	saved := plan.Plan{Title: "from revision 3"}
	for name := range strings.SplitSeq("abcdefghijklmn", "") {
		saved.Objects = append(saved.Objects, plan.Object{Action: plan.Delete, Name: name})
	}
	err := plan.Plan{Title: "from revision 3"}.Same(saved.Text())
	require.Error(t, err)
	shown := strings.Split(err.Error(), "\n")[1:]
	require.Len(t, shown, 12)
	assert.Equal(t, "  was planned: delete a", shown[0], "neither the title, which both have, nor an empty line")
	assert.Equal(t, "  was planned: delete l", shown[11])
}

func TestAnAnswerThatIsNoneIsNoPlan(t *testing.T) {
	for name, input := range map[string]plan.Input{
		"no JSON":                            {After: service, Live: "Error from server"},
		"no YAML":                            {After: "a: b: c"},
		"a nameless object":                  {After: "kind: Service"},
		"no answer for an object":            {After: service, Live: service},
		"an object without a kind in a list": {After: service, Live: list(`{"metadata": {"name": "x"}}`)},
	} {
		_, err := plan.New("t", input)
		assert.ErrorContains(t, err, "planning:", name)
	}
}
