// Command todo-chatbot does what the pipeline of the todo chatbot decides, with the tools on PATH that it names and nothing else:
//
//	go run ./ci/cmd/todo-chatbot release deploy --kubeconfig FILE …
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `todo-chatbot takes the todo chatbot to a cluster and looks after it there

  todo-chatbot release deploy | preflight | plan | status | logs | rollback | uninstall
  todo-chatbot image normalize | inspect | size | diff | sbom | strip | missing-blobs
  todo-chatbot scan image | checkout | history | secrets | judge | write
  todo-chatbot registry request | push | publish | verify
  todo-chatbot chart policy | package | helm | test
  todo-chatbot develop

Each says what it takes with --help.`

// The exit codes.
const (
	failed    = 1
	misused   = 2
	cancelled = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// usageError is a call that was not understood.
type usageError struct{ text string }

// Error says how to call it.
func (e usageError) Error() string { return e.text }

// run gives the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	err := dispatch(ctx, args, out)
	var misuse usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &misuse):
		fmt.Fprintln(errs, err)
		return misused
	}
	fmt.Fprintln(errs, err)
	if ctx.Err() != nil {
		return cancelled
	}
	return failed
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{usage}
	}
	switch rest := args[1:]; args[0] {
	case "release":
		return releaseCommand(ctx, rest, out)
	case "image":
		return imageCommand(ctx, rest, out)
	case "registry":
		return registryCommand(ctx, rest, out)
	case "chart":
		return chartCommand(ctx, rest, out)
	case "scan":
		return scanCommand(ctx, rest, out)
	case "develop":
		return developCommand(ctx, rest, out)
	case "help", "-h", "--help":
		fmt.Fprintln(out, usage)
		return nil
	}
	return usageError{fmt.Sprintf("there is no %q\n\n%s", args[0], usage)}
}

// parse reads flags; what is wrong with them is told with how to call it.
func parse(flags *flag.FlagSet, args []string, usage string) error {
	var text, told = "", usage
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	flags.VisitAll(func(f *flag.Flag) { text += fmt.Sprintf("  --%s\n        %s\n", f.Name, f.Usage) })
	switch {
	case errors.Is(err, flag.ErrHelp):
		return usageError{told + "\n\n" + text}
	case err != nil:
		return usageError{err.Error() + "\n\n" + told}
	}
	return nil
}
