package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// archive is the content of an image archive, plain and open.
type archive struct {
	io.ReaderAt
	size int64
}

// all reads the archive from its start.
func (a archive) all() io.ReadCloser { return io.NopCloser(io.NewSectionReader(a, 0, a.size)) }

// opener is how go-containerregistry asks for it.
func (a archive) opener() tarball.Opener {
	return func() (io.ReadCloser, error) { return a.all(), nil }
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// openArchive opens an archive. One that is gzipped, or that has sparse files, is written out plain first, to a file that has no
// name any more and goes when nothing reads it: layers are read by their places.
func openArchive(name string) (archive, error) {
	file, err := os.Open(name)
	if err != nil {
		return archive{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return archive{}, errors.Join(err, file.Close())
	}
	opened := archive{file, info.Size()}
	start := make([]byte, len(zstdMagic))
	n, _ := file.ReadAt(start, 0)
	switch {
	case bytes.HasPrefix(start[:n], zstdMagic):
		return archive{}, errors.Join(errors.New("it is compressed with zstd; unpack it first: zstd --decompress"), file.Close())
	case bytes.HasPrefix(start[:n], gzipMagic):
		zipped, err := gzip.NewReader(bufio.NewReader(opened.all()))
		if err != nil {
			return archive{}, errors.Join(err, file.Close())
		}
		plain, err := plainCopy(zipped, maxUnpacked)
		return plain, errors.Join(err, file.Close())
	}
	sparse, err := hasSparse(opened)
	if err != nil {
		return archive{}, errors.Join(err, file.Close())
	}
	if sparse {
		plain, err := plainCopy(opened.all(), info.Size()+maxDocument)
		return plain, errors.Join(err, file.Close())
	}
	return opened, nil
}

// isSparse is true for a file of which an archive has only the parts that are no zeros.
func isSparse(header *tar.Header) bool {
	if header.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func hasSparse(a archive) (bool, error) {
	for reader := tar.NewReader(a.all()); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, truncated(err)
		}
		if isSparse(header) {
			return true, nil
		}
	}
}

func truncated(err error) error {
	return fmt.Errorf("it is truncated or no archive: %w; build it again", err)
}

// plainCopy writes an archive anew, its files whole. One that has more than is allowed is an error: a sparse file can claim any
// length, and so can what is zipped.
func plainCopy(from io.Reader, most int64) (_ archive, err error) {
	file, err := os.CreateTemp("", "image-*.tar")
	if err != nil {
		return archive{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	if err := os.Remove(file.Name()); err != nil {
		return archive{}, err
	}
	written := tar.NewWriter(file)
	total := int64(0)
	for reader := tar.NewReader(from); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return archive{}, truncated(err)
		}
		if header.Size > most {
			return archive{}, fmt.Errorf("%s claims %d bytes, more than the archive has", header.Name, header.Size)
		}
		if total += header.Size; total > maxUnpacked {
			return archive{}, tooLarge("unpacks")
		}
		if !asFile(header) {
			continue
		}
		plain := &tar.Header{Typeflag: header.Typeflag, Name: header.Name, Linkname: header.Linkname, Size: header.Size, Mode: header.Mode}
		if err := written.WriteHeader(plain); err != nil {
			return archive{}, fmt.Errorf("%s: %w", header.Name, err)
		}
		if _, err := io.Copy(written, reader); err != nil {
			return archive{}, truncated(err)
		}
	}
	if err := written.Close(); err != nil {
		return archive{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return archive{}, err
	}
	return archive{file, info.Size()}, nil
}

// asFile makes a header that of an ordinary file where it is one in another form, and is false for what is none of an archive's
// content: a global header, as git archive writes one.
func asFile(header *tar.Header) bool {
	switch header.Typeflag {
	case tar.TypeXGlobalHeader:
		return false
	case tar.TypeGNUSparse, tar.TypeCont:
		header.Typeflag = tar.TypeReg
	}
	return true
}
