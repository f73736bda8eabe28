package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// What a layer may hold before it is taken for an attack rather than read to its end.
const (
	maxUnpacked = 4 << 30
	maxEntries  = 1 << 20
)

// entry is one file, directory or link of a layer.
type entry struct {
	*tar.Header
	// sum is the content's SHA-256, in hex.
	sum string
}

// entries reads a layer to its end, in its own order.
func entries(layer v1.Layer) (_ []entry, err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	limited := &io.LimitedReader{R: content, N: maxUnpacked}
	var found []entry
	var total int64
	for archive := tar.NewReader(limited); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err == nil && len(found) == maxEntries {
			err = fmt.Errorf("it has more than %d files", maxEntries)
		}
		// A sparse entry can claim any length, so what is claimed is counted beside what is read.
		if err == nil {
			if total += header.Size; total > maxUnpacked || total < 0 {
				err = fmt.Errorf("it claims to unpack to more than %s", size(maxUnpacked))
			}
		}
		sum := sha256.New()
		if err == nil {
			_, err = io.Copy(sum, archive)
		}
		if limited.N <= 0 {
			err = fmt.Errorf("it unpacks to more than %s", size(maxUnpacked))
		}
		if err != nil {
			return nil, fmt.Errorf("reading the layer: %w", err)
		}
		header.Name = strings.TrimPrefix(header.Name, "./")
		found = append(found, entry{Header: header, sum: hex.EncodeToString(sum.Sum(nil))})
	}
}
