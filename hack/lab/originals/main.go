// The command originals holds the lab's stand-ins against what their originals are said to have, in the file
// original.yaml of each folder of hack/lab/standins.
//
//	originals verify [NAME...]               each stand-in, or the named ones, as the lab's registry has it
//	originals verify -image REFERENCE NAME   another image against one original
//	originals table [-write]                 the table of the README
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"todo-chatbot/ci/pins"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: originals verify [-lab DIR] [-registry HOST] [-image REFERENCE] [NAME...] | originals table [-lab DIR] [-write]")

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet("originals "+args[0], flag.ContinueOnError)
	lab := flags.String("lab", "hack/lab", "the lab's folder")
	registry := flags.String("registry", "127.0.0.1:5000", "the registry that has the stand-ins")
	reference := flags.String("image", "", "an image to hold against one original, instead of the registry's")
	write := flags.Bool("write", false, "write the table into the README")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	images, err := pins.Parse([]byte(pins.Default()))
	if err != nil {
		return err
	}
	originals, err := readAll(filepath.Join(*lab, "standins"), flags.Args(), images)
	if err != nil {
		return err
	}
	switch args[0] {
	case "verify":
		if *reference != "" && flags.NArg() != 1 {
			return errors.New("-image is held against one original: name it")
		}
		return verifyAll(ctx, originals, source{registry: *registry, reference: *reference}, out)
	case "table":
		if *write {
			return writeTable(filepath.Join(*lab, "README.md"), originals)
		}
		_, err := io.WriteString(out, table(originals))
		return err
	default:
		return errUsage
	}
}
