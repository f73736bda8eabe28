package main

import (
	"context"
	"fmt"
	"path"

	"todo-chatbot/ci/sbom"

	"dagger/todo-chatbot/internal/dagger"
)

// The image's bill of materials: every package in it.
//
// One image has one: it has no time and nothing random in it.
func (b *Backend) Sbom(
	ctx context.Context,
	// spdx or cyclonedx
	// +default="spdx"
	format string,
) (*dagger.File, error) {
	made, err := b.archive(ctx)
	if err != nil {
		return nil, err
	}
	return made.namedSbom(ctx, b.Pins, format)
}

// The image's bill of materials: every package in it.
//
// One image has one: it has no time and nothing random in it.
func (f *Frontend) Sbom(
	ctx context.Context,
	// spdx or cyclonedx
	// +default="spdx"
	format string,
) (*dagger.File, error) {
	made, err := f.archive(ctx)
	if err != nil {
		return nil, err
	}
	return made.namedSbom(ctx, f.Pins, format)
}

func (a archive) namedSbom(ctx context.Context, pins, name string) (*dagger.File, error) {
	format, err := sbom.ParseFormat(name)
	if err != nil {
		return nil, err
	}
	return a.sbom(ctx, pins, format)
}

func (a archive) sbom(ctx context.Context, pins string, format sbom.Format) (*dagger.File, error) {
	name := path.Base(a.repository)
	raw, err := written(ctx, "listing the packages of "+name, unpacked(pins, a), []string{"trivy", "image", "--quiet", "--skip-version-check",
		"--offline-scan", "--format", string(format), "--input", name})
	if err != nil {
		return nil, err
	}
	text, err := sbom.Normalize(raw, format, a.digest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	file := name + "." + format.Name() + ".json"
	return dag.Directory().WithNewFile(file, string(text)).File(file), nil
}
