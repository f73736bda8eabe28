package main

import (
	"context"
	"errors"
	"os/exec"
)

// execute runs a command in a container of an image and gives all that it prints.
func execute(ctx context.Context, reference string, command []string) (string, error) {
	args := append([]string{"run", "--rm", "--network", "none", "--entrypoint", command[0], reference}, command[1:]...)
	printed, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("docker is not on PATH; hack/lab/up docker installs and starts it")
	}
	return string(printed), err
}
