package provenance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// ParseVerified reads what "cosign verify-attestation" prints: one envelope a line, each with a statement whose signature
// it has checked. Nothing in it is an error: it means that nothing was verified.
func ParseVerified(output []byte) ([]Statement, error) {
	var statements []Statement
	for line := range bytes.Lines(output) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] != '{' {
			continue
		}
		var envelope struct {
			PayloadType string `json:"payloadType"`
			Payload     string `json:"payload"`
		}
		if err := json.Unmarshal(line, &envelope); err != nil {
			return nil, fmt.Errorf("provenance: what cosign verified is no envelope: %w", err)
		}
		payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
		if err != nil || envelope.PayloadType != "application/vnd.in-toto+json" {
			return nil, errors.Join(fmt.Errorf("provenance: what cosign verified is a %q, no in-toto statement", envelope.PayloadType), err)
		}
		var statement Statement
		if err := json.Unmarshal(payload, &statement); err != nil {
			return nil, fmt.Errorf("provenance: what cosign verified is no statement: %w", err)
		}
		statements = append(statements, statement)
	}
	if len(statements) == 0 {
		return nil, errors.New("provenance: there is no signed statement")
	}
	return statements, nil
}

// Any gives the first statement that a policy lets pass, or what is wrong with each.
func (p Policy) Any(statements []Statement, digest string) (Statement, error) {
	var problems []error
	for _, statement := range statements {
		err := p.Check(statement, digest)
		if err == nil {
			return statement, nil
		}
		problems = append(problems, err)
	}
	return Statement{}, errors.Join(problems...)
}
