package image

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Difference is the first thing in which two images differ.
type Difference struct {
	// Where is "layer 0" (the lowest), "config" or "manifest".
	Where string
	// Path is a file's in its layer, or a field's in its document; "" when it is about the whole.
	Path string
	// Attribute is what differs: content, mode, owner, time, order, type, link, extended attributes, presence, field, …
	Attribute string
	// One and Other are the two values, in words.
	One, Other string
}

// String tells the difference in one line.
func (d Difference) String() string {
	what := d.Where
	if d.Path != "" {
		what += ": " + d.Path
	}
	return fmt.Sprintf("%s: %s differs: %s, and %s", what, d.Attribute, d.One, d.Other)
}

// Diff gives the first difference of two images, nil when their manifests have one digest. Layers come first, from the
// lowest: what they hold is the cause of most other differences.
func Diff(one, other v1.Image) (*Difference, error) {
	a, err := one.Digest()
	if err != nil {
		return nil, err
	}
	b, err := other.Digest()
	if err != nil || a == b {
		return nil, err
	}
	for _, compare := range []func(v1.Image, v1.Image) (*Difference, error){diffLayers, diffConfigs, diffManifests} {
		if found, err := compare(one, other); found != nil || err != nil {
			return found, err
		}
	}
	return &Difference{Where: "manifest", Attribute: "bytes", One: a.String(), Other: b.String()}, nil
}

func diffLayers(one, other v1.Image) (*Difference, error) {
	a, err := one.Layers()
	if err != nil {
		return nil, err
	}
	b, err := other.Layers()
	if err != nil {
		return nil, err
	}
	for i := range min(len(a), len(b)) {
		found, err := diffLayer(a[i], b[i])
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if found != nil {
			found.Where = fmt.Sprintf("layer %d", i)
			return found, nil
		}
	}
	if len(a) != len(b) {
		return &Difference{Where: "manifest", Attribute: "number of layers", One: strconv.Itoa(len(a)), Other: strconv.Itoa(len(b))}, nil
	}
	return nil, nil
}

func diffLayer(one, other v1.Layer) (*Difference, error) {
	a, err := one.Digest()
	if err != nil {
		return nil, err
	}
	b, err := other.Digest()
	if err != nil || a == b {
		return nil, err
	}
	first, err := entries(one)
	if err != nil {
		return nil, err
	}
	second, err := entries(other)
	if err != nil {
		return nil, err
	}
	if found := diffEntries(first, second); found != nil {
		return found, nil
	}
	return &Difference{Attribute: "compression of equal files", One: a.String(), Other: b.String()}, nil
}

func diffEntries(one, other []entry) *Difference {
	there := byName(other)
	for _, mine := range one {
		theirs, ok := there[mine.Name]
		if !ok {
			return &Difference{Path: mine.Name, Attribute: "presence", One: "there", Other: "missing"}
		}
		if found := diffEntry(mine, theirs); found != nil {
			return found
		}
	}
	here := byName(one)
	for _, theirs := range other {
		if _, ok := here[theirs.Name]; !ok {
			return &Difference{Path: theirs.Name, Attribute: "presence", One: "missing", Other: "there"}
		}
	}
	for i := range min(len(one), len(other)) {
		if one[i].Name != other[i].Name {
			return &Difference{Path: one[i].Name, Attribute: "order", One: fmt.Sprintf("entry %d is %s", i, one[i].Name),
				Other: fmt.Sprintf("entry %d is %s", i, other[i].Name)}
		}
	}
	if len(one) != len(other) {
		return &Difference{Attribute: "number of entries", One: strconv.Itoa(len(one)), Other: strconv.Itoa(len(other))}
	}
	return nil
}

func byName(all []entry) map[string]entry {
	found := make(map[string]entry, len(all))
	for _, e := range all {
		found[e.Name] = e
	}
	return found
}

// diffEntry compares two entries of one name, what a person cares most about first.
func diffEntry(one, other entry) *Difference {
	for _, attribute := range []struct {
		name string
		of   func(entry) string
	}{
		{"type", func(e entry) string { return fmt.Sprintf("type %q", e.Typeflag) }},
		{"link", func(e entry) string { return fmt.Sprintf("to %q", e.Linkname) }},
		{"content", func(e entry) string { return fmt.Sprintf("%d bytes, sha256:%s", e.Size, e.sum) }},
		{"mode", func(e entry) string { return fmt.Sprintf("%#o", e.Mode) }},
		{"owner", func(e entry) string { return fmt.Sprintf("%d:%d %q:%q", e.Uid, e.Gid, e.Uname, e.Gname) }},
		{"time", func(e entry) string { return e.ModTime.UTC().Format(time.RFC3339Nano) }},
		{"device", func(e entry) string { return fmt.Sprintf("%d:%d", e.Devmajor, e.Devminor) }},
		{"extended attributes", func(e entry) string { return records(e.PAXRecords) }},
	} {
		if a, b := attribute.of(one), attribute.of(other); a != b {
			return &Difference{Path: one.Name, Attribute: attribute.name, One: a, Other: b}
		}
	}
	return nil
}

func records(all map[string]string) string {
	var text []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		text = append(text, fmt.Sprintf("%s=%q", key, all[key]))
	}
	return fmt.Sprint(text)
}

func diffConfigs(one, other v1.Image) (*Difference, error) {
	return diffRaw("config", one, other, v1.Image.RawConfigFile)
}

func diffManifests(one, other v1.Image) (*Difference, error) {
	return diffRaw("manifest", one, other, v1.Image.RawManifest)
}

// diffRaw compares a document that read takes out of both images.
func diffRaw(where string, one, other v1.Image, read func(v1.Image) ([]byte, error)) (*Difference, error) {
	a, err := read(one)
	if err != nil {
		return nil, err
	}
	b, err := read(other)
	if err != nil {
		return nil, err
	}
	return diffDocuments(where, a, b)
}

func diffDocuments(where string, one, other []byte) (*Difference, error) {
	var a, b any
	if err := json.Unmarshal(one, &a); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := json.Unmarshal(other, &b); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	found := diffValues("", a, b)
	if found != nil {
		found.Where, found.Attribute = where, "field"
	}
	return found, nil
}

// diffValues goes into two decoded JSON values for the first field that differs, in the order of names.
func diffValues(path string, one, other any) *Difference {
	if reflect.DeepEqual(one, other) {
		return nil
	}
	switch a := one.(type) {
	case map[string]any:
		if b, ok := other.(map[string]any); ok {
			keys := map[string]bool{}
			for key := range a {
				keys[key] = true
			}
			for key := range b {
				keys[key] = true
			}
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				if found := diffValues(path+"."+key, a[key], b[key]); found != nil {
					return found
				}
			}
		}
	case []any:
		if b, ok := other.([]any); ok {
			for i := range min(len(a), len(b)) {
				if found := diffValues(fmt.Sprintf("%s[%d]", path, i), a[i], b[i]); found != nil {
					return found
				}
			}
		}
	}
	return &Difference{Path: path, One: text(one), Other: text(other)}
}

func text(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}
