package main

import (
	"context"
	"fmt"
	"strings"
	"time"

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
	names := image.Names()
	asked := make([]func(context.Context) ([]string, error), len(names))
	for i, name := range names {
		asked[i] = func(ctx context.Context) ([]string, error) { return platformsOf(ctx, m.Tools.reference(name)) }
	}
	platforms, err := sideBySide(ctx, asked...)
	if err != nil {
		return "", err
	}
	found := map[image.Name][]string{}
	for i, name := range names {
		found[name] = platforms[i]
	}
	return m.Tools.pins().Check(found)
}

// Check until when each pinned image is supported by those who make it.
//
// It says it, and fails 60 days before an end, and for a release line of which ci/image/support.yaml knows none.
//
// +check
// +cache="never"
func (m *TodoChatbot) Support() (string, error) {
	known, err := image.DefaultSupport()
	if err != nil {
		return "", err
	}
	return m.Tools.pins().CheckSupport(known, time.Now())
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
