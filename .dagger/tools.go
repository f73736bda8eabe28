package main

import (
	"context"
	"path"

	"todo-chatbot/ci/helm"
	"todo-chatbot/ci/image"

	"dagger/todo-chatbot/internal/dagger"
)

// kubeTools is Helm's own image, which has a shell, with the other tools that speak to a cluster beside it. Each comes from
// the image of those who make it, so that its version is the one that is pinned.
func kubeTools(pins string) *dagger.Container {
	container := from(pins, image.Helm)
	for _, tool := range []struct {
		name image.Name
		file string
	}{{image.Kubectl, "/bin/kubectl"}, {image.Kubeconform, "/kubeconform"}, {image.Jq, "/jq"}} {
		container = container.WithFile(toolPath(path.Base(tool.file)), from(pins, tool.name).File(tool.file))
	}
	return container
}

// supportedHelm fails when the pinned Helm is another than this module is written for.
func supportedHelm(ctx context.Context, pins string) error {
	said, err := from(pins, image.Helm).WithExec(helm.Ask()).Stdout(ctx)
	if err != nil {
		return explain("asking the pinned Helm for its version", err)
	}
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return err
	}
	return helm.Supported(said, parsed.Reference(image.Helm))
}
