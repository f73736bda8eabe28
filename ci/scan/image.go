package scan

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"todo-chatbot/ci/image"
)

// Base is the base of a scanned image.
type Base struct {
	// Reference is the pinned one.
	Reference string
	// Support are the entries of its release line, and Known those of every distribution.
	Support, Known []image.Support
}

// NewBase gives what is known of a pinned base. A release line that is not known fails the check of the pins, and no scan.
func NewBase(name image.Name, reference string) (Base, error) {
	known, err := image.DefaultSupport()
	if err != nil {
		return Base{}, err
	}
	support, _ := image.Of(known, name, reference)
	return Base{Reference: reference, Support: support, Known: known}, nil
}

// ParseImage reads a report of an image that was built here, which Trivy wrote with --scanners vuln,secret,license and
// --list-all-pkgs, and gives its findings. Those in a layer of the base name it. A base whose distribution or program gets no
// fixes any more is a finding. A report that names no layer of a base is an error: nothing could be told apart in it.
func ParseImage(raw []byte, base Base, now time.Time) ([]Finding, error) {
	policy, policyErr := DefaultPolicy()
	ofBases, basesErr := DefaultBasePolicy()
	report, reportErr := parseReport(raw)
	if err := errors.Join(policyErr, basesErr, reportErr); err != nil {
		return nil, err
	}
	diffIDs, err := image.BaseLayers(&report.Metadata.ImageConfig)
	if err == nil && len(diffIDs) == 0 {
		err = errors.New("its config names no layer of a base")
	}
	if err != nil {
		return nil, fmt.Errorf("trivy report: %s: %w; scan the image as it ships", report.ArtifactName, err)
	}
	in := func(diffID string) string {
		if slices.Contains(diffIDs, diffID) {
			return base.Reference
		}
		return ""
	}
	findings, err := report.findings(in, SystemPackages, LanguagePackages)
	if err != nil {
		return nil, err
	}
	unlicensed, err := report.licenses(in, policy, ofBases)
	if err != nil {
		return nil, err
	}
	findings = append(append(findings, unlicensed...), report.ended(base, now)...)
	Sort(findings)
	return findings, nil
}

// ended are the findings about a base that gets no fixes any more: by the dates of ci/image/support.yaml, and by Trivy's own
// of the distribution, which knows of many and not of all.
func (report trivyReport) ended(base Base, now time.Time) []Finding {
	var findings []Finding
	add := func(product, when string) {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Package == product }) {
			return
		}
		findings = append(findings, Finding{Kind: EndOfSupport, ID: string(EndOfSupport), Severity: High, Target: report.ArtifactName,
			Package: product, Base: base.Reference, Title: "it gets no fixes any more" + when})
	}
	support, distribution := base.Support, ""
	if os := report.Metadata.OS; os != nil {
		distribution = os.Family + " " + os.Name
		if known, found := image.Distribution(base.Known, os.Family, os.Name); found {
			support, distribution = append(slices.Clone(support), known), known.Name()
		}
	}
	for _, s := range support {
		if s.Ended(now) {
			add(s.Name(), ": its support ended on "+s.Ends+" ("+s.Source+")")
		}
	}
	if report.Metadata.OS != nil && report.Metadata.OS.EOSL {
		add(distribution, ", says Trivy")
	}
	return findings
}
