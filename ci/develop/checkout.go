package develop

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
)

// Checkout is a folder of the checkout that somebody works on, as a Dagger workspace shows it.
type Checkout struct {
	Session Session
	// Workspace is the ID of the caller's workspace in the session.
	Workspace string
	// Folder is a path from the root of the workspace, e.g. "/backend".
	Folder string
	// Exclude are patterns of what is not brought.
	Exclude []string

	brought string
}

// Bring brings the folder as it is now into a folder of this machine, if it is another than the last that came. It says whether it was.
func (c *Checkout) Bring(ctx context.Context, into string) (bool, error) {
	// A session reads the same folder once. With another exclusion it is another.
	exclude := append([]string{rand.Text()}, c.Exclude...)
	digest, err := c.ask(ctx, exclude, "digest")
	if err != nil || digest == c.brought {
		return false, err
	}
	if _, err := c.ask(ctx, exclude, fmt.Sprintf("export(path: %s, wipe: true)", literal(into))); err != nil {
		return false, err
	}
	c.brought = digest
	return true, nil
}

// ask gives a field of the folder.
func (c *Checkout) ask(ctx context.Context, exclude []string, field string) (string, error) {
	query := fmt.Sprintf(`{ node(id: %s) { ... on Workspace { directory(path: %s, exclude: %s) { field: %s } } } }`,
		literal(c.Workspace), literal(c.Folder), literal(exclude), field)
	var answer struct {
		Node struct{ Directory struct{ Field string } }
	}
	err := c.Session.query(ctx, query, &answer)
	return answer.Node.Directory.Field, err
}

// literal writes a text or a list of texts as GraphQL does, which is as JSON does.
func literal(value any) string {
	written, _ := json.Marshal(value) // texts can be written
	return string(written)
}
