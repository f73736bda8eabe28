package main

import (
	"context"
	"fmt"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/scan"
)

// Secrets looks for credentials in the checkout, with Trivy, and fails when it finds one.
//
// +check
func (m *TodoChatbot) Secrets(ctx context.Context) error {
	raw, err := from(m.Pins, image.Trivy).
		WithMountedDirectory("/src", m.Source).
		WithExec([]string{"trivy", "filesystem", "--scanners", "secret", "--format", "json", "--output", "/tmp/report.json", "/src"}).
		File("/tmp/report.json").
		Contents(ctx)
	if err != nil {
		return explain("looking for secrets", err)
	}
	findings, err := scan.ParseTrivy([]byte(raw))
	if err != nil {
		return fmt.Errorf("looking for secrets: %w", err)
	}
	if err := (scan.Gate{Threshold: scan.Low}).Check(findings); err != nil {
		return fmt.Errorf("%w\n%s", err, scan.Table(findings))
	}
	return nil
}
