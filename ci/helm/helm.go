// Package helm holds which Helm the pipeline runs, and how that Helm applies a release.
package helm

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"todo-chatbot/ci/run"
)

// Major is the Helm that everything here is written for, and Pin the line of the pins that names it.
const (
	Major = "4"
	Pin   = "helm"
)

// Check fails when the Helm on PATH is another than everything here is written for. Pinned is the reference of its image.
func Check(ctx context.Context, pinned string) error {
	// Alike in Helm 3 and 4.
	said, err := run.Command{Args: []string{"helm", "version", "--template", "{{.Version}}"}}.Output(ctx)
	if err != nil {
		return fmt.Errorf("asking the Helm of %s for its version: %w", pinned, err)
	}
	return Supported(string(said), pinned)
}

// release is what Helm calls a release of its own: v4.3.0, with a commit behind a plus where it is asked in short. A Helm
// that was built from its source without more says v4.3.
var release = regexp.MustCompile(`^v(\d+)\.\d+(\.\d+)?(\+[0-9A-Za-z.-]+)?$`)

// Supported holds what a Helm said of its version against Major. The tag of an image says what somebody called it, and images have
// been made again with another Helm under the same tag. A release before its time is refused as well. Pinned is the
// image's reference.
func Supported(said, pinned string) error {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	found := release.FindStringSubmatch(line)
	if found != nil && found[1] == Major {
		return nil
	}
	if len(line) > 60 {
		line = line[:60] + "…"
	}
	if line == "" {
		line = "nothing"
	}
	return fmt.Errorf("the Helm of %s says %q of its version, and this pipeline is written for a release of Helm %s: "+
		"pin one as %q in ci/image/pins.txt, or in the file given as --pins", pinned, line, Major, Pin)
}

// Apply gives the arguments with which a release is upgraded, installed or rolled back. The server applies, as it does in a
// plan's dry run. Left to itself, Helm 4 goes on as whoever installed the release did, and the client merges what Helm 3
// installed. Who else changed a field that the chart sets gives it up, as with Helm 3: an autoscaler its replicas once the
// chart sets them, a person what was edited by hand.
func Apply() []string { return []string{"--server-side=true", "--force-conflicts"} }
