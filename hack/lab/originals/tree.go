package main

import (
	"archive/tar"
	"fmt"
	"io"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"todo-chatbot/ci/image"
)

// node is a file, directory or link of an image, as its layers leave it.
type node struct {
	header   *tar.Header
	children map[string]*node
	// content is that of /etc/passwd; no other is kept.
	content []byte
}

func directory(name string) *node {
	return &node{header: &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, children: map[string]*node{}}
}

// flatten lays the layers of an image over each other, as a runtime does: a name is followed through the links below
// it, a whiteout deletes what lower layers have.
func flatten(from v1.Image) (*node, error) {
	layers, err := from.Layers()
	if err != nil {
		return nil, err
	}
	root := directory("/")
	for i, layer := range layers {
		if err := root.lay(layer); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return root, nil
}

const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

func (root *node) lay(layer v1.Layer) error {
	// What this layer has itself stays where it says that a directory of the lower ones is emptied.
	own := map[*node]bool{}
	return image.Walk(layer, func(header *tar.Header, content io.Reader) error {
		name := path.Clean("/" + header.Name)
		if name == "/" {
			root.header = header
			return nil
		}
		parent, err := root.parent(path.Dir(name), own)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		base := path.Base(name)
		switch deleted := strings.TrimPrefix(base, whiteout); {
		case base == opaque:
			parent.empty(own)
			return nil
		case deleted != base:
			delete(parent.children, deleted)
			return nil
		}
		made, err := root.made(name, header, content)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if before := parent.children[base]; before != nil && before.children != nil && made.children != nil {
			made.children = before.children
		}
		parent.children[base] = made
		own[made] = true
		return nil
	})
}

// empty deletes what is not of the layer that is being laid, but for the directories that lead to what is.
func (n *node) empty(own map[*node]bool) {
	for name, child := range n.children {
		child.empty(own)
		if !own[child] && len(child.children) == 0 {
			delete(n.children, name)
		}
	}
}

// parent gives a directory, through links, and makes it where no layer has it.
func (root *node) parent(name string, own map[*node]bool) (*node, error) {
	found, resolved := root.find(name, true)
	if found == nil {
		above, err := root.parent(path.Dir(resolved), own)
		if err != nil {
			return nil, err
		}
		found = directory(resolved)
		above.children[path.Base(resolved)] = found
		own[found] = true
	}
	if found.children == nil {
		return nil, fmt.Errorf("%s is no directory", name)
	}
	return found, nil
}

// made gives the node of a layer's entry.
func (root *node) made(name string, header *tar.Header, content io.Reader) (*node, error) {
	made := &node{header: header}
	switch {
	case header.Typeflag == tar.TypeDir:
		made.children = map[string]*node{}
	case header.Typeflag == tar.TypeLink:
		same, _ := root.find(path.Clean("/"+header.Linkname), false)
		if same == nil {
			return nil, fmt.Errorf("the file that it is another name of, %s, is missing", header.Linkname)
		}
		return same, nil
	case name == "/etc/passwd":
		var err error
		if made.content, err = io.ReadAll(content); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// maxLinks is how many links a name may lead through: the kernel's own limit.
const maxLinks = 40

// find gives what a name leads to, and the name itself after all links. The last part's own link is followed or not.
// Of what is missing the node is nil, and the name is where it would be.
func (root *node) find(name string, follow bool) (*node, string) {
	return root.walk(name, follow, maxLinks)
}

func (root *node) walk(name string, follow bool, links int) (*node, string) {
	at, resolved := root, "/"
	parts := strings.Split(strings.Trim(path.Clean("/"+name), "/"), "/")
	for i, part := range parts {
		if part == "" {
			continue
		}
		child := at.children[part]
		here, rest := path.Join(resolved, part), path.Join(parts[i+1:]...)
		if child == nil {
			return nil, path.Join(here, rest)
		}
		if child.header.Typeflag == tar.TypeSymlink && (follow || rest != "") {
			if links == 0 {
				return nil, path.Join(here, rest)
			}
			target := child.header.Linkname
			if !path.IsAbs(target) {
				target = path.Join(resolved, target)
			}
			return root.walk(path.Join(target, rest), follow, links-1)
		}
		at, resolved = child, here
	}
	return at, resolved
}

// owner gives uid:gid.
func (n *node) owner() string { return fmt.Sprintf("%d:%d", n.header.Uid, n.header.Gid) }

// mode gives four octal digits: the bits that change how it runs or who deletes, and the permissions.
func (n *node) mode() string { return fmt.Sprintf("%04o", n.header.Mode&0o7777) }

// runs tells whether it is a program that somebody may start.
func (n *node) runs() bool {
	return n.header.Typeflag == tar.TypeReg && n.header.Mode&0o111 != 0
}
