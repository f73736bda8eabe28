package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	oci "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/git/gittest"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/registry"
)

// signatures puts a cosign on PATH that takes and accepts every signature.
func signatures(t *testing.T, body string) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "cosign"), []byte("#!/bin/sh\n"+body+"\n"), 0o700))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

// archive is an image in a file, with its digest.
func archive(t *testing.T) (file, digest string) {
	t.Helper()
	made, err := random.Image(100, 1)
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, tarball.WriteToFile(file, name.MustParseReference("local/image:1"), made))
	hash, err := made.Digest()
	require.NoError(t, err)
	return file, hash.String()
}

func inMemory(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(oci.New(oci.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/team"
}

func TestImagesAreComparedByTheirContent(t *testing.T) {
	one, _ := archive(t)
	other, _ := archive(t)
	code, _, errs := called("image", "diff", one, one)
	assert.Zero(t, code, errs)
	code, _, errs = called("image", "diff", one, other)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "layer 0")
}

func TestAnImageIsPushedUnderTheDigestThatPodsName(t *testing.T) {
	in := inMemory(t)
	file, digest := archive(t)
	code, out, errs := called("registry", "push", in+"/todo-backend@"+digest+"="+file)
	assert.Zero(t, code, errs)
	assert.Equal(t, "1 images are in the registry\n", out)
	code, _, errs = called("registry", "push", in+"/todo-backend@sha256:"+strings.Repeat("0", 64)+"="+file)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "the registry has "+in+"/todo-backend@"+digest)
	code, _, errs = called("registry", "push", in+"/todo-backend@"+digest+"=/no/such/file")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "image archive file")
}

func TestAPublicationThatCannotBeSignedNamesNothing(t *testing.T) {
	in := inMemory(t)
	file, _ := archive(t)
	raw, err := json.Marshal(publish.Request{Registry: in, Tag: "v1", Artifacts: []publish.Artifact{{Kind: publish.Image, Name: "todo-backend", File: file, Call: "backend image archive"}},
		Build: provenance.Build{Source: provenance.Source{Commit: strings.Repeat("a", 40)}, Engine: "v1", Builder: "urn:me"}})
	require.NoError(t, err)
	request := filepath.Join(t.TempDir(), "request.json")
	require.NoError(t, os.WriteFile(request, raw, 0o600))

	signatures(t, `case $1 in public-key) echo PUBLIC ;; sign) echo "Error: signing is refused" >&2; exit 1 ;; verify) echo "Error: no signatures" >&2; exit 1 ;; esac`)
	for _, with := range [][]string{{"--key", "k"}, {"--identity-token", "t", "--issuer", "i"}} {
		code, out, errs := called(append(append([]string{"registry", "publish"}, with...), request)...)
		assert.Equal(t, failed, code)
		assert.Contains(t, errs, "signing is refused")
		assert.Empty(t, out, "what is printed is what was published")
		_, err := registry.Registry{}.Resolve(t.Context(), in+"/todo-backend", "v1")
		require.Error(t, err)
	}
	signatures(t, `echo "Error: wrong password" >&2; exit 1`)
	code, _, errs := called("registry", "publish", "--key", "k", request)
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "wrong password")
	code, _, errs = called("registry", "publish", "--key", "k", "/no/such/request")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "reading the publication")
	code, _, errs = called("registry", "verify", "--registry", in, "--tag", "v1", "--key", "k", "todo-backend")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "todo-backend:v1 is not there; name another tag, or publish it first")
}

func TestWhatIsToBePublishedIsHeldAgainstItsRulesBeforeItIsMade(t *testing.T) {
	checkout := t.TempDir()
	gittest.Run(t, checkout, "init", "-q")
	gittest.Run(t, checkout, "commit", "-qm", "one", "--allow-empty")
	request := func(flags ...string) (int, string, string) {
		return called(append(append([]string{"registry", "request", "--registry", "ghcr.io/acme", "--tag", "v1", "--artifacts", "/a", "--engine", "v0", "--builder", "urn:me", "--run", "https://run"}, flags...), checkout)...)
	}
	code, out, errs := request()
	require.Zero(t, code, errs)
	var made publish.Request
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	assert.Len(t, made.Build.Source.Commit, 40)
	made.Build.Source = provenance.Source{}
	assert.Equal(t, publish.Request{Registry: "ghcr.io/acme", Tag: "v1", Folder: "/a", Build: provenance.Build{Engine: "v0", Builder: "urn:me", Run: "https://run"}}, made)
	code, _, errs = request("--registry", "ghcr.io")
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "write a host and a path")

	code, out, errs = request("--platforms", "linux/amd64,linux/arm64")
	require.Zero(t, code, errs)
	assert.Contains(t, out, `"platforms":["linux/amd64","linux/arm64"]`)
	code, out, errs = request("--platforms", "")
	require.Zero(t, code, errs)
	assert.NotContains(t, out, "platforms", "one image, as ever")

	require.NoError(t, os.WriteFile(filepath.Join(checkout, "new"), nil, 0o600))
	code, _, errs = request()
	assert.Equal(t, failed, code)
	assert.Contains(t, errs, "not committed; commit them, or allow it with --uncommitted")
	code, out, errs = request("--uncommitted")
	require.Zero(t, code, errs)
	assert.Contains(t, out, `"uncommitted":true`)
}

func TestCredentialsThatAreGivenAreForgottenAfterwards(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		asked = append(asked, user+":"+password)
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	file, digest := archive(t)
	secret := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(secret, []byte("hunter2\n"), 0o600))
	in := strings.TrimPrefix(server.URL, "http://") + "/team"
	code, out, errs := called("registry", "push", "--registry", in, "--username", "me", "--password-file", secret, in+"/todo-backend@"+digest+"="+file)
	assert.Equal(t, failed, code)
	assert.Contains(t, asked, "me:hunter2")
	assert.NotContains(t, out+errs, "hunter2")
	left, err := filepath.Glob(os.Getenv("TMPDIR") + "/credentials-*")
	require.NoError(t, err)
	assert.Empty(t, left)
	for _, verb := range [][]string{{"push", "--password-file", "/no/such", "a=b"}, {"publish", "--password-file", "/no/such", "--key", "k", "r"}, {"verify", "--password-file", "/no/such", "a"}} {
		code, _, errs := called(append([]string{"registry"}, verb...)...)
		assert.Equal(t, failed, code)
		assert.Contains(t, errs, "reading the registry's password")
	}
}
