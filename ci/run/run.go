// Package run runs the tools that checks are made of.
package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// tail is how many lines Tail keeps. The whole is in the run's log.
const tail = 40

// Command is a program on PATH with its arguments.
type Command struct {
	// Dir is where it runs, "" for where its caller does.
	Dir  string
	Args []string
	// Env is added to the caller's environment, as NAME=VALUE.
	Env []string
	// Log is told what the command says beside its output; nil for nobody. A failure has it in any case.
	Log io.Writer
}

// Output runs the command and gives what it printed. Its failure has the end of what it said.
func (c Command) Output(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	err := c.Print(ctx, &out)
	return out.Bytes(), err
}

// Print is Output, printed as it comes.
func (c Command) Print(ctx context.Context, out io.Writer) error {
	command := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	command.Dir, command.Env = c.Dir, append(command.Environ(), c.Env...)
	var said, failure bytes.Buffer
	command.Stdout, command.Stderr = io.MultiWriter(out, &said), &failure
	if c.Log != nil {
		command.Stderr = io.MultiWriter(&failure, c.Log)
	}
	err := command.Run()
	if ended, failed := errors.AsType[*exec.ExitError](err); failed {
		return fmt.Errorf("%s ended with exit code %d:\n%s", c.Args[0], ended.ExitCode(), Tail(said.String()+"\n"+failure.String()))
	}
	return err
}

// Tail is the end of what a command printed, without the white space around it: what an error repeats.
func Tail(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-tail):], "\n")
}
