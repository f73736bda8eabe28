// Says how old each image pin is, from the history of ci/pins/pins.txt, and until when what it pins is supported. Fails when
// one is older than 60 days, or its support ends within 60 days.
//
//	go run ./hack/pins
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"todo-chatbot/ci/pins"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	shallow, err := git("rev-parse", "--is-shallow-repository")
	if err != nil {
		return err
	}
	if shallow == "true" {
		return errors.New("pin ages: not known, because this clone has not the whole history; run git fetch --unshallow")
	}
	blame, err := git("-C", top, "blame", "--line-porcelain", "--", "ci/pins/pins.txt")
	if err != nil {
		return err
	}
	table, old := pins.Ages([]byte(blame), time.Now())
	fmt.Print(table)
	return errors.Join(old, supported())
}

func supported() error {
	pinned, err := pins.Parse([]byte(pins.Default()))
	if err != nil {
		return err
	}
	known, err := pins.DefaultSupport()
	if err != nil {
		return err
	}
	table, err := pinned.CheckSupport(known, time.Now())
	fmt.Print("\n", table)
	return err
}

func git(args ...string) (string, error) {
	out, err := exec.CommandContext(context.Background(), "git", args...).Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return "", fmt.Errorf("git %s: %s", strings.Join(args, " "), strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimRight(string(out), "\n"), err
}
