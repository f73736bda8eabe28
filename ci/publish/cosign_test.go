package publish_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/publish"
)

// scripted puts a cosign on PATH that writes down its arguments and then does what body says, and gives what it wrote.
func scripted(t *testing.T, body string) func() string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "cosign"), []byte("#!/bin/sh\necho \"$@\" >>"+folder+"/args\n"+body+"\n"), 0o700))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return func() string {
		raw, err := os.ReadFile(filepath.Join(folder, "args"))
		require.NoError(t, err)
		return strings.TrimSpace(string(raw))
	}
}

func TestWhatAKeySignsIsInNoPublicLog(t *testing.T) {
	t.Setenv("COSIGN_PASSWORD", "hunter2")
	args := scripted(t, "")
	c := publish.Cosign{Key: "private.key", PlainHTTP: true}
	require.NoError(t, c.Sign(t.Context(), "a@sha256:1"))
	require.NoError(t, c.Attest(t.Context(), "a@sha256:1", "spdxjson", "file"))
	assert.NotContains(t, args(), "hunter2")
	assert.Equal(t, `sign --allow-http-registry --yes --key private.key --use-signing-config=false --tlog-upload=false a@sha256:1
attest --allow-http-registry --yes --key private.key --use-signing-config=false --tlog-upload=false --type spdxjson --predicate file a@sha256:1`, args())
}

func TestAnIdentitySignsInPublic(t *testing.T) {
	args := scripted(t, "")
	require.NoError(t, publish.Cosign{IdentityToken: "token"}.Sign(t.Context(), "a@sha256:1"))
	assert.Equal(t, "sign --yes --identity-token token a@sha256:1", args())
}

func TestWhoseSignatureCountsIsSaidToCosign(t *testing.T) {
	args := scripted(t, "")
	require.NoError(t, publish.Cosign{}.Verify(t.Context(), "a@sha256:1", publish.Trust{Key: "k.pub"}))
	require.NoError(t, publish.Cosign{}.Verify(t.Context(), "a@sha256:1", publish.Trust{Identity: "me", Issuer: "them"}))
	_, err := publish.Cosign{}.Provenance(t.Context(), "a@sha256:1", publish.Trust{Key: "k.pub"})
	require.ErrorContains(t, err, "there is no signed statement")
	assert.Equal(t, `verify --key k.pub --private-infrastructure a@sha256:1
verify --certificate-identity me --certificate-oidc-issuer them a@sha256:1
verify-attestation --key k.pub --private-infrastructure --type slsaprovenance1 a@sha256:1`, args())
}

func TestCosignsErrorIsTheLineThatSaysWhatItWas(t *testing.T) {
	scripted(t, "echo 'WARNING: x' >&2; echo 'Error: no matching signatures' >&2; echo 'main.go:74: error during command execution' >&2; exit 10")
	_, err := publish.Cosign{Key: "k"}.PublicKey(t.Context())
	require.EqualError(t, err, "reading the signing key; is the password that was given its own? no matching signatures")
	require.EqualError(t, publish.Cosign{Key: "k"}.Sign(t.Context(), "a@b"), "signing a@b: no matching signatures")
	require.EqualError(t, publish.Cosign{Key: "k"}.Attest(t.Context(), "a@b", "spdxjson", "f"), "attesting spdxjson of a@b: no matching signatures")
	scripted(t, "echo one >&2; echo two >&2; exit 1")
	require.EqualError(t, publish.Cosign{}.Verify(t.Context(), "a@b", publish.Trust{Key: "k"}), "two")
	scripted(t, "exit 1")
	require.EqualError(t, publish.Cosign{}.Verify(t.Context(), "a@b", publish.Trust{Key: "k"}), "exit status 1")
}

func TestCosignEndsWithTheRun(t *testing.T) {
	scripted(t, "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.ErrorIs(t, publish.Cosign{}.Verify(ctx, "a@b", publish.Trust{Key: "k"}), context.DeadlineExceeded)
	assert.Less(t, time.Since(began), 30*time.Second)
}
