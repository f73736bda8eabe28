// Package run runs the tools that checks are made of.
package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
)

// tail is how many of the last lines an error repeats. The whole is in the run's log.
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
		return fmt.Errorf("%s ended with exit code %d:%s", c.Args[0], ended.ExitCode(), Said(said.String()+"\n"+failure.String()))
	}
	return err
}

// Said is what an error repeats of a command's output behind its own first words: the line that says what failed, where one does, and on the
// lines below the end of it.
func Said(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	end := "\n" + strings.Join(lines[max(0, len(lines)-tail):], "\n")
	if cause := Cause(output); cause != "" {
		return " " + cause + end
	}
	return end
}

// causes are how the tools of the checks begin the line that says what failed. testdata has what each prints.
var causes = regexp.MustCompile(strings.Join([]string{
	`^(FAILED|ERROR) \S`,                 // pytest
	`^\S+:\d+: error: `,                  // mypy
	`^\S+\(\d+,\d+\): error TS`,          // tsc
	`^\s*FAIL\s+\S+ > `,                  // vitest
	`^\s+\d+:\d+\s+error\s`,              // eslint
	`^\[(ERROR|error|warn)\] `,           // helm lint, prettier
	`^--- FAIL: `,                        // go test
	`^\S+\.go:\d+:\d+: `,                 // go build
	` is invalid: | failed validation: `, // kubeconform
	`^(Error|error): `,                   // helm, uv
}, "|"))

// located is the line with which ruff says where the finding is that the line before it names, and colour what a terminal shows as one.
var (
	located = regexp.MustCompile(`^\s*--> (\S+)$`)
	colour  = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// Cause is the first line that says what failed, "" where none does.
func Cause(output string) string {
	file, before := "", ""
	for line := range strings.Lines(colour.ReplaceAllString(output, "")) {
		line = strings.TrimRight(line, "\r\n")
		switch where := located.FindStringSubmatch(line); {
		case where != nil:
			return where[1] + ": " + strings.TrimSpace(before)
		case causes.MatchString(line) && strings.HasPrefix(line, " ") && strings.HasPrefix(file, "/"):
			// ESLint names the file on a line of its own.
			return file + ": " + strings.Join(strings.Fields(line), " ")
		case causes.MatchString(line):
			return strings.TrimSpace(line)
		}
		before = line
		if line != "" && line[0] != ' ' {
			file = line
		}
	}
	return ""
}
