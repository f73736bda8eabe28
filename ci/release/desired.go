package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// desired is what a release shall be.
type desired struct {
	request Request
	// fullname is what the names of the todo chatbot's objects start with.
	fullname string
	// secret is the name of the release's Secret and manifest the whole of it; of another application's there is none.
	secret   string
	manifest []byte
	// values are what the chart is told; nothing in them is secret.
	values []byte
	// content stands for all that the revision is made from. It is a label's value, so it has 63 characters at most.
	content string
	// platforms are what every image is built for, none where nobody knows.
	platforms []string
	// hidden are the values that no output may show.
	hidden []string
	// plan is the saved plan, "" when there is none.
	plan string
}

// desire makes of a request what its release shall be.
func desire(r Request) (*desired, error) {
	inputs, err := r.inputs(fromFile)
	if err = errors.Join(err, r.check(inputs)); err != nil {
		return nil, err
	}
	if r.TodoChatbot != nil && !inputs.OwnPostgres() {
		r.Images = maps.Clone(r.Images)
		delete(r.Images, "postgres") // nothing would run it
	}
	values, err := ImageValues(r.Chart, r.Images)
	if err != nil {
		return nil, err
	}
	d := &desired{request: r}
	if d.platforms, err = r.CommonPlatforms(); err != nil {
		return nil, err
	}
	if r.TodoChatbot != nil {
		if err := d.todoChatbot(inputs, values); err != nil {
			return nil, err
		}
	}
	if d.values, err = json.MarshalIndent(values, "", "  "); err != nil {
		return nil, err
	}
	if d.content, err = r.content(d.values); err != nil {
		return nil, err
	}
	d.plan, err = r.savedPlan()
	return d, err
}

// content is a digest of the chart, its values and the caller's.
func (r Request) content(values []byte) (string, error) {
	chart := r.ChartDigest
	if chart == "" {
		var err error
		if chart, err = digestOf(r.Chart); err != nil {
			return "", fmt.Errorf("reading the chart: %w", err)
		}
	}
	parts := []string{chart, string(values)}
	for _, path := range r.Values {
		raw, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading the values: %w", err)
		}
		parts = append(parts, string(raw))
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(parts, "\x00"))))[:40], nil
}

// digestOf stands for the names and the content of a folder's files.
func digestOf(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err == nil {
			// The length keeps one file's end from being taken for the next one's beginning.
			fmt.Fprintf(sum, "%s\x00%d\x00", filepath.ToSlash(name), info.Size())
			_, err = io.Copy(sum, file)
		}
		return errors.Join(err, file.Close())
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// chart is what Helm is given.
func (d *desired) chart() Chart {
	return Chart{
		Release: d.request.Release, Namespace: d.request.Namespace, Path: d.request.Chart,
		Files: d.request.Values, Values: d.values,
	}
}
