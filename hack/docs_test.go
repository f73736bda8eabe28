package hack_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const decisions = "docs/decisions"

func TestWhatNamesAPageOfTheDocsNamesOneThatIsThere(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		for _, named := range namedPages(file, read(t, file)) {
			page, anchor, _ := strings.Cut(named, "#")
			if _, err := os.Stat(root(page)); !assert.NoError(t, err, "%s names %s", file, named) || anchor == "" {
				continue
			}
			assert.Contains(t, anchors(read(t, page)), anchor, "%s names a heading that %s has not", file, page)
		}
	}
}

func TestTheIndexOfDecisionsHasEachPageOnceWithItsStatus(t *testing.T) {
	index := read(t, decisions+"/README.md")
	pages, err := filepath.Glob(root(decisions + "/*.md"))
	require.NoError(t, err)
	require.Greater(t, len(pages), 1)
	for _, page := range pages {
		name := filepath.Base(page)
		if name == "README.md" {
			continue
		}
		rows := regexp.MustCompile(`(?m)^\| \[[^\]]+\]\(`+regexp.QuoteMeta(name)+`\) \| .+ \| (accepted|superseded by \[.+\]\(.+\)) \|$`).FindAllStringSubmatch(index, -1)
		if !assert.Len(t, rows, 1, "rows of %s in %s/README.md, as: | [title](%s) | one line | accepted |", name, decisions, name) {
			continue
		}
		status, _, _ := strings.Cut(rows[0][1], " ")
		assert.Regexp(t, `(?i)^# .+\n\n`+status+`.*, \d{4}-\d{2}-\d{2}\n`, read(t, decisions+"/"+name), "the head of %s", name)
	}
}

func TestEachContractIsInTheIndex(t *testing.T) {
	index := read(t, "docs/contracts/README.md")
	contracts, err := filepath.Glob(root("docs/contracts/*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, contracts)
	for _, contract := range contracts {
		assert.Contains(t, index, "]("+filepath.Base(contract)+")")
	}
}

func TestPagesThatAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"in a comment":            {"ci/a.go", "// Why: docs/decisions/scans.md.", []string{"docs/decisions/scans.md"}},
		"in brackets":             {"ci/a.go", "// once (docs/chart.md)", []string{"docs/chart.md"}},
		"from a folder":           {"ci/release/a.go", `page = "../../docs/chart.md"`, []string{"docs/chart.md"}},
		"with two dots":           {"ci/a.go", `"docs/contracts/a.schema.json"`, []string{"docs/contracts/a.schema.json"}},
		"at a sentence's end":     {"ci/a.go", "// see docs/chart.md.", []string{"docs/chart.md"}},
		"with a heading":          {"ci/a.go", "// docs/requirements.md#3-probes", []string{"docs/requirements.md#3-probes"}},
		"without its ending":      {"ci/a.go", "// docs/decisions/0042", []string{"docs/decisions/0042"}},
		"a folder is no page":     {"ci/a.go", "// in docs/decisions/ and docs/diagnoses", nil},
		"a link":                  {"docs/chart.md", "[why](decisions/scans.md)", []string{"docs/decisions/scans.md"}},
		"a link to a folder":      {"docs/chart.md", "[all](diagnoses/)", []string{"docs/diagnoses"}},
		"a link to a plain name":  {"docs/chart.md", "[it](../LICENSE)", []string{"LICENSE"}},
		"a link inside one":       {"docs/chart.md", "[it](#how-it-is-tested)", []string{"docs/chart.md#how-it-is-tested"}},
		"a link up":               {"docs/decisions/scans.md", "[3](../requirements.md#3-probes)", []string{"docs/requirements.md#3-probes"}},
		"a link to another page":  {"README.md", "[how](CONTRIBUTING.md)", []string{"CONTRIBUTING.md"}},
		"a link inside the page":  {"README.md", "[below](#test-it)", []string{"README.md#test-it"}},
		"a picture":               {"README.md", "![chat](docs/images/chat.png)", []string{"docs/images/chat.png"}},
		"a site's page":           {"ci/a.go", "// https://helm.sh/docs/topics/charts.md", nil},
		"a link to a site":        {"README.md", "[it](https://dagger.io/docs/a.md)", nil},
		"a program's name":        {"hack/tools", "github.com/norwoodj/helm-docs/cmd/helm-docs.md", nil},
		"a link of no Markdown":   {"ci/a.go", `regexp.MustCompile("[a](b.md)")`, nil},
		"twice, told once":        {"docs/a.md", "[docs/chart.md](chart.md)", []string{"docs/chart.md"}},
		"an example of this test": {"hack/docs_test.go", "docs/nowhere.md", nil},
	} {
		assert.Equal(t, c.want, namedPages(c.file, c.text), name)
	}
}

// mentioned is a file below docs/ that a text names, from the root or by ../; a longer path or a site's is none. A decision's
// number is one too: pages had numbers once.
var mentioned = regexp.MustCompile(`(?:^|[^\w./-])(?:\.\./)*(docs/(?:[\w-]+/)*(?:[\w-]+(?:\.\w+)+|\d{4})(?:#[\w-]+)?)`)

// linked is where a Markdown link leads.
var linked = regexp.MustCompile(`\]\(([^)\s:]+)\)`)

// namedPages gives the files that a text names, from the repository's root.
func namedPages(file, text string) []string {
	if file == "hack/docs_test.go" {
		return nil
	}
	var all []string
	for _, found := range mentioned.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	if path.Ext(file) == ".md" {
		for _, found := range linked.FindAllStringSubmatch(text, -1) {
			to, anchor, within := strings.Cut(found[1], "#")
			page := path.Join(path.Dir(file), to)
			if to == "" {
				page = file
			}
			if within {
				page += "#" + anchor
			}
			all = append(all, page)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// anchors are those that GitHub gives the headings of a page: a second one of the same words has -1 at its end.
func anchors(page string) []string {
	var all []string
	seen := map[string]int{}
	for _, found := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(found[1]), "")
		anchor := strings.ReplaceAll(kept, " ", "-")
		if seen[anchor]++; seen[anchor] > 1 {
			anchor += "-" + strconv.Itoa(seen[anchor]-1)
		}
		all = append(all, anchor)
	}
	return all
}

func TestAnchors(t *testing.T) {
	page := "# A page\n## `deploy`, and more\n```sh\n# no heading\n```\n## Twice\n## Twice\n### Größe 1.2\n"
	assert.Equal(t, []string{"a-page", "deploy-and-more", "twice", "twice-1", "größe-12"}, anchors(page))
}

// repositoryFiles are the checkout's own, from its root.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	command := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	command.Dir = root(".")
	out, err := command.Output()
	require.NoError(t, err, "listing the repository's files needs git and a checkout")
	var files []string
	for file := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		// One that is deleted and not committed yet is still listed.
		if info, err := os.Stat(root(file)); err == nil && info.Mode().IsRegular() {
			files = append(files, file)
		}
	}
	require.NotEmpty(t, files)
	return files
}

// read gives a file's text, "" of one that is none.
func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(root(file))
	require.NoError(t, err)
	if !utf8.Valid(raw) {
		return ""
	}
	return string(raw)
}

// root is a path of the repository, as this package reaches it.
func root(file string) string { return filepath.Join("..", filepath.FromSlash(file)) }
