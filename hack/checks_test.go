package hack_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notBeforeDeploy are the checks that a deployment does without, and why.
var notBeforeDeploy = map[string]string{
	"TodoChatbot.Support":   "it tells of an end of support 60 days ahead: a release is no worse for it today",
	"TodoChatbot.Program":   "it tests what deploys, and not what is deployed",
	"TodoChatbot.Workflows": "they are GitHub's",
	"Chart.Unit":            "it compiles and tests the rules themselves; Policy holds the chart against them",
}

// receivers are the objects whose methods runChecks names.
var receivers = map[string]string{"m": "TodoChatbot", "backend": "Backend", "frontend": "Frontend", "chart": "Chart", "image": "Image"}

func TestADeploymentRunsWhatDaggerCheckRuns(t *testing.T) {
	functions := functionsOf(t)
	// What makes an image is there to have it inspected: runChecks names it, and inspected the check.
	var declared, run []string
	for name, function := range functions {
		isCheck := function.Doc != nil && slices.Contains(strings.Split(function.Doc.Text(), "\n"), "+check")
		if isCheck || strings.HasSuffix(name, ".Image") {
			declared = append(declared, name)
		}
	}
	require.Contains(t, declared, "Image.Inspect")
	require.Contains(t, declared, "Backend.Image")
	for _, from := range []string{"TodoChatbot.runChecks", "inspected"} {
		ast.Inspect(functions[from].Body, func(n ast.Node) bool {
			if selected, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := selected.X.(*ast.Ident); ok {
					if name := receivers[x.Name] + "." + selected.Sel.Name; slices.Contains(declared, name) {
						run = append(run, name)
					}
				}
			}
			return true
		})
	}
	assert.ElementsMatch(t, declared, append(run, slices.Collect(maps.Keys(notBeforeDeploy))...))
}

func TestNoFunctionOfTheModuleTakesMoreThanEightArguments(t *testing.T) {
	constructors := []string{"TodoChatbot.Release", "TodoChatbot.Registry"}
	for name, function := range functionsOf(t) {
		if function.Recv == nil || !function.Name.IsExported() || slices.Contains(constructors, name) {
			continue
		}
		arguments := 0
		for _, field := range function.Type.Params.List {
			if selected, ok := field.Type.(*ast.SelectorExpr); ok && selected.Sel.Name == "Context" {
				continue
			}
			arguments += len(field.Names)
		}
		assert.LessOrEqual(t, arguments, 8, name)
	}
}

func TestTheFirstLineOfACommentIsASummary(t *testing.T) {
	for name, function := range functionsOf(t) {
		if function.Recv == nil || !function.Name.IsExported() {
			continue
		}
		first, _, _ := strings.Cut(function.Doc.Text(), "\n")
		assert.Less(t, len(first), 80, "%s: %s", name, first)
		assert.Regexp(t, `\.$`, first, name)
		for _, field := range function.Type.Params.List {
			assert.NotContains(t, field.Doc.Text(), "`", "%s: words in back quotes become the type's name", name)
		}
	}
}

// An engine may forget a directory or a file that a cached object of the module names, and then every later call fails.
func TestNoObjectOutlivesItsSession(t *testing.T) {
	objects := 0
	for name, function := range functionsOf(t) {
		if !function.Name.IsExported() || function.Type.Results == nil {
			continue
		}
		pointer, ok := function.Type.Results.List[0].Type.(*ast.StarExpr)
		if !ok {
			continue
		}
		if _, own := pointer.X.(*ast.Ident); !own {
			continue // one of Dagger's
		}
		objects++
		assert.Regexp(t, `(?m)^\+cache="(session|never)"$`, function.Doc.Text(), name)
	}
	assert.Greater(t, objects, 8)
}

// functionsOf are those of the module, each as RECEIVER.NAME.
func functionsOf(t *testing.T) map[string]*ast.FuncDecl {
	t.Helper()
	files, err := filepath.Glob("../.dagger/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	functions := map[string]*ast.FuncDecl{}
	for _, file := range files {
		if strings.HasSuffix(file, "dagger.gen.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := function.Name.Name
			if function.Recv != nil {
				receiver := function.Recv.List[0].Type
				if star, ok := receiver.(*ast.StarExpr); ok {
					receiver = star.X
				}
				name = receiver.(*ast.Ident).Name + "." + name
			}
			functions[name] = function
		}
	}
	return functions
}
