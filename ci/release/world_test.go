package release

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/report"
)

// taken are the ways of the machine that some test took.
var taken = struct {
	sync.Mutex
	ways map[[2]State]bool
}{ways: map[[2]State]bool{}}

// Every way that the table, and so the diagram, has must be one that a run can take.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && !testing.Short() {
		for _, t := range Transitions() {
			for _, to := range t.To {
				if !taken.ways[[2]State{t.From, to}] {
					fmt.Printf("no test takes the way from %s to %s\n", t.From, to)
					code = 1
				}
			}
		}
	}
	os.Exit(code)
}

func trace(from, to State) {
	taken.Lock()
	defer taken.Unlock()
	taken.ways[[2]State{from, to}] = true
}

const digest = "@sha256:4444444444444444444444444444444444444444444444444444444444444444"

// request asks for a release whose backend has an image name of its own, in a folder of its own.
func request(t *testing.T, image string) Request {
	t.Helper()
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	chart := filepath.Join(folder, "chart")
	require.NoError(t, os.Mkdir(chart, 0o700))
	file("chart/Chart.yaml", "name: todo-chatbot")
	file("chart/values.yaml", `{backend: {image: &image {repository: x, digest: "", tag: ""}}, frontend: {image: *image}, postgres: {image: *image}}`)
	return Request{
		Target: Target{Release: "todo-chatbot", Namespace: "todo", Cluster: "context test", Timeout: Duration(time.Minute)},
		Chart:  chart,
		Images: map[string]string{"backend": "registry.acme.dev/" + image + digest, "frontend": "registry.acme.dev/frontend" + digest},
		TodoChatbot: &TodoChatbot{
			Environment: "production", PublicURL: "https://todo.acme.dev",
			Secrets: SecretFiles{
				DatabaseURL: file("database-url", "postgresql+asyncpg://todo:"+password+"@db.acme.dev:5432/todo\n"),
				AuthSecret:  file("auth-secret", authSecret+"\n"), OpenAIKey: file("openai-key", openAIKey),
			},
		},
	}
}

// client is a run's way to the world.
func (w *world) client(name string) *client { return &client{world: w, name: name} }

// outcome is how a run ended.
type outcome struct {
	report   report.Run
	err      error
	progress string
}

// run does something with an engine of the client's own.
func (c *client) run(do func(context.Context, *Engine) (report.Run, error)) outcome {
	var progress strings.Builder
	ctx, kill := context.WithCancelCause(context.Background())
	defer kill(nil)
	c.kill = kill
	run, err := do(ctx, &Engine{Cluster: c, Progress: &progress, trace: trace})
	// Nothing goes on after a run has ended. One waits at a time: two that end at the same moment must not.
	c.ending <- struct{}{}
	synctest.Wait()
	<-c.ending
	return outcome{run, err, progress.String()}
}

func (c *client) deploy(r Request) outcome {
	return c.run(func(ctx context.Context, e *Engine) (report.Run, error) { return e.Deploy(ctx, r) })
}

func (c *client) rollback(t Target, revision int) outcome {
	return c.run(func(ctx context.Context, e *Engine) (report.Run, error) { return e.Rollback(ctx, t, revision) })
}

func (c *client) uninstall(t Target, volumes bool) outcome {
	c.mu.Lock()
	c.deletable = true
	c.mu.Unlock()
	return c.run(func(ctx context.Context, e *Engine) (report.Run, error) { return e.Uninstall(ctx, t, volumes) })
}

// converged holds the world against what a deployment that passed leaves.
func (w *world) converged(t *testing.T, image string, more ...any) {
	t.Helper()
	assert.Empty(t, w.violations, more...)
	require.NotEmpty(t, w.revisions, more...)
	last := w.last()
	assert.Equal(t, "deployed", last.status, more...)
	assert.Contains(t, w.live, image, more...)
	history, err := ParseHistory(asJSON(map[string]any{"items": []any{last.secret()}}))
	require.NoError(t, err)
	assert.True(t, history.Last().Proven, more...)
	assert.Empty(t, w.lease.Spec.HolderIdentity, more...)
	deployed := 0
	for _, r := range w.revisions {
		if r.status == "deployed" {
			deployed++
		}
	}
	assert.Equal(t, 1, deployed, more...)
	for name := range w.secrets {
		named := false
		for _, r := range w.revisions {
			named = named || strings.Contains(r.manifest, name)
		}
		assert.True(t, named, "Secret %s is left", name)
	}
}

// bubble runs a test on a clock of its own.
func bubble(t *testing.T, f func(*testing.T)) { t.Helper(); synctest.Test(t, f) }

// did lists what a client wrote.
func (w *world) did(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, one := range w.writes {
		if one.who == name {
			all = append(all, one.what)
		}
	}
	return all
}
