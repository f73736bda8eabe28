package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"todo-chatbot/ci/kube"

	"dagger/todo-chatbot/internal/dagger"
)

// tail is how many lines of a failed command's output its error repeats. The whole is in the run's log.
const tail = 40

// passes runs a command and fails with what it printed last when it does.
func passes(ctx context.Context, container *dagger.Container, what string, args ...string) error {
	_, err := container.WithExec(args).Sync(ctx)
	return explain(what, err)
}

// explain makes an error of a command's failure: what was being done, the exit code, the end of its output, and what to do
// when a cluster was not reached.
func explain(what string, err error) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	output := end(failed.Stdout + "\n" + failed.Stderr)
	if next := kube.Unreached(output); next != "" {
		output += "\n" + next
	}
	return fmt.Errorf("%s failed (exit code %d):\n%s", what, failed.ExitCode, output)
}

func end(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > tail {
		lines = lines[len(lines)-tail:]
	}
	return strings.Join(lines, "\n")
}

// oneLine makes one line of what a tool said when it failed: that of cosign that says what it was, or the last.
func oneLine(what string, err error) error {
	var failed *dagger.ExecError
	if !errors.As(err, &failed) {
		if err != nil && what != "" {
			return fmt.Errorf("%s: %w", what, err)
		}
		return err
	}
	if strings.TrimSpace(failed.Stderr) == "" {
		return explain(what, err)
	}
	lines := strings.Split(strings.TrimSpace(failed.Stderr), "\n")
	said := lines[len(lines)-1]
	for _, line := range lines {
		if after, is := strings.CutPrefix(line, "Error: "); is {
			said = after
			break
		}
	}
	if what == "" {
		return errors.New(said)
	}
	return fmt.Errorf("%s: %s", what, said)
}
