// Package cli runs kubectl and Helm as child processes.
package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/release"
)

const (
	// grace is how long a child may take to end by itself when it is told to.
	grace = time.Second
	// drain is how long what it printed is waited for, after it ended.
	drain = 300 * time.Millisecond
	// maxStderr is how much of what it printed there is kept, in bytes.
	maxStderr = 64 << 10
)

// process is one child.
type process struct {
	args []string
	// name is what an error calls it.
	name string
	// stdin is what it reads. Secrets go this way alone: arguments and environment are everybody's to see.
	stdin []byte
	// out gets its standard output, which is never mixed with its errors.
	out io.Writer
}

// start runs it to its end. When the context ends, so do the child and its own children: they are told to, and are killed
// when they do not.
func (p process) start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdin, cmd.Stdout = bytes.NewReader(p.stdin), p.out
	stderr := &ring{}
	cmd.Stderr = stderr
	cmd.WaitDelay = grace + drain
	var kill *time.Timer
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		kill = time.AfterFunc(grace, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
		return syscall.Kill(group, syscall.SIGTERM)
	}
	err := cmd.Run()
	if kill != nil {
		// The child has ended; what it started may not have.
		if kill.Stop() {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &release.CommandError{Command: p.name, ExitCode: exit.ExitCode(), Stderr: stderr.String()}
	}
	return err
}

// ring keeps the end of what is written to it.
type ring struct{ kept []byte }

// Write implements io.Writer.
func (r *ring) Write(p []byte) (int, error) {
	r.kept = append(r.kept, p...)
	if over := len(r.kept) - maxStderr; over > 0 {
		r.kept = append(r.kept[:0], r.kept[over:]...)
	}
	return len(p), nil
}

// String is what was kept.
func (r *ring) String() string { return string(r.kept) }

// Deliverer runs a command that puts images where the nodes find them, and lets its output through.
func (c *Client) Deliverer(args []string, out io.Writer) release.Deliverer {
	if len(args) == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		// What it has to say goes with what it does.
		return c.reached(ctx, process{args: args, name: filepath.Base(args[0]), out: out})
	}
}

// reached runs a process, and tells a cluster that says no from one that says nothing.
func (c *Client) reached(ctx context.Context, p process) error {
	err := p.start(ctx)
	var failed *release.CommandError
	if !errors.As(err, &failed) {
		return err
	}
	if kube.Unreached(failed.Stderr) != "" && !kube.Refuses(failed.Stderr) {
		return errors.Join(release.ErrUnreachable, err)
	}
	// Asked again rather than read out of what was printed: the one request that needs no permission.
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	probe := process{args: c.kubectl("get", "--raw", "/version"), name: "kubectl get", out: io.Discard}
	if silent := probe.start(ctx); silent != nil && !refused(silent) {
		return errors.Join(release.ErrUnreachable, err)
	}
	return err
}
