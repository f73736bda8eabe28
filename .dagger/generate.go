package main

import "dagger/todo-chatbot/internal/dagger"

// What is made from other files of the checkout. "dagger generate" writes it; "dagger check" fails where that would change something.

// Write the description of the API, and the front end's types for it.
//
// The one comes from the backend's code, the other from the one.
//
// +generate
func (m *TodoChatbot) Api() *dagger.Changeset {
	described := m.Backend().dependencies().
		WithDirectory("/app", m.Backend().Source, dagger.ContainerWithDirectoryOpts{Include: applicationFiles}).
		WithEnvVariable("PYTHONPATH", "/app/src").
		WithExec([]string{"/app/.venv/bin/python", "-m", "todo.openapi"}, dagger.ContainerWithExecOpts{RedirectStdout: "/openapi.json"}).
		File("/openapi.json")
	typed := m.Frontend().locked().
		WithMountedFile("/backend/openapi.json", described).
		WithExec([]string{"npm", "run", "generate"}).
		File("/app/src/lib/api-schema.ts")
	return m.generated(dag.Directory().WithFile("backend/openapi.json", described).WithFile("frontend/src/lib/api-schema.ts", typed))
}

// Write the report's schema and the drawing of the release engine.
//
// +generate
func (m *TodoChatbot) Contracts() *dagger.Changeset {
	checkout := m.Source.Filter(dagger.DirectoryFilterOpts{Include: []string{"go.mod", "go.sum", "ci", "docs"}})
	return m.generated(m.Tools.golang(checkout).
		WithExec([]string{"go", "test", "-run", "^(TestTheContractOfTheReportIsWhatIsWritten|TestTheDrawnMachineIsTheCodes)$",
			"./ci/report", "./ci/release", "-update"}).
		Directory("/src").
		Filter(dagger.DirectoryFilterOpts{Include: []string{"docs/contracts/report.schema.json", "docs/architecture.md"}}))
}

// Write the chart's README from its values, with helm-docs.
//
// +generate
func (c *Chart) Docs() *dagger.Changeset {
	const readme = "helm/todo-chatbot/README.md"
	written := c.golang().
		WithExec([]string{"go", "tool", "-modfile=tools/go.mod", "helm-docs",
			"--chart-search-root", "helm/todo-chatbot", "--sort-values-order", "file", "--log-level", "warning"}).
		File(readme)
	return c.Pipeline.generated(dag.Directory().WithFile(readme, written))
}

// Write Kubernetes' schemas, which Kubernetes publishes inside its Go modules.
//
// +generate
func (c *Chart) Schemas() *dagger.Changeset {
	const schemas = "ci/chart/schemas"
	written := c.golang().WithExec([]string{"go", "run", "./" + schemas}).Directory(schemas)
	return c.Pipeline.generated(dag.Directory().WithDirectory(schemas, written))
}

// generated is what files change in the checkout.
func (m *TodoChatbot) generated(files *dagger.Directory) *dagger.Changeset {
	return m.Source.WithDirectory("/", files).Changes(m.Source)
}
