// Bindings prints the overlay under which `go build` reads the Dagger module in .dagger without an engine, and writes
// what the overlay adds into the directory that it is given.
//
// An engine generates internal/dagger from its API. The Go SDK of the same version has the same API under
// dagger.io/dagger, so here each of its exported names stands for the generated one.
package main

import (
	"encoding/json"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "bindings: name a directory to write to")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "bindings:", err)
		os.Exit(1)
	}
}

func run(made string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	overlay := map[string]string{}
	add := func(name, source string) error {
		path := filepath.Join(made, strings.ReplaceAll(name, "/", "_"))
		overlay[filepath.Join(here, name)] = path
		return os.WriteFile(path, []byte(source), 0o600)
	}
	names, err := reexport()
	if err != nil {
		return err
	}
	if err := add("internal/dagger/bindings.go", names); err != nil {
		return err
	}
	if err := add("client.go", "package main\n\nimport \"dagger.io/dagger\"\n\nvar dag *dagger.Client\n\nfunc main() {}\n"); err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(here, "../../.dagger/*.go"))
	if err != nil {
		return err
	}
	for _, source := range sources {
		if !strings.HasSuffix(source, ".gen.go") {
			overlay[filepath.Join(here, filepath.Base(source))] = source
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"Replace": overlay})
}

// reexport gives a package that has every exported type and constant of the SDK.
func reexport() (string, error) {
	sdk, err := importer.ForCompiler(token.NewFileSet(), "source", nil).Import("dagger.io/dagger")
	if err != nil {
		return "", fmt.Errorf("reading dagger.io/dagger: %w", err)
	}
	var out strings.Builder
	out.WriteString("package dagger\n\nimport sdk \"dagger.io/dagger\"\n\n")
	for _, name := range sdk.Scope().Names() {
		object := sdk.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.TypeName:
			// What takes type parameters is the SDK's own plumbing.
			if named, ok := object.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
				continue
			}
			fmt.Fprintf(&out, "type %s = sdk.%s\n", name, name)
		case *types.Const:
			fmt.Fprintf(&out, "const %s = sdk.%s\n", name, name)
		}
	}
	return out.String(), nil
}
