package scan

import "todo-chatbot/ci/sarif"

// scores are GitHub's security-severity for findings that come with a word and no number.
var scores = map[Severity]float64{Unknown: 0.1, Low: 3.9, Medium: 6.9, High: 8.9, Critical: 10}

// Sarif gives findings for GitHub's code scanning. Those with an exception are left out, as GitHub would show them open.
func Sarif(tool, version string, findings []Finding) ([]byte, error) {
	log := sarif.Log{Tool: tool, Version: version}
	known := map[string]bool{}
	for _, f := range findings {
		if f.Excepted != "" {
			continue
		}
		if !known[f.ID] {
			known[f.ID] = true
			log.Rules = append(log.Rules, sarif.Rule{ID: f.ID, Summary: f.Title, URL: f.URL, Severity: scores[f.Severity]})
		}
		message := f.where() + ": " + f.Title
		if f.Kind == Vulnerability && f.Fixed != "" {
			message += "; " + f.remedy()
		}
		if f.Base != "" {
			message += "; in the base image " + f.Base
		}
		log.Results = append(log.Results, sarif.Result{RuleID: f.ID, Level: level(f.Severity), Message: message, File: f.Target, Line: f.Line})
	}
	return log.JSON()
}

func level(s Severity) sarif.Level {
	switch {
	case s >= High:
		return sarif.Error
	case s == Medium:
		return sarif.Warning
	}
	return sarif.Note
}
