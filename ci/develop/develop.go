// Package develop keeps the files of a running server those of the checkout that somebody works on.
//
// Dagger mounts no folder of the caller's machine into a container (https://github.com/dagger/dagger/issues/13570). A container that
// has access to its session can ask for such a folder again, though.
package develop

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// interval is how long a saved file waits at most until it is seen.
const interval = 500 * time.Millisecond

// Follow brings what is saved in a checkout to a folder until the context ends. It prints the names of what it brought. What cannot be
// brought is told once, and tried again.
func Follow(ctx context.Context, checkout *Checkout, mirror *Mirror, out io.Writer) {
	var told string
	for {
		changed, err := step(ctx, checkout, mirror)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && err.Error() != told:
			told = err.Error()
			fmt.Fprintf(out, "develop: what was saved is not here yet: %s\n", told)
		case err == nil:
			told = ""
		}
		if len(changed) > 0 {
			fmt.Fprintf(out, "develop: %s\n", strings.Join(changed, ", "))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

func step(ctx context.Context, checkout *Checkout, mirror *Mirror) ([]string, error) {
	other, err := checkout.Bring(ctx, mirror.From)
	if err != nil || !other {
		return nil, err
	}
	changed, err := mirror.Step()
	if err != nil {
		checkout.brought = "" // brought again, and so tried again
	}
	return changed, err
}
