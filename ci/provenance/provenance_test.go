package provenance_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/provenance"
)

var (
	digest = "sha256:" + strings.Repeat("a", 64)
	commit = strings.Repeat("b", 40)
	base   = "docker.io/library/python:3.13-slim@sha256:" + strings.Repeat("c", 64)
)

func build() provenance.Build {
	return provenance.Build{
		Call:    "backend image archive",
		Source:  provenance.Source{Repository: "https://example.com/todo", Commit: commit},
		Bases:   []string{base},
		Engine:  "v0.21.8",
		Builder: "https://example.com/workflow",
		Run:     "https://example.com/runs/1",
	}
}

func stated(t *testing.T, b provenance.Build) provenance.Statement {
	t.Helper()
	statement, err := provenance.New("todo-backend", digest, b)
	require.NoError(t, err)
	return statement
}

func TestAStatementIsInTotosWithSlsasPredicate(t *testing.T) {
	text, err := json.Marshal(stated(t, build()))
	require.NoError(t, err)
	assert.JSONEq(t, `{
"_type": "https://in-toto.io/Statement/v1",
"subject": [{"name": "todo-backend", "digest": {"sha256": "`+strings.Repeat("a", 64)+`"}}],
"predicateType": "https://slsa.dev/provenance/v1",
"predicate": {
  "buildDefinition": {
    "buildType": "urn:todo-chatbot:dagger-call:v1",
    "externalParameters": {"call": "backend image archive", "source": "git+https://example.com/todo@`+commit+`"},
    "internalParameters": {"engine": "v0.21.8", "uncommitted": false},
    "resolvedDependencies": [
      {"uri": "git+https://example.com/todo@`+commit+`", "digest": {"gitCommit": "`+commit+`"}},
      {"uri": "oci://docker.io/library/python:3.13-slim", "digest": {"sha256": "`+strings.Repeat("c", 64)+`"}}]},
  "runDetails": {"builder": {"id": "https://example.com/workflow"}, "metadata": {"invocationId": "https://example.com/runs/1"}}}}`,
		string(text))
}

func TestChangesThatNoCommitHasAreNotSaidToBeOfOne(t *testing.T) {
	b := build()
	b.Source.Uncommitted = true
	definition := stated(t, b).Predicate.BuildDefinition
	assert.True(t, definition.InternalParameters.Uncommitted)
	assert.Empty(t, definition.ResolvedDependencies[0].Digest)
}

func TestProvenanceWithAGapIsNotWritten(t *testing.T) {
	for name, change := range map[string]func(*provenance.Build) string{
		"no digest":  func(*provenance.Build) string { return "sha256:short" },
		"no commit":  func(b *provenance.Build) string { b.Source.Commit = "main"; return digest },
		"no engine":  func(b *provenance.Build) string { b.Engine = ""; return digest },
		"no builder": func(b *provenance.Build) string { b.Builder = ""; return digest },
		"no call":    func(b *provenance.Build) string { b.Call = ""; return digest },
		"a base by its tag": func(b *provenance.Build) string {
			b.Bases = append(b.Bases, "docker.io/library/node:24")
			return digest
		},
	} {
		b := build()
		_, err := provenance.New("todo-backend", change(&b), b)
		assert.ErrorContains(t, err, "provenance of todo-backend", name)
	}
}

func TestEachDifferenceFromThePolicyIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		policy   provenance.Policy
		digest   string
		change   func(*provenance.Statement)
		expected string
	}{
		"everything as asked": {policy: provenance.Policy{Source: "https://example.com/todo", Commit: commit, Builder: "https://example.com/workflow"}},
		"nothing asked":       {},
		"another artifact":    {digest: "sha256:" + strings.Repeat("d", 64), expected: "it is not about sha256:ddd"},
		"another repository":  {policy: provenance.Policy{Source: "https://example.com/other"}, expected: "built from https://example.com/todo, and only"},
		"another commit":      {policy: provenance.Policy{Commit: strings.Repeat("e", 40)}, expected: "built from commit bbb"},
		"another builder":     {policy: provenance.Policy{Builder: "https://example.com/other"}, expected: "built by https://example.com/workflow"},
		"changes": {change: func(s *provenance.Statement) {
			s.Predicate.BuildDefinition.InternalParameters.Uncommitted = true
		}, expected: "changes that no commit has"},
		"changes that may be": {policy: provenance.Policy{Uncommitted: true}, change: func(s *provenance.Statement) {
			s.Predicate.BuildDefinition.InternalParameters.Uncommitted = true
		}},
		"cosign's own version":      {change: func(s *provenance.Statement) { s.Type = "https://in-toto.io/Statement/v0.1" }},
		"no statement":              {change: func(s *provenance.Statement) { s.Type = "x" }, expected: "this needs SLSA v1"},
		"another kind of statement": {change: func(s *provenance.Statement) { s.PredicateType = "https://spdx.dev/Document" }, expected: "this needs SLSA v1"},
		"another pipeline's":        {change: func(s *provenance.Statement) { s.Predicate.BuildDefinition.BuildType = "x" }, expected: "this needs SLSA v1"},
	} {
		t.Run(name, func(t *testing.T) {
			statement, about := stated(t, build()), digest
			if test.change != nil {
				test.change(&statement)
			}
			if test.digest != "" {
				about = test.digest
			}
			err := test.policy.Check(statement, about)
			if test.expected == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.expected)
		})
	}
}

func envelope(t *testing.T, s provenance.Statement) string {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	line, err := json.Marshal(map[string]string{"payloadType": "application/vnd.in-toto+json", "payload": base64.StdEncoding.EncodeToString(text)})
	require.NoError(t, err)
	return string(line) + "\n"
}

func TestOneOfSeveralSignedStatementsIsEnough(t *testing.T) {
	later := build()
	later.Source.Commit = strings.Repeat("f", 40)
	statements, err := provenance.ParseVerified([]byte(envelope(t, stated(t, build())) + "\n" + envelope(t, stated(t, later))))
	require.NoError(t, err)
	require.Len(t, statements, 2)
	found, err := provenance.Policy{Commit: later.Source.Commit}.Any(statements, digest)
	require.NoError(t, err)
	assert.Equal(t, stated(t, later), found)
	_, err = provenance.Policy{Commit: strings.Repeat("0", 40)}.Any(statements, digest)
	assert.ErrorContains(t, err, "only 000")
}

func TestACheckoutWithoutAnOriginIsToldAsSuch(t *testing.T) {
	alone := build()
	alone.Source.Repository = ""
	_, err := provenance.Policy{Source: "https://example.test/todo"}.Any([]provenance.Statement{stated(t, alone)}, digest)
	assert.ErrorContains(t, err, "built from a checkout without an origin, and only https://example.test/todo")
}

func TestWhatIsNoVerifiedStatementIsAnError(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"words":            "Verified OK\n",
		"truncated":        `{"payload":`,
		"no base64":        `{"payloadType":"application/vnd.in-toto+json","payload":"%"}`,
		"another payload":  `{"payloadType":"text/plain","payload":"e30="}`,
		"no JSON payload":  `{"payloadType":"application/vnd.in-toto+json","payload":"eA=="}`,
		"foreign contents": `{"SchemaVersion":2}`,
	} {
		_, err := provenance.ParseVerified([]byte(text))
		assert.ErrorContains(t, err, "provenance: ", name)
	}
}

func TestACheckoutIsReadWithoutWhatIsNobodyElsesBusiness(t *testing.T) {
	for origin, expected := range map[string]string{
		"https://example.com/somebody/todo.git\n":               "https://example.com/somebody/todo",
		"https://x-access-token:hunter2@example.com/a/todo.git": "https://example.com/a/todo",
		"git@example.com:somebody/todo.git":                     "https://example.com/somebody/todo",
		"ssh://git@example.com/somebody/todo.git":               "https://example.com/somebody/todo",
		"/home/somebody/todo":                                   "",
		"":                                                      "",
	} {
		source, err := provenance.ParseSource(commit+"\n", origin, "")
		require.NoError(t, err)
		assert.Equal(t, provenance.Source{Repository: expected, Commit: commit}, source, origin)
	}
	source, err := provenance.ParseSource(commit, "", " M README.md\n")
	require.NoError(t, err)
	assert.True(t, source.Uncommitted)
	_, err = provenance.ParseSource("fatal: not a repository", "", "")
	assert.ErrorContains(t, err, "reading the checkout's commit")
}
