package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"todo-chatbot/ci/kube"
)

// Cluster is what a release asks of kubectl and Helm. Whatever is asked ends when the context does.
//
// An error wraps ErrUnreachable when the API server did not answer, and a *CommandError when a program said no.
type Cluster interface {
	Reader
	Writer
	// Create an object from its JSON and give it as the server has it. One that is there already is an error.
	Create(ctx context.Context, object []byte) ([]byte, error)
	// Replace an object, which is an error when its resourceVersion is not the present one.
	Replace(ctx context.Context, object []byte) ([]byte, error)
}

// Reader changes nothing.
type Reader interface {
	// Version of the API server, as v1.36.4. It needs no permission.
	Version(ctx context.Context) (string, error)
	// Get objects as a JSON List; what is not there is left out.
	Get(ctx context.Context, q Query) ([]byte, error)
	// Render the chart's manifests.
	Render(ctx context.Context, c Chart) (string, error)
	// DryRun gives the objects as the server would have them after a server-side apply by Helm, without those of another namespace
	// than the release's that is not there.
	DryRun(ctx context.Context, namespace, manifests string) ([]byte, error)
	// Logs writes what containers printed.
	Logs(ctx context.Context, l Logs, to io.Writer) error
}

// Writer is what is done to a release by the one run that holds it. With Create and Replace a run comes to hold it.
type Writer interface {
	// Apply an object by server-side apply.
	Apply(ctx context.Context, object []byte) error
	// Label one object.
	Label(ctx context.Context, namespace, kind, name string, labels map[string]string) error
	// Delete objects; those that are not there are deleted already.
	Delete(ctx context.Context, q Query) error
	// Scale a workload to a number of pods, unless its number is no longer the one that was seen.
	Scale(ctx context.Context, namespace, kind, name string, seen, wanted int) error
	// Upgrade installs or upgrades the release, and does not wait for its pods.
	Upgrade(ctx context.Context, c Chart) error
	// Rollback returns to a revision, and does not wait for its pods.
	Rollback(ctx context.Context, namespace, release string, revision int) error
	// Uninstall removes a release and waits for its objects. One that is not there is removed already.
	Uninstall(ctx context.Context, namespace, release string) error
	// Test runs the chart's tests.
	Test(ctx context.Context, namespace, release string) error
}

// Query names objects: by kind and names, by kind and labels, or by manifests.
type Query struct {
	// Kinds are kubectl's names, with commas between them.
	Kinds string
	Names []string
	// Selector is a label selector.
	Selector string
	// Namespace is "" for objects that have none.
	Namespace string
	// Everywhere looks into all namespaces.
	Everywhere bool
	// Manifests are YAML documents whose objects are meant.
	Manifests string
}

// Chart is a chart with its values.
type Chart struct {
	Release, Namespace string
	// Path is the chart's folder or archive.
	Path string
	// Files are files of values, and Values are JSON that goes before them.
	Files  []string
	Values []byte
	// Labels are those of the revision, for Upgrade alone.
	Labels map[string]string
	// KubeVersion is the server's, for Render alone.
	KubeVersion string
	// NoHooks leaves hooks out, for Render alone.
	NoHooks bool
}

// Logs names containers and how much of their logs is wanted.
type Logs struct {
	Namespace string
	// Pod and Container name one, where job/NAME is the pod of a Job; Selector names all containers of all its pods, each line with
	// its pod's name.
	Pod, Container, Selector string
	Previous, Follow         bool
	// Tail is how many of the last lines, 0 for all.
	Tail int
}

// ErrUnreachable is that the API server did not answer.
var ErrUnreachable = errors.New("the API server does not answer")

// CommandError is what kubectl or Helm said when it failed.
type CommandError struct {
	// Command is its name and verb, e.g. "helm upgrade": its arguments say nothing to whoever reads the error.
	Command  string
	ExitCode int
	// Stderr is what it printed there.
	Stderr string
}

// tail is how many lines of a failed command's output its error repeats.
const tail = 40

// Error repeats the end of what was printed, and what to do where the cluster was not reached, or did not let the caller.
func (e *CommandError) Error() string {
	if next := kube.Unreached(e.Stderr); next != "" {
		return e.said() + "\n" + next
	}
	return e.said()
}

// said is the end of what was printed.
func (e *CommandError) said() string {
	lines := strings.Split(strings.TrimSpace(e.Stderr), "\n")
	if len(lines) > tail {
		lines = lines[len(lines)-tail:]
	}
	return fmt.Sprintf("%s ended with exit code %d:\n%s", e.Command, e.ExitCode, strings.Join(lines, "\n"))
}
