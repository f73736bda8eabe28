package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/image"
)

// Tool does one step of a publication in a container of its own, where a registry that is a service can be reached:
//
//	push image|chart FILE REPOSITORY   prints the reference by digest
//	free REPOSITORY@DIGEST TAG         fails when the tag names something else
//	tag REPOSITORY@DIGEST TAG
//	resolve REPOSITORY TAG             prints the digest
//
// Credentials come from the file that DOCKER_CONFIG names; REGISTRY_PLAIN_HTTP=1 is for a registry without TLS.
func Tool(args []string, out io.Writer) error {
	registry, err := fromEnvironment()
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch {
	case len(args) == 4 && args[0] == "push":
		opened, err := open(args[1], args[2])
		if err != nil {
			return err
		}
		reference, err := registry.Push(ctx, args[3], opened)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(out, reference)
		return err
	case len(args) == 3 && args[0] == "free":
		repository, digest, _ := strings.Cut(args[1], "@")
		return registry.Free(ctx, repository, args[2], digest)
	case len(args) == 3 && args[0] == "tag":
		repository, digest, _ := strings.Cut(args[1], "@")
		return registry.Tag(ctx, repository, digest, args[2])
	case len(args) == 3 && args[0] == "resolve":
		digest, err := registry.Resolve(ctx, args[1], args[2])
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(out, digest)
		return err
	}
	return errors.New("registry: write push, free, tag or resolve with its arguments")
}

func open(kind, file string) (v1.Image, error) {
	if kind == "chart" {
		opened, _, err := OpenChart(file)
		return opened, err
	}
	return image.Open(file)
}

// Config is Docker's own form of credentials, which cosign reads as well. It is a secret.
func Config(host, username, password string) ([]byte, error) {
	if username == "" && password == "" {
		return []byte("{}"), nil
	}
	auth := base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
	return json.Marshal(config{Auths: map[string]credentials{host: {auth}}})
}

type config struct {
	Auths map[string]credentials `json:"auths"`
}

type credentials struct {
	// Auth is the name, a colon and the password, in base64.
	Auth string `json:"auth"`
}

func fromEnvironment() (Registry, error) {
	registry := Registry{PlainHTTP: os.Getenv("REGISTRY_PLAIN_HTTP") == "1"}
	raw, err := os.ReadFile(os.Getenv("DOCKER_CONFIG") + "/config.json")
	if errors.Is(err, os.ErrNotExist) {
		return registry, nil
	}
	var known config
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	if err != nil {
		return registry, fmt.Errorf("reading the registry's credentials: %w", err)
	}
	for _, c := range known.Auths {
		plain, err := base64.StdEncoding.DecodeString(c.Auth)
		if err != nil {
			return registry, errors.New("reading the registry's credentials: they are not in base64")
		}
		registry.Username, registry.Password, _ = strings.Cut(string(plain), ":")
	}
	return registry, nil
}
