package release

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// provenLabel has, on a revision that passed its test, the digest of its objects, and after a dot what it was made from.
//
// Helm hands labels on: a rollback has those of the revision that it returns to, which are right for it, and an upgrade those
// of the one before. So a label counts where the digest is that of the revision's own objects.
const provenLabel = "todo-chatbot/proven"

// numberLabel has, on a revision that this pipeline made, the number of that. On one that Helm handed it on to it is another's.
const numberLabel = "todo-chatbot/revision"

// Revision is one of a release, as Helm keeps it in a Secret.
type Revision struct {
	Number int    `json:"number"`
	Status string `json:"status"`
	// Proven is true when it passed its test.
	Proven bool `json:"proven"`
	// Content stands for what it was made from, "" when that is not known. A revision that is not proven has none.
	Content string `json:"content,omitempty"`
	// Manifest are its objects, and Hooks those that are made for a moment.
	Manifest string `json:"-"`
	Hooks    string `json:"-"`

	secret string
	// own is true when this pipeline made it.
	own bool
	// tests are the pods and Jobs that Helm makes to test it.
	tests []releaseTest
}

// releaseTest is a test of a revision.
type releaseTest struct {
	kind, name string
	// started is when Helm made it last, by the clock of where Helm ran, zero for never. A rollback has it from the revision that it
	// returns to.
	started time.Time
}

// pending is true for a revision that is half made: Helm refuses every upgrade then, or cannot go on from it.
func (r Revision) pending() bool {
	return strings.HasPrefix(r.Status, "pending-") || r.Status == "uninstalling"
}

// digest stands for the revision's objects.
func (r Revision) digest() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(r.Manifest+"\x00"+r.Hooks)))[:20]
}

// proof is the label's value for a revision that passed its test. A content of "" is one that is not known.
func (r Revision) proof(content string) string {
	if content == "" {
		return r.digest() // a label's value may not end in a dot
	}
	return r.digest() + "." + content
}

// History are a release's revisions, oldest first.
type History []Revision

// helmSelector finds the Secrets in which Helm keeps a release's revisions.
func helmSelector(release string) string { return "owner=helm,name=" + release }

// ParseHistory reads the Secrets in which Helm keeps a release's revisions, from a JSON List.
func ParseHistory(list []byte) (History, error) {
	var secrets struct {
		Items []helmSecret `json:"items"`
	}
	if err := json.Unmarshal(list, &secrets); err != nil {
		return nil, fmt.Errorf("reading the release's revisions: %w", err)
	}
	var h History
	for _, s := range secrets.Items {
		r, err := s.revision()
		if err != nil {
			return nil, fmt.Errorf("reading the release's revisions: Secret %s: %w; Helm did not write it so: see helm history", s.Metadata.Name, err)
		}
		h = append(h, r)
	}
	slices.SortFunc(h, func(a, b Revision) int { return a.Number - b.Number })
	return h, nil
}

// helmSecret is a Secret of Helm's.
type helmSecret struct {
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	// Data has the release as gzipped JSON, in base64 on top of the Secret's own.
	Data map[string][]byte `json:"data"`
}

func (s helmSecret) revision() (Revision, error) {
	labels := s.Metadata.Labels
	number, err := strconv.Atoi(labels["version"])
	if err != nil || number < 1 {
		return Revision{}, fmt.Errorf("its label version is %q and no number", labels["version"])
	}
	r := Revision{
		Number: number, Status: labels["status"], secret: s.Metadata.Name, own: labels[numberLabel] == labels["version"],
	}
	if err := r.decode(s.Data["release"]); err != nil {
		return Revision{}, err
	}
	if of, content, _ := strings.Cut(labels[provenLabel], "."); of == r.digest() {
		r.Proven, r.Content = true, content
	}
	return r, nil
}

// decode reads what Helm stored of the revision.
func (r *Revision) decode(data []byte) error {
	packed, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return errors.New("it is not in base64")
	}
	unpacked := io.Reader(bytes.NewReader(packed))
	// Helm's very first releases were not packed.
	if bytes.HasPrefix(packed, []byte{0x1f, 0x8b}) {
		if unpacked, err = gzip.NewReader(unpacked); err != nil {
			return fmt.Errorf("unpacking it: %w", err)
		}
	}
	var release struct {
		Manifest string `json:"manifest"`
		Hooks    []struct {
			Kind     string   `json:"kind"`
			Name     string   `json:"name"`
			Manifest string   `json:"manifest"`
			Events   []string `json:"events"`
			LastRun  struct {
				StartedAt string `json:"started_at"`
			} `json:"last_run"`
		} `json:"hooks"`
	}
	if err := json.NewDecoder(unpacked).Decode(&release); err != nil {
		return fmt.Errorf("unpacking it: %w", err)
	}
	var all []string
	for _, hook := range release.Hooks {
		all = append(all, hook.Manifest)
		if slices.Contains(hook.Events, "test") && (hook.Kind == "Pod" || hook.Kind == "Job") {
			// Helm 3 writes "" for one that never ran.
			started, _ := time.Parse(time.RFC3339, hook.LastRun.StartedAt)
			r.tests = append(r.tests, releaseTest{hook.Kind, hook.Name, started})
		}
	}
	r.Manifest, r.Hooks = release.Manifest, strings.Join(all, "\n---\n")
	return nil
}

// Last is the newest revision, one with the number 0 when the release is not installed.
func (h History) Last() Revision {
	if len(h) == 0 {
		return Revision{}
	}
	return h[len(h)-1]
}

// Good is the revision to return to: the newest that was proven, or, of a release that never was, the newest that Helm calls
// deployed or superseded. Its number is 0 when there is none.
func (h History) Good() Revision { return h.goodBefore(h.Last().Number) }

// goodBefore is Good for a run that made the revisions after a number: Helm calls those deployed as soon as they are applied.
func (h History) goodBefore(number int) Revision {
	var good Revision
	for _, r := range h {
		applied := (r.Status == "deployed" || r.Status == "superseded") && r.Number <= number
		if r.Proven || (!good.Proven && applied) {
			good = r
		}
	}
	return good
}

// Own is true when this pipeline made every revision that there ever was: to remove the release takes nothing from anybody. The
// first that Helm has forgotten may have been somebody else's.
func (h History) Own() bool {
	for i, r := range h {
		if !r.own || r.Number != i+1 {
			return false
		}
	}
	return true
}

// HistoryMax is how many revisions Helm keeps of a release.
const HistoryMax = 5

// fading is true when so many revisions came after the last proven one that Helm is about to forget it: each of them is a
// run's that was killed before its test. The release has to return to it once, which makes it the newest.
func (h History) fading() bool {
	good := h.Good()
	newer := 0
	for _, r := range h {
		if r.Number > good.Number {
			newer++
		}
	}
	return good.Proven && newer >= HistoryMax-2
}

// Previous is the revision that a rollback without a number means: the newest proven one with other objects than the
// release has now. Helm's own choice, the one before, is after a failure the failed one.
func (h History) Previous() (Revision, error) {
	for _, r := range slices.Backward(h) {
		if r.Proven && r.digest() != h.Last().digest() {
			return r, nil
		}
	}
	for _, r := range h {
		if r.Proven && r.Number != h.Last().Number {
			return Revision{}, fmt.Errorf("every proven revision has the objects that the release has now; choose another with --revision "+
				"(the release is at %d); see: release status", h.Last().Number)
		}
	}
	return Revision{}, fmt.Errorf("no earlier revision was proven; choose one with --revision (the release is at %d); see: release status",
		h.Last().Number)
}

// Find gives the revision of a number.
func (h History) Find(number int) (Revision, error) {
	for _, r := range h {
		if r.Number == number {
			return r, nil
		}
	}
	return Revision{}, fmt.Errorf("there is no revision %d; see: release status", number)
}

// manifests are the objects of all revisions.
func (h History) manifests() []string {
	all := make([]string, 0, 2*len(h))
	for _, r := range h {
		all = append(all, r.Manifest, r.Hooks)
	}
	return all
}
