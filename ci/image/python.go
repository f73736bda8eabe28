package image

import _ "embed"

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
