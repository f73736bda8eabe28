// Package sarif writes findings in SARIF 2.1.0 (OASIS), as GitHub's code scanning reads them.
package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Level is how much a result weighs.
type Level string

// The levels of SARIF 2.1.0, section 3.27.10.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Log is one tool's run.
type Log struct {
	// Tool and Version name what found the results; the version may be "".
	Tool, Version string
	Rules         []Rule
	Results       []Result
}

// Rule is what a result breaks.
type Rule struct {
	// ID is the rule's name, e.g. CVE-2026-1234. It is given once in a log.
	ID string
	// Summary is one line, Help some more; Help may be "".
	Summary, Help string
	// URL is a page about it, "" when there is none.
	URL string
	// Severity is GitHub's security-severity, from 0.1 to 10; 0 for none.
	Severity float64
}

// Result is one finding.
type Result struct {
	RuleID  string
	Level   Level
	Message string
	// File is relative to the checkout's root, with slashes. Line counts from 1; 0 when the file is meant as a whole.
	File string
	Line int
}

// JSON gives the log as SARIF. A result without a rule, a message or a file, and a rule given twice are errors: GitHub
// drops a whole upload for one of them.
func (l Log) JSON() ([]byte, error) {
	index := map[string]int{}
	rules := []rule{}
	for _, r := range l.Rules {
		if _, twice := index[r.ID]; twice || r.ID == "" {
			return nil, fmt.Errorf("sarif: rule %q is given twice or has no name", r.ID)
		}
		index[r.ID] = len(rules)
		rules = append(rules, r.encoded())
	}
	results := []result{}
	for _, r := range l.Results {
		at, known := index[r.RuleID]
		if !known || r.Message == "" || r.File == "" || r.Line < 0 || !slices.Contains([]Level{Error, Warning, Note}, r.Level) {
			return nil, fmt.Errorf("sarif: result of rule %q in %q needs a known rule, a level, a message, a file and a line", r.RuleID, r.File)
		}
		results = append(results, r.encoded(at))
	}
	return json.MarshalIndent(log{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []run{{Tool: tool{Driver: driver{Name: l.Tool, Version: l.Version, Rules: rules}}, Results: results}},
	}, "", "  ")
}

func (r Rule) encoded() rule {
	encoded := rule{ID: r.ID, Short: message{Text: orElse(r.Summary, r.ID)}, HelpURI: r.URL}
	if r.Help != "" {
		encoded.Full = &message{Text: r.Help}
	}
	if r.Severity > 0 {
		encoded.Properties = &properties{Severity: fmt.Sprintf("%.1f", r.Severity), Tags: []string{"security"}}
	}
	return encoded
}

func (r Result) encoded(rule int) result {
	where := physical{Artifact: artifact{URI: escaped(r.File)}}
	if r.Line > 0 {
		where.Region = &region{StartLine: r.Line}
	}
	// Without the line, so that a finding stays the same one when code moves.
	sum := sha256.Sum256([]byte(strings.Join([]string{r.RuleID, r.File, r.Message}, "\x00")))
	return result{
		RuleID: r.RuleID, RuleIndex: rule, Level: r.Level, Message: message{Text: r.Message},
		Locations:    []location{{Physical: where}},
		Fingerprints: map[string]string{"primaryLocationLineHash": hex.EncodeToString(sum[:16])},
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
