package hack_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEachCallInTheDocsIsOneThatTheModuleHas(t *testing.T) {
	module := moduleOf(t)
	checked := 0
	for _, file := range repositoryFiles(t) {
		if path.Ext(file) != ".md" || strings.HasPrefix(file, "hack/lab/") {
			continue
		}
		for _, call := range writtenCalls(read(t, file)) {
			checked++
			assert.NoError(t, module.check(call), "%s: dagger call %s", file, strings.Join(call, " "))
		}
	}
	assert.Greater(t, checked, 40)
}

func TestCalls(t *testing.T) {
	module := module{
		"TodoChatbot": {
			"":        {flags: map[string]bool{"created": false}},
			"backend": {gives: "Backend"},
			"deploy":  {gives: "string", flags: map[string]bool{"public-url": false, "force": true}},
			"page":    {gives: "dagger.File"},
		},
		"Backend": {"build": {gives: "dagger.Container"}, "test": {gives: "string"}},
	}
	for call, says := range map[string]string{
		"deploy":                                  "",
		"--created 1 deploy":                      "",
		"--output run.txt deploy":                 "",
		"deploy --public-url http://a:1":          "",
		"deploy --public-url=http://a:1":          "",
		"deploy --force":                          "",
		"backend build export-image --name a":     "",
		"backend … test":                          "",
		"$release backend test":                   "",
		"page export --path=…":                    "",
		"--help":                                  "",
		"deploy --help":                           "",
		"":                                        "names no function",
		"destroy":                                 `TodoChatbot has no function "destroy"`,
		"backend deploy":                          `Backend has no function "deploy"`,
		"deploy --public-uri http://a:1":          `deploy has no flag --public-uri`,
		"deploy --force maybe":                    `string has no function "maybe"`,
		"backend --created 1 test":                `backend has no flag --created`,
		"deploy --public-url":                     `--public-url of deploy has no value`,
		"page export --to a":                      `export has no flag --to`,
		"page publish":                            `dagger.File has no function "publish"`,
		"backend build export-image --path a.tar": `export-image has no flag --path`,
	} {
		err := module.check(strings.Fields(call))
		if says == "" {
			assert.NoError(t, err, call)
		} else {
			assert.ErrorContains(t, err, says, call)
		}
	}
}

func TestWrittenCalls(t *testing.T) {
	for text, want := range map[string][][]string{
		"```sh\nhack/dagger call deploy\n```":                                         {{"deploy"}},
		"```sh\ndagger call a \\\n  --b c\n```":                                       {{"a", "--b", "c"}},
		"```sh\ndagger call a   # why: dagger call b\n```":                            {{"a"}},
		"```sh\nkind x >k && hack/dagger call a --b tcp://$(sed -n 's| x|' k) c\n```": {{"a", "--b", "tcp://$(sed -n 's| x|' k)", "c"}},
		"```sh\ndagger call a --b \"c d\" | tee log\n```":                             {{"a", "--b", "c d"}},
		"```sh\nhack/dagger --progress=plain call a\n```":                             {{"a"}},
		"run `dagger call a b`, or `hack/dagger call c`":                              {{"a", "b"}, {"c"}},
		"run `hack/dagger call serve --public-url\nhttp://localhost:1 up`":            {{"serve", "--public-url", "http://localhost:1", "up"}},
		"`dagger check` and `hack/dagger up`, and dagger call in a sentence":          nil,
		"| `dagger call release --cluster tcp://localhost:PORT … deploy` |":           {{"release", "--cluster", "tcp://localhost:PORT", "…", "deploy"}},
	} {
		assert.Equal(t, want, writtenCalls(text), text)
	}
}

// function is one of the module's, as the command line has it: what it gives, and its flags, each with whether it is a switch.
type function struct {
	gives string
	flags map[string]bool
}

// module has the functions of each type by name; the module's own arguments are those of the function "".
type module map[string]map[string]function

// core are Dagger's own functions that a call ends with.
var core = module{
	"dagger.File":      {"export": {flags: map[string]bool{"path": false}}, "contents": {}},
	"dagger.Directory": {"export": {flags: map[string]bool{"path": false}}, "entries": {}, "file": {gives: "dagger.File", flags: map[string]bool{"path": false}}},
	"dagger.Service":   {"up": {flags: map[string]bool{"ports": false}}},
	"dagger.Container": {
		"export": {flags: map[string]bool{"path": false}}, "export-image": {flags: map[string]bool{"name": false}},
		"terminal": {}, "publish": {flags: map[string]bool{"address": false}},
	},
}

// command are the flags of "dagger call" itself.
var command = map[string]bool{"--output": false, "-o": false, "--progress": false, "-m": false, "--mod": false, "--help": true, "-s": true, "--silent": true}

// elsewhere are words that stand for arguments which are not written out.
var elsewhere = regexp.MustCompile(`^(…|\.\.\.|"?\$[a-z]+"?)$`)

// check follows the words after "dagger call" through the module.
func (m module) check(words []string) error {
	receiver, name, named := "TodoChatbot", "", false
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if elsewhere.MatchString(word) {
			continue
		}
		if !strings.HasPrefix(word, "-") {
			found, ok := m.functions(receiver)[word]
			if name != "" {
				receiver = m.functions(receiver)[name].gives
				found, ok = m.functions(receiver)[word]
			}
			if !ok {
				return fmt.Errorf("%s has no function %q", receiver, word)
			}
			_, name, named = found, word, true
			continue
		}
		flag, _, valued := strings.Cut(word, "=")
		isSwitch, ok := m.functions(receiver)[name].flags[strings.TrimPrefix(flag, "--")]
		if own, of := command[flag]; of && !ok {
			isSwitch, ok, named = own, true, named || flag == "--help"
		}
		if !ok {
			return fmt.Errorf("%s has no flag %s", name, flag)
		}
		if valued || isSwitch {
			continue
		}
		if len(words) == 0 {
			return fmt.Errorf("%s of %s has no value", flag, name)
		}
		words = words[1:]
	}
	if !named {
		return fmt.Errorf("the call names no function")
	}
	return nil
}

func (m module) functions(receiver string) map[string]function {
	if known := core[receiver]; known != nil {
		return known
	}
	return m[receiver]
}

// moduleOf reads the module from its source, as Dagger does.
func moduleOf(t *testing.T) module {
	t.Helper()
	m := module{}
	add := func(receiver, name string, f function) {
		if m[receiver] == nil {
			m[receiver] = map[string]function{}
		}
		m[receiver][name] = f
	}
	for name, declared := range functionsOf(t) {
		receiver, method, isMethod := strings.Cut(name, ".")
		switch {
		case name == "New":
			add("TodoChatbot", "", function{flags: flagsOf(declared)})
		case isMethod && declared.Name.IsExported():
			gives := ""
			if results := declared.Type.Results; results != nil {
				gives = typeName(results.List[0].Type)
			}
			add(receiver, kebab(method), function{gives: gives, flags: flagsOf(declared)})
		}
	}
	fields(t, func(receiver string, field *ast.Field) {
		for _, name := range field.Names {
			if name.IsExported() && !strings.Contains(field.Doc.Text(), "+private") {
				add(receiver, kebab(name.Name), function{gives: typeName(field.Type)})
			}
		}
	})
	require.Contains(t, m["TodoChatbot"], "deploy")
	return m
}

// fields visits those of the module's types.
func fields(t *testing.T, visit func(receiver string, field *ast.Field)) {
	t.Helper()
	files, err := filepath.Glob("../.dagger/*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "dagger.gen.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if structure, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range structure.Fields.List {
						visit(spec.Name.Name, field)
					}
				}
			}
			return true
		})
	}
}

func flagsOf(declared *ast.FuncDecl) map[string]bool {
	flags := map[string]bool{}
	for _, field := range declared.Type.Params.List {
		for _, name := range field.Names {
			flags[kebab(name.Name)] = typeName(field.Type) == "bool"
		}
	}
	return flags
}

// typeName is a type's name without its star.
func typeName(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return typeName(of.X)
	case *ast.SelectorExpr:
		return typeName(of.X) + "." + of.Sel.Name
	case *ast.Ident:
		return of.Name
	}
	return ""
}

var (
	afterLower   = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	beforeLetter = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
)

// kebab is a Go name as the command line writes it.
func kebab(name string) string {
	return strings.ToLower(beforeLetter.ReplaceAllString(afterLower.ReplaceAllString(name, "$1-$2"), "$1-$2"))
}

var (
	block  = regexp.MustCompile("(?ms)^ *```(?:sh|bash|console)\n(.*?)^ *```")
	fenced = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	inline = regexp.MustCompile("`([^`]+)`")
	called = regexp.MustCompile(`(?:^|[ \n(;])(?:hack/)?dagger(?: --?[a-z=]+)* call(?: |$)`)
)

// writtenCalls are the words after "dagger call" of each call in a page: in its blocks of commands, and between back quotes.
func writtenCalls(page string) [][]string {
	var all [][]string
	for _, found := range block.FindAllStringSubmatch(page, -1) {
		for line := range strings.SplitSeq(strings.ReplaceAll(found[1], "\\\n", " "), "\n") {
			all = append(all, callsIn(line)...)
		}
	}
	for _, found := range inline.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		all = append(all, callsIn(strings.ReplaceAll(found[1], "\n", " "))...)
	}
	return all
}

func callsIn(line string) [][]string {
	at := called.FindStringIndex(line)
	if at == nil || strings.Contains(line[:at[0]], "#") {
		return nil
	}
	return [][]string{shellWords(line[at[1]:])}
}

// shellWords are those of one command: until a comment, a pipe, a redirection or another command.
func shellWords(line string) []string {
	words := []string{}
	var word strings.Builder
	quote, depth, begun := rune(0), 0, false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, letter := range line + " " {
		switch {
		case quote != 0 && letter == quote && depth == 0:
			quote = 0
		case quote == 0 && depth == 0 && (letter == '"' || letter == '\''):
			quote, begun = letter, true
		case quote != 0:
			word.WriteRune(letter)
		case letter == ' ' && depth == 0:
			end()
		case depth == 0 && !begun && slices.Contains([]rune("#|&;>"), letter):
			return words
		default:
			switch letter {
			case '(':
				depth++
			case ')':
				depth--
			}
			begun = true
			word.WriteRune(letter)
		}
	}
	return words
}
