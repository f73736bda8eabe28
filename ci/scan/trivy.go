package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// trivyReport is Trivy's JSON, schema version 2, as far as it is used.
type trivyReport struct {
	SchemaVersion int
	ArtifactName  string
	ArtifactType  string
	Results       []struct {
		Target          string
		Class           string
		Vulnerabilities []struct {
			VulnerabilityID, PkgName, InstalledVersion, FixedVersion, Severity, Title, PrimaryURL string
		}
		Secrets []struct {
			RuleID, Severity, Title string
			StartLine               int
		}
		Misconfigurations []struct {
			ID, Title, Message, Severity, Status, PrimaryURL string
			CauseMetadata                                    struct{ StartLine int }
		}
	}
}

// ParseTrivy reads a report that Trivy wrote with --format json. A report that is empty, truncated, followed by something
// else, of another tool or of another schema is an error: it says nothing about what was scanned.
func ParseTrivy(raw []byte) ([]Finding, error) {
	var report trivyReport
	if err := decode(raw, &report); err != nil {
		return nil, fmt.Errorf("trivy report: %w; scan again", err)
	}
	if report.SchemaVersion != 2 || report.ArtifactName == "" || report.ArtifactType == "" {
		return nil, fmt.Errorf("trivy report: schema version %d of a %q; this needs the JSON report of Trivy, schema version 2",
			report.SchemaVersion, report.ArtifactType)
	}
	var findings []Finding
	add := func(f Finding, severity string) error {
		var err error
		if f.Severity, err = ParseSeverity(severity); err != nil || f.ID == "" || f.Target == "" {
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
			if err := add(Finding{Kind: Vulnerability, ID: v.VulnerabilityID, Target: r.Target, Package: v.PkgName,
				Installed: v.InstalledVersion, Fixed: v.FixedVersion, Title: v.Title, URL: v.PrimaryURL}, v.Severity); err != nil {
				return nil, err
			}
		}
		for _, s := range r.Secrets {
			if err := add(Finding{Kind: Secret, ID: s.RuleID, Target: r.Target, Title: s.Title, Line: s.StartLine}, s.Severity); err != nil {
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
