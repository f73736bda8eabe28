package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/pins"

	"dagger/todo-chatbot/internal/dagger"
)

// pinsOf gives the text of a pins file, of the project's own where there is none, once every line of it is as it should be.
func pinsOf(ctx context.Context, file *dagger.File) (text string, err error) {
	text = pins.Default()
	if file != nil {
		if text, err = file.Contents(ctx); err != nil {
			return "", fmt.Errorf("reading the image pins: %w", err)
		}
	}
	_, err = pins.Parse([]byte(text))
	return text, err
}

// Check that each pinned image is there for linux/amd64 and linux/arm64.
//
// A pin may say in its line that it is for one alone. It says what each is. Their age is in the repository's history:
// "go run ./hack/pins" tells it.
//
// +check
func (m *TodoChatbot) Platforms(ctx context.Context) (string, error) {
	names := pins.Names()
	asked := make([]func(context.Context) ([]string, error), len(names))
	for i, name := range names {
		asked[i] = func(ctx context.Context) ([]string, error) { return platformsOf(ctx, m.Tools.reference(name)) }
	}
	platforms, err := sideBySide(ctx, asked...)
	if err != nil {
		return "", err
	}
	found := map[pins.Name][]string{}
	for i, name := range names {
		found[name] = platforms[i]
	}
	return m.Tools.pins().Check(found)
}

// Check until when each pinned image is supported by those who make it.
//
// It says it, and fails 60 days before an end, and for a release line of which ci/pins/support.yaml knows none.
//
// +check
// +cache="never"
func (m *TodoChatbot) Support() (string, error) {
	known, err := pins.DefaultSupport()
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
	for _, platform := range pins.Platforms() {
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
