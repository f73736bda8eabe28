package image

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// StripTree takes out of every shared object and program under a directory what only a debugger or a linker reads: all
// that lies behind the last byte that is loaded, which is the symbols, the debugging information and the table of
// sections. It gives the number of bytes that this saved. The same file gives the same bytes, on every machine.
//
// A loader reads the table of segments alone (System V ABI, "Program Loading"), so what is trimmed runs as before.
func StripTree(root string) (int64, error) {
	var saved int64
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		less, err := trim(path)
		saved += less
		return err
	})
	if err != nil {
		return saved, fmt.Errorf("trimming %s: %w", root, err)
	}
	return saved, nil
}

// trim does one file, and leaves alone what is not one of those or has nothing to take out.
func trim(path string) (int64, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(file, magic); err != nil || string(magic) != elf.ELFMAG {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		return 0, err
	}
	parsed, err := elf.NewFile(file)
	if err != nil {
		return 0, fmt.Errorf("%s is no whole ELF file: %w", path, err)
	}
	if parsed.Class != elf.ELFCLASS64 || parsed.Data != elf.ELFDATA2LSB || (parsed.Type != elf.ET_DYN && parsed.Type != elf.ET_EXEC) {
		return 0, nil
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	end := loaded(parsed)
	if end >= info.Size() {
		return 0, nil
	}
	for _, field := range sectionTable {
		if _, err := file.WriteAt(make([]byte, field.size), field.offset); err != nil {
			return 0, err
		}
	}
	if err := file.Truncate(end); err != nil {
		return 0, err
	}
	return info.Size() - end, nil
}

// sectionTable is where the header of a 64-bit file says that it has sections: e_shoff, then e_shnum and e_shstrndx.
var sectionTable = []struct{ offset, size int64 }{{0x28, 8}, {0x3c, 4}}

// loaded is the end of the last segment in the file.
func loaded(file *elf.File) int64 {
	// The table of segments itself follows the header, and a segment that covers it is not required.
	end := int64(64 + 56*len(file.Progs))
	for _, segment := range file.Progs {
		end = max(end, int64(segment.Off+segment.Filesz)) //nolint:gosec // debug/elf has read the segment at that place
	}
	return end
}
