package registry_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	own "todo-chatbot/ci/registry"
)

// served is a registry in memory, behind a handler that may answer in its place.
func served(t *testing.T, instead func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	memory := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if instead == nil || !instead(w, r) {
			memory.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/team/todo-backend"
}

func made(t *testing.T) (v1.Image, string) {
	t.Helper()
	image, err := random.Image(100, 2)
	require.NoError(t, err)
	digest, err := image.Digest()
	require.NoError(t, err)
	return image, digest.String()
}

func TestWhatIsPushedHasNoTagUntilItIsGivenOne(t *testing.T) {
	repository, r := served(t, nil), own.Registry{}
	image, digest := made(t)
	reference, err := r.Push(t.Context(), repository, image)
	require.NoError(t, err)
	assert.Equal(t, repository+"@"+digest, reference)
	_, err = r.Resolve(t.Context(), repository, "v1")
	assert.ErrorAs(t, err, new(own.NotThereError))
	require.NoError(t, r.Tag(t.Context(), repository, digest, "v1"))
	found, err := r.Resolve(t.Context(), repository, "v1")
	require.NoError(t, err)
	assert.Equal(t, digest, found)
}

func TestAVersionNeverBecomesSomethingElse(t *testing.T) {
	repository, r := served(t, nil), own.Registry{}
	first, before := made(t)
	second, after := made(t)
	for _, image := range []v1.Image{first, second} {
		_, err := r.Push(t.Context(), repository, image)
		require.NoError(t, err)
	}
	for tag, moves := range map[string]bool{"v1.2.3": false, "0.1.0": false, "latest": true, "main": true} {
		assert.Equal(t, moves, own.Moves(tag), tag)
		require.NoError(t, r.Tag(t.Context(), repository, before, tag))
		require.NoError(t, r.Tag(t.Context(), repository, before, tag), "the same again")
		err := r.Tag(t.Context(), repository, after, tag)
		found, asked := r.Resolve(t.Context(), repository, tag)
		require.NoError(t, asked)
		if moves {
			require.NoError(t, err, tag)
			assert.Equal(t, after, found)
			continue
		}
		require.ErrorContains(t, err, "a version never becomes something else")
		assert.ErrorContains(t, err, before)
		assert.Equal(t, before, found)
	}
}

func TestWhatIsNotThereIsNotTagged(t *testing.T) {
	repository := served(t, nil)
	_, digest := made(t)
	require.Error(t, own.Registry{}.Tag(t.Context(), repository, digest, "v1"))
	_, err := own.Registry{}.Resolve(t.Context(), repository, "v1")
	assert.ErrorAs(t, err, new(own.NotThereError))
}

// A push that stops at any of its requests has tagged nothing, and the next one succeeds.
func TestAnInterruptedPushCanBeRunAgain(t *testing.T) {
	var requests, stopAt atomic.Int64
	stopAt.Store(1 << 40)
	repository := served(t, func(w http.ResponseWriter, _ *http.Request) bool {
		if requests.Add(1) < stopAt.Load() {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		return true
	})
	image, _ := made(t)
	_, err := own.Registry{}.Push(t.Context(), repository, image)
	require.NoError(t, err)
	needed := requests.Load()
	require.Greater(t, needed, int64(5))
	for stop := int64(1); stop <= needed; stop++ {
		image, digest := made(t)
		requests.Store(0)
		stopAt.Store(stop)
		_, err := own.Registry{}.Push(t.Context(), repository, image)
		require.Error(t, err, "stopped at request %d", stop)
		stopAt.Store(1 << 40)
		_, err = own.Registry{}.Resolve(t.Context(), repository, "v1")
		require.ErrorAs(t, err, new(own.NotThereError))
		reference, err := own.Registry{}.Push(t.Context(), repository, image)
		require.NoError(t, err, "again, after it stopped at request %d", stop)
		assert.Contains(t, reference, digest)
	}
}

func TestAFailureIsOneLineThatSaysWhatToDo(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				return false
			}
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
			return true
		}
	}
	plain := httptest.NewServer(nil)
	t.Cleanup(plain.Close)
	for name, test := range map[string]struct {
		instead  func(http.ResponseWriter, *http.Request) bool
		expected string
	}{
		"wrong password": {answer(http.StatusUnauthorized, ""), "the registry refused the credentials (401); give --username and --password"},
		"may not push":   {answer(http.StatusForbidden, ""), "the registry does not let this account do that (403); give --username and --password of somebody"},
		"may not push, in its words": {answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"permission_denied: write_package"}]}`),
			"(403): DENIED: permission_denied: write_package; give"},
		"a full quota, as Harbor says it": {answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"adding 29.0 MiB of storage resource, `+
			`which when updated to current usage of 152.4 MiB will exceed the configured upper limit of 10.0 MiB."}]}`),
			"the registry has no room left (403): DENIED: adding 29.0 MiB of storage resource, which when updated to current usage of 152.4 MiB will exceed " +
				"the configured upper limit of 10.0 MiB.; remove old images there"},
		"a full quota, as text": {answer(http.StatusForbidden, "Quota exceeded"), "has no room left (403): Quota exceeded; remove"},
		"asked too often":       {answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"rate limit exceeded"}]}`), "asks to wait (403): DENIED: rate limit exceeded"},
		"a page of a proxy":     {answer(http.StatusForbidden, strings.Repeat("<p>no</p>\n", 200)), "…; give --username"},
		"words with a secret":   {answer(http.StatusForbidden, "who is https://me:hunter2@host ?"), "https://me:***@host"},
		"no space":              {answer(http.StatusInsufficientStorage, ""), "the registry has no room left"},
		"disk full": {answer(http.StatusBadRequest, `{"errors":[{"code":"UNKNOWN","message":"write /var: no space left on device"}]}`),
			"the registry has no room left"},
		"disk full, said by number": {answer(http.StatusInternalServerError,
			`{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"DriverName":"filesystem","Enclosed":{"Op":"write","Path":"/startedat","Err":28}}}]}`),
			"the registry has no room left"},
		"another failure of its disk": {answer(http.StatusInternalServerError,
			`{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"DriverName":"filesystem","Enclosed":{"Op":"write","Path":"/startedat","Err":5}}}]}`),
			"the registry failed (500)"},
		"no repository": {answer(http.StatusNotFound, `{"errors":[{"code":"NAME_UNKNOWN","message":"there is none of that name"}]}`),
			"the registry has no such repository (404): NAME_UNKNOWN: there is none of that name; correct the address, or make the repository there first"},
		"no TLS": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost {
				return false
			}
			http.Redirect(w, r, strings.Replace(plain.URL, "http", "https", 1), http.StatusTemporaryRedirect)
			return true
		}, "the registry has no TLS; give it some, or, on a network that is trusted, add --plain-http"},
		"something else": {answer(http.StatusTeapot, "a\nb"), "the registry answered 418"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image, _ := made(t)
			repository := served(t, test.instead)
			_, err := own.Registry{}.Push(t.Context(), repository, image)
			require.ErrorContains(t, err, test.expected)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestAFailureToTagDoesNotSayThatThereIsNoTag(t *testing.T) {
	memory := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/manifests/v1") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		memory.ServeHTTP(w, r)
	}))
	defer server.Close()
	image, _ := made(t)
	repository := strings.TrimPrefix(server.URL, "http://") + "/a/b"
	_, err := own.Registry{}.Push(t.Context(), repository, image)
	require.NoError(t, err)
	digest, err := image.Digest()
	require.NoError(t, err)
	err = own.Registry{}.Tag(t.Context(), repository, digest.String(), "v1")
	require.ErrorContains(t, err, "the registry failed (503); some of the tags may be there; it is safe to run again from the same commit")
}

func TestARegistryThatIsDownIsSaidToBe(t *testing.T) {
	server := httptest.NewServer(nil)
	address := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	image, _ := made(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := own.Registry{}.Push(ctx, address+"/a/b", image)
	require.ErrorContains(t, err, "the registry does not answer")
	assert.ErrorContains(t, err, "nothing is under the tag, and it is safe to run again")
	assert.NotContains(t, err.Error(), "\n")

	_, err = own.Registry{}.Resolve(ctx, address+"/a/b", "v1")
	require.ErrorContains(t, err, "; try again")
	assert.NotContains(t, err.Error(), "nothing is under the tag", "who only reads does not know that")
}

func chart(t *testing.T, name, metadata string) string {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(metadata))}))
	_, err := archive.Write([]byte(metadata))
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	file := filepath.Join(t.TempDir(), "chart.tgz")
	require.NoError(t, os.WriteFile(file, packed.Bytes(), 0o600))
	return file
}

func TestAChartIsPushedAsHelmExpectsIt(t *testing.T) {
	file := chart(t, "todo-chatbot/Chart.yaml", "name: todo-chatbot\nversion: 1.2.3+abc\n")
	image, version, err := own.OpenChart(file)
	require.NoError(t, err)
	assert.Equal(t, "1.2.3_abc", version)
	manifest, err := image.Manifest()
	require.NoError(t, err)
	assert.Equal(t, "application/vnd.cncf.helm.config.v1+json", string(manifest.Config.MediaType))
	require.Len(t, manifest.Layers, 1)
	assert.Equal(t, "application/vnd.cncf.helm.chart.content.v1.tar+gzip", string(manifest.Layers[0].MediaType))
	repository := served(t, nil)
	reference, err := own.Registry{}.Push(t.Context(), repository, image)
	require.NoError(t, err)
	digest, err := image.Digest()
	require.NoError(t, err)
	assert.Equal(t, repository+"@"+digest.String(), reference)
}

func TestWhatIsNoChartIsRefused(t *testing.T) {
	for name, file := range map[string]string{
		"no Chart.yaml":        chart(t, "todo-chatbot/values.yaml", "a: b"),
		"that of a dependency": chart(t, "todo-chatbot/charts/x/Chart.yaml", "name: x\nversion: 1.0.0"),
		"no version":           chart(t, "todo-chatbot/Chart.yaml", "name: x"),
		"not there":            filepath.Join(t.TempDir(), "none"),
	} {
		_, _, err := own.OpenChart(file)
		assert.ErrorContains(t, err, "reading the packaged chart", name)
	}
}

func TestCredentialsAreDockersOwnAndNeverPrinted(t *testing.T) {
	var header atomic.Value
	repository := served(t, func(w http.ResponseWriter, r *http.Request) bool {
		header.Store(r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	})
	logIn(t, strings.Split(repository, "/")[0], "somebody", "hunter:2")
	image, digest := made(t)
	_, err := own.Registry{}.Push(t.Context(), repository, image)
	require.NoError(t, err)
	assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("somebody:hunter:2")), header.Load())
	require.NoError(t, own.Registry{}.Tag(t.Context(), repository, digest, "1"))
	err = own.Registry{}.Tag(t.Context(), repository, "sha256:"+strings.Repeat("0", 64), "1")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hunter")
}

// logIn gives this test's registries credentials.
func logIn(t *testing.T, host, username, password string) {
	t.Helper()
	config, err := own.Credentials(host, username, password)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
	t.Setenv("DOCKER_CONFIG", dir)
}

func TestCredentialsOfDockerHubAreFoundUnderEachOfItsNames(t *testing.T) {
	for _, host := range []string{"docker.io", "index.docker.io", "ghcr.io", "localhost:5000"} {
		t.Run(host, func(t *testing.T) {
			logIn(t, host, "somebody", "hunter2")
			repository, err := name.NewRepository(host + "/acme/todo")
			require.NoError(t, err)
			found, err := authn.DefaultKeychain.Resolve(repository)
			require.NoError(t, err)
			config, err := found.Authorization()
			require.NoError(t, err)
			assert.Equal(t, "somebody", config.Username)
			assert.Equal(t, "hunter2", config.Password)
		})
	}
}

func TestAnEmptyAccountIsNoAccount(t *testing.T) {
	config, err := own.Credentials("example.com", "", "")
	require.NoError(t, err)
	assert.JSONEq(t, `{"auths": {}}`, string(config))
}
