package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// MissingBlobs copies an OCI layout archive to out without the blobs that has names, each as sha256:HEX: what an importer with a
// content store has to be given when it has those. The index and its like are always copied. The copy appears whole or not at
// all; an archive that is truncated is an error.
func MissingBlobs(in, out string, has map[string]bool) error {
	partial := out + ".partial"
	if err := rest(in, partial, has); err != nil {
		return errors.Join(fmt.Errorf("image archive %s: %w", filepath.Base(in), err), os.RemoveAll(partial))
	}
	return os.Rename(partial, out)
}

func rest(in, out string, has map[string]bool) (err error) {
	source, err := os.Open(in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	from, to := tar.NewReader(source), tar.NewWriter(file)
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			return to.Close()
		}
		if err != nil {
			return truncated(err)
		}
		if hex, isBlob := strings.CutPrefix(path.Clean(header.Name), "blobs/sha256/"); isBlob && has["sha256:"+hex] {
			continue
		}
		if err := to.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(to, from); err != nil {
			return fmt.Errorf("it is truncated in %s: %w; build it again", header.Name, err)
		}
	}
}
