// Package venv says what of the backend's virtual environment ships, what of it a start loads, and where the packages of another
// platform come from.
package venv

import (
	_ "embed"
	"strings"
)

//go:embed loaded.py
var loadedAtStart string

// LoadedAtStart gives a program of Python that prints the file of each module that a start of the backend loads.
func LoadedAtStart() string { return loadedAtStart }

// NeverLoaded gives patterns of what the backend's packages bring for those who build or test them, and of what an environment
// has for those who type in it.
func NeverLoaded() []string {
	return []string{
		"**/site-packages/*/tests", "**/site-packages/*/testing", "**/test_*.py", "**/*.pyi",
		"**/*.pyx", "**/*.pxd", "**/*.pxi", "**/*.c", "**/*.cpp", "**/*.h", "**/*.hpp", "**/*.asm",
		".lock", ".gitignore", "include", "bin/*activate*", "bin/*.bat",
	}
}

// machines are Python's names of what Docker and Go call an architecture.
var machines = strings.NewReplacer("linux/amd64", "x86_64", "linux/arm64", "aarch64")

// Wheels gives the name of a platform, e.g. linux/arm64, by which uv takes its packages on a machine of another one. They are those
// that a machine of that platform takes by itself: the newest C library that uv can be told of is as good as that of Debian 13, which
// the pinned Python is on (https://docs.astral.sh/uv/reference/cli, uv sync --python-platform).
func Wheels(platform string) string { return machines.Replace(platform) + "-manylinux_2_40" }
