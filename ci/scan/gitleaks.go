package scan

import (
	"errors"
	"fmt"
)

// ParseGitleaks reads a report that gitleaks wrote with --report-format json: a list, empty when nothing was found. Each
// finding is critical, since whoever has the history has the secret. Values are not read.
func ParseGitleaks(raw []byte) ([]Finding, error) {
	var report []struct {
		RuleID, Description, File, Commit string
		StartLine                         int
	}
	err := decode(raw, &report)
	if err == nil && report == nil {
		err = errors.New("it holds no list")
	}
	if err != nil {
		return nil, fmt.Errorf("gitleaks report: %w; scan again", err)
	}
	findings := make([]Finding, 0, len(report))
	for i, r := range report {
		if r.RuleID == "" || r.File == "" || r.StartLine < 0 {
			return nil, fmt.Errorf("gitleaks report: entry %d names no rule, no file or no line", i)
		}
		title := r.Description
		if r.Commit != "" {
			title += " (commit " + r.Commit + ")"
		}
		findings = append(findings, Finding{Kind: Secret, ID: r.RuleID, Severity: Critical, Target: r.File, Title: title, Line: r.StartLine})
	}
	Sort(findings)
	return findings, nil
}
