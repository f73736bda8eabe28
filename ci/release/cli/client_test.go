package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/release"
)

// programs are a kubectl and a helm that write down how they were called, and then run a script.
type programs struct {
	*Client
	folder string
}

func scripted(t *testing.T, script string) programs {
	t.Helper()
	folder := t.TempDir()
	body := "#!/bin/sh\n" + `log=` + folder + "\n" +
		`[ "$5" = get ] && [ "$6" = --raw ] && { [ -e $log/away ] && { cat $log/away >&2; exit 1; }; [ -n "$RAW" ] && printf %s "$RAW" || echo '{"gitVersion": "v1.36.4"}'; exit 0; }` + "\n" +
		`[ "$1" = version ] && { [ -e $log/nohelm ] && exit 1; echo "${HELM_SAYS:-v4.3.0}"; exit 0; }` + "\n" +
		`n=$(ls $log | grep -c args || true); printf '%s\n' "$(basename "$0")" "$@" >$log/args.$n; env >$log/env.$n; cat >$log/stdin.$n` + "\n" + script + "\n"
	for _, name := range []string{"kubectl", "helm"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(body), 0o700))
	}
	return programs{&Client{Kubeconfig: "/k", Context: "c", Kubectl: filepath.Join(folder, "kubectl"), Helm: filepath.Join(folder, "helm")}, folder}
}

// called is how a program was called: its name and arguments, and what it read.
func (p programs) called(t *testing.T) (args, stdin string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.folder, "args.0"))
	require.NoError(t, err)
	read, err := os.ReadFile(filepath.Join(p.folder, "stdin.0"))
	require.NoError(t, err)
	return strings.Join(strings.Split(strings.TrimSpace(string(raw)), "\n"), " "), string(read)
}

var chart = release.Chart{Release: "todo", Namespace: "ns", Path: "/chart", Files: []string{"/a.yaml", "/b.yaml"}, Values: []byte(`{"x":1}`)}

func TestEachVerbIsOneCall(t *testing.T) {
	ctx := context.Background()
	get := func(q release.Query) func(*Client) error {
		return func(c *Client) error { _, err := c.Get(ctx, q); return err }
	}
	for want, call := range map[string]func(*Client) error{
		"kubectl --kubeconfig /k --context c get secrets --selector a=b --namespace ns --ignore-not-found --output json":          get(release.Query{Kinds: "secrets", Selector: "a=b", Namespace: "ns"}),
		"kubectl --kubeconfig /k --context c get namespace one --ignore-not-found --output json":                                  get(release.Query{Kinds: "namespace", Names: []string{"one"}}),
		"kubectl --kubeconfig /k --context c get nodes,pods --all-namespaces --ignore-not-found --output json":                    get(release.Query{Kinds: "nodes,pods", Everywhere: true}),
		"kubectl --kubeconfig /k --context c get --filename - --namespace ns --ignore-not-found --output json < {\"kind\":\"A\"}": get(release.Query{Manifests: "kind: A", Namespace: "ns"}),
		"kubectl --kubeconfig /k --context c create --filename - --output json < {}":                                              func(c *Client) error { _, err := c.Create(ctx, []byte("{}")); return err },
		"kubectl --kubeconfig /k --context c replace --filename - --output json < {}":                                             func(c *Client) error { _, err := c.Replace(ctx, []byte("{}")); return err },
		"kubectl --kubeconfig /k --context c apply --server-side --force-conflicts --filename - --output name < {}":               func(c *Client) error { return c.Apply(ctx, []byte("{}")) },
		"kubectl --kubeconfig /k --context c scale --namespace ns Deployment one --current-replicas 1 --replicas 2":               func(c *Client) error { return c.Scale(ctx, "ns", "Deployment", "one", 1, 2) },
		"kubectl --kubeconfig /k --context c label --overwrite --namespace ns secret one a=b":                                     func(c *Client) error { return c.Label(ctx, "ns", "secret", "one", map[string]string{"a": "b"}) },
		"kubectl --kubeconfig /k --context c delete secrets one two --namespace ns --ignore-not-found --wait=false": func(c *Client) error {
			return c.Delete(ctx, release.Query{Kinds: "secrets", Names: []string{"one", "two"}, Namespace: "ns"})
		},
		"kubectl --kubeconfig /k --context c delete pods --selector a=b --namespace ns --ignore-not-found --wait=false": func(c *Client) error {
			return c.Delete(ctx, release.Query{Kinds: "pods", Selector: "a=b", Namespace: "ns"})
		},
		"kubectl --kubeconfig /k --context c logs --namespace ns pod --container one --previous --tail 20": func(c *Client) error {
			return c.Logs(ctx, release.Logs{Namespace: "ns", Pod: "pod", Container: "one", Previous: true, Tail: 20}, &bytes.Buffer{})
		},
		"kubectl --kubeconfig /k --context c logs --namespace ns --selector a=b --all-containers --prefix --ignore-errors --max-log-requests 20 --follow": func(c *Client) error {
			return c.Logs(ctx, release.Logs{Namespace: "ns", Selector: "a=b", Follow: true}, &bytes.Buffer{})
		},
		"kubectl --kubeconfig /k --context c apply --namespace ns --filename - --server-side --force-conflicts --field-manager helm --dry-run=server --output json < {\"kind\":\"A\"}":                                    func(c *Client) error { _, err := c.DryRun(ctx, "ns", "kind: A"); return err },
		"helm --kubeconfig /k --kube-context c --namespace ns upgrade todo /chart --install --history-max 5 --timeout 5m0s --server-side=true --force-conflicts --values /a.yaml --values /b.yaml --values - < {\"x\":1}": func(c *Client) error { return c.Upgrade(ctx, chart) },
		"helm --kubeconfig /k --kube-context c --namespace ns rollback todo 3 --history-max 5 --timeout 5m0s --server-side=true --force-conflicts":                                                                        func(c *Client) error { return c.Rollback(ctx, "ns", "todo", 3) },
		"helm --kubeconfig /k --kube-context c --namespace ns uninstall todo --ignore-not-found --wait --timeout 5m0s":                                                                                                    func(c *Client) error { return c.Uninstall(ctx, "ns", "todo") },
		"helm --kubeconfig /k --kube-context c --namespace ns test todo --timeout 5m0s":                                                                                                                                   func(c *Client) error { return c.Test(ctx, "ns", "todo") },
		"helm --kubeconfig /k --kube-context c --namespace ns template todo /chart --values /a.yaml --values /b.yaml --values - --kube-version v1.36.4 --no-hooks < {\"x\":1}": func(c *Client) error {
			rendering := chart
			rendering.KubeVersion, rendering.NoHooks = "v1.36.4", true
			_, err := c.Render(ctx, rendering)
			return err
		},
		"helm --kubeconfig /k --kube-context c --namespace ns upgrade todo /chart --install --history-max 5 --timeout 5m0s --server-side=true --force-conflicts --labels a=b": func(c *Client) error {
			return c.Upgrade(ctx, release.Chart{Release: "todo", Namespace: "ns", Path: "/chart", Labels: map[string]string{"a": "b"}})
		},
	} {
		p := scripted(t, "echo '{}'")
		require.NoError(t, call(p.Client), want)
		args, stdin := p.called(t)
		if stdin != "" {
			args += " < " + stdin
		}
		assert.Equal(t, want, args)
	}
}

func TestHelmWaitsForAsLongAsTheCallerDoesAndNotLessThanByItself(t *testing.T) {
	for given, told := range map[time.Duration]string{0: "5m0s", time.Minute: "5m0s", 20 * time.Minute: "20m0s"} {
		p := scripted(t, "")
		p.Timeout = given
		for _, call := range []func() error{
			func() error { return p.Upgrade(t.Context(), release.Chart{Release: "todo", Path: "/chart"}) },
			func() error { return p.Rollback(t.Context(), "ns", "todo", 3) },
			func() error { return p.Uninstall(t.Context(), "ns", "todo") },
			func() error { return p.Test(t.Context(), "ns", "todo") },
		} {
			require.NoError(t, call())
			args, _ := p.called(t)
			assert.Contains(t, args, "--timeout "+told)
		}
	}
}

func TestTheProgramsAreThoseOnPATHAndTheirOwnKubeconfigIsLeftToThem(t *testing.T) {
	var c Client
	assert.Equal(t, []string{"kubectl", "get"}, c.kubectl("get"))
	assert.Equal(t, []string{"helm", "--namespace", "ns", "test"}, c.helm("ns", "test"))
}

func TestTheChartWinsOverWhatWasChangedByHandWithEitherHelm(t *testing.T) {
	t.Setenv("HELM_SAYS", "v3.19.0")
	p := scripted(t, "")
	require.NoError(t, p.Rollback(context.Background(), "ns", "todo", 3))
	args, _ := p.called(t)
	assert.True(t, strings.HasSuffix(args, "rollback todo 3 --history-max 5 --timeout 5m0s"), "Helm 3 has no flag for it: %s", args)

	p = scripted(t, "")
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, "nohelm"), nil, 0o600))
	require.ErrorContains(t, p.Rollback(context.Background(), "ns", "todo", 3), "helm version ended with exit code 1")
	require.ErrorContains(t, p.Upgrade(context.Background(), chart), "helm version ended with exit code 1")
}

func TestWhatIsReadIsStandardOutputAlone(t *testing.T) {
	p := scripted(t, `echo "Warning: this API is deprecated" >&2; echo '{"kind": "Secret", "metadata": {"name": "one"}}'`)
	got, err := p.Get(context.Background(), release.Query{Kinds: "secret"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Secret", "metadata": {"name": "one"}}]}`, string(got))
}

func TestObjectsOfSeveralNamespacesAreAskedForApart(t *testing.T) {
	const manifests = `{kind: A, metadata: {name: own}}
---
kind: List
items:
- {kind: A, metadata: {name: named, namespace: ns}}
- {kind: A, metadata: {name: far, namespace: other}}
---
null
`
	// It prints one object, named as the namespace, and has none of the namespace missing.
	const kubectl = `for a in "$@"; do [ "$last" = --namespace ] && in=$a; last=$a; done; cp $log/stdin.$n $log/read.$in
[ $in = missing ] && { echo 'Error from server (NotFound): namespaces "missing" not found' >&2; exit 1; }; echo '{"kind": "A", "metadata": {"name": "'$in'"}}'`
	for name, call := range map[string]func(*Client, string) ([]byte, error){
		"get": func(c *Client, manifests string) ([]byte, error) {
			return c.Get(context.Background(), release.Query{Manifests: manifests, Namespace: "ns"})
		},
		"dry run": func(c *Client, manifests string) ([]byte, error) {
			return c.DryRun(context.Background(), "ns", manifests)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := scripted(t, kubectl)
			got, err := call(p.Client, manifests)
			require.NoError(t, err)
			assert.JSONEq(t, `{"apiVersion": "v1", "kind": "List", "items": [{"kind": "A", "metadata": {"name": "ns"}}, {"kind": "A", "metadata": {"name": "other"}}]}`, string(got))
			for namespace, want := range map[string]string{
				"ns":    `{"kind":"A","metadata":{"name":"own"}}` + "\n---\n" + `{"kind":"A","metadata":{"name":"named","namespace":"ns"}}`,
				"other": `{"kind":"A","metadata":{"name":"far","namespace":"other"}}`,
			} {
				read, err := os.ReadFile(filepath.Join(p.folder, "read."+namespace))
				require.NoError(t, err)
				assert.Equal(t, want, string(read))
			}
			_, err = call(p.Client, "a: [")
			require.ErrorContains(t, err, "reading manifests: document 1: not valid YAML")
			_, err = call(p.Client, "kind: A\nmetadata: text")
			require.ErrorContains(t, err, "reading the namespace of an object")
		})
	}
	p := scripted(t, kubectl)
	got, err := p.DryRun(context.Background(), "ns", "{kind: A, metadata: {namespace: missing}}\n---\nkind: A")
	require.NoError(t, err, "the chart may make that namespace")
	assert.JSONEq(t, `{"apiVersion": "v1", "kind": "List", "items": [{"kind": "A", "metadata": {"name": "ns"}}]}`, string(got))
	_, err = p.DryRun(context.Background(), "missing", "kind: A")
	require.ErrorContains(t, err, `namespaces "missing" not found`, "the release's own is there")
	_, err = scripted(t, `echo 'Error from server (NotFound): namespaces "another" not found' >&2; exit 1`).DryRun(context.Background(), "ns", "{kind: A, metadata: {namespace: other}}")
	require.Error(t, err)
}

func TestWhateverKubectlPrintsIsAList(t *testing.T) {
	for printed, want := range map[string]string{
		``:                `[]`,
		`{"kind": "Pod"}`: `[{"kind": "Pod"}]`,
		`{"kind": "List", "items": [{"kind": "Pod"}]}`:    `[{"kind": "Pod"}]`,
		`{"kind": "PodList", "items": [{"kind": "Pod"}]}`: `[{"kind": "Pod"}]`,
		`{"kind": "List", "items": []}`:                   `[]`,
	} {
		got, err := asList([]byte(printed))
		require.NoError(t, err, printed)
		assert.JSONEq(t, `{"apiVersion": "v1", "kind": "List", "items": `+want+`}`, string(got), printed)
	}
	_, err := asList([]byte("Error from server"))
	require.Error(t, err)
	p := scripted(t, "echo no JSON")
	_, err = p.DryRun(context.Background(), "ns", "kind: A")
	require.Error(t, err)
}

func TestAVersionIsTheServers(t *testing.T) {
	p := scripted(t, "")
	got, err := p.Version(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "v1.36.4", got)
	t.Setenv("RAW", "<html>")
	_, err = p.Version(context.Background())
	require.ErrorContains(t, err, "what answers is no Kubernetes API server")
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, "away"), []byte("connection reset"), 0o600))
	_, err = p.Version(context.Background())
	require.ErrorIs(t, err, release.ErrUnreachable)
}

func TestAClusterThatSaysNoIsToldFromOneThatSaysNothing(t *testing.T) {
	for name, c := range map[string]struct {
		says, probe string
		unreachable bool
	}{
		"no":                         {"Error from server (Forbidden): secrets is forbidden", "", false},
		"nothing":                    {"EOF", "connection reset by peer", true},
		"nothing for a moment":       {"The connection to the server cluster:6443 was refused - did you specify the right host or port?", "", true},
		"Helm heard nothing":         {`Error: Kubernetes cluster unreachable: Get "https://cluster:6443/version": EOF`, "", true},
		"not with these credentials": {"error: You must be logged in to the server (Unauthorized)", "error: You must be logged in to the server (Unauthorized)", false},
		"it is another cluster":      {"Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority", "Unable to connect to the server: tls: failed to verify certificate: x509: unknown authority", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := scripted(t, "echo '"+c.says+"' >&2; exit 3")
			if c.probe != "" {
				require.NoError(t, os.WriteFile(filepath.Join(p.folder, "away"), []byte(c.probe), 0o600))
			}
			for _, err := range []error{p.Apply(context.Background(), nil), p.Upgrade(context.Background(), chart)} {
				assert.Equal(t, c.unreachable, errors.Is(err, release.ErrUnreachable), "%v", err)
				var failed *release.CommandError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, 3, failed.ExitCode)
				assert.Contains(t, failed.Stderr, c.says)
			}
		})
	}
}

func TestAServerThatHasNotReadItsRulesYetIsAskedAgain(t *testing.T) {
	settling = time.Millisecond
	defer func() { settling = time.Second }()
	const denied = `Error from server (Forbidden): leases is forbidden: User \"admin\" cannot get resource \"leases\"`
	once := scripted(t, `[ -e $log/asked ] && { echo '{"kind":"Lease"}'; exit 0; }; touch $log/asked; echo half; echo "`+denied+`" >&2; exit 1`)
	found, err := once.Get(context.Background(), release.Query{Kinds: "lease"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"apiVersion":"v1","kind":"List","items":[{"kind":"Lease"}]}`, string(found))

	always := scripted(t, `echo "`+denied+`" >&2; exit 1`)
	_, err = always.Get(context.Background(), release.Query{Kinds: "lease"})
	require.ErrorContains(t, err, "leases is forbidden")
	require.NotErrorIs(t, err, release.ErrUnreachable)
	asked, err := filepath.Glob(filepath.Join(always.folder, "args.*"))
	require.NoError(t, err)
	assert.Len(t, asked, 2, "one that stays denied is asked for once more and not for ever")
}

func TestAProgramThatIsNotThereIsNamed(t *testing.T) {
	c := &Client{Kubectl: "/no/such/kubectl"}
	err := c.Apply(context.Background(), nil)
	require.ErrorContains(t, err, "/no/such/kubectl")
	assert.NotErrorIs(t, err, release.ErrUnreachable)
}

// A child that does not want to end, and has a child of its own that does not either.
const stubborn = `trap '' TERM; (trap '' TERM; echo $$ >>$log/pids; exec sleep 60) & echo $! >>$log/pids; echo $$ >>$log/pids; wait; sleep 60`

func TestAChildAndItsChildrenEnd(t *testing.T) {
	p := scripted(t, stubborn)
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("terminated")
	go func() {
		for {
			if raw, err := os.ReadFile(filepath.Join(p.folder, "pids")); err == nil && strings.Count(string(raw), "\n") > 2 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		cancel(why)
	}()
	ended := make(chan error)
	go func() { ended <- p.Upgrade(ctx, chart) }()
	<-ctx.Done()
	began := time.Now()
	require.ErrorIs(t, <-ended, why)
	// Long before they would end by themselves.
	assert.Less(t, time.Since(began), 30*time.Second)
	raw, err := os.ReadFile(filepath.Join(p.folder, "pids"))
	require.NoError(t, err)
	for pid := range strings.FieldsSeq(string(raw)) {
		assert.Eventually(t, func() bool { return gone(pid) }, 20*time.Second, 20*time.Millisecond, "process %s goes on", pid)
	}
}

// gone is true for a process that has ended, whether or not its parent has taken note.
func gone(pid string) bool {
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	return err != nil || strings.Contains(string(raw), ") Z ")
}

func TestAChildThatEndsWhenItIsToldToIsNotKilled(t *testing.T) {
	p := scripted(t, `trap 'echo told >$log/told; exit 0' TERM; echo x >$log/ready; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(p.folder, "ready")); err == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		cancel()
	}()
	require.ErrorIs(t, p.Upgrade(ctx, chart), context.Canceled)
	assert.FileExists(t, filepath.Join(p.folder, "told"))
	require.ErrorIs(t, p.Upgrade(ctx, chart), context.Canceled, "and none is started any more")
}

func TestAnAnswerThatDoesNotComeIsNoAnswer(t *testing.T) {
	p := scripted(t, "sleep 20")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := p.Get(ctx, release.Query{Kinds: "pods"})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	defer func(before time.Duration) { answerTimeout = before }(answerTimeout)
	answerTimeout = 300 * time.Millisecond
	_, err = p.Get(context.Background(), release.Query{Kinds: "pods"})
	require.ErrorIs(t, err, release.ErrUnreachable)
	require.ErrorContains(t, err, "kubectl get: the API server does not answer within 300ms")
}

func TestWhatAChildComplainsOfIsKeptToItsEnd(t *testing.T) {
	r := &ring{}
	for range 100 {
		_, err := r.Write(bytes.Repeat([]byte("x"), 1000))
		require.NoError(t, err)
	}
	_, _ = r.Write([]byte("the end"))
	assert.Len(t, r.String(), maxStderr)
	assert.True(t, strings.HasSuffix(r.String(), "xthe end"))
}

func TestImagesAreDeliveredByACommandOfTheCallers(t *testing.T) {
	p := scripted(t, "")
	assert.Nil(t, p.Deliverer(nil, nil))
	var out bytes.Buffer
	require.NoError(t, p.Deliverer([]string{"sh", "-c", "echo node a has every image"}, &out)(context.Background()))
	assert.Equal(t, "node a has every image\n", out.String())
	err := p.Deliverer([]string{"sh", "-c", "echo node a took nothing >&2; exit 1"}, &out)(context.Background())
	require.ErrorContains(t, err, "sh ended with exit code 1:\nnode a took nothing")
}

func TestASecretIsInNoArgumentAndInNoEnvironment(t *testing.T) {
	const secret = "0123456789abcdefghijklmnopqrstuv"
	p := scripted(t, "echo '{}'")
	require.NoError(t, p.Apply(context.Background(), []byte(`{"data": {"A": "`+secret+`"}}`)))
	require.NoError(t, p.Upgrade(context.Background(), chart))
	files, err := filepath.Glob(filepath.Join(p.folder, "*.*"))
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(raw), secret) {
			found++
			assert.Equal(t, "stdin.0", filepath.Base(file))
		}
	}
	assert.Equal(t, 1, found)
}
