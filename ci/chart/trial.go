package chart

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"todo-chatbot/ci/run"
)

//go:embed try.sh
var tryScript string

// Trial tests the chart on a cluster that ends with it, with each set of values, by try.sh.
type Trial struct {
	// Chart is the chart's folder.
	Chart string
	// Images are values of the chart that name its images.
	Images any
	// Previous is a packaged version of the chart to upgrade from; "" for this one.
	Previous string
	// Only is one set alone, as default for ci/default-values.yaml; "" for every one.
	Only string
}

// Run prints how it goes, and fails at the first set that does not hold.
func (t Trial) Run(ctx context.Context, out io.Writer) (err error) {
	sets, err := filepath.Glob(filepath.Join(t.Chart, "ci", cmp.Or(t.Only, "*")+"-values.yaml"))
	if err != nil || len(sets) == 0 {
		return errors.Join(err, fmt.Errorf("testing the chart: it has no set of values %s in ci/; --only takes the name of a file there without -values.yaml",
			cmp.Or(t.Only, "at all")))
	}
	work, err := os.MkdirTemp("", "chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // the container ends
	images, err := json.Marshal(t.Images)
	if err != nil {
		return fmt.Errorf("writing the chart's images: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, "images.json"), images, 0o600); err != nil {
		return err
	}
	for _, set := range sets {
		if err := t.try(ctx, out, work, set); err != nil {
			return fmt.Errorf("ci/%s: %w", filepath.Base(set), err)
		}
	}
	_, err = fmt.Fprintf(out, "%d sets of values hold\n", len(sets))
	return err
}

func (t Trial) try(ctx context.Context, out io.Writer, work, set string) error {
	name, classes := strings.TrimSuffix(filepath.Base(set), "-values.yaml"), filepath.Join(work, "classes")
	args := []string{"sh", "-c", tryScript, "try.sh", name, t.Chart, set, filepath.Join(work, "images.json"), classes}
	if t.Previous != "" {
		known := filepath.Join(work, "known.json")
		if err := t.writeKnown(out, set, known); err != nil {
			return err
		}
		args = append(args, t.Previous, known)
	}
	if err := (run.Command{Args: args, Env: []string{"CLASS_COLUMNS=" + ClassColumns}}).Print(ctx, out); err != nil {
		return err
	}
	listing, err := os.ReadFile(classes)
	if err != nil {
		return err
	}
	return CheckClasses(string(listing))
}

// writeKnown writes a set of values as the version before can be given it.
func (t Trial) writeKnown(out io.Writer, set, to string) error {
	values, err := os.ReadFile(set)
	if err != nil {
		return err
	}
	schema, err := packagedFile(t.Previous, "values.schema.json")
	if err != nil {
		return fmt.Errorf("the chart before: %w", err)
	}
	known, unknown, err := Known(values, schema)
	if err != nil {
		return err
	}
	for _, key := range unknown {
		fmt.Fprintf(out, "%s is new, and the chart before is installed without it\n", key)
	}
	return os.WriteFile(to, known, 0o600)
}

// packagedFile is a file of a packaged chart.
func packagedFile(archive, name string) ([]byte, error) {
	in, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	zipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(zipped)
	for {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("reading its %s: %w", name, err)
		}
		if _, file, _ := strings.Cut(header.Name, "/"); file == name {
			return io.ReadAll(io.LimitReader(files, largest))
		}
	}
}
