package hack_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheErrorsOfThePageAreThoseOfTheCode looks for each error of docs/troubleshooting.md in one file of the code.
func TestTheErrorsOfThePageAreThoseOfTheCode(t *testing.T) {
	var sources []string
	for _, file := range repositoryFiles(t) {
		if printsErrors(file) {
			sources = append(sources, literal(read(t, file)))
		}
	}
	errors := quotedErrors(read(t, "docs/troubleshooting.md"))
	require.Greater(t, len(errors), 25)
	for _, words := range errors {
		assert.True(t, slices.ContainsFunc(sources, func(source string) bool { return inOrder(source, words) }), "no file of the code prints %q", words)
	}
}

func TestInOrder(t *testing.T) {
	for words, want := range map[string]bool{"pods … left": true, "no pods": true, "left … pods": false, "none left": false} {
		assert.Equal(t, want, inOrder("no pods are %s left", words), words)
	}
	assert.Equal(t, "one line of two, with \"quotes\" and a '", literal("one line \" +\n\t\t`of two, ` +\n\t\"with \\\"quotes\\\" and a '"))
}

// printsErrors is true for what runs: no test, no page, no lab.
func printsErrors(file string) bool {
	if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/testdata/") || strings.Contains(file, ".test.") || strings.HasPrefix(file, "hack/lab/") {
		return false
	}
	if strings.HasPrefix(file, "hack/") {
		return path.Ext(file) == "" || path.Ext(file) == ".go"
	}
	for _, folder := range []string{".dagger/", "ci/", "backend/src/", "frontend/src/", "helm/todo-chatbot/templates/"} {
		if strings.HasPrefix(file, folder) {
			return true
		}
	}
	return false
}

var (
	firstCell = regexp.MustCompile(`(?m)^\| ([^|]*\x60[^|]+) \|[^|]+\|[^|]+\|$`)
	joined    = regexp.MustCompile("[\"`'] *\\+?\\\\?\\s*\\n\\s*(?:f?[\"`'])")
)

// quotedErrors are those between back quotes in the first column of the tables.
func quotedErrors(page string) []string {
	var all []string
	for _, row := range firstCell.FindAllStringSubmatch(page, -1) {
		for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			all = append(all, found[1])
		}
	}
	return all
}

// literal is a source with its texts in one piece.
func literal(source string) string {
	return strings.NewReplacer(`\"`, `"`).Replace(joined.ReplaceAllString(source, ""))
}

// inOrder says whether a text has the words, whose … may be anything on one line or the next.
func inOrder(text, words string) bool {
	var parts []string
	for part := range strings.SplitSeq(words, "…") {
		parts = append(parts, regexp.QuoteMeta(strings.TrimSpace(part)))
	}
	return regexp.MustCompile(strings.Join(parts, `.{1,80}?`)).MatchString(text)
}
