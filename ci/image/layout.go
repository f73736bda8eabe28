package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// writeLayout writes an image as an OCI layout in a tar archive: blobs by name, then the index, so that equal images
// are equal archives. The archive appears whole or not at all.
func writeLayout(image v1.Image, work, out string) error {
	dir := filepath.Join(work, "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("writing the image layout: %w", err)
	}
	if err := path.AppendImage(image); err != nil {
		return fmt.Errorf("writing the image layout: %w", err)
	}
	partial := out + ".partial"
	if err := archiveDir(dir, partial); err != nil {
		return errors.Join(fmt.Errorf("writing the image archive: %w", err), os.Remove(partial))
	}
	return os.Rename(partial, out)
}

// archiveDir writes a directory's files to a tar archive, in the order of their names, with nothing of this machine.
func archiveDir(dir, out string) (err error) {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	archive := tar.NewWriter(file)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return addFile(archive, path, filepath.ToSlash(name))
	})
	return errors.Join(err, archive.Close())
}

func addFile(archive *tar.Writer, path, name string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: info.Size(), Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}
