package chart

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"todo-chatbot/ci/run"
)

// largest is what one file of a chart may have, in bytes: Helm's own limit (pkg/chart/loader/archive, MaxDecompressedFileSize).
const largest = 5 << 20

// Repack writes a packaged chart (`helm package`) anew, without its clock: the same files in the same order, with one time, one
// owner and one mode, so that equal charts are equal bytes and have one digest. Helm 4 gives each file the time
// that the checkout has, and Helm 3 that of packaging.
//
// A file outside of the chart's folder, one that is there twice, one that is no plain file and one above 5 MiB are errors, as
// is a package without Chart.yaml.
func Repack(in io.Reader, out io.Writer) error {
	zipped, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("reading the chart's package: %w; pass what helm package wrote", err)
	}
	// The best compression, named, so that another default of Go's changes nothing.
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("writing the chart's package: %w", err)
	}
	archive := tar.NewWriter(packed)
	if err := repack(tar.NewReader(zipped), archive); err != nil {
		return err
	}
	if err := errors.Join(archive.Close(), packed.Close()); err != nil {
		return fmt.Errorf("writing the chart's package: %w", err)
	}
	return nil
}

// Package packages a chart's folder with the helm on PATH, and writes the archive into another folder, without its clock. It
// gives the archive's name.
func Package(ctx context.Context, chart, to string) (name string, err error) {
	packed, err := os.MkdirTemp("", "package-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(packed) //nolint:errcheck // the container ends
	if _, err := (run.Command{Args: []string{"helm", "package", chart, "--destination", packed}}).Output(ctx); err != nil {
		return "", fmt.Errorf("packaging the chart: %w", err)
	}
	made, err := os.ReadDir(packed)
	if err != nil {
		return "", err
	}
	if len(made) != 1 {
		return "", fmt.Errorf("packaging the chart: helm package made %d files and not one", len(made))
	}
	name = made[0].Name()
	return name, repackFile(filepath.Join(packed, name), filepath.Join(to, name))
}

func repackFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("reading the chart's package: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("writing the chart's package: %w", err)
	}
	return errors.Join(Repack(in, out), out.Close())
}

func repack(in *tar.Reader, out *tar.Writer) error {
	seen := map[string]bool{}
	described := false
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the chart's package: %w", err)
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue // git archive writes one, with the commit
		}
		folder, rest, inside := strings.Cut(header.Name, "/")
		switch {
		case header.Typeflag != tar.TypeReg:
			return fmt.Errorf("reading the chart's package: %s is no plain file", header.Name)
		case !inside || folder == "" || folder == ".." || path.Clean(header.Name) != header.Name:
			return fmt.Errorf("reading the chart's package: %s is not in the chart's folder", header.Name)
		case seen[header.Name]:
			return fmt.Errorf("reading the chart's package: %s is there twice", header.Name)
		case header.Size > largest:
			return fmt.Errorf("reading the chart's package: %s has %d bytes, and Helm reads no more than %d", header.Name, header.Size, largest)
		}
		seen[header.Name] = true
		described = described || rest == "Chart.yaml"
		plain := &tar.Header{Typeflag: tar.TypeReg, Name: header.Name, Size: header.Size, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
		if err := out.WriteHeader(plain); err != nil {
			return fmt.Errorf("writing %s to the chart's package: %w", header.Name, err)
		}
		if _, err := io.Copy(out, in); err != nil {
			return fmt.Errorf("writing %s to the chart's package: %w", header.Name, err)
		}
	}
	if !described {
		return errors.New("reading the chart's package: it has no Chart.yaml; pass what helm package wrote")
	}
	return nil
}
