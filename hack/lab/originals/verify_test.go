package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// example is an original that has something of each kind.
func example() original {
	return original{
		name:  "tool",
		Image: "ghcr.io/someone/tool:v1",
		Config: config{
			Entrypoint: []string{"tool"}, Cmd: []string{}, User: new("65532"), Workdir: new("/work"),
			Env: map[string]string{"HOME": "/home/tool"}, Ports: []string{"80/tcp"}, Volumes: []string{"/data"}, Stopsignal: new("SIGINT"),
		},
		Users: map[string]string{"tool": "65532:65532"},
		Files: map[string]file{
			"/usr/bin/tool": {Owner: "0:0", Mode: "0755"},
			"/bin":          {Link: "usr/bin"},
			"/work":         {Owner: "65532:65532", Mode: "1777"},
			"/etc/passwd":   {},
		},
		Path:   []string{"tool", "sh"},
		Absent: []string{"/bin/bash"},
	}
}

// twin gives what an image needs to be as the example is.
func twin() (v1.Config, []entry) {
	return v1.Config{
			Entrypoint: []string{"tool"}, User: "65532", WorkingDir: "/work", Env: []string{"PATH=/opt/bin:/bin", "HOME=/home/tool"},
			ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/data": {}}, StopSignal: "SIGINT",
		}, []entry{
			link("bin", "usr/bin"), program("usr/bin/tool"), program("usr/bin/busybox"), link("usr/bin/sh", "/bin/busybox"),
			owned(moded(dir("work"), 0o1777), 65532, 65532), plain("etc/passwd", "root:x:0:0::/root:/bin/sh\ntool:x:65532:65532::/home/tool:/bin/sh\n"),
		}
}

func TestAStandInThatHasEverythingPasses(t *testing.T) {
	config, files := twin()
	found, err := compare(example(), made(t, config, files))
	require.NoError(t, err)
	assert.Empty(t, found)
}

func TestEveryDifferenceIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1.Config)
		above  []entry // another layer
		want   []string
	}{
		"another entrypoint": {change: func(c *v1.Config) { c.Entrypoint = []string{"sh", "-c"} }, want: []string{`entrypoint is ["sh" "-c"] and not ["tool"]`}},
		"a command":          {change: func(c *v1.Config) { c.Cmd = []string{"help"} }, want: []string{`cmd is ["help"] and not []`}},
		"another user":       {change: func(c *v1.Config) { c.User = "" }, want: []string{`user is "" and not "65532"`}},
		"another folder":     {change: func(c *v1.Config) { c.WorkingDir = "/" }, want: []string{`workdir is "/" and not "/work"`}},
		"a missing variable": {change: func(c *v1.Config) { c.Env = c.Env[:1] }, want: []string{`env: HOME is missing; it is "/home/tool"`}},
		"another variable":   {change: func(c *v1.Config) { c.Env[1] = "HOME=/" }, want: []string{`env: HOME is "/" and not "/home/tool"`}},
		"another port":       {change: func(c *v1.Config) { c.ExposedPorts = nil }, want: []string{`ports is [] and not ["80/tcp"]`}},
		"another volume":     {change: func(c *v1.Config) { c.Volumes = nil }, want: []string{`volumes is [] and not ["/data"]`}},
		"another signal":     {change: func(c *v1.Config) { c.StopSignal = "" }, want: []string{`stopsignal is "" and not "SIGINT"`}},
		"a missing account":  {above: []entry{plain("etc/passwd", "root:x:0:0::/root:/bin/sh\n")}, want: []string{"users: tool (65532:65532) is missing"}},
		"other numbers":      {above: []entry{plain("etc/passwd", "tool:x:1000:1000::/:/bin/sh")}, want: []string{"users: tool is 1000:1000 and not 65532:65532"}},
		"no accounts at all": {above: []entry{plain("etc/.wh.passwd", "")}, want: []string{"users: tool (65532:65532) is missing", "files: /etc/passwd is missing"}},
		"a missing file, in the place that a link leads to": {
			above: []entry{plain("usr/bin/.wh.busybox", "")}, want: []string{"path: sh is nowhere on /opt/bin:/bin"},
		},
		"a missing program": {
			above: []entry{plain("bin/.wh.tool", "")}, want: []string{"files: /usr/bin/tool is missing", "path: tool is nowhere on /opt/bin:/bin"},
		},
		"another owner": {above: []entry{owned(program("usr/bin/tool"), 1, 2)}, want: []string{"files: /usr/bin/tool: the owner is 1:2 and not 0:0"}},
		"another mode":  {above: []entry{moded(program("usr/bin/tool"), 0o4755)}, want: []string{"files: /usr/bin/tool: the mode is 4755 and not 0755"}},
		"a directory that not anyone may write to": {
			above: []entry{owned(dir("work"), 65532, 65532)}, want: []string{"files: /work: the mode is 0755 and not 1777"},
		},
		"a program that does not run": {
			above: []entry{moded(program("usr/bin/tool"), 0o644)},
			want:  []string{"files: /usr/bin/tool: the mode is 0644 and not 0755", "path: tool is nowhere on /opt/bin:/bin"},
		},
		"another link": {
			above: []entry{program("usr/local/bin/tool"), program("usr/local/bin/sh"), link("bin", "usr/local/bin")},
			want:  []string{"files: /bin: the link is usr/local/bin and not usr/bin"},
		},
		"no link": {
			above: []entry{dir("bin"), program("bin/tool"), program("bin/sh")}, want: []string{"files: /bin is no link; it leads to usr/bin"},
		},
		"a missing link": {
			above: []entry{plain(".wh.bin", "")},
			want: []string{"files: /bin is missing; it is a link to usr/bin", "path: tool is nowhere on /opt/bin:/bin",
				"path: sh is nowhere on /opt/bin:/bin"},
		},
		"a file that leads nowhere": {
			above: []entry{link("usr/bin/tool", "/opt/tool")},
			want:  []string{"files: /usr/bin/tool is missing, as it leads to /opt/tool", "path: tool is nowhere on /opt/bin:/bin"},
		},
		"a shell that the original has not": {
			above: []entry{program("usr/bin/bash")}, want: []string{"absent: /bin/bash is there, and the original has none"},
		},
		"another PATH": {
			change: func(c *v1.Config) { c.Env[0] = "PATH=/opt/bin" },
			want:   []string{"path: tool is nowhere on /opt/bin", "path: sh is nowhere on /opt/bin"},
		},
		"no PATH is a runtime's own": {change: func(c *v1.Config) { c.Env = c.Env[1:] }},
	} {
		t.Run(name, func(t *testing.T) {
			config, files := twin()
			if test.change != nil {
				test.change(&config)
			}
			found, err := compare(example(), made(t, config, files, test.above))
			require.NoError(t, err)
			assert.Equal(t, test.want, found)
		})
	}
}

func TestWhatIsNotGivenIsNotHeld(t *testing.T) {
	config, files := twin()
	found, err := compare(original{}, made(t, config, files))
	require.NoError(t, err)
	assert.Empty(t, found)
}

func TestAVersionIsHeldToTheWord(t *testing.T) {
	tool := version{Command: []string{"tool", "version"}, Prints: "v1.2.3"}
	for name, test := range map[string]struct {
		printed string
		err     error
		want    []string
	}{
		"alone":           {printed: "v1.2.3\n"},
		"among others":    {printed: "Client:\n  version   v1.2.3 (linux)"},
		"between quotes":  {printed: `version.BuildInfo{Version:"v1.2.3", GitCommit:"lab"}`},
		"another":         {printed: "tool v1.2.4\nlinux\n", want: []string{"version: tool version does not say v1.2.3; it says tool v1.2.4 | linux"}},
		"a longer one":    {printed: "v1.2.30", want: []string{"version: tool version does not say v1.2.3; it says v1.2.30"}},
		"a release of it": {printed: "v1.2.3-rc.1", want: []string{"version: tool version does not say v1.2.3; it says v1.2.3-rc.1"}},
		"none":            {err: errors.New("exit status 127"), want: []string{"version: tool version does not run: exit status 127"}},
		"one that fails": {
			printed: "no such file\n\nRun help", err: errors.New("exit status 127"), want: []string{"version: tool version does not run: no such file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, tool.differences(test.printed, test.err))
		})
	}
}

func TestStandInsAreReadFromARegistry(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	settings, files := twin()
	for reference, image := range map[string]v1.Image{
		host + "/someone/tool:v1":  made(t, settings, files),
		host + "/someone/other:v1": made(t, v1.Config{}, files),
	} {
		parsed, err := name.ParseReference(reference)
		require.NoError(t, err)
		require.NoError(t, remote.Write(parsed, image))
	}
	tool, other, missing := example(), original{name: "other", Image: "ghcr.io/someone/other:v1", Config: config{Entrypoint: []string{"sh", "-c"}}}, original{name: "missing", Image: "quay.io/a/b:1"}
	for name, test := range map[string]struct {
		held []original
		from source
		out  string
		err  string
	}{
		"one that is true":      {held: []original{tool}, from: source{registry: host}, out: "as their originals: tool\n"},
		"one that lacks":        {held: []original{other, tool}, from: source{registry: host}, out: "other: entrypoint is [] and not [\"sh\" \"-c\"]\nas their originals: tool\n", err: "not as their originals: other;"},
		"another image":         {held: []original{other}, from: source{reference: host + "/someone/tool:v1"}, out: "other: entrypoint is [\"tool\"] and not [\"sh\" \"-c\"]\n", err: "not as their originals: other;"},
		"one that is not built": {held: []original{missing}, from: source{registry: host}, err: "build it with hack/lab/up missing"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := verifyAll(context.Background(), test.held, test.from, &out)
			if test.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.err)
			}
			assert.Equal(t, test.out, out.String())
		})
	}
}
