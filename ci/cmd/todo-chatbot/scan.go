package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/scan"
)

const scanUsage = `looks for what a release may not have, with the trivy or the gitleaks on PATH

  todo-chatbot scan image --database FOLDER --base NAME=REFERENCE FINDINGS ARCHIVE   an image as it ships, on a base
  todo-chatbot scan checkout --database FOLDER FINDINGS FOLDER                       what is committed
  todo-chatbot scan history --rules FILE FINDINGS REPOSITORY                         credentials in every commit
  todo-chatbot scan secrets FOLDER                                                   fails when a checkout has credentials
  todo-chatbot scan judge --database FOLDER [--part] FINDINGS...                     prints findings, and fails when they do not pass
  todo-chatbot scan write --format sarif|json FILE FINDINGS...                       gathers findings, those that are excepted marked

FINDINGS is a file that the first three write, and the last two read.`

// scanCall is what a verb of a scan is told.
type scanCall struct {
	scanner             scan.Scanner
	base, rules, format string
	part                bool
	args                []string
}

// scanCommand is one verb of a scan.
func scanCommand(ctx context.Context, args []string, out io.Writer) error {
	verbs := map[string]struct {
		do    func(context.Context, scanCall, io.Writer) error
		least int
	}{
		"image": {scanImage, 2}, "checkout": {scanCheckout, 2}, "history": {scanHistory, 2},
		"secrets": {scanSecrets, 1}, "judge": {judge, 1}, "write": {writeScan, 2},
	}
	if len(args) == 0 || verbs[args[0]].do == nil {
		return usageError{scanUsage}
	}
	var c scanCall
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&c.scanner.Database, "database", "", "the folder into which Trivy downloaded its vulnerability database")
	flags.StringVar(&c.base, "base", "", "the pin that the image is made from, as NAME=REFERENCE")
	flags.StringVar(&c.rules, "rules", "", "the rules of gitleaks")
	flags.StringVar(&c.format, "format", "json", "sarif, for GitHub's code scanning, or json")
	flags.BoolVar(&c.part, "part", false, "the findings are of a part of what is scanned, so that an exception may be unused")
	if err := parse(flags, args[1:], scanUsage); err != nil {
		return err
	}
	if c.args = flags.Args(); len(c.args) < verbs[args[0]].least {
		return usageError{scanUsage}
	}
	return verbs[args[0]].do(ctx, c, out)
}

func scanImage(ctx context.Context, c scanCall, _ io.Writer) error {
	name, reference, _ := strings.Cut(c.base, "=")
	base, err := scan.NewBase(image.Name(name), reference)
	if err != nil {
		return err
	}
	findings, err := c.scanner.Image(ctx, c.args[1], base, time.Now())
	return c.save("scanning "+filepath.Base(c.args[1]), findings, err)
}

func scanCheckout(ctx context.Context, c scanCall, _ io.Writer) error {
	findings, err := c.scanner.Checkout(ctx, c.args[1])
	return c.save("scanning the checkout", findings, err)
}

func scanHistory(ctx context.Context, c scanCall, _ io.Writer) error {
	findings, err := scan.History(ctx, c.args[1], c.rules)
	return c.save("looking through the history", findings, err)
}

func scanSecrets(ctx context.Context, c scanCall, _ io.Writer) error {
	findings, err := scan.Secrets(ctx, c.args[0])
	if err != nil {
		return fmt.Errorf("looking for secrets: %w", err)
	}
	return scan.JudgeSecrets(findings)
}

func judge(_ context.Context, c scanCall, out io.Writer) error {
	findings, err := gathered(c.args)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(c.scanner.Database, "db/metadata.json"))
	if err != nil {
		return fmt.Errorf("reading the vulnerability database: %w", err)
	}
	database, err := scan.ParseDatabase(raw)
	if err != nil {
		return err
	}
	text, err := scan.Judge(findings, database, c.part, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, text)
	return err
}

func writeScan(_ context.Context, c scanCall, _ io.Writer) error {
	findings, err := gathered(c.args[1:])
	if err != nil {
		return err
	}
	text, err := scan.Document(findings, c.format, time.Now())
	if err != nil {
		return err
	}
	return os.WriteFile(c.args[0], text, 0o600)
}

// save writes what a scan found into the file that is its first argument.
func (c scanCall) save(what string, findings []scan.Finding, failure error) error {
	if failure != nil {
		return fmt.Errorf("%s: %w", what, failure)
	}
	raw, err := json.Marshal(findings)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return os.WriteFile(c.args[0], raw, 0o600)
}

// gathered are the findings of several scans.
func gathered(files []string) ([]scan.Finding, error) {
	all := []scan.Finding{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading findings: %w", err)
		}
		var findings []scan.Finding
		if err := json.Unmarshal(raw, &findings); err != nil {
			return nil, fmt.Errorf("reading the findings of %s: %w", file, err)
		}
		all = append(all, findings...)
	}
	return all, nil
}
