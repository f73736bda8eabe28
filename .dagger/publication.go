package main

import (
	"context"
	"fmt"
	"path"

	"golang.org/x/sync/errgroup"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/sbom"

	"dagger/todo-chatbot/internal/dagger"
)

// withArtifacts mounts what a publication consists of: both images with their bills of materials, and the chart.
func (m *TodoChatbot) withArtifacts(ctx context.Context, container *dagger.Container) (*dagger.Container, []publish.Artifact, error) {
	pins, err := image.ParsePins([]byte(m.Pins))
	if err != nil {
		return nil, nil, err
	}
	builds := []struct {
		call  string
		bases []image.Name
		build func(context.Context) (archive, error)
	}{
		{"backend archive", []image.Name{image.Python, image.Uv}, m.Backend().archive},
		{"frontend archive", []image.Name{image.Node}, m.Frontend().archive},
	}
	artifacts := make([]publish.Artifact, len(builds))
	mounts := make([]map[string]*dagger.File, len(builds))
	group, together := errgroup.WithContext(ctx)
	for i, b := range builds {
		group.Go(func() error {
			made, err := b.build(together)
			if err != nil {
				return err
			}
			a := publish.Artifact{Kind: publish.Image, Name: path.Base(made.repository), Call: b.call, Attestations: map[string]string{}}
			for _, base := range b.bases {
				a.Bases = append(a.Bases, pins.Reference(base))
			}
			a.File = "/artifacts/" + a.Name + ".tar"
			mounts[i] = map[string]*dagger.File{a.File: made.file}
			for _, format := range []sbom.Format{sbom.SPDX, sbom.CycloneDX} {
				file, err := made.sbom(together, m.Pins, format)
				if err != nil {
					return err
				}
				at := fmt.Sprintf("/artifacts/%s.%s", a.Name, format)
				a.Attestations[format.PredicateType()], mounts[i][at] = at, file
			}
			artifacts[i] = a
			return nil
		})
	}
	packaged, err := m.Chart().packaged(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for _, files := range mounts {
		for at, file := range files {
			container = container.WithMountedFile(at, file)
		}
	}
	const chartAt = "/artifacts/chart.tgz"
	chart := publish.Artifact{Kind: publish.Chart, Name: chartName, File: chartAt, Call: "chart package", Bases: []string{pins.Reference(image.Helm)}}
	return container.WithMountedFile(chartAt, packaged), append(artifacts, chart), nil
}
