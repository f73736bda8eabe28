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
// A pin may say in its line that it is for one alone. Their age is in the repository's history: go run ./hack/pins.
//
// +check
func (m *TodoChatbot) Platforms(ctx context.Context) (string, error) {
	said, err := m.Tools.pins().CheckPlatforms(ctx, hasPlatform)
	return said, named("platforms", err)
}

// Check until when each pinned image is supported by those who make it.
//
// It fails 60 days before an end, and for a release line of which ci/pins/support.yaml knows none.
//
// +check
// +cache="never"
func (m *TodoChatbot) Support() (string, error) {
	known, err := pins.DefaultSupport()
	if err != nil {
		return "", err
	}
	said, err := m.Tools.pins().CheckSupport(known, time.Now())
	return said, named("support", err)
}

// hasPlatform says whether an image has a platform. The engine refuses what an index lacks, and gives the one image that there is where
// a digest is no index's: that is asked for its own.
func hasPlatform(ctx context.Context, reference, platform string) (bool, error) {
	got, err := dag.Container(dagger.ContainerOpts{Platform: dagger.Platform(platform)}).From(reference).Platform(ctx)
	if err != nil && strings.Contains(err.Error(), "no manifest matches requested platform") {
		return false, nil
	}
	return string(got) == platform, err
}
