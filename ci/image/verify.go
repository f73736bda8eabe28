package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
)

// named is the name of a blob in an archive: its SHA-256, however the archive's writer dresses it.
var named = regexp.MustCompile(`^(?:sha256:)?([0-9a-f]{64})(?:\.tar\.gz)?$`)

// verify reads an image archive once and says which blob, if any, is not what its name promises. The archive comes from
// an engine's cache, and a cache may be damaged.
func verify(archive string) (err error) {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is truncated or no archive: %w", err)
		}
		// A sparse entry can claim any length and costs nothing to write.
		if header.Size > info.Size() {
			return fmt.Errorf("%s claims %d bytes, more than the archive has", header.Name, header.Size)
		}
		match := named.FindStringSubmatch(path.Base(header.Name))
		if header.Typeflag != tar.TypeReg || match == nil {
			continue
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, reader); err != nil {
			return fmt.Errorf("it is truncated in %s: %w", header.Name, err)
		}
		if actual := hex.EncodeToString(sum.Sum(nil)); actual != match[1] {
			return fmt.Errorf("%s has another digest than its name, sha256:%s; build it again",
				strings.TrimPrefix(header.Name, "./"), actual)
		}
	}
}
