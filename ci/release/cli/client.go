package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"todo-chatbot/ci/helm"
	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/release"
)

// Client is a release.Cluster by kubectl and Helm 3.19 or 4.
type Client struct {
	// Kubeconfig is a path and Context a name in it; "" leaves either to the programs.
	Kubeconfig, Context string
	// Kubectl and Helm are the programs, "" for those on PATH.
	Kubectl, Helm string
	// Timeout is how long Helm waits for a hook, for a test, and for what it removes, if that is more than five minutes.
	Timeout time.Duration

	asking sync.Mutex
	// helmVersion is what Helm says of itself, once it was asked.
	helmVersion string
}

var _ release.Cluster = (*Client)(nil)

const (
	// probeTimeout is how long the one may take that asks whether the server is there.
	probeTimeout = 5 * time.Second
	// leastHookTimeout is Helm's own.
	leastHookTimeout = 5 * time.Minute
	// fieldManager is Helm's own name, so that nothing looks taken over.
	fieldManager = "helm"
	// mostLogs is how many containers' logs are followed at once.
	mostLogs = "20"
)

// historyMax is how many revisions are kept.
var historyMax = strconv.Itoa(release.HistoryMax)

// settling is after how long a right that was denied is asked for again: an API server that has just started denies everything
// until it has read its rules.
var settling = time.Second

// answerTimeout is how long one request may take. A test has no time for it.
var answerTimeout = 30 * time.Second

// refused is true for an error that says that the cluster is there and will not have this caller, or is another one.
func refused(err error) bool {
	var failed *release.CommandError
	return errors.As(err, &failed) && kube.Refuses(failed.Stderr)
}

// forbidden is true for an error that says that the caller has no right to what was asked. Nothing was done then.
func forbidden(err error) bool {
	var failed *release.CommandError
	return errors.As(err, &failed) && !errors.Is(err, release.ErrUnreachable) && strings.Contains(failed.Stderr, "(Forbidden)")
}

// lacksNamespace is true for an error that says that there is no such namespace.
func lacksNamespace(err error, namespace string) bool {
	var failed *release.CommandError
	return errors.As(err, &failed) && strings.Contains(failed.Stderr, fmt.Sprintf("namespaces %q not found", namespace))
}

// wait is false when the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (c *Client) kubectl(args ...string) []string {
	command := []string{or(c.Kubectl, "kubectl")}
	if c.Kubeconfig != "" {
		command = append(command, "--kubeconfig", c.Kubeconfig)
	}
	if c.Context != "" {
		command = append(command, "--context", c.Context)
	}
	return append(command, args...)
}

func (c *Client) helm(namespace string, args ...string) []string {
	command := []string{or(c.Helm, "helm")}
	if c.Kubeconfig != "" {
		command = append(command, "--kubeconfig", c.Kubeconfig)
	}
	if c.Context != "" {
		command = append(command, "--kube-context", c.Context)
	}
	return append(append(command, "--namespace", namespace), args...)
}

func or(given, otherwise string) string {
	if given == "" {
		return otherwise
	}
	return given
}

// ask runs kubectl for what it prints.
func (c *Client) ask(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var out bytes.Buffer
	request := process{args: c.kubectl(args...), name: "kubectl " + args[0], stdin: stdin, out: &out}
	err := c.reached(limited, request)
	if forbidden(err) && wait(limited, settling) {
		out.Reset()
		err = c.reached(limited, request)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, fmt.Errorf("kubectl %s: %w within %s", args[0], release.ErrUnreachable, answerTimeout)
	}
	return out.Bytes(), err
}

// Version implements release.Reader.
func (c *Client) Version(ctx context.Context) (string, error) {
	raw, err := c.ask(ctx, nil, "get", "--raw", "/version")
	if err != nil {
		return "", err
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(raw, &version); err != nil || version.GitVersion == "" {
		return "", errors.New("what answers is no Kubernetes API server: its /version has no gitVersion; pass the port of the kubeconfig's server as --cluster")
	}
	return version.GitVersion, nil
}

// Get implements release.Reader.
func (c *Client) Get(ctx context.Context, q release.Query) ([]byte, error) {
	if q.Manifests == "" {
		raw, err := c.get(ctx, q)
		if err != nil {
			return nil, err
		}
		return asList(raw)
	}
	return inEach(q.Namespace, q.Manifests, func(namespace, manifests string) ([]byte, error) {
		return c.get(ctx, release.Query{Namespace: namespace, Manifests: manifests})
	})
}

func (c *Client) get(ctx context.Context, q release.Query) ([]byte, error) {
	args := append([]string{"get"}, queryArgs(q)...)
	return c.ask(ctx, []byte(q.Manifests), append(args, "--ignore-not-found", "--output", "json")...)
}

// queryArgs are those that name objects.
func queryArgs(q release.Query) []string {
	var args []string
	if q.Kinds != "" {
		args = append(append(args, q.Kinds), q.Names...)
	}
	if q.Selector != "" {
		args = append(args, "--selector", q.Selector)
	}
	if q.Manifests != "" {
		args = append(args, "--filename", "-")
	}
	if q.Everywhere {
		return append(args, "--all-namespaces")
	}
	if q.Namespace != "" {
		args = append(args, "--namespace", q.Namespace)
	}
	return args
}

// asList makes one List of what kubectl prints, each time nothing, one object, or a List.
func asList(printed ...[]byte) ([]byte, error) {
	items := []json.RawMessage{}
	for _, raw := range printed {
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		var found struct {
			Kind  string            `json:"kind"`
			Items []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(raw, &found); err != nil {
			return nil, fmt.Errorf("what kubectl printed is no JSON: %w", err)
		}
		if strings.HasSuffix(found.Kind, "List") {
			items = append(items, found.Items...)
		} else {
			items = append(items, raw)
		}
	}
	return json.Marshal(struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Items      []json.RawMessage `json:"items"`
	}{"v1", "List", items})
}

// Render implements release.Reader. It asks nothing of the cluster.
func (c *Client) Render(ctx context.Context, chart release.Chart) (string, error) {
	args := append([]string{"template", chart.Release, chart.Path}, valuesArgs(chart)...)
	if chart.KubeVersion != "" {
		args = append(args, "--kube-version", chart.KubeVersion)
	}
	if chart.NoHooks {
		args = append(args, "--no-hooks")
	}
	var out bytes.Buffer
	err := process{args: c.helm(chart.Namespace, args...), name: "helm template", stdin: chart.Values, out: &out}.start(ctx)
	return out.String(), err
}

// valuesArgs read the values, the last of which count.
func valuesArgs(chart release.Chart) []string {
	var args []string
	for _, file := range chart.Files {
		args = append(args, "--values", file)
	}
	if len(chart.Values) > 0 {
		args = append(args, "--values", "-")
	}
	return args
}

// DryRun implements release.Reader.
func (c *Client) DryRun(ctx context.Context, namespace, manifests string) ([]byte, error) {
	return inEach(namespace, manifests, func(each, manifests string) ([]byte, error) {
		raw, err := c.ask(ctx, []byte(manifests), "apply", "--namespace", each, "--filename", "-", "--server-side", "--force-conflicts",
			"--field-manager", fieldManager, "--dry-run=server", "--output", "json")
		if each != namespace && lacksNamespace(err, each) {
			return nil, nil
		}
		return raw, err
	})
}

// Logs implements release.Reader.
func (c *Client) Logs(ctx context.Context, l release.Logs, to io.Writer) error {
	args := []string{"logs", "--namespace", l.Namespace}
	if l.Selector != "" {
		args = append(args, "--selector", l.Selector, "--all-containers", "--prefix", "--ignore-errors", "--max-log-requests", mostLogs)
	} else {
		args = append(args, l.Pod)
	}
	if l.Container != "" {
		args = append(args, "--container", l.Container)
	}
	if l.Previous {
		args = append(args, "--previous")
	}
	if l.Follow {
		args = append(args, "--follow")
	}
	if l.Tail > 0 {
		args = append(args, "--tail", strconv.Itoa(l.Tail))
	}
	return c.reached(ctx, process{args: c.kubectl(args...), name: "kubectl logs", out: to})
}

// Create implements release.Cluster.
func (c *Client) Create(ctx context.Context, object []byte) ([]byte, error) {
	return c.ask(ctx, object, "create", "--filename", "-", "--output", "json")
}

// Replace implements release.Cluster.
func (c *Client) Replace(ctx context.Context, object []byte) ([]byte, error) {
	return c.ask(ctx, object, "replace", "--filename", "-", "--output", "json")
}

// Apply implements release.Writer. Server-side, so that no annotation keeps a copy.
func (c *Client) Apply(ctx context.Context, object []byte) error {
	_, err := c.ask(ctx, object, "apply", "--server-side", "--force-conflicts", "--filename", "-", "--output", "name")
	return err
}

// Label implements release.Writer.
func (c *Client) Label(ctx context.Context, namespace, kind, name string, labels map[string]string) error {
	args := []string{"label", "--overwrite", "--namespace", namespace, kind, name}
	for key, value := range labels {
		args = append(args, key+"="+value)
	}
	_, err := c.ask(ctx, nil, args...)
	return err
}

// Delete implements release.Writer.
func (c *Client) Delete(ctx context.Context, q release.Query) error {
	_, err := c.ask(ctx, nil, append(append([]string{"delete"}, queryArgs(q)...), "--ignore-not-found", "--wait=false")...)
	return err
}

// Scale implements release.Writer.
func (c *Client) Scale(ctx context.Context, namespace, kind, name string, seen, wanted int) error {
	_, err := c.ask(ctx, nil, "scale", "--namespace", namespace, kind, name, "--current-replicas", strconv.Itoa(seen), "--replicas", strconv.Itoa(wanted))
	return err
}

// Upgrade implements release.Writer.
func (c *Client) Upgrade(ctx context.Context, chart release.Chart) error {
	flags, err := c.applyFlags(ctx)
	if err != nil {
		return err
	}
	args := append([]string{"upgrade", chart.Release, chart.Path, "--install", "--history-max", historyMax, "--timeout", c.hookTimeout()}, flags...)
	for key, value := range chart.Labels {
		args = append(args, "--labels", key+"="+value)
	}
	return c.change(ctx, chart.Values, chart.Namespace, append(args, valuesArgs(chart)...)...)
}

// Rollback implements release.Writer.
func (c *Client) Rollback(ctx context.Context, namespace, name string, revision int) error {
	flags, err := c.applyFlags(ctx)
	if err != nil {
		return err
	}
	args := append([]string{"rollback", name, strconv.Itoa(revision), "--history-max", historyMax, "--timeout", c.hookTimeout()}, flags...)
	return c.change(ctx, nil, namespace, args...)
}

// applyFlags let the chart win over what somebody changed by hand, as Helm 3 has it without a flag.
func (c *Client) applyFlags(ctx context.Context) ([]string, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	if c.helmVersion == "" {
		var out bytes.Buffer
		command := process{args: []string{or(c.Helm, "helm"), "version", "--template", "{{.Version}}"}, name: "helm version", out: &out}
		if err := command.start(ctx); err != nil {
			return nil, err
		}
		c.helmVersion = strings.TrimSpace(out.String())
	}
	if strings.HasPrefix(c.helmVersion, "v3.") {
		return nil, nil
	}
	return helm.Apply(), nil
}

// hookTimeout is what Helm is told of the time that it waits.
func (c *Client) hookTimeout() string { return max(c.Timeout, leastHookTimeout).String() }

// Uninstall implements release.Writer.
func (c *Client) Uninstall(ctx context.Context, namespace, name string) error {
	return c.change(ctx, nil, namespace, "uninstall", name, "--ignore-not-found", "--wait", "--timeout", c.hookTimeout())
}

// Test implements release.Writer.
func (c *Client) Test(ctx context.Context, namespace, name string) error {
	return c.change(ctx, nil, namespace, "test", name, "--timeout", c.hookTimeout())
}

// change runs Helm. What it prints besides errors says nothing that is not known.
func (c *Client) change(ctx context.Context, stdin []byte, namespace string, args ...string) error {
	return c.reached(ctx, process{args: c.helm(namespace, args...), name: "helm " + args[0], stdin: stdin, out: io.Discard})
}
