package main

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLayersLieOverEachOtherAsARuntimeLaysThem(t *testing.T) {
	for name, test := range map[string]struct {
		layers [][]entry
		there  map[string]string // where each name leads to; empty where it is missing
	}{
		"a file is where it is": {
			[][]entry{{plain("etc/hosts", "")}}, map[string]string{"/etc/hosts": "/etc/hosts", "/etc": "/etc", "/etc/host": ""},
		},
		"a leading ./ is nothing": {
			[][]entry{{dir("./"), plain("./etc/hosts", "")}}, map[string]string{"/etc/hosts": "/etc/hosts"},
		},
		"a link is followed, relative or not": {
			[][]entry{{program("usr/bin/env"), link("bin", "usr/bin"), link("lib", "/usr/bin")}},
			map[string]string{"/bin/env": "/usr/bin/env", "/lib/env": "/usr/bin/env", "/bin": "/usr/bin"},
		},
		"a link that climbs out of the root stays in it": {
			[][]entry{{program("sh"), link("usr/sh", "../../../sh")}}, map[string]string{"/usr/sh": "/sh"},
		},
		"links that go round lead nowhere": {
			[][]entry{{link("a", "b"), link("b", "a")}}, map[string]string{"/a": "", "/a/c": ""},
		},
		"an upper layer writes through a lower one's link": {
			[][]entry{{dir("usr/bin"), link("bin", "usr/bin")}, {program("bin/tool")}},
			map[string]string{"/usr/bin/tool": "/usr/bin/tool", "/bin/tool": "/usr/bin/tool"},
		},
		"an upper layer's directory takes the place of a lower one's link": {
			[][]entry{{program("usr/bin/env"), link("bin", "usr/bin")}, {dir("bin"), program("bin/sh")}},
			map[string]string{"/bin/sh": "/bin/sh", "/bin/env": "", "/usr/bin/sh": "", "/usr/bin/env": "/usr/bin/env"},
		},
		"a directory that comes again keeps what it has": {
			[][]entry{{dir("etc"), plain("etc/hosts", "")}, {dir("etc"), plain("etc/passwd", "")}},
			map[string]string{"/etc/hosts": "/etc/hosts", "/etc/passwd": "/etc/passwd"},
		},
		"a file in a directory's place takes all of it": {
			[][]entry{{plain("a/b", "")}, {plain("a", "")}}, map[string]string{"/a": "/a", "/a/b": ""},
		},
		"a whiteout deletes": {
			[][]entry{{plain("a/b", ""), plain("a/c", "")}, {plain("a/.wh.b", "")}}, map[string]string{"/a/b": "", "/a/c": "/a/c"},
		},
		"a whiteout deletes a directory, through a link": {
			[][]entry{{plain("usr/lib/a/b", ""), link("lib", "usr/lib")}, {plain("lib/.wh.a", "")}},
			map[string]string{"/usr/lib/a": "", "/usr/lib/a/b": "", "/usr/lib": "/usr/lib"},
		},
		"an opaque directory has its own layer's files alone": {
			[][]entry{{plain("a/b/lower", ""), plain("a/lower", "")}, {dir("a"), plain("a/b/upper", ""), plain("a/.wh..wh..opq", "")}},
			map[string]string{"/a/b/upper": "/a/b/upper", "/a/b/lower": "", "/a/lower": ""},
		},
		"another name of a file is the file": {
			[][]entry{{plain("a", ""), same("b", "a")}, {plain(".wh.a", "")}}, map[string]string{"/b": "/b", "/a": ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, err := flatten(made(t, v1.Config{}, test.layers...))
			require.NoError(t, err)
			for name, want := range test.there {
				found, resolved := root.find(name, true)
				if want == "" {
					assert.Nil(t, found, name)
					continue
				}
				if assert.NotNil(t, found, name) {
					assert.Equal(t, want, resolved, name)
				}
			}
		})
	}
}

func TestAnotherNameOfNothingIsAnError(t *testing.T) {
	_, err := flatten(made(t, v1.Config{}, []entry{same("b", "a")}))
	require.ErrorContains(t, err, "layer 0: reading the layer: /b: the file that it is another name of, a, is missing")
}
