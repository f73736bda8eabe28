// Package hack_test holds the scripts of hack/ to what they promise, with fake programs on a PATH of their own.
package hack_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pinned = "v1.2.3"

// machine is a computer with a checkout on it, and nothing on its PATH but plain tools and what a test puts there.
type machine struct {
	t                   *testing.T
	checkout, path, did string
	env                 []string
}

// plain are the tools that every system has.
var plain = []string{"bash", "cat", "dirname", "env", "grep", "gzip", "id", "mkdir", "mktemp", "mv", "rm", "sed", "seq", "setsid",
	"sh", "sha256sum", "sleep", "tar", "touch", "tr", "uname"}

func newMachine(t *testing.T, system string) *machine {
	m := &machine{t: t, checkout: t.TempDir(), path: t.TempDir(), did: filepath.Join(t.TempDir(), "did")}
	for _, tool := range plain {
		found, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(found, filepath.Join(m.path, tool)))
	}
	script, err := os.ReadFile("dagger")
	require.NoError(t, err)
	m.write(filepath.Join(m.checkout, "hack/dagger"), string(script))
	m.write(filepath.Join(m.checkout, "dagger.json"), `{"engineVersion": "`+pinned+`"}`)
	kernel, distribution, _ := strings.Cut(system, " ")
	m.program("uname", `case ${1:-} in -m) echo x86_64 ;; *) echo `+kernel+` ;; esac`)
	m.write(filepath.Join(m.checkout, "os-release"), "NAME=Any\nID="+strings.ReplaceAll(distribution, " like ", "\nID_LIKE=")+"\n")
	m.env = []string{"PATH=" + m.path, "HOME=" + t.TempDir(), "OS_RELEASE=" + filepath.Join(m.checkout, "os-release"),
		"SYSTEMD=" + filepath.Join(m.checkout, "systemd")}
	return m
}

func (m *machine) write(path, content string) {
	m.t.Helper()
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m.t, os.WriteFile(path, []byte(content), 0o755))
}

// program puts one onto the PATH, in place of what is there.
func (m *machine) program(name, script string) *machine {
	m.t.Helper()
	path := filepath.Join(m.path, name)
	_ = os.Remove(path)
	m.write(path, "#!"+filepath.Join(m.path, "bash")+"\n"+script+"\n")
	return m
}

// dagger puts a Dagger of a version onto the PATH, which says what it was called with and which engine it was told to use.
func (m *machine) dagger(version string) *machine { return m.program("dagger", daggerOf(version)) }

func daggerOf(version string) string { return daggerThatSays("dagger "+version+" (image://)", version) }

// daggerThatSays is a Dagger that answers so when it is asked for its version.
func daggerThatSays(answer, version string) string {
	return `[ "$*" != version ] || { echo "` + answer + `"; exit; }
echo "` + version + ` ran: $*; engine: ${_EXPERIMENTAL_DAGGER_RUNNER_HOST:-its own choice}"`
}

// up and down are container runtimes: one answers what Dagger asks of it, the other complains.
func (m *machine) up(runtime string) *machine {
	return m.program(runtime, `[ "$*" = "`+question(runtime)+`" ] && echo "Client: here, Server: here"`)
}

func (m *machine) down(runtime, complaint string) *machine {
	return m.program(runtime, `echo "Client: here"; printf '%s\n' "`+complaint+`" "and more" >&2; exit 1`)
}

// question is what Dagger asks of a runtime to see whether it is there.
func question(runtime string) string {
	if runtime == "container" {
		return "system status"
	}
	return "version"
}

// run gives what the script printed, and whether it ended well.
func (m *machine) run(arguments ...string) (string, bool) {
	m.t.Helper()
	return m.ran(exec.Command(filepath.Join(m.checkout, "hack/dagger"), arguments...))
}

// answer runs the script on a terminal, where somebody types a word.
func (m *machine) answer(word string, arguments ...string) (string, bool) {
	m.t.Helper()
	// The program itself: what a PATH has may be a script that wants more of it.
	python, err := exec.Command("python3", "-c", "import sys; print(sys.executable, end='')").Output()
	require.NoError(m.t, err)
	const terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
	command := exec.Command(string(python), append([]string{"-c", terminal, filepath.Join(m.checkout, "hack/dagger")}, arguments...)...)
	command.Stdin = strings.NewReader(word + "\n")
	return m.ran(command)
}

func (m *machine) ran(command *exec.Cmd) (string, bool) {
	command.Env = m.env
	out, err := command.CombinedOutput()
	return string(out), err == nil
}

func TestEachRuntimeThatDaggerKnowsIsEnough(t *testing.T) {
	for _, runtime := range []string{"docker", "container", "podman", "finch", "nerdctl"} {
		t.Run(runtime, func(t *testing.T) {
			out, ok := newMachine(t, "Linux debian").up(runtime).dagger(pinned).run("call", "deploy")
			assert.True(t, ok, out)
			assert.Equal(t, "v1.2.3 ran: call deploy; engine: its own choice\n", out)
		})
	}
}

func TestItKnowsItsVersionHoweverDaggerSaysIt(t *testing.T) {
	for line, answer := range map[string]string{
		"0.21": "dagger " + pinned + " (image://) linux/amd64",
		"1.0":  "version:     " + pinned + "\ncommit:      unknown\nplatform:    linux/amd64",
	} {
		t.Run(line, func(t *testing.T) {
			m := newMachine(t, "Linux debian").up("docker")
			out, ok := m.program("dagger", daggerThatSays(answer, pinned)).run("call", "deploy")
			assert.True(t, ok, out)
			assert.Equal(t, "v1.2.3 ran: call deploy; engine: its own choice\n", out)
		})
	}
}

func TestWithoutARuntimeItSaysTheOneCommandForTheSystem(t *testing.T) {
	for system, says := range map[string]string{
		"Linux debian":                "Run: hack/dagger --install-docker\n",
		"Linux ubuntu like debian":    "Run: hack/dagger --install-docker\n",
		"Linux linuxmint like ubuntu": "Run: hack/dagger --install-docker\n",
		"Linux fedora":                "Run: sudo dnf install -y moby-engine && sudo systemctl enable --now docker\n",
		"Linux arch":                  "Install Docker: https://docs.docker.com/engine/install/\n",
		"Darwin":                      "Install Docker Desktop: https://docs.docker.com/desktop/setup/install/mac-install/\n",
		"Darwin with Homebrew":        "Run: brew install --cask docker-desktop && open -a Docker\n",
	} {
		t.Run(system, func(t *testing.T) {
			m := newMachine(t, system).dagger(pinned)
			if strings.HasSuffix(system, "Homebrew") {
				m.program("brew", "")
			}
			out, ok := m.run("call", "deploy")
			assert.False(t, ok)
			assert.Contains(t, out, "no container runtime is installed")
			assert.Contains(t, out, "hack/dagger: "+says)
			assert.NotContains(t, out, "ran:")
		})
	}
}

func TestARuntimeThatDoesNotAnswerIsNamedWithWhatItSaid(t *testing.T) {
	for runtime, start := range map[string]string{
		"docker": "sudo systemctl start docker", "container": "container system start", "podman": "podman machine start",
		"finch": "finch vm start", "nerdctl": "sudo systemctl start containerd",
	} {
		t.Run(runtime, func(t *testing.T) {
			out, ok := newMachine(t, "Linux debian").down(runtime, "Cannot connect to the daemon").dagger(pinned).run("check")
			assert.False(t, ok)
			assert.Contains(t, out, runtime+" is installed and does not answer: Cannot connect to the daemon\n")
			assert.Contains(t, out, "Start it: "+start)
			assert.NotContains(t, out, "and more")
			assert.NotContains(t, out, "ran:")
		})
	}
}

func TestAComplaintOnStandardOutputIsReadToo(t *testing.T) {
	m := newMachine(t, "Darwin").program("container", `echo; echo "apiserver is not running and not registered with launchd"; exit 1`)
	out, ok := m.dagger(pinned).run("check")
	assert.False(t, ok)
	assert.Contains(t, out, "does not answer: apiserver is not running and not registered with launchd\n")
	out, _ = m.program("container", "exit 1").run("check")
	assert.Contains(t, out, "does not answer: it failed without a word\n")
}

// Dagger itself would stop at the first that is installed.
func TestTheFirstRuntimeThatAnswersIsUsedAfterOneThatDoesNot(t *testing.T) {
	for answering, engine := range map[string]string{"podman": "podman", "container": "apple", "nerdctl": "nerdctl", "finch": "finch"} {
		t.Run(answering, func(t *testing.T) {
			m := newMachine(t, "Linux debian").down("docker", "Is the docker daemon running?").up(answering).dagger(pinned)
			out, ok := m.run("check")
			assert.True(t, ok, out)
			assert.Contains(t, out, "docker is installed and does not answer: Is the docker daemon running?\n")
			assert.Contains(t, out, "engine: image+"+engine+"://registry.dagger.io/engine:v1.2.3\n")

			m.env = append(m.env, "_EXPERIMENTAL_DAGGER_GPU_SUPPORT=1")
			out, _ = m.run("check")
			assert.Contains(t, out, "engine: image+"+engine+"://registry.dagger.io/engine:v1.2.3-gpu\n")
		})
	}
}

func TestAnEngineThatIsNamedNeedsNoRuntimeHere(t *testing.T) {
	for name, given := range map[string]struct{ variable, engine string }{
		"an engine":        {"_EXPERIMENTAL_DAGGER_RUNNER_HOST=tcp://engine:1234", "tcp://engine:1234"},
		"Dagger's cloud":   {"DAGGER_CLOUD_ENGINE=", "its own choice"},
		"inside a session": {"DAGGER_SESSION_PORT=4321", "its own choice"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, "Linux debian").down("docker", "no").dagger(pinned)
			m.env = append(m.env, given.variable)
			out, ok := m.run("check")
			assert.True(t, ok, out)
			assert.Equal(t, "v1.2.3 ran: check; engine: "+given.engine+"\n", out)
		})
	}
}

// sums are the checkout's checksums.
func (m *machine) sums(lines ...string) *machine {
	m.write(filepath.Join(m.checkout, "hack/dagger.sums"), strings.Join(lines, "\n")+"\n")
	return m
}

// release puts a publisher onto the machine: a curl that serves the archive, and refuses whatever else. There is none to be had where it
// is empty.
func (m *machine) release(archive string) *machine {
	served := m.t.TempDir()
	if archive != "" {
		m.write(filepath.Join(served, archiveName), archive)
	}
	return m.program("curl", `for last; do :; done
while [ "$1" != -o ]; do shift; done
case $last in https://dl.dagger.io/dagger/releases/1.2.3/*) ;; *) exit 22 ;; esac
[ -e "`+served+`/${last##*/}" ] || exit 22
cat "`+served+`/${last##*/}" >"$2"`)
}

const archiveName = "dagger_v1.2.3_linux_amd64.tar.gz"

// archived is a release's archive with a Dagger of a version in it.
func archived(t *testing.T, version string) string {
	t.Helper()
	var raw bytes.Buffer
	zipped := gzip.NewWriter(&raw)
	out := tar.NewWriter(zipped)
	program := "#!/usr/bin/env bash\n" + daggerOf(version) + "\n"
	for name, content := range map[string]string{"LICENSE": "a licence\n", "dagger": program} {
		require.NoError(t, out.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := out.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	require.NoError(t, zipped.Close())
	return raw.String()
}

func sumOf(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }

func TestAnotherVersionsDaggerIsLeftAloneAndThePinnedOneDownloadedOnce(t *testing.T) {
	archive := archived(t, pinned)
	m := newMachine(t, "Linux debian").up("docker").dagger("v1.2.30").release(archive).
		sums(sumOf("another")+"  other.tar.gz", sumOf(archive)+"  "+archiveName)

	out, ok := m.run("call", "deploy")

	assert.True(t, ok, out)
	assert.Contains(t, out, "downloading dagger v1.2.3 into .bin\n")
	assert.Contains(t, out, "v1.2.3 ran: call deploy")
	require.NoError(t, os.Remove(filepath.Join(m.path, "curl")))
	out, ok = m.run("call", "deploy")
	assert.True(t, ok, out)
	assert.Equal(t, "v1.2.3 ran: call deploy; engine: its own choice\n", out)
}

func TestADownloadThatIsNotWholeAndGenuineInstallsNothing(t *testing.T) {
	archive := archived(t, pinned)
	genuine := sumOf(archive) + "  " + archiveName
	for name, test := range map[string]struct {
		archive, sum string
		says         []string
	}{
		"refused": {"", genuine, []string{"downloading https://dl.dagger.io/dagger/releases/1.2.3/" + archiveName + " was refused",
			"Allow dl.dagger.io, or put dagger v1.2.3 on PATH"}},
		"no checksum":              {archive, "", []string{"hack/dagger.sums does not name " + archiveName}},
		"another's checksum":       {archive, sumOf(archive) + "  other" + archiveName, []string{"hack/dagger.sums does not name " + archiveName}},
		"no checksum but its name": {archive, "  " + archiveName, []string{"hack/dagger.sums does not name " + archiveName}},
		"a wrong checksum": {archive, sumOf("another") + "  " + archiveName,
			[]string{archiveName + " has not the checksum of hack/dagger.sums; nothing was installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, "Linux debian").up("docker").release(test.archive).sums(test.sum)
			out, ok := m.run("call", "deploy")
			assert.False(t, ok)
			for _, says := range test.says {
				assert.Contains(t, out, says)
			}
			assert.NoFileExists(t, filepath.Join(m.checkout, ".bin/dagger"))
			assert.NotContains(t, out, "ran:")
		})
	}
}

func TestTheChecksumsAreOfTheVersionThatIsPinned(t *testing.T) {
	raw, err := os.ReadFile("dagger.sums")
	require.NoError(t, err)
	var names []string
	for line := range strings.Lines(string(raw)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		assert.Regexp(t, "^[0-9a-f]{64}$", sum)
		names = append(names, name)
	}
	var wanted []string
	for _, system := range []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"} {
		wanted = append(wanted, "dagger_"+engineVersion(t)+"_"+system+".tar.gz")
	}
	assert.Equal(t, wanted, names, "those of another version are in the checksums.txt of its release")
}

// bare is a Debian without Docker, on which a user may ask for it: apt-get installs one, which answers once its daemon runs.
func bare(t *testing.T, user string) *machine {
	m := newMachine(t, "Linux debian").dagger(pinned)
	running := filepath.Join(m.checkout, "running")
	number := "0"
	if user != "root" {
		number = "1000"
		m.program("sudo", `ROOT=1 exec "$@"`)
	}
	m.program("id", `case $1 in -u) echo `+number+` ;; -un) echo `+user+` ;; esac`)
	m.program("apt-cache", "echo docker-cli")
	m.program("usermod", `echo "usermod $*" >>`+m.did)
	m.program("systemctl", `echo "systemctl $*" >>`+m.did+`; touch `+running)
	m.program("made/dockerd", "touch "+running)
	m.program("made/docker", `[ -e `+running+` ] || { echo "no daemon" >&2; exit 1; }
[ `+user+` = root ] || [ -n "${ROOT:-}" ] || { echo "permission denied" >&2; exit 1; }`)
	m.program("apt-get", `echo "apt-get $*" >>`+m.did+`
[ "$1" != install ] || mv `+m.path+`/made/* `+m.path)
	return m
}

// done gives what was asked of apt-get, systemctl and usermod.
func (m *machine) done() string {
	raw, _ := os.ReadFile(m.did)
	return string(raw)
}

func TestDockerIsInstalledAndStartedForRoot(t *testing.T) {
	for name, systemd := range map[string]bool{"with systemd": true, "without systemd": false} {
		t.Run(name, func(t *testing.T) {
			m := bare(t, "root")
			if systemd {
				require.NoError(t, os.Mkdir(filepath.Join(m.checkout, "systemd"), 0o755))
			}
			out, ok := m.run("--install-docker", "--yes")
			require.True(t, ok, out)
			for _, step := range []string{"This installs docker.io with apt-get, and starts its daemon.", "1 of 3", "2 of 3", "3 of 3", "Docker answers."} {
				assert.Contains(t, out, step)
			}
			wanted := "apt-get update -q\napt-get install -y -q docker.io docker-cli\n"
			if systemd {
				wanted += "systemctl enable --now docker\n"
			} else {
				assert.Contains(t, out, "dockerd is started by itself")
			}
			assert.Equal(t, wanted, m.done())

			out, ok = m.run("--install-docker", "--yes")
			assert.True(t, ok)
			assert.Equal(t, "hack/dagger: Docker is installed and answers\n", out)
			assert.Equal(t, wanted, m.done(), "what is there is left alone")
		})
	}
}

func TestAUserGetsDockerThroughSudoAndIsToldToLogInAnew(t *testing.T) {
	m := bare(t, "ada")
	require.NoError(t, os.Mkdir(filepath.Join(m.checkout, "systemd"), 0o755))
	out, ok := m.run("--install-docker", "--yes")
	require.True(t, ok, out)
	assert.Contains(t, out, "with apt-get and sudo")
	assert.Contains(t, out, "It lets ada use it, which is as much as being root.")
	assert.Contains(t, out, "Log in anew, or run: newgrp docker.")
	assert.Contains(t, m.done(), "usermod -aG docker ada\n")
}

func TestOnATerminalItAsksFirst(t *testing.T) {
	for word, agreed := range map[string]bool{"y": true, "Yes": true, "n": false, "": false} {
		t.Run("answer "+word, func(t *testing.T) {
			m := bare(t, "root")
			out, ok := m.answer(word, "--install-docker")
			assert.Equal(t, agreed, ok, out)
			assert.Contains(t, out, "go on? [y/N]")
			if agreed {
				assert.Contains(t, m.done(), "apt-get install")
			} else {
				assert.Contains(t, out, "nothing was installed")
				assert.Empty(t, m.done())
			}
		})
	}
}

func TestNothingIsInstalledUnasked(t *testing.T) {
	for name, test := range map[string]struct {
		on        func(t *testing.T) *machine
		arguments []string
		says      string
	}{
		"no terminal to ask on": {func(t *testing.T) *machine { return bare(t, "root") }, nil, "there is no terminal to ask on; to agree, add --yes"},
		"another word":          {func(t *testing.T) *machine { return bare(t, "root") }, []string{"--now"}, "to agree, add --yes"},
		"neither root nor sudo": {func(t *testing.T) *machine {
			m := bare(t, "ada")
			require.NoError(t, os.Remove(filepath.Join(m.path, "sudo")))
			return m
		}, []string{"--yes"}, "run hack/dagger --install-docker as root"},
		"another system": {func(t *testing.T) *machine { return newMachine(t, "Linux fedora") }, []string{"--yes"}, "--install-docker is for Debian and Ubuntu"},
	} {
		t.Run(name, func(t *testing.T) {
			m := test.on(t)
			out, ok := m.run(append([]string{"--install-docker"}, test.arguments...)...)
			assert.False(t, ok)
			assert.Contains(t, out, test.says)
			assert.Empty(t, m.done())
		})
	}
}
