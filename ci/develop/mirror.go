package develop

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Mirror does to a folder what was done to another one. What a program has made in it stays.
type Mirror struct {
	// From is read at each step, and To written.
	From, To string

	// mirrored are the files of From as they were when they came to To, nil before the first step.
	mirrored map[string][]byte
}

// Step writes each file that is new or other than at the last step, and removes each that is gone. It gives their paths, in order. The
// first step writes what To has otherwise, and removes nothing. A file that failed is tried again at the next step.
func (m *Mirror) Step() (changed []string, err error) {
	now, err := contents(m.From)
	if err != nil {
		return nil, fmt.Errorf("reading what was saved: %w", err)
	}
	if m.mirrored == nil {
		m.mirrored = map[string][]byte{}
		for name := range now {
			if content, unread := os.ReadFile(filepath.Join(m.To, name)); unread == nil {
				m.mirrored[name] = content
			}
		}
	}
	did := func(name string, failure error) bool {
		if failure != nil {
			err = errors.Join(err, failure)
			return false
		}
		changed = append(changed, name)
		return true
	}
	for name, content := range now {
		if old, there := m.mirrored[name]; there && bytes.Equal(old, content) {
			continue
		}
		if did(name, write(filepath.Join(m.To, name), content)) {
			m.mirrored[name] = content
		}
	}
	for name := range m.mirrored {
		if _, there := now[name]; !there && did(name, remove(filepath.Join(m.To, name))) {
			delete(m.mirrored, name)
		}
	}
	slices.Sort(changed)
	return changed, err
}

// contents are a folder's files, by their paths in it.
func contents(folder string) (map[string][]byte, error) {
	found, files := map[string][]byte{}, os.DirFS(folder)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		found[name], err = fs.ReadFile(files, name)
		return err
	})
	return found, err
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// remove is content with a file that is gone already.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
