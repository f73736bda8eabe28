package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// What a layer may hold before it is taken for an attack rather than read to its end.
const (
	maxUnpacked = 4 << 30
	maxEntries  = 1 << 20
)

// A layer deletes a file or directory of those below it by an empty file with this before its name, and all that they
// have in a directory by one with the second name in it: OCI image specification, layer.md, "Whiteouts".
const (
	whiteout       = ".wh."
	opaqueWhiteout = ".wh..wh..opq"
)

// entry is one file, directory or link of a layer.
type entry struct {
	*tar.Header
	// sum is the content's SHA-256, in hex.
	sum string
}

// entries reads a layer to its end, in its own order.
func entries(layer v1.Layer) ([]entry, error) {
	var found []entry
	err := Walk(layer, func(header *tar.Header, content io.Reader) error {
		sum := sha256.New()
		if _, err := io.Copy(sum, content); err != nil {
			return err
		}
		found = append(found, entry{Header: header, sum: hex.EncodeToString(sum.Sum(nil))})
		return nil
	})
	return found, err
}

// deleted gives what a name in a layer deletes from those below: a path, or one with a slash at its end for all that is
// below it. It gives "" for a name that deletes nothing.
func deleted(name string) string {
	directory, file := path.Split(path.Clean("/" + name))
	switch {
	case file == opaqueWhiteout:
		return directory
	case strings.HasPrefix(file, whiteout):
		return directory + strings.TrimPrefix(file, whiteout)
	}
	return ""
}

// Walk shows each file, directory and link of a layer, in the layer's order. A layer that claims more than an image has is an
// error.
func Walk(layer v1.Layer, visit func(*tar.Header, io.Reader) error) (err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	limited := &io.LimitedReader{R: content, N: maxUnpacked}
	archive := tar.NewReader(limited)
	var total int64
	for seen := 0; ; seen++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && seen == maxEntries {
			err = fmt.Errorf("it has more than %d files", maxEntries)
		}
		// A sparse entry can claim any length, so what is claimed is counted beside what is read.
		if err == nil {
			if total += header.Size; total > maxUnpacked || total < 0 {
				err = tooLarge("claims to unpack")
			}
		}
		if err == nil && asFile(header) {
			header.Name = strings.TrimPrefix(header.Name, "./")
			err = visit(header, archive)
		}
		if limited.N <= 0 {
			err = tooLarge("unpacks")
		}
		if err != nil {
			return fmt.Errorf("reading the layer: %w", err)
		}
	}
}

// tooLarge is of a layer that no image of ours has.
func tooLarge(what string) error {
	return fmt.Errorf("it %s to more than %s; make the archive anew, and if it says so again, see what is so large in it: tar -tvf", what, size(maxUnpacked))
}
