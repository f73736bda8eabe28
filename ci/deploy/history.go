package deploy

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"todo-chatbot/ci/helm"
)

// History is what Helm knows of a release before it is changed.
type History struct {
	// Good is the revision to return to: the newest that was proven, or, of a release that this pipeline never proved, the
	// newest that is or was deployed; 0 when there is none.
	Good int
	// Proven is true when Good passed its proof.
	Proven bool
	// Last is the newest revision, 0 when the release is not installed.
	Last int
	// Pending is true when a run that ended early left the newest revision half made. Helm refuses every upgrade then.
	Pending bool
}

// ParseHistory reads what `helm history --output json` prints, or its error for a release that is not installed.
func ParseHistory(output string) (History, error) {
	output = strings.TrimSpace(output)
	if strings.Contains(output, "release: not found") {
		return History{}, nil
	}
	revisions, err := parseRevisions(output)
	if err != nil {
		return History{}, err
	}
	var h History
	for _, r := range revisions {
		if r.Revision > h.Last {
			h.Last = r.Revision
			h.Pending = strings.HasPrefix(r.Status, "pending-") || r.Status == "uninstalling"
		}
		if (r.Status == "deployed" || r.Status == "superseded") && r.Revision > h.Good {
			h.Good = r.Revision
		}
	}
	return h, nil
}

// revision is one entry of Helm's history.
type revision struct {
	Revision    int    `json:"revision"`
	Status      string `json:"status"`
	Description string `json:"description"`
}

func parseRevisions(output string) ([]revision, error) {
	var revisions []revision
	if err := json.Unmarshal([]byte(output), &revisions); err != nil {
		return nil, fmt.Errorf("reading the release's history: %s", firstLine(output))
	}
	return revisions, nil
}

// Previous gives the revision that a rollback without a number means: the newest proven one that is not what the release
// is now. Helm's own choice, the one before, is after a failure the failed one.
func Previous(output string, proven []int) (int, error) {
	revisions, err := parseRevisions(strings.TrimSpace(output))
	if err != nil {
		return 0, err
	}
	// A rollback makes a new revision of an old one's content and says which.
	content, last := map[int]int{}, 0
	sort.Slice(revisions, func(i, j int) bool { return revisions[i].Revision < revisions[j].Revision })
	for _, r := range revisions {
		content[r.Revision], last = r.Revision, r.Revision
		if to, found := strings.CutPrefix(r.Description, "Rollback to "); found {
			if n, err := strconv.Atoi(to); err == nil {
				content[r.Revision] = n
				if older, known := content[n]; known {
					content[r.Revision] = older
				}
			}
		}
	}
	for i := len(revisions) - 1; i >= 0; i-- {
		n := revisions[i].Revision
		if content[n] != content[last] && slices.Contains(proven, n) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("rollback: no earlier revision was proven; choose one with --revision (the release is at %d)", last)
}

// ParseProven reads which revisions passed their proof, from fields VERSION=MARK. Helm hands a revision's labels on to the
// next one, so the mark is the number of the revision that it was made for, and counts there alone.
func ParseProven(fields string) ([]int, error) {
	var proven []int
	for _, field := range strings.Fields(fields) {
		version, mark, _ := strings.Cut(field, "=")
		revision, err := strconv.Atoi(version)
		if err != nil {
			return nil, fmt.Errorf("reading the proven revisions: %q is no number", version)
		}
		if mark == version {
			proven = append(proven, revision)
		}
	}
	return proven, nil
}

// ProvenAs gives the present revision when it was made from a content and passed its proof, 0 otherwise. Its fields are
// VERSION=STATUS=MARK=VERSION.CONTENT for each revision. As with the mark, what a revision inherited does not count.
func ProvenAs(fields, content string) (int, error) {
	last, same := 0, false
	for _, field := range strings.Fields(fields) {
		parts := strings.Split(field, "=")
		revision, err := strconv.Atoi(parts[0])
		if err != nil || len(parts) != 4 {
			return 0, fmt.Errorf("reading the release's revisions: %q is not VERSION=STATUS=MARK=CONTENT", field)
		}
		if revision > last {
			last = revision
			same = parts[1] == "deployed" && parts[2] == parts[0] && parts[3] == parts[0]+"."+content
		}
	}
	if !same {
		return 0, nil
	}
	return last, nil
}

// WithProven takes the revisions that passed their proof. Helm calls a revision deployed as soon as it is applied, so one
// that never became ready may look as good as any.
func (h History) WithProven(proven []int) History {
	if len(proven) > 0 {
		h.Good, h.Proven = slices.Max(proven), true
	}
	return h
}

// Repair gives the command that makes a pending release one that can be upgraded: back to the last good revision, or,
// without one, gone.
func (h History) Repair(release, namespace string) []string {
	if h.Good > 0 {
		return append([]string{"helm", "--namespace", namespace, "rollback", release, strconv.Itoa(h.Good)}, helm.Apply()...)
	}
	return []string{"helm", "--namespace", namespace, "uninstall", release, "--wait"}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
