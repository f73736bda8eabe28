package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/release"
	"todo-chatbot/ci/report"
)

// The test's own program is the command where it is told so.
func TestMain(m *testing.M) {
	if os.Getenv("BE_TODO_CHATBOT") == "1" {
		main()
	}
	os.Exit(m.Run())
}

func called(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestACallThatIsNotUnderstoodSaysHowToCall(t *testing.T) {
	for _, args := range [][]string{
		{}, {"deploy"}, {"release"}, {"release", "install"}, {"release", "status", "now"}, {"release", "deploy", "--no-such-flag"},
		{"release", "deploy", "--timeout", "soon"}, {"image"}, {"image", "shrink", "x"}, {"image", "size"}, {"image", "size", "a", "b"},
		{"image", "diff", "a"}, {"registry"}, {"registry", "delete"}, {"registry", "push"}, {"registry", "push", "--no-such-flag"},
		{"registry", "publish", "--no-such-flag"}, {"registry", "publish", "request.json"}, {"registry", "publish", "--key", "k"},
		{"registry", "publish", "--key", "k", "--identity-token", "t", "request.json"}, {"registry", "verify"}, {"registry", "verify", "--no-such-flag"}, {"registry", "reproduce"}, {"registry", "reproduce", "--no-such-flag"},
		{"chart"}, {"chart", "lint"}, {"chart", "package", "one"}, {"chart", "test"}, {"chart", "helm"}, {"chart", "test", "--no-such-flag"}, {"scan"},
		{"scan", "everything"}, {"scan", "image", "one"}, {"scan", "judge", "--no-such-flag"}, {"registry", "request"}, {"image", "sbom", "spdx"},
		{"chart", "policy", "one"}, {"chart", "policy", "--no-such-flag"},
		{"develop"}, {"develop", "--workspace", "w", "--folder", "/f"}, {"develop", "--workspace", "w", "--folder", "/f", "--forward", "mail:8025", "true"},
	} {
		code, out, errs := called(args...)
		assert.Equal(t, misused, code, args)
		assert.Contains(t, errs, "todo-chatbot ", args)
		assert.Empty(t, out, args)
	}
	code, out, _ := called("--help")
	assert.Zero(t, code)
	assert.Contains(t, out, "todo-chatbot release deploy")
	_, _, errs := called("release", "deploy", "--help")
	for _, flag := range []string{"--kubeconfig", "--context", "--namespace", "--name", "--values", "--image", "--report", "--plan"} {
		assert.Contains(t, errs, flag+"\n")
	}
}

func TestFlagsGoBeforeTheRequestsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "request.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"release": "blue", "namespace": "one", "timeout": "90s", "images": {"web": "a"},
		"values": ["a.yaml"], "deliver": ["send.sh"], "todoChatbot": {"publicUrl": "https://a.dev", "postgres": true}}`), 0o600))
	c, err := parseCall("deploy", []string{"--request", file, "--namespace", "two", "--values", "b.yaml", "--image", "api=b", "--context", "kind-todo", "--", "other.sh", "x"})
	require.NoError(t, err)
	assert.Equal(t, release.Request{
		Target: release.Target{Release: "blue", Namespace: "two", Cluster: "context kind-todo", Timeout: release.Duration(90 * time.Second)},
		Values: []string{"a.yaml", "b.yaml"}, Deliver: []string{"other.sh", "x"}, Images: map[string]string{"web": "a", "api": "b"},
		TodoChatbot: &release.TodoChatbot{PublicURL: "https://a.dev", Postgres: true},
	}, c.request)

	c, err = parseCall("plan", nil)
	require.NoError(t, err)
	assert.Equal(t, "todo-chatbot", c.request.Release)
	assert.Equal(t, "helm/todo-chatbot", c.request.Chart)

	_, err = parseCall("deploy", []string{"--request", "/no/such/file"})
	require.ErrorContains(t, err, "reading the request")
	require.NoError(t, os.WriteFile(file, []byte(`{"relase": "blue"}`), 0o600))
	_, err = parseCall("deploy", []string{"--request", file})
	require.ErrorContains(t, err, "relase")
}

// cluster is a kubectl and a helm on PATH for a cluster without any release.
func cluster(t *testing.T, upgrade string) string {
	t.Helper()
	folder := t.TempDir()
	script := func(name, body string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+body), 0o700))
	}
	script("kubectl", `
case "$*" in
  *"get --raw"*) echo '{"gitVersion": "v1.36.4"}' ;;
  *"get namespace todo-chatbot"*) cat "$(dirname "$0")/namespace" 2>/dev/null || true ;;
  *"create"*|*"replace"*) tee "$(dirname "$0")/sent" | sed 's/"metadata":{/"metadata":{"resourceVersion":"7",/; s/"resourceVersion":"7",\(.*\),"resourceVersion":"[0-9]*"/"resourceVersion":"7",\1/'
    ! grep -q '"kind": "Namespace"' "$(dirname "$0")/sent" || cp "$(dirname "$0")/sent" "$(dirname "$0")/namespace" ;;
  *"get nodes"*) echo '{"kind": "List", "items": [{"kind": "Node", "metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}, "conditions": [{"type": "Ready", "status": "True"}]}}]}' ;;
  *"get namespace kube-system"*) echo '{"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "u"}}' ;;
  *logs*) echo "[pod/a] up" ;;
  *apply*) cat >/dev/null ;;
esac
`)
	script("helm", `
case "$*" in
  *template*) cat >/dev/null; printf 'kind: Deployment
metadata: {name: a, labels: {app.kubernetes.io/instance: todo-chatbot}}
spec: {template: {spec: {containers: [{image: a%s}, {image: b%s}]}}}
' "`+imageDigest+`" "`+imageDigest+`" ;;
  *version*) echo v4.3.0 ;;
  *) `+upgrade+` ;;
esac
`)
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return folder
}

var imageDigest = "@sha256:" + strings.Repeat("4", 64)

// asked are the flags of a deployment.
func asked(t *testing.T, folder string) []string {
	t.Helper()
	chart, secret := filepath.Join(folder, "chart"), filepath.Join(folder, "secret")
	require.NoError(t, os.MkdirAll(chart, 0o700))
	values := "backend: &part {image: {repository: x, digest: ''}}\nfrontend: *part\npostgres: *part\n"
	require.NoError(t, os.WriteFile(filepath.Join(chart, "values.yaml"), []byte(values), 0o600))
	require.NoError(t, os.WriteFile(secret, []byte("0123456789abcdefghijklmnopqrstuv"), 0o600))
	return []string{"--chart", chart, "--auth-secret-file", secret, "--postgres", "--image", "backend=a" + imageDigest, "--image", "frontend=b" + imageDigest,
		"--report", filepath.Join(folder, "report.json")}
}

func saved(t *testing.T, folder string) report.Run {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "report.json"))
	require.NoError(t, err)
	var run report.Run
	require.NoError(t, json.Unmarshal(raw, &run))
	return run
}

func TestARunThatFailedHasItsReportToo(t *testing.T) {
	folder := cluster(t, "echo 'Error: the chart is broken' >&2; exit 1")
	code, _, _ := called("release", "uninstall", "--report", filepath.Join(folder, "report.json"))
	assert.Zero(t, code)
	assert.Equal(t, report.Passed, saved(t, folder).Outcome)
	code, _, errs := called("release", "uninstall", "--report", "/no/such/folder/report.json")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "saving the report")
	var out string
	code, out, errs = called(append([]string{"release", "deploy"}, asked(t, folder)...)...)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "upgrade the release: helm upgrade ended with exit code 1:\nError: the chart is broken")
	assert.Contains(t, out, "acquire the lease: passed")
	assert.True(t, strings.HasPrefix(errs, `deploy failed at "upgrade the release": release todo-chatbot, namespace todo-chatbot, after `), errs)
	assert.True(t, strings.HasSuffix(errs, "next: todo-chatbot release status --name todo-chatbot --namespace todo-chatbot shows what runs; mend that, and call again\n"), errs)
	assert.NotContains(t, out, "the chart is broken", "it is told once")
	run := saved(t, folder)
	assert.Equal(t, report.Failed, run.Outcome)
	assert.Contains(t, run.Failure, "the chart is broken")

	code, _, _ = called("release", "deploy", "--report", filepath.Join(folder, "report.json"))
	assert.Equal(t, failed, code)
	assert.Contains(t, saved(t, folder).Failure, "BETTER_AUTH_SECRET: give one")
	code, _, _ = called("release", "rollback", "--report", filepath.Join(folder, "report.json"))
	assert.Equal(t, failed, code)
	assert.Equal(t, "rollback", saved(t, folder).Name)
}

func TestTheOtherVerbsPrintWhatTheyAreAskedFor(t *testing.T) {
	folder := cluster(t, "exit 1")
	code, out, _ := called(append([]string{"release", "plan"}, asked(t, folder)...)...)
	assert.Zero(t, code)
	assert.True(t, strings.HasPrefix(out, "todo-chatbot in namespace todo-chatbot of cluster u (), a first install\n"), out)
	code, _, errs := called(append([]string{"release", "preflight"}, asked(t, folder)...)...)
	assert.Zero(t, code, errs)
	code, _, errs = called("release", "plan")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "BETTER_AUTH_SECRET")
	code, out, _ = called("release", "status", "--cluster", "mine")
	assert.Zero(t, code)
	assert.Equal(t, "todo-chatbot in namespace todo-chatbot of mine: not installed\n", out)
	code, _, _ = called("release", "status", "--name", "No Name")
	assert.Equal(t, failed, code)
	code, out, _ = called("release", "logs")
	assert.Zero(t, code)
	assert.Equal(t, "[pod/a] up\n", out)
}

func TestASignalEndsTheRunAndItsChildren(t *testing.T) {
	folder := cluster(t, `trap '' TERM; echo $$ >"$(dirname "$0")/upgrading"; sleep 60 & wait; sleep 60`)
	for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		upgrading := filepath.Join(folder, "upgrading")
		_ = os.Remove(upgrading)
		self, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.Command(self, append([]string{"release", "deploy"}, asked(t, folder)...)...)
		cmd.Env = append(os.Environ(), "BE_TODO_CHATBOT=1")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { raw, _ := os.ReadFile(upgrading); return len(raw) > 0 }, 20*time.Second, 20*time.Millisecond)
		began := time.Now()
		require.NoError(t, cmd.Process.Signal(sent))
		_ = cmd.Wait()
		// Long before what it started would end by itself.
		assert.Less(t, time.Since(began), 30*time.Second)
		assert.Equal(t, cancelled, cmd.ProcessState.ExitCode(), out.String())
		assert.Contains(t, out.String(), "the run was told to end")
		assert.Equal(t, report.Failed, saved(t, folder).Outcome)
		raw, err := os.ReadFile(upgrading)
		require.NoError(t, err)
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", strings.TrimSpace(string(raw))))
		assert.True(t, err != nil || strings.Contains(string(stat), ") Z "), "helm goes on")
	}
}

func TestImageCommandsSayWhatTheyCannotRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for says, args := range map[string][]string{
		"no number of seconds":  {"normalize", "in", "out", "yesterday", "base", ""},
		"missing":               {"size", missing},
		"open " + missing:       {"missing-blobs", "in", "out", missing},
		"image archive missing": {"diff", missing, missing},
	} {
		code, _, errs := called(append([]string{"image"}, args...)...)
		assert.Equal(t, failed, code)
		assert.Contains(t, errs, says)
	}
	for _, args := range [][]string{{"inspect", "backend", missing, "out"}, {"strip", missing}, {"normalize", missing, "out", "0", "base", ""}} {
		code, _, _ := called(append([]string{"image"}, args...)...)
		assert.Equal(t, failed, code, args)
	}
	empty := t.TempDir()
	code, out, _ := called("image", "strip", empty)
	assert.Zero(t, code)
	assert.Equal(t, empty+": 0.0 MB less\n", out)
}

func TestTheChartIsHeldAgainstItsRules(t *testing.T) {
	source, rendered := t.TempDir(), t.TempDir()
	code, _, errs := called("chart", "policy", source, rendered)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "nothing was checked")
	for _, folder := range []string{source, rendered} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "values.yaml"), []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n"), 0o600))
	}
	code, _, errs = called("chart", "policy", source, rendered)
	assert.Equal(t, failed, code)
	assert.Regexp(t, `(?s)the chart breaks rules in \d+ places:\n.*Pod`, errs)

	out := t.TempDir()
	code, _, errs = called("chart", "policy", "--out", out, source, rendered)
	assert.Zero(t, code, errs)
	for _, name := range []string{"findings.txt", "findings.json", "findings.sarif"} {
		raw, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		assert.Contains(t, string(raw), "Pod", name)
	}
	code, _, errs = called("chart", "policy", "--out", "/no/such/folder", source, rendered)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "writing the findings")
}
