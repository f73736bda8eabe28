package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// trivyReport is Trivy's JSON, schema version 2, as far as it is used.
type trivyReport struct {
	SchemaVersion int
	ArtifactName  string
	ArtifactType  string
	Metadata      struct {
		OS *struct {
			Family, Name string
			EOSL         bool
		}
		ImageConfig v1.ConfigFile
	}
	Results []trivyResult
}

// trivyLayer is the layer of an image that something lies in.
type trivyLayer struct{ DiffID string }

type trivyResult struct {
	Target   string
	Class    string
	Packages []struct {
		Name, FilePath string
		Layer          trivyLayer
	}
	Vulnerabilities []struct {
		VulnerabilityID, PkgName, InstalledVersion, FixedVersion, Severity, Title, PrimaryURL string
		Layer                                                                                 trivyLayer
	}
	Secrets []struct {
		RuleID, Severity, Title string
		StartLine               int
		Layer                   trivyLayer
	}
	Misconfigurations []struct {
		ID, Title, Message, Severity, Status, PrimaryURL string
		CauseMetadata                                    struct{ StartLine int }
	}
	Licenses []struct{ PkgName, FilePath, Name string }
}

// The classes of a report's results, for ParseTrivy.
const (
	// SystemPackages are those of the image's distribution.
	SystemPackages = "os-pkgs"
	// LanguagePackages are those of lock files and of what is installed from them.
	LanguagePackages = "lang-pkgs"
)

// ParseTrivy reads a report that Trivy wrote with --format json. A report that is empty, truncated, followed by something
// else, of another tool or of another schema is an error: it says nothing about what was scanned. So is one without a
// result of each expected class: a scanner that does not recognise the packages finds nothing in them. A distribution that Trivy
// says is out of support is a finding: what is published about it later is in no report.
func ParseTrivy(raw []byte, expected ...string) ([]Finding, error) {
	report, err := parseReport(raw)
	if err != nil {
		return nil, err
	}
	findings, err := report.findings(nobodys, expected...)
	if err != nil {
		return nil, err
	}
	findings = append(findings, report.ended(Base{}, time.Time{})...)
	Sort(findings)
	return findings, nil
}

// layers tells which base image a layer is of, by the sum of what is in it, "" for a layer that is ours.
type layers func(diffID string) string

// nobodys is for what has no base.
func nobodys(string) string { return "" }

// findings are the report's, each with the base image that it lies in.
func (report trivyReport) findings(base layers, expected ...string) ([]Finding, error) {
	for _, class := range expected {
		if !slices.ContainsFunc(report.Results, func(r trivyResult) bool { return r.Class == class }) {
			return nil, fmt.Errorf("trivy report: %s has no result of class %q; the scan did not see its packages", report.ArtifactName, class)
		}
	}
	var findings []Finding
	add := func(f Finding, severity string) error {
		var err error
		if f.Severity, err = ParseSeverity(severity); err != nil || f.ID == "" || f.Target == "" || f.Line < 0 {
			return errors.Join(fmt.Errorf("trivy report: finding %q in %q is not complete", f.ID, f.Target), err)
		}
		findings = append(findings, f)
		return nil
	}
	for _, r := range report.Results {
		for _, v := range r.Vulnerabilities {
			if v.PkgName == "" {
				return nil, fmt.Errorf("trivy report: finding %q in %q names no package", v.VulnerabilityID, r.Target)
			}
			if err := add(Finding{Kind: Vulnerability, ID: v.VulnerabilityID, Target: r.Target, Package: v.PkgName, Base: base(v.Layer.DiffID),
				Installed: v.InstalledVersion, Fixed: v.FixedVersion, Title: v.Title, URL: v.PrimaryURL}, v.Severity); err != nil {
				return nil, err
			}
		}
		for _, s := range r.Secrets {
			if err := add(Finding{Kind: Secret, ID: s.RuleID, Target: r.Target, Title: s.Title, Line: s.StartLine, Base: base(s.Layer.DiffID)}, s.Severity); err != nil {
				return nil, err
			}
		}
		for _, m := range r.Misconfigurations {
			if m.Status == "PASS" {
				continue
			}
			if err := add(Finding{Kind: Misconfiguration, ID: m.ID, Target: r.Target, Title: m.Message, URL: m.PrimaryURL,
				Line: m.CauseMetadata.StartLine}, m.Severity); err != nil {
				return nil, err
			}
		}
	}
	Sort(findings)
	return findings, nil
}

func parseReport(raw []byte) (trivyReport, error) {
	var report trivyReport
	if err := decode(raw, &report); err != nil {
		return report, fmt.Errorf("trivy report: %w; scan again", err)
	}
	if report.SchemaVersion != 2 || report.ArtifactName == "" || report.ArtifactType == "" {
		return report, fmt.Errorf("trivy report: schema version %d of a %q; this needs the JSON report of Trivy, schema version 2",
			report.SchemaVersion, report.ArtifactType)
	}
	return report, nil
}

// decode reads exactly one JSON value.
func decode(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(into); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("it is empty or truncated")
		}
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}
