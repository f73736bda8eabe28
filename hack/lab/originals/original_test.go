package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
)

var pinned = pins.Pins{"go": {Reference: "docker.io/library/golang:1.26.8-alpine3.24@sha256:ab"}, "cosign": {Reference: "ghcr.io/a/cosign:v3.1.3@sha256:cd"}}

func TestAnOriginalOfAPinHasItsTag(t *testing.T) {
	read, err := parse("go", []byte(`
pin: go
image: docker.io/library/golang:{tag}
sources: [docker-library/golang 1.26/alpine3.24/Dockerfile]
takes: its layout
config: {entrypoint: [], env: {GOLANG_VERSION: "{version}"}}
version: {command: [go, version], prints: "go{version}"}
`), pinned)
	require.NoError(t, err)
	assert.Equal(t, "docker.io/library/golang:1.26.8-alpine3.24", read.Image)
	assert.Equal(t, "docker.io/library/golang:{tag}", read.shown)
	assert.Equal(t, map[string]string{"GOLANG_VERSION": "1.26.8"}, read.Config.Env)
	assert.Equal(t, "go1.26.8", read.Version.Prints)
	assert.NotNil(t, read.Config.Entrypoint, "an empty entrypoint is held")
	assert.Nil(t, read.Config.Cmd, "one that is not given is not")
}

func TestAVersionIsTheProgramsPartOfATag(t *testing.T) {
	for tag, want := range map[string]string{"v3.1.3": "3.1.3", "1.26.8-alpine3.24": "1.26.8", "17.11-alpine": "17.11", "0.13.0": "0.13.0", "2": "2"} {
		assert.Equal(t, tag+" "+want, expand("{tag} {version}", tag))
	}
}

func TestAnOriginalThatCannotBeHeldIsRefused(t *testing.T) {
	const head = "sources: [a]\ntakes: b\n"
	for name, test := range map[string]struct{ raw, want string }{
		"an unknown key":          {head + "image: a/b:1\nshells: [bash]", `unknown field "shells"`},
		"an unknown key below":    {head + "image: a/b:1\nconfig: {command: [a]}", `unknown field "command"`},
		"a key twice":             {head + "image: a/b:1\nimage: a/b:2", `key "image" already set`},
		"another image":           {head + "pin: go\nimage: docker.io/library/golang:1.26.7", "image: it is docker.io/library/golang:1.26.7, and ci/pins/pins.txt pins docker.io/library/golang:1.26.8-alpine3.24"},
		"another repository":      {head + "pin: cosign\nimage: ghcr.io/b/cosign:{tag}", "and ci/pins/pins.txt pins ghcr.io/a/cosign:v3.1.3"},
		"an unknown pin":          {head + "pin: helm\nimage: a/b:1", "pin: ci/pins/pins.txt has no line helm"},
		"no tag":                  {head + "image: localhost:5000/b", "image: localhost:5000/b has no tag"},
		"no sources":              {"takes: b\nimage: a/b:1", "sources: it is missing"},
		"nothing taken":           {"sources: [a]\nimage: a/b:1", "takes: it is missing"},
		"an owner by name":        {head + "image: a/b:1\nfiles: {/a: {owner: root}}", `the owner of /a is "root"`},
		"a mode that YAML counts": {head + "image: a/b:1\nfiles: {/a: {mode: 0755}}", `the mode of /a is "493"`},
		"a file without a folder": {head + "image: a/b:1\nfiles: {bash: {}}", "files: bash does not begin with /"},
		"an absent name":          {head + "image: a/b:1\nabsent: [bash]", "absent: bash does not begin with /"},
		"a user without a group":  {head + "image: a/b:1\nusers: {a: \"1\"}", `users: a is "1"`},
		"a version of nothing":    {head + "image: a/b:1\nversion: {command: [a]}", "version: it needs a command and what that prints"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse("a", []byte(test.raw), pinned)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestEveryProblemOfEveryFolderIsTold(t *testing.T) {
	lab := t.TempDir()
	for name, raw := range map[string]string{"a": "image: a/b:1", "b": "", "c": "sources: [a]\ntakes: b\nimage: a/b:1"} {
		require.NoError(t, os.Mkdir(filepath.Join(lab, name), 0o755))
		if raw != "" {
			require.NoError(t, os.WriteFile(filepath.Join(lab, name, "original.yaml"), []byte(raw), 0o644))
		}
	}
	read, err := readAll(lab, nil, pinned)
	require.EqualError(t, err, "a/original.yaml: sources: it is missing\ntakes: it is missing\nb/original.yaml is missing: it says what the original has")
	assert.Len(t, read, 2)

	read, err = readAll(lab, []string{"c"}, pinned)
	require.NoError(t, err, "what is not named is not read")
	assert.Len(t, read, 1)
}

// standins gives the originals of this lab.
func standins(t *testing.T) []original {
	t.Helper()
	images, err := pins.Parse([]byte(pins.Default()))
	require.NoError(t, err)
	read, err := readAll("../standins", nil, images)
	require.NoError(t, err)
	return read
}

func TestEveryPinHasAnOriginal(t *testing.T) {
	has := map[pins.Name]int{}
	for _, held := range standins(t) {
		has[pins.Name(held.Pin)]++
		assert.True(t, held.Pin == "" || held.Pin == held.name, "the folder of pin %s is called %s", held.Pin, held.name)
	}
	for _, name := range pins.Names() {
		assert.Equal(t, 1, has[name], "hack/lab/standins has one folder with pin: %s", name)
	}
}
