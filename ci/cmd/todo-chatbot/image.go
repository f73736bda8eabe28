package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/registry"
	"todo-chatbot/ci/sbom"
	"todo-chatbot/ci/scan"
)

const imageUsage = `works on OCI archives of images

  todo-chatbot image normalize IN OUT SECONDS BASE PLATFORM
                                                     takes the clock out of what was added to BASE, an image by digest or "", dates
                                                     its config SECONDS after 1970 and prints the digest; fails where it is not for
                                                     PLATFORM, "" for any
  todo-chatbot image inspect NAME ARCHIVE OUT        prints its sizes, writes what they take of NAME's budget, as JSON, and fails when
                                                     that or a rule does not allow them
  todo-chatbot image size ARCHIVE                    prints its sizes
  todo-chatbot image diff ONE OTHER                  fails with the first file or field in which they differ
  todo-chatbot image sbom FORMAT ARCHIVE OUT         writes what is in it, as spdx or cyclonedx, with the trivy on PATH
  todo-chatbot image strip FOLDER...                 takes out of programs and libraries what no start reads
  todo-chatbot image missing-blobs IN OUT LIST       copies it without the blobs whose digests LIST has, one on a line`

// imageCommand works on archives of images.
func imageCommand(ctx context.Context, args []string, out io.Writer) error {
	commands := map[string]struct {
		do       func([]string, io.Writer) error
		takes    int
		variadic bool
	}{
		"sbom":      {func(args []string, _ io.Writer) error { return writeSbom(ctx, args) }, 3, false},
		"normalize": {normalize, 5, false}, "inspect": {inspect, 3, false}, "size": {size, 1, false}, "diff": {diff, 2, false},
		"strip": {strip, 1, true}, "missing-blobs": {missingBlobs, 3, false},
	}
	if len(args) == 0 {
		return usageError{imageUsage}
	}
	command, found := commands[args[0]]
	rest := args[1:]
	if !found || len(rest) < command.takes || (len(rest) > command.takes && !command.variadic) {
		return usageError{imageUsage}
	}
	return command.do(rest, out)
}

func normalize(args []string, out io.Writer) error {
	created, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil || created < 0 {
		return fmt.Errorf("image normalize: %q is no number of seconds since 1970", args[2])
	}
	options := image.NormalizeOptions{Epoch: time.Unix(0, 0).UTC(), Created: time.Unix(created, 0).UTC(), Platform: args[4]}
	if base := args[3]; base != "" {
		options.Base = func(platform v1.Platform) (v1.Image, error) { return registry.Pull(base, platform) }
	}
	digest, err := image.Normalize(args[0], args[1], options)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, digest)
	return err
}

func inspect(args []string, out io.Writer) error {
	budget, err := image.ParseBudget([]byte(image.DefaultBudget()))
	if err != nil {
		return err
	}
	opened, measured, err := printSize(args[1], out)
	if err != nil {
		return err
	}
	uses, err := json.Marshal(budget.Uses(args[0], measured))
	if err == nil {
		err = os.WriteFile(args[2], uses, 0o600)
	}
	return errors.Join(budget.Check(args[0], measured), image.Accept(opened), err)
}

func size(args []string, out io.Writer) error {
	_, _, err := printSize(args[0], out)
	return err
}

// printSize opens an archive and prints its table of sizes.
func printSize(archive string, out io.Writer) (v1.Image, image.Size, error) {
	opened, err := image.Open(archive)
	if err != nil {
		return nil, image.Size{}, err
	}
	measured, err := image.Measure(opened)
	if err != nil {
		return nil, image.Size{}, err
	}
	_, err = fmt.Fprint(out, measured.Table())
	return opened, measured, err
}

func diff(archives []string, _ io.Writer) error {
	one, err := image.Open(archives[0])
	if err != nil {
		return err
	}
	other, err := image.Open(archives[1])
	if err != nil {
		return err
	}
	difference, err := image.Diff(one, other)
	if err == nil && difference != nil {
		err = errors.New(difference.String())
	}
	return err
}

func writeSbom(ctx context.Context, args []string) error {
	format, err := sbom.ParseFormat(args[0])
	if err != nil {
		return err
	}
	opened, err := image.Open(args[1])
	if err != nil {
		return err
	}
	digest, err := opened.Digest()
	if err != nil {
		return err
	}
	raw, err := scan.Packages(ctx, args[1], string(format))
	if err != nil {
		return fmt.Errorf("listing the packages of %s: %w", args[1], err)
	}
	text, err := sbom.Normalize(raw, format, digest.String())
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return os.WriteFile(args[2], text, 0o644)
}

func strip(folders []string, out io.Writer) error {
	for _, folder := range folders {
		saved, err := image.StripTree(folder)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s: %.1f MB less\n", folder, float64(saved)/1e6); err != nil {
			return err
		}
	}
	return nil
}

func missingBlobs(args []string, _ io.Writer) error {
	list, err := os.ReadFile(args[2])
	if err != nil {
		return fmt.Errorf("image missing-blobs: %w", err)
	}
	has := map[string]bool{}
	for digest := range strings.FieldsSeq(string(list)) {
		has[digest] = true
	}
	return image.MissingBlobs(args[0], args[1], has)
}
