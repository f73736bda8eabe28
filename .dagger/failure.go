package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/run"

	"dagger/todo-chatbot/internal/dagger"
)

// passes runs a command and fails with what it printed last when it does. A check is called by the call that runs it alone.
func passes(ctx context.Context, container *dagger.Container, what string, args ...string) error {
	_, err := container.WithExec(args).Sync(ctx)
	return explain(what, err)
}

// explain tells of a command's failure: what was being done, what failed, the end of its output, and what to do where no cluster was reached.
func explain(what string, err error) error {
	var failed *dagger.ExecError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &failed):
		return fmt.Errorf("%s: %w", what, err)
	}
	output := run.Said(failed.Stdout + "\n" + failed.Stderr)
	if next := kube.Unreached(output); next != "" {
		output += "\n" + next
	}
	return fmt.Errorf("%s failed (exit code %d):%s", what, failed.ExitCode, output)
}

// named tells by which call a check that failed runs alone.
func named(call string, failure error) error {
	if failure == nil {
		return nil
	}
	return fmt.Errorf("dagger call %s: %w", call, failure)
}

// program gives what a subcommand of ci/cmd/todo-chatbot prints in a container, or what it says is wrong.
func program(ctx context.Context, container *dagger.Container, args ...string) (string, error) {
	out, err := container.WithExec(append([]string{programPath}, args...)).Stdout(ctx)
	return out, programError(err)
}

// programError makes an error of what ci/cmd/todo-chatbot said was wrong.
func programError(err error) error {
	var failed *dagger.ExecError
	if errors.As(err, &failed) && strings.TrimSpace(failed.Stderr) != "" {
		return errors.New(strings.TrimSpace(failed.Stderr))
	}
	return err
}
