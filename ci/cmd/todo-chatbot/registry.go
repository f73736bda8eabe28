package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/provenance"
	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/registry"
	"todo-chatbot/ci/registry/address"
)

const registryUsage = `puts images and charts into an OCI registry, and says what is there, with the cosign on PATH

  todo-chatbot registry request [FLAGS] CHECKOUT                    what publish takes of that checkout, as JSON, with the git on PATH
  todo-chatbot registry push [FLAGS] REPOSITORY@DIGEST=ARCHIVE...   by digest, without a tag
  todo-chatbot registry publish [FLAGS] REQUEST                     what the JSON file REQUEST names: attested, signed, verified, tagged
  todo-chatbot registry verify [FLAGS] ARTIFACT...                  fails unless each is signed, and built from what is expected
  todo-chatbot registry reproduce [FLAGS] ARTIFACT=ARCHIVE...       fails unless each is that, and the archive's image is the same; of an
                                                                    index there is an archive for each platform

Credentials are those of --username and --password-file, or Docker's own, in the folder that DOCKER_CONFIG names. COSIGN_PASSWORD is the private key's password.`

// registryCommand is one verb of a registry.
func registryCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{registryUsage}
	}
	switch args[0] {
	case "request":
		return requestCommand(ctx, args[1:], out)
	case "push":
		return pushCommand(ctx, args[1:], out)
	case "publish":
		return publishCommand(ctx, args[1:], out)
	case "verify":
		return verifyCommand(ctx, args[1:], out)
	case "reproduce":
		return reproduceCommand(ctx, args[1:], out)
	}
	return usageError{registryUsage}
}

// registryCall is what each verb of a registry is told of it.
type registryCall struct {
	flags                           *flag.FlagSet
	plain                           bool
	address, username, passwordFile string
}

func newRegistryCall(verb string) *registryCall {
	c := &registryCall{flags: flag.NewFlagSet(verb, flag.ContinueOnError)}
	c.flags.BoolVar(&c.plain, "plain-http", false, "the registry has no TLS; for a network that is trusted")
	c.flags.StringVar(&c.address, "registry", "", "a host and a path, e.g. ghcr.io/somebody")
	c.flags.StringVar(&c.username, "username", "", "who may push there; left out, Docker's own credentials count")
	c.flags.StringVar(&c.passwordFile, "password-file", "", "a file with the password")
	return c
}

// logIn lets this program and cosign use the credentials that were given, until they are forgotten.
func (c *registryCall) logIn() (forget func(), err error) {
	if c.username == "" && c.passwordFile == "" {
		return func() {}, nil
	}
	var password []byte
	if c.passwordFile != "" {
		if password, err = os.ReadFile(c.passwordFile); err != nil {
			return nil, fmt.Errorf("reading the registry's password: %w", err)
		}
	}
	host, _, _ := strings.Cut(c.address, "/")
	credentials, err := registry.Credentials(host, c.username, strings.TrimSpace(string(password)))
	if err != nil {
		return nil, fmt.Errorf("writing the registry's credentials: %w", err)
	}
	folder, err := os.MkdirTemp("", "credentials-")
	if err != nil {
		return nil, fmt.Errorf("writing the registry's credentials: %w", err)
	}
	forget = func() { _ = os.RemoveAll(folder) }
	if err := errors.Join(os.WriteFile(filepath.Join(folder, "config.json"), credentials, 0o600), os.Setenv("DOCKER_CONFIG", folder)); err != nil {
		forget()
		return nil, fmt.Errorf("writing the registry's credentials: %w", err)
	}
	return forget, nil
}

// requestCommand says what is to be published before it is made, so that what is wrong with it is told before that.
func requestCommand(ctx context.Context, args []string, out io.Writer) error {
	var r publish.Request
	flags := flag.NewFlagSet("request", flag.ContinueOnError)
	flags.StringVar(&r.Registry, "registry", "", "a host and a path, e.g. ghcr.io/somebody")
	flags.StringVar(&r.Tag, "tag", "", "the release's tag")
	flags.StringVar(&r.Folder, "artifacts", "", "the folder in which publish will find the artifacts")
	flags.StringVar(&r.Build.Engine, "engine", "", "the version of what builds")
	flags.StringVar(&r.Build.Builder, "builder", "", "who builds, as a URI")
	flags.StringVar(&r.Build.Run, "run", "", "the run's address")
	flags.Func("platforms", "those that an index of each image is published of, e.g. linux/amd64,linux/arm64; left out, there is one image", func(value string) error {
		r.Platforms = strings.FieldsFunc(value, func(letter rune) bool { return letter == ',' })
		return nil
	})
	uncommitted := flags.Bool("uncommitted", false, "let pass a checkout with changes that no commit has")
	if err := parse(flags, args, registryUsage); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return usageError{registryUsage}
	}
	err := address.Validate(r.Registry)
	if err != nil {
		return err
	}
	if r.Build.Source, err = provenance.SourceOf(ctx, flags.Arg(0), *uncommitted); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

func pushCommand(ctx context.Context, args []string, out io.Writer) error {
	c := newRegistryCall("push")
	if err := parse(c.flags, args, registryUsage); err != nil {
		return err
	}
	if c.flags.NArg() == 0 {
		return usageError{registryUsage}
	}
	forget, err := c.logIn()
	if err != nil {
		return err
	}
	defer forget()
	group, ctx := errgroup.WithContext(ctx)
	for _, arg := range c.flags.Args() {
		group.Go(func() error {
			reference, file, _ := strings.Cut(arg, "=")
			repository, _, _ := strings.Cut(reference, "@")
			opened, err := image.Open(file)
			if err != nil {
				return err
			}
			there, err := registry.Registry{PlainHTTP: c.plain}.Push(ctx, repository, opened)
			if err == nil && there != reference {
				err = fmt.Errorf("pushing %s: the registry has %s", reference, there)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d images are in the registry\n", c.flags.NArg())
	return err
}

func publishCommand(ctx context.Context, args []string, out io.Writer) error {
	c := newRegistryCall("publish")
	flags := c.flags
	key := flags.String("key", "", "a file with cosign's private key")
	token := flags.String("identity-token", "", "in place of a key: a file with an OpenID Connect token for the request's builder")
	issuer := flags.String("issuer", "", "who issued the token")
	if err := parse(flags, args, registryUsage); err != nil {
		return err
	}
	if flags.NArg() != 1 || (*key == "") == (*token == "") {
		return usageError{"give one request, and what to sign with: --key or --identity-token\n\n" + registryUsage}
	}
	forget, err := c.logIn()
	if err != nil {
		return err
	}
	defer forget()
	raw, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("reading the publication: %w", err)
	}
	request, err := publish.ParseRequest(raw)
	if err != nil {
		return err
	}
	cosign := publish.Cosign{PlainHTTP: c.plain, Key: *key, IdentityToken: *token}
	trust := publish.Trust{Identity: request.Build.Builder, Issuer: *issuer}
	if *key != "" {
		folder, err := os.MkdirTemp("", "trusted-")
		if err != nil {
			return fmt.Errorf("writing the public key: %w", err)
		}
		defer os.RemoveAll(folder) //nolint:errcheck // a public key is no secret
		public, err := cosign.PublicKey(ctx)
		if err != nil {
			return err
		}
		trust = publish.Trust{Key: filepath.Join(folder, "cosign.pub")}
		if err := os.WriteFile(trust.Key, public, 0o600); err != nil {
			return fmt.Errorf("writing the public key: %w", err)
		}
	}
	publisher := &publish.Publisher{
		Registry: registry.Registry{PlainHTTP: c.plain}, Signer: cosign, Verifier: cosign, Trust: trust, Progress: os.Stderr,
	}
	text, err := publisher.Publish(ctx, request)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, text)
	return err
}

// release reads the flags that say which publication is meant and whose signature counts for it, and at least one argument. Its
// credentials are used until they are forgotten.
func (c *registryCall) release(args []string) (r publish.Release, forget func(), err error) {
	c.flags.StringVar(&r.Tag, "tag", "", "the release's tag")
	c.flags.StringVar(&r.Trust.Key, "key", "", "a file with the public key that has to have signed")
	c.flags.StringVar(&r.Trust.Identity, "identity", "", "in place of a key: the identity that has to have signed")
	c.flags.StringVar(&r.Trust.Issuer, "issuer", "https://token.actions.githubusercontent.com", "who vouches for the identity")
	c.flags.StringVar(&r.Policy.Source, "source", "", "the repository that it has to be built from")
	c.flags.StringVar(&r.Policy.Commit, "commit", "", "the commit that it has to be built from, in full")
	c.flags.BoolVar(&r.Policy.Uncommitted, "uncommitted", false, "let pass what was built from a checkout with changes")
	if err := parse(c.flags, args, registryUsage); err != nil {
		return r, nil, err
	}
	if c.flags.NArg() == 0 {
		return r, nil, usageError{registryUsage}
	}
	r.Registry, r.Policy.Builder = c.address, r.Trust.Identity
	forget, err = c.logIn()
	return r, forget, err
}

func verifyCommand(ctx context.Context, args []string, out io.Writer) error {
	c := newRegistryCall("verify")
	asJSON := c.flags.Bool("json", false, "print the references and what they are for, as a JSON list in the order of the arguments")
	r, forget, err := c.release(args)
	if err != nil {
		return err
	}
	defer forget()
	verified, err := publish.Verify(ctx, registry.Registry{PlainHTTP: c.plain}, publish.Cosign{PlainHTTP: c.plain}, r, c.flags.Args()...)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(out).Encode(verified)
	}
	for _, one := range verified {
		if _, err := fmt.Fprint(out, one.Text()); err != nil {
			return err
		}
	}
	return nil
}

func reproduceCommand(ctx context.Context, args []string, out io.Writer) error {
	c := newRegistryCall("reproduce")
	r, forget, err := c.release(args)
	if err != nil {
		return err
	}
	defer forget()
	rebuilt := make([]publish.Rebuilt, c.flags.NArg())
	for i, arg := range c.flags.Args() {
		rebuilt[i].Name, rebuilt[i].Archive, _ = strings.Cut(arg, "=")
	}
	text, err := publish.Reproduce(ctx, registry.Registry{PlainHTTP: c.plain}, publish.Cosign{PlainHTTP: c.plain}, r, rebuilt...)
	_, printed := fmt.Fprint(out, text)
	return errors.Join(err, printed)
}
