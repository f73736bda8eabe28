package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// Check that each pinned image is there for linux/amd64 and linux/arm64.
//
// A pin may say in its line that it is for one alone. It says what each is. Their age is in the repository's history:
// "go run ./hack/pins" tells it.
//
// +check
func (m *TodoChatbot) Platforms(ctx context.Context) (string, error) {
	pins, err := image.ParsePins([]byte(m.Pins))
	if err != nil {
		return "", err
	}
	names := image.Names()
	platforms := make([][]string, len(names))
	group, ctx := errgroup.WithContext(ctx)
	for i, name := range names {
		group.Go(func() error {
			var err error
			platforms[i], err = platformsOf(ctx, pins.Reference(name))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	found := map[image.Name][]string{}
	for i, name := range names {
		found[name] = platforms[i]
	}
	return pins.Check(found)
}

// Check until when each pinned image is supported by those who make it.
//
// It says it, and fails 60 days before an end, and for a release line of which ci/image/support.yaml knows none.
//
// +check
// +cache="never"
func (m *TodoChatbot) Support() (string, error) {
	pins, err := image.ParsePins([]byte(m.Pins))
	if err != nil {
		return "", err
	}
	known, err := image.DefaultSupport()
	if err != nil {
		return "", err
	}
	return pins.CheckSupport(known, time.Now())
}

// noSuchPlatform is what the engine says of an index without the platform that it was asked for.
const noSuchPlatform = "no manifest matches requested platform"

// platformsOf gives those platforms that an image has, of those that images are built for. The engine takes an index
// apart, and gives the one image that there is where the digest is no index's; so what it gives is asked for its own.
func platformsOf(ctx context.Context, reference string) ([]string, error) {
	var found []string
	for _, platform := range image.Platforms() {
		got, err := dag.Container(dagger.ContainerOpts{Platform: dagger.Platform(platform)}).From(reference).Platform(ctx)
		if err != nil && strings.Contains(err.Error(), noSuchPlatform) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("asking for %s of %s: %w", platform, reference, err)
		}
		if string(got) == platform {
			found = append(found, platform)
		}
	}
	return found, nil
}
