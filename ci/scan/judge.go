package scan

import (
	"encoding/json"
	"fmt"
	"time"
)

// Threshold is the lightest finding that fails a scan.
const Threshold = High

// Judge gives findings for people, and fails when they do not pass. Of a part of what the exceptions are for, one may be unused.
func Judge(findings []Finding, database Database, part bool, now time.Time) (string, error) {
	exceptions, err := DefaultExceptions()
	if err != nil {
		return "", err
	}
	Sort(findings)
	err = Gate{Threshold: Threshold, Exceptions: exceptions, Now: now, Part: part}.Check(findings)
	text := database.Line(now) + "\n" + Summary(findings, Medium)
	if err != nil {
		return "", fmt.Errorf("%w\n\n%s", err, text)
	}
	return text, nil
}

// JudgeSecrets fails when there is a credential of any weight.
func JudgeSecrets(findings []Finding) error {
	if err := (Gate{Threshold: Low}).Check(findings); err != nil {
		return fmt.Errorf("%w\n%s", err, Table(findings))
	}
	return nil
}

// Document writes findings in a format, sarif or json, those that are excepted marked. It judges nothing.
func Document(findings []Finding, format string, now time.Time) ([]byte, error) {
	exceptions, err := DefaultExceptions()
	if err != nil {
		return nil, err
	}
	Sort(findings)
	// What it says is Judge's; here it marks what is excepted.
	_ = Gate{Threshold: Threshold, Exceptions: exceptions, Now: now}.Check(findings)
	switch format {
	case "json":
		return json.MarshalIndent(findings, "", "  ")
	case "sarif":
		return Sarif("todo-chatbot scan", "1", findings)
	}
	return nil, fmt.Errorf("findings: no format is called %q; the formats are sarif and json", format)
}
