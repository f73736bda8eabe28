package provenance

import (
	"context"
	"errors"
	"fmt"

	"todo-chatbot/ci/git"
)

// SourceOf asks Git what is checked out in a folder. A checkout with changes that no commit has is refused unless they are allowed.
func SourceOf(ctx context.Context, folder string, uncommitted bool) (Source, error) {
	repository := git.Repository(folder)
	if err := repository.Cloned(); err != nil {
		return Source{}, fmt.Errorf("asking Git what is checked out: %w", err)
	}
	var answers [3]string
	for i, question := range [][]string{
		{"rev-parse", "HEAD"}, {"config", "--default", "", "--get", "remote.origin.url"}, {"status", "--porcelain"},
	} {
		var err error
		if answers[i], err = repository.Said(ctx, question...); err != nil {
			return Source{}, err
		}
	}
	source, err := ParseSource(answers[0], answers[1], answers[2])
	if err == nil && source.Uncommitted && !uncommitted {
		err = errors.New("the checkout has changes that are not committed; commit them, or allow it with --uncommitted")
	}
	return source, err
}
