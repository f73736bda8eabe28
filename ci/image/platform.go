package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// PlatformOf gives what an image is built for, as linux/arm64, "" where its config does not say: a chart's says nothing. The variant is
// left out: every arm64 is a v8.
func PlatformOf(image v1.Image) (string, error) {
	config, err := image.ConfigFile()
	if err != nil || config.OS == "" || config.Architecture == "" {
		return "", err
	}
	return config.OS + "/" + config.Architecture, nil
}

// machines are the architectures that images are built for, by what an ELF file has for them.
var machines = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}

// beginning is how many bytes of an ELF file tell its machine: up to e_machine (System V ABI, "ELF Header").
const beginning = 20

// foreign says for what machine a program or library is, by the beginning of its file, where that is not the architecture's, and ""
// for every other file. Of an architecture that images are not built for it says nothing.
func foreign(start []byte, architecture string) string {
	if len(start) < beginning || !bytes.HasPrefix(start, []byte(elf.ELFMAG)) || !slices.Contains(slices.Collect(maps.Values(machines)), architecture) {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(start[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	machine := elf.Machine(order.Uint16(start[beginning-2:]))
	switch known := machines[machine]; known {
	case architecture:
		return ""
	case "":
		return strings.ToLower(strings.TrimPrefix(machine.String(), "EM_"))
	default:
		return known
	}
}

// unfit names a program or library that an image of an architecture cannot run.
func unfit(name, machine, architecture string) Unwanted {
	return Unwanted{"/" + name, fmt.Sprintf("is a program or library for %s, and the image is for %s: install what is built for that", machine, architecture)}
}

// peek reads the beginning of a file, and gives it with a reader of the whole.
func peek(content io.Reader) ([]byte, io.Reader, error) {
	start := make([]byte, beginning)
	n, err := io.ReadFull(content, start)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return start[:n], io.MultiReader(bytes.NewReader(start[:n]), content), err
}

// foreignIn names the programs and libraries of layers that an image of an architecture cannot run, the base's among them.
func foreignIn(layers []v1.Layer, architecture string) ([]Unwanted, error) {
	var found []Unwanted
	for i, layer := range layers {
		var inLayer []Unwanted
		err := Walk(layer, func(header *tar.Header, content io.Reader) error {
			start, _, err := peek(content)
			if machine := foreign(start, architecture); machine != "" {
				inLayer = append(inLayer, unfit(header.Name, machine, architecture))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		found = append(found, short(inLayer)...)
	}
	return found, nil
}
