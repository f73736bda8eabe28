package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/secret"
)

// Unwanted is something that an image carries and should not.
type Unwanted struct {
	// Where is a file, or a field of the config.
	Where string
	// Why says what it is, to be read after Where.
	Why string
}

func (u Unwanted) String() string { return u.Where + " " + u.Why }

// rule is a pattern that a file's name or content must not have, and what is said of a file that has it.
type rule struct {
	pattern *regexp.Regexp
	why     string
}

var nameRules = []rule{
	{regexp.MustCompile(`(^|/)(\.cache|\.npm|_cacache|\.yarn|\.pnpm-store|\.(pytest|mypy|ruff)_cache|\.next/cache)/|^var/(cache|lib)/(apt|apk|dnf|yum)/`),
		"is a tool's cache: build in a stage of its own, and copy what it made"},
	{regexp.MustCompile(`(^|/)s?bin/(apt|apt-get|apk|dpkg)$`), installs},
	{regexp.MustCompile(`(^|/)s?bin/(gcc|g\+\+|cc|c\+\+|clang|ld|as|make|cmake|cargo|rustc|go|tsc|cython|esbuild)(-[0-9.]+)?$|/node_modules/(typescript|esbuild|webpack|@swc/core|@next/swc-[^/]+)/`),
		"is a compiler: it belongs to the build"},
	{regexp.MustCompile(`\.(c|cc|cpp|cxx|h|hh|hpp|pyx|pxd|pxi|asm|rs)$`),
		"is a compiler's source: nothing reads it at run time"},
	{regexp.MustCompile(`(^|/)(tests?|__tests__|testing)/|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$|\.(test|spec)\.[cm]?[jt]sx?$`),
		"is of a test: leave it out of the copy"},
	{regexp.MustCompile(`\.(map|tsx?|jsx)$`),
		"gives the source away: ship what the build made of it"},
	{regexp.MustCompile(`(^|/)(\.env(\.[^/]*)?|\.npmrc|\.netrc|\.pypirc|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)|kubeconfig)$|(^|/)\.(git|ssh|aws|docker|kube)/|\.(key|p12|pfx)$`),
		"is where credentials are kept: give them at run time"},
}

// sourceMap is one that is written into what it is the map of.
var sourceMap = regexp.MustCompile(`[#@] sourceMappingURL=data:[^,\s]*,[A-Za-z0-9+/=%]{40}`)

// Inspect names what an image should not carry: caches, package managers, compilers, tests, sources, credentials, files
// that anyone may write or that run as their owner; a root user; dependencies in the layer that each change of the
// application sends again. The base's own layers are its publisher's matter, but for two things that are in no image, whichever layer
// brought them: the package managers of Node and Python, and programs for another machine.
func Inspect(image v1.Image) ([]Unwanted, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("inspecting the image: %w", err)
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, fmt.Errorf("inspecting the image: %w", err)
	}
	managers, err := managersIn(layers)
	if err != nil {
		return nil, fmt.Errorf("inspecting the image: %w", err)
	}
	programs, err := foreignIn(layers, config.Architecture)
	if err != nil {
		return nil, fmt.Errorf("inspecting the image: %w", err)
	}
	found, made := slices.Concat(ofConfig(config), managers, programs), history(config)
	for i, layer := range layers {
		if len(made) == len(layers) && strings.HasPrefix(made[i].CreatedBy, imported) {
			continue
		}
		inLayer, err := ofLayer(layer, i == len(layers)-1)
		if err != nil {
			return nil, fmt.Errorf("inspecting layer %d: %w", i, err)
		}
		found = append(found, inLayer...)
	}
	return found, nil
}

func ofConfig(config *v1.ConfigFile) []Unwanted {
	var found []Unwanted
	switch user, _, _ := strings.Cut(config.Config.User, ":"); user {
	case "", "0", "root":
		found = append(found, Unwanted{"the config's user", "is root: name another"})
	}
	for _, variable := range config.Config.Env {
		name, value, _ := strings.Cut(variable, "=")
		if secret.Named(name, value) {
			found = append(found, Unwanted{"the config's variable " + name, "is a credential by its name: give it at run time"})
		} else if what := secret.In(value); what != "" {
			found = append(found, Unwanted{"the config's variable " + name, "is " + what + ": give it at run time"})
		}
	}
	for where, text := range textsOf(config) {
		if what := heldBy(text); what != "" {
			found = append(found, Unwanted{where, "has " + what + " in it: give it at run time"})
		}
	}
	return found
}

// textsOf gives what else a config says, in order: its command, its labels, and how each layer of the build's own was made.
func textsOf(config *v1.ConfigFile) iter.Seq2[string, string] {
	return func(yield func(where, text string) bool) {
		if !yield("the config's command", strings.Join(append(config.Config.Entrypoint, config.Config.Cmd...), " ")) {
			return
		}
		for _, label := range slices.Sorted(maps.Keys(config.Config.Labels)) {
			if !yield("the config's label "+label, label+"="+config.Config.Labels[label]) {
				return
			}
		}
		for i, made := range config.History {
			if !strings.HasPrefix(made.CreatedBy, imported) && !yield(fmt.Sprintf("the config's history, line %d,", i+1), made.CreatedBy) {
				return
			}
		}
	}
}

// heldBy says what is secret in a text, "" when nothing is.
func heldBy(text string) string {
	if what := secret.In(text); what != "" {
		return what
	}
	if name := secret.Behind(text); name != "" {
		return "the value of " + name
	}
	return ""
}

// shown is how many files with something against them are told of at once; the rest are counted.
const shown = 20

// short is a list with the rest of it counted.
func short(found []Unwanted) []Unwanted {
	if more := len(found) - shown; more > 0 {
		return append(found[:shown], Unwanted{fmt.Sprintf("%d more", more), "like these are in the same layer"})
	}
	return found
}

func ofLayer(layer v1.Layer, last bool) ([]Unwanted, error) {
	var found []Unwanted
	apart := last
	err := Walk(layer, func(header *tar.Header, content io.Reader) error {
		if deleted(header.Name) != "" {
			return nil
		}
		whys, err := ofFile(header, content)
		if err != nil {
			return err
		}
		if apart && header.Typeflag == tar.TypeReg && packaged.MatchString(header.Name) {
			whys, apart = append(whys, "is a dependency in the application's layer: give dependencies one below"), false
		}
		for _, why := range whys {
			found = append(found, Unwanted{"/" + header.Name, why})
		}
		return nil
	})
	return short(found), err
}

// ofFile gives each rule that one file breaks. Only regular files are looked at: a link's target is another entry.
func ofFile(header *tar.Header, content io.Reader) ([]string, error) {
	if header.Typeflag != tar.TypeReg {
		return nil, nil
	}
	var whys []string
	for _, rule := range nameRules {
		if rule.pattern.MatchString(header.Name) {
			whys = append(whys, rule.why)
		}
	}
	mode := header.FileInfo().Mode()
	if mode.Perm()&0o002 != 0 {
		whys = append(whys, "can be written by anyone: change its mode")
	}
	if header.Mode&0o6000 != 0 {
		whys = append(whys, "runs as its owner, whoever starts it: change its mode")
	}
	// Keys and scripts are small, and a pattern over a library of 10 MB takes its time.
	if header.Size > maxText {
		return whys, nil
	}
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	if secret.PrivateKey(text) {
		whys = append(whys, "has a private key in it: take it out, and replace the key wherever it is used")
	}
	if sourceMap.Match(text) {
		whys = append(whys, "has a source map in it, which gives the source away")
	}
	return whys, nil
}

// maxText is the length in bytes up to which a file's content is looked at.
const maxText = 2 << 20

// Accept holds an image against the rules of Inspect and gives what it should not carry as one error, a line each.
func Accept(image v1.Image) error {
	found, err := Inspect(image)
	problems := []error{err}
	for _, unwanted := range found {
		problems = append(problems, fmt.Errorf("image content: %s", unwanted))
	}
	return errors.Join(problems...)
}
