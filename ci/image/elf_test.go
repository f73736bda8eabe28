package image_test

import (
	"crypto/sha256"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// built makes a program with symbols and debugging information, for an architecture.
func built(t *testing.T, dir, architecture string) string {
	t.Helper()
	source := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(source, []byte("package main\n\nfunc main() { println(\"runs\") }\n"), 0o600))
	program := filepath.Join(dir, "program")
	build := exec.Command("go", "build", "-o", program, source)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+architecture, "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

func TestWhatIsTrimmedIsSmallerAndRunsAsBefore(t *testing.T) {
	dir := t.TempDir()
	program := built(t, dir, runtime.GOARCH)
	before := sizeOf(t, program)

	saved, err := image.StripTree(dir)

	require.NoError(t, err)
	assert.Equal(t, before-sizeOf(t, program), saved)
	assert.Greater(t, saved, before/10, "symbols and debugging information are a good part of what Go links")
	out, err := exec.Command(program).CombinedOutput()
	require.NoError(t, err)
	assert.Equal(t, "runs\n", string(out))

	again, err := image.StripTree(dir)
	require.NoError(t, err)
	assert.Zero(t, again, "nothing is left to take out")
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "short": "\x7fE", "text.py": "print()\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	require.NoError(t, os.Symlink("/etc/hostname", filepath.Join(dir, "link")))

	saved, err := image.StripTree(dir)

	require.NoError(t, err)
	assert.Zero(t, saved)
}

func TestAFileThatBreaksOffIsAnErrorAndStays(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "broken.so")
	require.NoError(t, os.WriteFile(file, []byte("\x7fELF\x02\x01\x01"), 0o600))

	_, err := image.StripTree(dir)

	assert.ErrorContains(t, err, "broken.so is no whole ELF file")
	assert.Equal(t, int64(7), sizeOf(t, file))
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

// An image for another machine is trimmed here, where nothing of it runs.
func TestWhatIsForAnotherMachineIsTrimmedAsItsOwnMachineWould(t *testing.T) {
	for _, architecture := range []string{"amd64", "arm64"} {
		dir := t.TempDir()
		program := built(t, dir, architecture)
		before, kept := sizeOf(t, program), segments(t, program)

		saved, err := image.StripTree(dir)

		require.NoError(t, err)
		assert.Greater(t, saved, before/10, architecture)
		assert.Equal(t, kept, segments(t, program), "%s: what is loaded is what it was", architecture)
	}
}

// segments are what a loader reads of a program: its machine, where it starts, and each part that is loaded with its bytes, but for the
// header, which says no more where sections are.
func segments(t *testing.T, program string) []any {
	t.Helper()
	parsed, err := elf.Open(program)
	require.NoError(t, err)
	defer func() { require.NoError(t, parsed.Close()) }()
	all := []any{parsed.Machine, parsed.Entry}
	for _, segment := range parsed.Progs {
		content, err := io.ReadAll(segment.Open())
		require.NoError(t, err)
		if segment.Off == 0 {
			content = content[min(64, len(content)):]
		}
		all = append(all, segment.ProgHeader, sha256.Sum256(content))
	}
	return all
}
