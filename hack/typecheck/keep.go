package main

// What .dagger imports, so that go.mod and go.sum have it.
import (
	_ "dagger.io/dagger"

	_ "todo-chatbot/ci/deploy"
	_ "todo-chatbot/ci/flow"
	_ "todo-chatbot/ci/kube"
	_ "todo-chatbot/ci/node"
	_ "todo-chatbot/ci/pins"
	_ "todo-chatbot/ci/report"
	_ "todo-chatbot/ci/scan/download"
)
