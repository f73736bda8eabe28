package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/pins"
)

// original is what an image that a publisher has made is said to have: the content of one original.yaml. Only what is
// given is held; {tag} and {version} stand for those of the pin.
type original struct {
	// name is the folder's.
	name string
	// Pin is the name of the line in ci/pins/pins.txt; empty for an image that no line names.
	Pin string `json:"pin"`
	// Image is the original's own reference: registry/repository:tag.
	Image string `json:"image"`
	// Sources are the publisher's files that say what is in the image.
	Sources []string `json:"sources"`
	// Takes says which of the original's own parts the stand-in has.
	Takes  string `json:"takes"`
	Config config `json:"config"`
	// Users maps each account of /etc/passwd to its numbers: uid:gid.
	Users map[string]string `json:"users"`
	Files map[string]file   `json:"files"`
	// Path has the programs that PATH finds, and Absent files that are not there.
	Path    []string  `json:"path"`
	Absent  []string  `json:"absent"`
	Version *version  `json:"version"`
	Differs []differs `json:"differs"`

	// shown is the image as the file has it, placeholders and all.
	shown string
}

// config has those fields of an image's config that are held: what is nil is not.
type config struct {
	Entrypoint []string          `json:"entrypoint"`
	Cmd        []string          `json:"cmd"`
	User       *string           `json:"user"`
	Workdir    *string           `json:"workdir"`
	Env        map[string]string `json:"env"`
	Ports      []string          `json:"ports"`
	Volumes    []string          `json:"volumes"`
	Stopsignal *string           `json:"stopsignal"`
}

// file says what is held of one file, beside that it is there.
type file struct {
	// Owner is uid:gid, and Mode four octal digits, both of what a link leads to; Link is where it leads.
	Owner string `json:"owner"`
	Mode  string `json:"mode"`
	Link  string `json:"link"`
}

// version is a command that tells a program's version, and the word that it prints for it.
type version struct {
	Command []string `json:"command"`
	Prints  string   `json:"prints"`
}

// differs is something that the stand-in is known not to share with its original, and the reason.
type differs struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// readAll reads the original.yaml of each named folder, or of all, in the order of their names.
func readAll(dir string, names []string, images pins.Pins) ([]original, error) {
	if len(names) == 0 {
		folders, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("the stand-ins' folder: %w", err)
		}
		for _, folder := range folders {
			names = append(names, folder.Name())
		}
	}
	var found []original
	var problems []error
	for _, folder := range names {
		name := filepath.Join(folder, "original.yaml")
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s is missing: it says what the original has", name)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		read, err := parse(folder, raw, images)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		found = append(found, read)
	}
	return found, errors.Join(problems...)
}

var (
	owner = regexp.MustCompile(`^\d+:\d+$`)
	mode  = regexp.MustCompile(`^[0-7]{4}$`)
)

// parse reads one original.yaml and names all that is wrong with it. A key that is not known is an error: it would be
// believed to be held.
func parse(name string, raw []byte, images pins.Pins) (original, error) {
	var plain, read original
	if err := yaml.UnmarshalStrict(raw, &plain); err != nil {
		return original{}, err
	}
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	tag := tagOf(plain.Image)
	if plain.Pin != "" {
		pinned, _, _ := strings.Cut(images.Reference(pins.Name(plain.Pin)), "@")
		if pinned == "" {
			problem("pin: ci/pins/pins.txt has no line %s", plain.Pin)
		}
		tag = tagOf(pinned)
		if expanded := expand(plain.Image, tag); pinned != "" && expanded != pinned {
			problem("image: it is %s, and ci/pins/pins.txt pins %s", expanded, pinned)
		}
	}
	if err := yaml.UnmarshalStrict([]byte(expand(string(raw), tag)), &read); err != nil {
		return original{}, err
	}
	read.name, read.shown = name, plain.Image
	if tag == "" {
		problem("image: %s has no tag", plain.Image)
	}
	for _, missing := range []struct {
		key  string
		here bool
	}{{"sources", len(read.Sources) > 0}, {"takes", read.Takes != ""}} {
		if !missing.here {
			problem("%s: it is missing", missing.key)
		}
	}
	for _, account := range slices.Sorted(maps.Keys(read.Users)) {
		if ids := read.Users[account]; !owner.MatchString(ids) {
			problem("users: %s is %q and not uid:gid", account, ids)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(read.Files)) {
		held := read.Files[path]
		if !strings.HasPrefix(path, "/") {
			problem("files: %s does not begin with /", path)
		}
		if held.Owner != "" && !owner.MatchString(held.Owner) {
			problem("files: the owner of %s is %q and not uid:gid", path, held.Owner)
		}
		if held.Mode != "" && !mode.MatchString(held.Mode) {
			problem("files: the mode of %s is %q and not four octal digits", path, held.Mode)
		}
	}
	for _, path := range read.Absent {
		if !strings.HasPrefix(path, "/") {
			problem("absent: %s does not begin with /", path)
		}
	}
	if read.Version != nil && (len(read.Version.Command) == 0 || read.Version.Prints == "") {
		problem("version: it needs a command and what that prints")
	}
	return read, errors.Join(problems...)
}

// tagOf gives the tag of a reference without a digest, or nothing.
func tagOf(reference string) string {
	last := reference[strings.LastIndex(reference, "/")+1:]
	_, tag, _ := strings.Cut(last, ":")
	return tag
}

// expand puts the pin's tag for {tag}, and for {version} what of it is the program's: 1.26.8 of 1.26.8-alpine3.24, and
// 3.1.3 of v3.1.3.
func expand(text, tag string) string {
	number, _, _ := strings.Cut(strings.TrimPrefix(tag, "v"), "-")
	return strings.NewReplacer("{tag}", tag, "{version}", number).Replace(text)
}
