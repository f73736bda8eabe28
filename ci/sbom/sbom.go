// Package sbom takes the clock and the dice out of an SBOM, so that one image has one.
package sbom

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Format is the form of an SBOM, as Trivy's --format has it.
type Format string

// The formats.
const (
	SPDX      Format = "spdx-json"
	CycloneDX Format = "cyclonedx"
)

// Formats are those that an image is published with.
func Formats() []Format { return []Format{SPDX, CycloneDX} }

// ParseFormat reads a format's name: spdx or cyclonedx.
func ParseFormat(name string) (Format, error) {
	switch name {
	case "spdx":
		return SPDX, nil
	case "cyclonedx":
		return CycloneDX, nil
	}
	return "", fmt.Errorf("sbom: no format is called %q; the formats are spdx and cyclonedx", name)
}

// Name is what ParseFormat reads.
func (f Format) Name() string {
	if f == SPDX {
		return "spdx"
	}
	return "cyclonedx"
}

// PredicateType is what cosign calls an attestation with an SBOM of this format.
func (f Format) PredicateType() string {
	if f == SPDX {
		return "spdxjson"
	}
	return "cyclonedx"
}

var (
	uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	// made is the time of the scan: SPDX's created and annotationDate, CycloneDX's timestamp.
	made = regexp.MustCompile(`"(created|annotationDate|timestamp)": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)"`)
)

// Normalize reads an SBOM that Trivy wrote and gives it as the only one of an image: random identifiers are derived from
// the image's digest and their order, and times are the epoch, as in the image itself. One without a package is an error.
func Normalize(raw []byte, format Format, digest string) ([]byte, error) {
	var known struct {
		SPDXVersion string            `json:"spdxVersion"`
		BOMFormat   string            `json:"bomFormat"`
		Packages    []json.RawMessage `json:"packages"`
		Components  []json.RawMessage `json:"components"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return nil, fmt.Errorf("sbom: it is truncated or no JSON: %w", err)
	}
	switch {
	case format == SPDX && known.SPDXVersion == "", format == CycloneDX && known.BOMFormat != "CycloneDX":
		return nil, fmt.Errorf("sbom: it is no %s document", format)
	case len(known.Packages)+len(known.Components) < 2:
		return nil, errors.New("sbom: it names no package; the scan did not see them")
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(raw), "", "  "); err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	derived := map[string]string{}
	text := uuid.ReplaceAllStringFunc(indented.String(), func(random string) string {
		if derived[random] == "" {
			derived[random] = identifier(digest, len(derived))
		}
		return derived[random]
	})
	return ordered([]byte(made.ReplaceAllString(text, `"$1": "1970-01-01T00:00:00Z"`)))
}

// ordered sorts the list of who depends on whom by the names that are derived: Trivy sorts it by those that it rolled.
func ordered(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	dependencies, _ := document["dependencies"].([]any)
	slices.SortFunc(dependencies, func(a, b any) int { return cmp.Compare(reference(a), reference(b)) })
	for _, dependency := range dependencies {
		if one, ok := dependency.(map[string]any); ok {
			on, _ := one["dependsOn"].([]any)
			slices.SortFunc(on, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(document)
	return out.Bytes(), err
}

func reference(dependency any) string {
	one, _ := dependency.(map[string]any)
	return fmt.Sprint(one["ref"])
}

// identifier is a UUID of version 8, which RFC 9562 leaves to its maker.
func identifier(digest string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", digest, n))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
