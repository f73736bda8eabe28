package image_test

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// program is the beginning of an ELF file of a machine.
func program(machine elf.Machine, data elf.Data) string {
	var order binary.AppendByteOrder = binary.LittleEndian
	if data == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	raw := append([]byte(elf.ELFMAG), byte(elf.ELFCLASS64), byte(data), byte(elf.EV_CURRENT), 0, 0, 0, 0, 0, 0, 0, 0, 0)
	raw = order.AppendUint16(raw, uint16(elf.ET_DYN))
	return string(order.AppendUint16(raw, uint16(machine))) + "and so on"
}

// builtFor gives an image a platform, and somebody who runs it.
func builtFor(t *testing.T, made v1.Image, architecture string) v1.Image {
	t.Helper()
	config, err := made.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.User = "linux", architecture, "1000:1000"
	made, err = mutate.ConfigFile(made, config)
	require.NoError(t, err)
	return made
}

func TestEachProgramOfAnImageIsForItsPlatform(t *testing.T) {
	amd64, arm64 := program(elf.EM_X86_64, elf.ELFDATA2LSB), program(elf.EM_AARCH64, elf.ELFDATA2LSB)
	const library = "app/.venv/lib/python3.13/site-packages/a/b.so"
	for name, given := range map[string]struct{ architecture, file, content, says string }{
		"its own":                          {"amd64", library, amd64, ""},
		"its own, on the other":            {"arm64", library, arm64, ""},
		"a wheel of the other":             {"arm64", library, amd64, "is a program or library for amd64, and the image is for arm64: install what is built for that"},
		"and the other way round":          {"amd64", library, arm64, "is a program or library for arm64, and the image is for amd64: install what is built for that"},
		"an add-on of Node":                {"arm64", "app/addon.node", amd64, "for amd64, and the image is for arm64"},
		"an older one of the same family":  {"amd64", library, program(elf.EM_386, elf.ELFDATA2LSB), "for 386, and the image is for amd64"},
		"one that writes numbers backward": {"amd64", library, program(elf.EM_S390, elf.ELFDATA2MSB), "for s390, and the image is for amd64"},
		"no program":                       {"arm64", library, "#!/bin/sh\necho this is a script\n", ""},
		"one that breaks off":              {"arm64", library, amd64[:19], ""},
		"nothing":                          {"arm64", library, "", ""},
		"of a platform that nothing knows": {"riscv64", library, amd64, ""},
	} {
		for where, layers := range map[string]func(v1.Layer, v1.Layer) v1.Image{
			"added":  func(other, this v1.Layer) v1.Image { return imageOf(t, other, this, other) },
			"a base": func(other, this v1.Layer) v1.Image { return imageOf(t, this, other) },
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				made := builtFor(t, layers(layerOf(t, regular("app/server", "")), layerOf(t, regular(given.file, given.content))), given.architecture)
				err := image.Accept(made)
				if given.says == "" {
					assert.NoError(t, err)
					return
				}
				assert.ErrorContains(t, err, "image content: /"+given.file+" is a program or library ")
				assert.ErrorContains(t, err, given.says)
			})
		}
	}
}

func TestAnImageOfAnotherPlatformIsNotToldOfFileByFile(t *testing.T) {
	var files []file
	for i := range 50 {
		files = append(files, regular(fmt.Sprintf("usr/lib/%d.so", i), program(elf.EM_X86_64, elf.ELFDATA2LSB)))
	}
	found, err := image.Inspect(builtFor(t, imageOf(t, layerOf(t, files...), layerOf(t, regular("app/server", ""))), "arm64"))
	require.NoError(t, err)
	require.Len(t, found, 21)
	assert.Equal(t, "30 more like these are in the same layer", found[20].String())
}

// What goes wrong in a build stops it: nobody has to ask for the check.
func TestNoImageIsMadeWithAProgramForAnotherPlatform(t *testing.T) {
	wrong := layerOf(t, regular("app/node_modules/a/b.node", program(elf.EM_X86_64, elf.ELFDATA2LSB)))
	right := layerOf(t, regular("app/node_modules/a/b.node", program(elf.EM_AARCH64, elf.ELFDATA2LSB)))
	base := func(v1.Platform) (v1.Image, error) { return publisher(t), nil }
	const refused = "layer 1: /app/node_modules/a/b.node is a program or library for amd64, and the image is for arm64: install what is built for that"
	for name, given := range map[string]struct {
		base, added v1.Layer
		from        func(v1.Platform) (v1.Image, error)
		says        string
	}{
		"one for the other":    {right, wrong, base, refused},
		"its own":              {right, right, base, ""},
		"one of the base":      {wrong, right, base, ""},
		"of somebody else":     {right, wrong, nil, ""},
		"of somebody, its own": {right, right, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in, out := filepath.Join(t.TempDir(), "in.tar"), filepath.Join(t.TempDir(), "out.tar")
			require.NoError(t, tarballTo(in, builtFor(t, imageOf(t, given.base, given.added), "arm64")))
			_, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Base: given.from})
			if given.says == "" {
				require.NoError(t, err)
				platform, err := image.PlatformOf(open(t, out))
				require.NoError(t, err)
				assert.Equal(t, "linux/arm64", platform)
				return
			}
			assert.ErrorContains(t, err, given.says)
			assert.NoFileExists(t, out)
		})
	}
}

// What a peek at its beginning reads of a file is written all the same.
func TestShortAndLongFilesStayWhole(t *testing.T) {
	for _, length := range []int{0, 1, 19, 20, 21, 100_000} {
		content := strings.Repeat("x", length)
		in, out := filepath.Join(t.TempDir(), "in.tar"), filepath.Join(t.TempDir(), "out.tar")
		require.NoError(t, tarballTo(in, builtFor(t, imageOf(t, layerOf(t, regular("base", "")), layerOf(t, regular("app/a", content))), "arm64")))
		_, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Base: func(v1.Platform) (v1.Image, error) { return publisher(t), nil }})
		require.NoError(t, err)
		layers, err := open(t, out).Layers()
		require.NoError(t, err)
		assert.Equal(t, content, contentOf(t, layers[1], "app/a"))
	}
}

func TestWhatAnImageIsBuiltFor(t *testing.T) {
	random, err := random.Image(10, 1)
	require.NoError(t, err)
	for want, made := range map[string]v1.Image{"linux/arm64": builtFor(t, empty.Image, "arm64"), "linux/amd64": builtFor(t, empty.Image, "amd64"), "": random} {
		platform, err := image.PlatformOf(made)
		require.NoError(t, err)
		assert.Equal(t, want, platform)
	}
	variant, err := mutate.ConfigFile(empty.Image, withPlatform(t, empty.Image))
	require.NoError(t, err)
	platform, err := image.PlatformOf(variant)
	require.NoError(t, err)
	assert.Equal(t, "linux/arm64", platform, "its variant is v8")
}

// An engine that is asked for another platform takes the one image that there is.
func TestAnImageOfAnotherPlatformThanWasAskedForIsRefused(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.tar")
	require.NoError(t, tarballTo(in, builtFor(t, imageOf(t, layerOf(t, regular("base", "")), layerOf(t, regular("app/server.js", ""))), "amd64")))
	for platform, says := range map[string]string{
		"": "", "linux/amd64": "", "linux/arm64": `it is for "linux/amd64", and linux/arm64 was asked for; pin a base that has an image for that`,
	} {
		out := filepath.Join(t.TempDir(), "out.tar")
		_, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Platform: platform})
		if says == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, says)
		assert.NoFileExists(t, out)
	}
}
