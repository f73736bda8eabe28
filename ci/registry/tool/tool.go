// Package tool lets the module's own executable be registry.Tool in a container, as ci/program does for tools that reach
// no network.
//
// It is a package of its own because of the order in which Go initializes packages: one that reaches the network comes after
// the module's bindings, which stop a program that has no session with an engine. So where this runs, Environment is set.
package tool

import (
	"todo-chatbot/ci/program"
	"todo-chatbot/ci/registry"
)

// Environment is what the module's bindings look for before they let a program start. Nothing is ever asked of it.
func Environment() map[string]string {
	return map[string]string{"DAGGER_SESSION_PORT": "1", "DAGGER_SESSION_TOKEN": "none"}
}

func init() { program.Be(registry.ToolName, registry.Tool) }
