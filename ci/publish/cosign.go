package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"todo-chatbot/ci/provenance"
)

// Cosign is the program of that name on PATH. It takes the registry's credentials from Docker's own file.
type Cosign struct {
	// PlainHTTP is for a registry without TLS.
	PlainHTTP bool
	// Key is the path of a private key, whose password is in COSIGN_PASSWORD; IdentityToken is the path of an OpenID Connect
	// token. A signer has one of them.
	Key, IdentityToken string
}

// grace is how long cosign may take to end by itself when it is told to.
const grace = time.Second

// PublicKey writes down what the private key's signatures are held against.
func (c Cosign) PublicKey(ctx context.Context) ([]byte, error) {
	key, err := c.run(ctx, "public-key", "--key", c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key; is the password that was given its own? %w", err)
	}
	return key, nil
}

// Sign implements Signer.
func (c Cosign) Sign(ctx context.Context, reference string) error {
	if _, err := c.run(ctx, "sign", append(c.signing(), reference)...); err != nil {
		return fmt.Errorf("signing %s: %w", reference, err)
	}
	return nil
}

// Attest implements Signer.
func (c Cosign) Attest(ctx context.Context, reference, predicateType, file string) error {
	if _, err := c.run(ctx, "attest", append(c.signing(), "--type", predicateType, "--predicate", file, reference)...); err != nil {
		return fmt.Errorf("attesting %s of %s: %w", predicateType, reference, err)
	}
	return nil
}

// Verify implements Verifier.
func (c Cosign) Verify(ctx context.Context, reference string, by Trust) error {
	_, err := c.run(ctx, "verify", append(c.trusted(by), reference)...)
	return err
}

// Provenance implements Verifier.
func (c Cosign) Provenance(ctx context.Context, reference string, by Trust) ([]provenance.Statement, error) {
	out, err := c.run(ctx, "verify-attestation", append(c.trusted(by), "--type", provenanceType, reference)...)
	if err != nil {
		return nil, err
	}
	return provenance.ParseVerified(out)
}

// signing are the arguments that say what to sign with. What a key signs is in no public log: docs/decisions/publishing.md.
func (c Cosign) signing() []string {
	with := []string{"--key", c.Key, "--use-signing-config=false", "--tlog-upload=false"}
	if c.IdentityToken != "" {
		with = []string{"--identity-token", c.IdentityToken}
	}
	return append(c.registry(), append([]string{"--yes"}, with...)...)
}

// trusted are the arguments that say whose signature counts.
func (c Cosign) trusted(by Trust) []string {
	if by.Key != "" {
		return append(c.registry(), "--key", by.Key, "--private-infrastructure")
	}
	return append(c.registry(), "--certificate-identity", by.Identity, "--certificate-oidc-issuer", by.Issuer)
}

func (c Cosign) registry() []string {
	if c.PlainHTTP {
		return []string{"--allow-http-registry"}
	}
	return nil
}

// run gives what a command of cosign prints. Its error is the one line in which cosign says what is wrong.
func (c Cosign) run(ctx context.Context, command string, args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "cosign", append([]string{command}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if said := oneLine(errs.String()); err != nil && said != "" {
		return nil, errors.New(said)
	}
	return out.Bytes(), err
}

// oneLine is what cosign says was wrong: the line that begins so, or the last.
func oneLine(errs string) string {
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	for _, line := range lines {
		if said, is := strings.CutPrefix(line, "Error: "); is {
			return said
		}
	}
	return lines[len(lines)-1]
}
