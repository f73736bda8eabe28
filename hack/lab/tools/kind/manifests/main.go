// Manifests gives what kind writes into each node image that it builds, as its own source has it.
//
//	manifests KIND DIR
//
// KIND is the folder of the module sigs.k8s.io/kind. DIR gets default-cni.yaml and default-storage.yaml. The images that
// they name are printed, each on a line: kindnetd, the storage provisioner, its helper.
package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: manifests KIND DIR")
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal("manifests: ", err)
	}
}

func write(kind, dir string) error {
	value, err := constants(filepath.Join(kind, "pkg/build/nodeimage"), "const_cni.go", "const_storage.go")
	if err != nil {
		return err
	}
	for file, name := range map[string]string{"default-cni.yaml": "defaultCNIManifest", "default-storage.yaml": "defaultStorageManifest"} {
		text, err := value(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"kindnetdImage", "storageProvisionerImage", "storageHelperImage"} {
		text, err := value(name)
		if err != nil {
			return err
		}
		fmt.Println(text)
	}
	return nil
}

// constants reads files that need no other, and gives a constant string of theirs by its name.
func constants(dir string, names ...string) (func(name string) (string, error), error) {
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(files, filepath.Join(dir, name), nil, 0)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	var config types.Config
	checked, err := config.Check(dir, files, parsed, nil)
	if err != nil {
		return nil, err
	}
	return func(name string) (string, error) {
		found, ok := checked.Scope().Lookup(name).(*types.Const)
		if !ok || found.Val().Kind() != constant.String {
			return "", fmt.Errorf("%s has no constant string %s", dir, name)
		}
		return constant.StringVal(found.Val()), nil
	}, nil
}
