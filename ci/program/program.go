// Package program lets the module's own executable be a tool in a container.
//
// The engine keeps what a container makes, and what a function of the module makes in its own process it does not. So
// what takes seconds and depends on its input alone runs in a container, and costs nothing the second time.
package program

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/registry"
)

const (
	// WithoutClock is the tool that takes the clock out of an image: it reads an archive, writes another and prints the
	// digest of its manifest. Its arguments are the two paths, the time of the config in seconds since 1970, and the
	// reference of the base image by digest.
	WithoutClock = "without-clock"
	// Inspect is the tool that holds an image against its budget and against what no image may carry. Its arguments are
	// the image's name in the budget and the path of its archive; it prints the table of sizes.
	Inspect = "inspect"
	// Weigh is the tool that prints the table of sizes alone. Its argument is the path of an archive.
	Weigh = "weigh"
	// Trim is the tool that takes out of programs and shared objects what no start reads. Its arguments are directories.
	Trim = "trim"
	// Rest is the tool that copies an archive without the blobs that an image store has already. Its arguments are the
	// path to read, the path to write, and that of a list of the digests that the store has, one on a line.
	Rest = "rest"
)

var tools = map[string]func(args []string, out io.Writer) error{
	WithoutClock: withoutClock, Inspect: inspect, Weigh: weigh, Trim: trim, Rest: rest, registry.ToolName: registry.Tool,
}

// This runs before the generated main function, which wants a session with an engine, and a container has none. The
// module's bindings may be initialized before it and look for one as well: whoever runs a tool names one in the
// environment, of which nothing is ever asked.
func init() {
	for name, tool := range tools {
		Be(name, tool)
	}
}

// Be makes the executable a tool and ends it when it was called by the tool's name. Otherwise it does nothing.
func Be(name string, tool func(args []string, out io.Writer) error) {
	if filepath.Base(os.Args[0]) != name {
		return
	}
	if err := tool(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func withoutClock(args []string, out io.Writer) error {
	if len(args) != 4 {
		return fmt.Errorf("%s: give it an archive to read, one to write, a time and the base image", WithoutClock)
	}
	created, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil || created < 0 {
		return fmt.Errorf("%s: %q is no number of seconds since 1970", WithoutClock, args[2])
	}
	digest, err := image.WithoutClock(args[0], args[1], image.ClockOptions{
		Epoch: time.Unix(0, 0).UTC(), Created: time.Unix(created, 0).UTC(),
		Base: func(platform v1.Platform) (v1.Image, error) { return registry.Pull(args[3], platform) },
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, digest)
	return err
}

func inspect(args []string, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("%s: give it an image's name and its archive", Inspect)
	}
	budget, err := image.ParseBudget([]byte(image.DefaultBudget()))
	if err != nil {
		return err
	}
	opened, size, err := weighed(args[1], out)
	if err != nil {
		return err
	}
	return errors.Join(budget.Check(args[0], size), image.Accept(opened))
}

func weigh(args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%s: give it an image's archive", Weigh)
	}
	_, _, err := weighed(args[0], out)
	return err
}

// weighed opens an archive and prints its table of sizes.
func weighed(archive string, out io.Writer) (v1.Image, image.Size, error) {
	opened, err := image.Open(archive)
	if err != nil {
		return nil, image.Size{}, err
	}
	size, err := image.Measure(opened)
	if err != nil {
		return nil, image.Size{}, err
	}
	_, err = fmt.Fprint(out, size.Table())
	return opened, size, err
}

func trim(directories []string, out io.Writer) error {
	for _, directory := range directories {
		saved, err := image.TrimTree(directory)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s: %.1f MB less\n", directory, float64(saved)/1e6); err != nil {
			return err
		}
	}
	return nil
}

func rest(args []string, _ io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("%s: give it an archive to read, one to write and a list of digests", Rest)
	}
	list, err := os.ReadFile(args[2])
	if err != nil {
		return fmt.Errorf("%s: %w", Rest, err)
	}
	has := map[string]bool{}
	for digest := range strings.FieldsSeq(string(list)) {
		has[digest] = true
	}
	return image.Rest(args[0], args[1], has)
}

// Copy puts the executable, under a tool's name, into the working directory. It appears there whole: several builds of one
// call share that directory, and one may take the tool while another copies it.
func Copy(tool string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the module's own program: %w", err)
	}
	in, err := os.Open(self)
	if err != nil {
		return fmt.Errorf("reading the module's own program: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.CreateTemp(".", tool+"-*")
	if err != nil {
		return fmt.Errorf("copying the module's own program: %w", err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Chmod(0o755), out.Close()); err != nil {
		return fmt.Errorf("copying the module's own program: %w", err)
	}
	if err := os.Rename(out.Name(), tool); err != nil {
		return fmt.Errorf("copying the module's own program: %w", err)
	}
	return nil
}
