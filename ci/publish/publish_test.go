package publish_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	oci "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/registry"
)

// notary signs and verifies in memory. A call whose number is failAt fails, as if the run had ended there.
type notary struct {
	mu         sync.Mutex
	signed     map[string]bool
	statements map[string][]provenance.Statement
	kinds      map[string][]string
	calls      []string
	failAt     int
	// before runs ahead of each call.
	before func()
}

func newNotary() *notary {
	return &notary{signed: map[string]bool{}, statements: map[string][]provenance.Statement{}, kinds: map[string][]string{}}
}

var errKilled = errors.New("killed")

func (n *notary) called(what string) error {
	n.calls = append(n.calls, what)
	if n.before != nil {
		n.before()
	}
	if len(n.calls) == n.failAt {
		return errKilled
	}
	return nil
}

func (n *notary) Sign(_ context.Context, reference string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.called("sign"); err != nil {
		return err
	}
	n.signed[reference] = true
	return nil
}

func (n *notary) Attest(_ context.Context, reference, kind, file string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.called("attest " + kind); err != nil {
		return err
	}
	n.kinds[reference] = append(n.kinds[reference], kind)
	if kind != "slsaprovenance1" {
		return nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, digest, _ := strings.Cut(reference, "@sha256:")
	s := provenance.Statement{Type: provenance.StatementType, PredicateType: provenance.PredicateType,
		Subject: []provenance.Subject{{Digest: map[string]string{"sha256": digest}}}}
	n.statements[reference] = append(n.statements[reference], s)
	return json.Unmarshal(raw, &n.statements[reference][len(n.statements[reference])-1].Predicate)
}

func (n *notary) Verify(_ context.Context, reference string, by publish.Trust) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.signed[reference] || by.Key != "trusted.pub" {
		return errors.New("no matching signatures")
	}
	return nil
}

func (n *notary) Provenance(_ context.Context, reference string, _ publish.Trust) ([]provenance.Statement, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.statements[reference], nil
}

// served is a registry in memory, by its host and a path.
func served(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(oci.New(oci.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/team"
}

func archived(t *testing.T, folder, called string) string {
	t.Helper()
	image, err := random.Image(100, 2)
	require.NoError(t, err)
	file := filepath.Join(folder, called)
	require.NoError(t, tarball.WriteToFile(file, name.MustParseReference("local/image:1"), image))
	return file
}

func packaged(t *testing.T, folder string) string {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	text := "name: todo-chatbot\nversion: 1.2.3\n"
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: "todo-chatbot/Chart.yaml", Mode: 0o644, Size: int64(len(text))}))
	_, err := archive.Write([]byte(text))
	require.NoError(t, errors.Join(err, archive.Close(), zipped.Close()))
	file := filepath.Join(folder, "chart.tgz")
	require.NoError(t, os.WriteFile(file, packed.Bytes(), 0o600))
	return file
}

// asked is the publication of an image and a chart under a tag.
func asked(t *testing.T, in, tag string) publish.Request {
	t.Helper()
	folder := t.TempDir()
	base := "docker.io/library/node:24@sha256:" + strings.Repeat("c", 64)
	return publish.Request{
		Registry: in, Tag: tag,
		Build: provenance.Build{
			Source: provenance.Source{Repository: "https://example.com/todo", Commit: strings.Repeat("b", 40)},
			Engine: "v0.21.8", Builder: "urn:builder",
		},
		Artifacts: []publish.Artifact{
			{Kind: publish.Image, Name: "todo-backend", File: archived(t, folder, "backend.tar"), Call: "backend image archive", Bases: []string{base},
				Attestations: map[string]string{"spdxjson": "a.json", "cyclonedx": "b.json"}},
			{Kind: publish.Chart, Name: "todo-chatbot", File: packaged(t, folder), Call: "chart package", Bases: []string{base}},
		},
	}
}

func publisher(n *notary) (*publish.Publisher, *bytes.Buffer) {
	var progress bytes.Buffer
	return &publish.Publisher{Signer: n, Verifier: n, Trust: publish.Trust{Key: "trusted.pub"}, Progress: &locked{to: &progress}}, &progress
}

// locked lets several write.
type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// named says whether a tag names anything.
func named(t *testing.T, repository, tag string) bool {
	t.Helper()
	_, err := registry.Registry{}.Resolve(t.Context(), repository, tag)
	if errors.As(err, new(registry.NotThereError)) {
		return false
	}
	require.NoError(t, err)
	return true
}

func TestAReleaseIsDescribedSignedAndThenNamed(t *testing.T) {
	in, n := served(t), newNotary()
	request := asked(t, in, "v1")
	p, progress := publisher(n)
	n.before = func() {
		assert.False(t, named(t, in+"/todo-backend", "v1"), "a tag before everything is signed")
		assert.False(t, named(t, in+"/todo-chatbot", "v1"))
	}
	text, err := p.Publish(t.Context(), request)
	require.NoError(t, err)
	assert.Contains(t, text, in+"/todo-backend:v1 is sha256:")
	assert.Contains(t, text, "built from git+https://example.com/todo@"+strings.Repeat("b", 40))
	assert.Contains(t, progress.String(), "todo-chatbot: attested, signed and verified\n")

	verified, err := publish.Verify(t.Context(), registry.Registry{}, n,
		publish.Release{Registry: in, Tag: "v1", Trust: publish.Trust{Key: "trusted.pub"},
			Policy: provenance.Policy{Source: "https://example.com/todo", Builder: "urn:builder"}}, "todo-backend", "todo-chatbot")
	require.NoError(t, err)
	require.Len(t, verified, 2)
	assert.Contains(t, text, strings.TrimPrefix(verified[0].Reference, in+"/todo-backend@"))
	assert.ElementsMatch(t, []string{"slsaprovenance1", "spdxjson", "cyclonedx"}, n.kinds[verified[0].Reference])
	assert.Equal(t, []string{"slsaprovenance1"}, n.kinds[verified[1].Reference])
	assert.Equal(t, "chart package", verified[1].Statement.Predicate.BuildDefinition.ExternalParameters.Call)
	assert.Equal(t, verified[1].Reference+"\n  signed; git+https://example.com/todo@"+strings.Repeat("b", 40)+", by urn:builder\n", verified[1].Text())
	assert.True(t, named(t, in+"/todo-chatbot", "1.2.3"), "Helm asks for a chart by its version")
	assert.True(t, named(t, in+"/todo-backend", "1.2.3"), "the chart asks for its images by its version")
}

func TestATagThatMovesClaimsNoVersion(t *testing.T) {
	in, n := served(t), newNotary()
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), asked(t, in, "main"))
	require.NoError(t, err)
	assert.True(t, named(t, in+"/todo-chatbot", "main"))
	assert.False(t, named(t, in+"/todo-chatbot", "1.2.3"))
	assert.False(t, named(t, in+"/todo-backend", "1.2.3"))
}

// Stopped at any of its signatures a publication has named nothing, and run again it ends.
func TestAStoppedPublicationNamesNothingAndCanBeRunAgain(t *testing.T) {
	n := newNotary()
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), asked(t, served(t), "v1"))
	require.NoError(t, err)
	needed := len(n.calls)
	require.Equal(t, 6, needed)
	for stop := 1; stop <= needed; stop++ {
		in, n := served(t), newNotary()
		request := asked(t, in, "v1")
		n.failAt = stop
		p, _ := publisher(n)
		_, err := p.Publish(t.Context(), request)
		require.ErrorIs(t, err, errKilled)
		for _, repository := range []string{"/todo-backend", "/todo-chatbot"} {
			assert.False(t, named(t, in+repository, "v1"), "stopped at call %d", stop)
		}
		n.failAt = 0
		_, err = p.Publish(t.Context(), request)
		require.NoError(t, err)
		assert.True(t, named(t, in+"/todo-backend", "v1"))
	}
}

func TestWhatIsSignedIsNotSignedTwice(t *testing.T) {
	in, n := served(t), newNotary()
	request := asked(t, in, "v1")
	p, _ := publisher(n)
	for range 2 {
		_, err := p.Publish(t.Context(), request)
		require.NoError(t, err)
	}
	assert.Len(t, n.calls, 6)
}

func TestATakenTagIsFoundBeforeAnythingIsPushed(t *testing.T) {
	in, n := served(t), newNotary()
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), asked(t, in, "v1"))
	require.NoError(t, err)
	signed := len(n.calls)
	other := asked(t, in, "v1")
	_, err = p.Publish(t.Context(), other)
	require.ErrorContains(t, err, "a version never becomes something else")
	assert.Len(t, n.calls, signed)
}

func TestASignatureThatDoesNotHoldNamesNothing(t *testing.T) {
	in, n := served(t), newNotary()
	p, _ := publisher(n)
	p.Trust = publish.Trust{Key: "other.pub"}
	_, err := p.Publish(t.Context(), asked(t, in, "v1"))
	require.ErrorContains(t, err, "is refused: no matching signatures")
	assert.False(t, named(t, in+"/todo-backend", "v1"))
}

func TestARequestThatIsIncompleteIsRefused(t *testing.T) {
	for raw, says := range map[string]string{
		`{"registry": "ghcr.io/a", "artifacts": [{}]}`:                "it has no tag",
		`{"registry": "ghcr.io/a", "tag": "v1"}`:                      "it has no artifacts",
		`{"registry": "ghcr.io", "tag": "v1", "artifacts": [{}]}`:     "write a host and a path",
		`{"registry": "https://g/a", "tag": "v1", "artifacts": [{}]}`: "write a host and a path",
		`{"registry": "ghcr.io/a", "tagg": "v1", "artifacts": [{}]}`:  `unknown field "tagg"`,
		`{"registry": "ghcr.io/a", "tag": "v1", "artifacts": [{}]`:    "reading the publication",
	} {
		_, err := publish.ParseRequest([]byte(raw))
		assert.ErrorContains(t, err, says, raw)
	}
	request, err := publish.ParseRequest([]byte(`{"registry": "ghcr.io/a", "tag": "v1", "artifacts": [{"kind": "image", "name": "x"}]}`))
	require.NoError(t, err)
	assert.Equal(t, publish.Image, request.Artifacts[0].Kind)
}

func TestAnArtifactThatCannotBeReadStopsBeforeAnythingIsPushed(t *testing.T) {
	in, n := served(t), newNotary()
	p, _ := publisher(n)
	for _, change := range []func(*publish.Request){
		func(r *publish.Request) { r.Artifacts[0].File = "/no/such/file" },
		func(r *publish.Request) { r.Artifacts[1].File = r.Artifacts[0].File },
		func(r *publish.Request) { r.Artifacts[1].Kind = "wheel" },
	} {
		request := asked(t, in, "v1")
		change(&request)
		_, err := p.Publish(t.Context(), request)
		require.Error(t, err)
		assert.Empty(t, n.calls)
	}
	request := asked(t, in, "v1")
	request.Build.Source.Commit = "main"
	_, err := p.Publish(t.Context(), request)
	require.ErrorContains(t, err, `"main" is no commit`)
	assert.False(t, named(t, in+"/todo-backend", "v1"))
}

func TestVerifyingRefusesWhatIsNotExpected(t *testing.T) {
	in, n := served(t), newNotary()
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), asked(t, in, "v1"))
	require.NoError(t, err)
	good := publish.Release{Registry: in, Tag: "v1", Trust: publish.Trust{Key: "trusted.pub"}}
	for says, change := range map[string]func(*publish.Release){
		"give whom to trust":           func(r *publish.Release) { r.Trust = publish.Trust{} },
		"--identity and --issuer":      func(r *publish.Release) { r.Trust = publish.Trust{Identity: "me"} },
		"v2 is not there":              func(r *publish.Release) { r.Tag = "v2" },
		"write a host and a path":      func(r *publish.Release) { r.Registry = "ghcr.io" },
		"the signature of " + in:       func(r *publish.Release) { r.Trust.Key = "other.pub" },
		"only https://else is allowed": func(r *publish.Release) { r.Policy.Source = "https://else" },
	} {
		r := good
		change(&r)
		verified, err := publish.Verify(t.Context(), registry.Registry{}, n, r, "todo-backend", "todo-chatbot")
		require.ErrorContains(t, err, says)
		assert.Empty(t, verified)
	}
}
