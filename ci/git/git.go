// Package git asks the git on PATH about a checkout.
package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"todo-chatbot/ci/run"
)

// Repository is a checkout's folder.
type Repository string

// Cloned fails when the checkout has no Git directory of its own.
func (r Repository) Cloned() error {
	if !r.has("HEAD") {
		return errors.New("this checkout has no .git directory: it is no clone, or a worktree of one; call from a clone")
	}
	return nil
}

// Complete fetches what a shallow clone lacks of its history, and fails where its origin does not give that to whoever asks.
func (r Repository) Complete(ctx context.Context) error {
	if err := r.Cloned(); err != nil || !r.has("shallow") {
		return err
	}
	fetch := run.Command{Dir: string(r), Args: []string{"git", "fetch", "--quiet", "--unshallow"}, Env: []string{"GIT_TERMINAL_PROMPT=0"}}
	if _, err := fetch.Output(ctx); err != nil {
		return fmt.Errorf("this clone is shallow, so most of its history is not there; run git fetch --unshallow: %w", err)
	}
	return nil
}

func (r Repository) has(name string) bool {
	_, err := os.Stat(filepath.Join(string(r), ".git", name))
	return err == nil
}

// Said is what a command of Git printed.
func (r Repository) Said(ctx context.Context, args ...string) (string, error) {
	out, err := run.Command{Dir: string(r), Args: append([]string{"git"}, args...)}.Output(ctx)
	if err != nil {
		return "", fmt.Errorf("asking Git what is checked out: %w", err)
	}
	return string(out), nil
}
