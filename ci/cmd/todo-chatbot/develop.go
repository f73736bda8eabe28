package main

import (
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"syscall"

	"todo-chatbot/ci/develop"
)

const developUsage = `todo-chatbot develop --workspace ID --folder PATH [--exclude PATTERN]... [--forward PORT=HOST:PORT]... COMMAND...

Runs a server in the working directory, and brings there what is saved in a folder of the workspace. A port that is forwarded
leads to another server's.`

// developCommand runs a server on the files of a checkout that somebody works on.
func developCommand(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("develop", flag.ContinueOnError)
	checkout, forwards := &develop.Checkout{}, []develop.Forward{}
	flags.StringVar(&checkout.Workspace, "workspace", "", "the ID of the caller's workspace in the Dagger session")
	flags.StringVar(&checkout.Folder, "folder", "", "the server's folder, from the root of the workspace")
	flags.Func("exclude", "a pattern of what is not brought", func(pattern string) error {
		checkout.Exclude = append(checkout.Exclude, pattern)
		return nil
	})
	flags.Func("forward", "a port of this machine, and the host and port that it leads to", func(text string) error {
		forward, err := develop.ParseForward(text)
		forwards = append(forwards, forward)
		return err
	})
	if err := parse(flags, args, developUsage); err != nil {
		return err
	}
	if flags.NArg() == 0 || checkout.Workspace == "" || checkout.Folder == "" {
		return usageError{developUsage}
	}
	var err error
	if checkout.Session, err = develop.SessionFromEnvironment(); err != nil {
		return err
	}
	staging, err := os.MkdirTemp("", "develop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging) //nolint:errcheck // the container ends with it
	serving, stop := context.WithCancel(ctx)
	defer stop()
	for _, forward := range forwards {
		if _, err := forward.Start(serving, out); err != nil {
			return err
		}
	}
	go develop.Follow(serving, checkout, &develop.Mirror{From: staging, To: "."}, out)

	server := exec.CommandContext(ctx, flags.Arg(0), flags.Args()[1:]...)
	server.Stdout, server.Stderr = out, os.Stderr
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	return server.Run()
}
