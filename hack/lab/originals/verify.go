package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// source says where the stand-ins are.
type source struct {
	// registry is a host that has each under its original's repository and tag; reference one image instead.
	registry, reference string
}

// of gives the reference of the stand-in of an original.
func (s source) of(held original) string {
	if s.reference != "" {
		return s.reference
	}
	_, repository, _ := strings.Cut(held.Image, "/")
	return s.registry + "/" + repository
}

// verifyAll holds stand-ins against their originals, and says every difference, a line each.
func verifyAll(ctx context.Context, originals []original, from source, out io.Writer) error {
	var same, lacking []string
	for _, held := range originals {
		found, err := verify(ctx, held, from.of(held))
		if err != nil {
			return fmt.Errorf("%s: %w", held.name, err)
		}
		for _, difference := range found {
			fmt.Fprintf(out, "%s: %s\n", held.name, difference)
		}
		if len(found) > 0 {
			lacking = append(lacking, held.name)
		} else {
			same = append(same, held.name)
		}
	}
	if len(same) > 0 {
		fmt.Fprintf(out, "as their originals: %s\n", strings.Join(same, ", "))
	}
	if len(lacking) > 0 {
		return fmt.Errorf("not as their originals: %s; mend the stand-in or, where it cannot be as it should, say so in its original.yaml under differs", strings.Join(lacking, ", "))
	}
	return nil
}

// verify holds one image of a registry against its original.
func verify(ctx context.Context, held original, reference string) ([]string, error) {
	parsed, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		return nil, err
	}
	built, err := remote.Image(parsed, remote.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("reading %s; build it with hack/lab/up %s: %w", reference, held.name, err)
	}
	found, err := compare(held, built)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", reference, err)
	}
	if held.Version == nil {
		return found, nil
	}
	digest, err := built.Digest()
	if err != nil {
		return nil, err
	}
	printed, err := execute(ctx, parsed.Context().Digest(digest.String()).Name(), held.Version.Command)
	return append(found, held.Version.differences(printed, err)...), nil
}

// compare gives every difference between what is held of an original and an image, but for the program's version.
func compare(held original, built v1.Image) ([]string, error) {
	file, err := built.ConfigFile()
	if err != nil {
		return nil, err
	}
	root, err := flatten(built)
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		held.Config.differences(file.Config),
		users(held.Users, root),
		files(held.Files, root),
		programs(held.Path, variable(file.Config.Env, "PATH"), root),
		absent(held.Absent, root),
	), nil
}

// differences compares what is held of a config.
func (held config) differences(built v1.Config) []string {
	var found []string
	list := func(key string, want, have []string) {
		if want != nil && !slices.Equal(want, have) {
			found = append(found, fmt.Sprintf("%s is %q and not %q", key, have, want))
		}
	}
	text := func(key string, want *string, have string) {
		if want != nil && *want != have {
			found = append(found, fmt.Sprintf("%s is %q and not %q", key, have, *want))
		}
	}
	list("entrypoint", held.Entrypoint, built.Entrypoint)
	list("cmd", held.Cmd, built.Cmd)
	text("user", held.User, built.User)
	text("workdir", held.Workdir, built.WorkingDir)
	for _, key := range slices.Sorted(maps.Keys(held.Env)) {
		switch have, set := lookup(built.Env, key); {
		case !set:
			found = append(found, fmt.Sprintf("env: %s is missing; it is %q", key, held.Env[key]))
		case have != held.Env[key]:
			found = append(found, fmt.Sprintf("env: %s is %q and not %q", key, have, held.Env[key]))
		}
	}
	list("ports", held.Ports, sorted(built.ExposedPorts))
	list("volumes", held.Volumes, sorted(built.Volumes))
	text("stopsignal", held.Stopsignal, built.StopSignal)
	return found
}

// sorted gives a set in order; nil is the empty one, which a list that is given as empty equals.
func sorted(set map[string]struct{}) []string { return slices.Sorted(maps.Keys(set)) }

func lookup(env []string, key string) (string, bool) {
	for _, variable := range env {
		if name, value, _ := strings.Cut(variable, "="); name == key {
			return value, true
		}
	}
	return "", false
}

func variable(env []string, key string) string {
	value, _ := lookup(env, key)
	return value
}

// users compares the accounts of /etc/passwd.
func users(held map[string]string, root *node) []string {
	accounts := map[string]string{}
	if passwd, _ := root.find("/etc/passwd", true); passwd != nil {
		for line := range strings.Lines(string(passwd.content)) {
			if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) > 3 {
				accounts[fields[0]] = fields[2] + ":" + fields[3]
			}
		}
	}
	var found []string
	for _, account := range slices.Sorted(maps.Keys(held)) {
		switch have, want := accounts[account], held[account]; {
		case have == "":
			found = append(found, fmt.Sprintf("users: %s (%s) is missing", account, want))
		case have != want:
			found = append(found, fmt.Sprintf("users: %s is %s and not %s", account, have, want))
		}
	}
	return found
}

// files compares files, and directories, by name.
func files(held map[string]file, root *node) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(held)) {
		want := held[name]
		differs := func(what, have, want string) {
			if want != "" && have != want {
				found = append(found, fmt.Sprintf("files: %s: %s is %s and not %s", name, what, have, want))
			}
		}
		if want.Link != "" {
			switch link, _ := root.find(name, false); {
			case link == nil:
				found = append(found, fmt.Sprintf("files: %s is missing; it is a link to %s", name, want.Link))
				continue
			case link.header.Linkname == "":
				found = append(found, fmt.Sprintf("files: %s is no link; it leads to %s", name, want.Link))
			default:
				differs("the link", link.header.Linkname, want.Link)
			}
			if want.Owner == "" && want.Mode == "" {
				continue
			}
		}
		there, resolved := root.find(name, true)
		if there == nil {
			found = append(found, fmt.Sprintf("files: %s is missing%s", name, leading(name, resolved)))
			continue
		}
		differs("the owner", there.owner(), want.Owner)
		differs("the mode", there.mode(), want.Mode)
	}
	return found
}

// leading says where a name leads to, if it is not there itself.
func leading(name, resolved string) string {
	if path.Clean(name) == resolved {
		return ""
	}
	return ", as it leads to " + resolved
}

// standard is what a runtime gives a container whose image has no PATH.
const standard = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// programs tells which are not found on PATH.
func programs(held []string, search string, root *node) []string {
	search = cmp.Or(search, standard)
	var found []string
	for _, program := range held {
		if !slices.ContainsFunc(strings.Split(search, ":"), func(dir string) bool {
			there, _ := root.find(path.Join(dir, program), true)
			return there != nil && there.runs()
		}) {
			found = append(found, fmt.Sprintf("path: %s is nowhere on %s", program, search))
		}
	}
	return found
}

// absent tells which files are there that the original has not.
func absent(held []string, root *node) []string {
	var found []string
	for _, name := range held {
		if there, _ := root.find(name, false); there != nil {
			found = append(found, fmt.Sprintf("absent: %s is there, and the original has none", name))
		}
	}
	return found
}

// differences compares what a program says of its version.
func (v version) differences(printed string, err error) []string {
	asked := strings.Join(v.Command, " ")
	printed = strings.TrimSpace(printed)
	if err != nil {
		first, _, _ := strings.Cut(printed, "\n")
		return []string{fmt.Sprintf("version: %s does not run: %s", asked, cmp.Or(first, err.Error()))}
	}
	words := strings.FieldsFunc(printed, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'`,;(){}[]", r) })
	if !slices.Contains(words, v.Prints) {
		return []string{fmt.Sprintf("version: %s does not say %s; it says %s", asked, v.Prints, strings.ReplaceAll(printed, "\n", " | "))}
	}
	return nil
}
