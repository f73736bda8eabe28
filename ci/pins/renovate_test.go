package pins_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

// rule is what these tests read of one of renovate.json's packageRules.
type rule struct {
	MatchDepNames, MatchFileNames, MatchUpdateTypes, MatchDepTypes []string
	GroupName                                                      string
	Enabled                                                        *bool
}

// names says whether a pattern of a rule names something: * is a part of it, and ** any part.
func names(patterns []string, name string) bool {
	return patterns == nil || slices.ContainsFunc(patterns, func(pattern string) bool {
		expression := strings.NewReplacer(`\*\*`, ".*", `\*`, "[^/]*").Replace(regexp.QuoteMeta(pattern))
		return regexp.MustCompile("^" + expression + "$").MatchString(name)
	})
}

// ruled is what the rules make of an update, the last that says something.
func ruled(t *testing.T, file, dependency, update string) (group string, enabled bool) {
	t.Helper()
	var config struct{ PackageRules []rule }
	require.NoError(t, json.Unmarshal([]byte(read(t, "renovate.json")), &config))
	enabled = true
	for _, r := range config.PackageRules {
		if r.MatchDepTypes != nil || !names(r.MatchDepNames, dependency) || !names(r.MatchFileNames, file) || !names(r.MatchUpdateTypes, update) {
			continue
		}
		if r.GroupName != "" {
			group = r.GroupName
		}
		if r.Enabled != nil {
			enabled = *r.Enabled
		}
	}
	return group, enabled
}

// image is a pin's name without its tag, as Renovate calls it.
func image(t *testing.T, name pins.Name) string {
	t.Helper()
	tagged, _, _ := strings.Cut(projectsPins(t).Reference(name), "@")
	return tagged[:strings.LastIndex(tagged, ":")]
}

func TestWhatHasToMoveTogetherIsOnePullRequest(t *testing.T) {
	for _, b := range standIns {
		pin, _ := ruled(t, "ci/pins/pins.txt", image(t, b.pin), "patch")
		built, _ := ruled(t, b.modfile, b.module, "patch")
		assert.NotEmpty(t, pin, "%s has no group", b.pin)
		assert.Equal(t, pin, built, "%s in %s", b.module, b.modfile)
		_, pinMoves := ruled(t, "ci/pins/pins.txt", image(t, b.pin), "minor")
		_, builtMoves := ruled(t, b.modfile, b.module, "minor")
		assert.Equal(t, pinMoves, builtMoves, "a minor release of %s", b.pin)
	}
	lab, _ := ruled(t, "hack/lab/tools/etcd/go.mod", "go.etcd.io/etcd/server/v3", "minor")
	assert.Equal(t, "Lab", lab, "what no pin names moves with the lab")
}

// A line with a day of its end wants the next one's looked up. Any other is of a policy that the next minor release has too.
func TestTheNextMinorReleaseOfAPinHasItsEntry(t *testing.T) {
	support, err := pins.DefaultSupport()
	require.NoError(t, err)
	moved := 0
	for _, name := range pins.Names() {
		reference := projectsPins(t).Reference(name)
		of, err := pins.Of(support, name, reference)
		require.NoError(t, err)
		if _, moves := ruled(t, "ci/pins/pins.txt", image(t, name), "minor"); !moves || of[0].Ends != "" {
			continue
		}
		version := regexp.MustCompile(`:(v?\d+)\.(\d+)`).FindStringSubmatch(reference)
		minor, err := strconv.Atoi(version[2])
		require.NoError(t, err)
		next := strings.Replace(reference, version[0], fmt.Sprintf(":%s.%d", version[1], minor+1), 1)
		_, err = pins.Of(support, name, next)
		assert.NoError(t, err, "Renovate's pull request would be red")
		moved++
	}
	assert.Greater(t, moved, 6)
}
