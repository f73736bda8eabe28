package sarif

import "net/url"

// The shape of a SARIF document, as far as it is used.
type (
	log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Tool    tool     `json:"tool"`
		Results []result `json:"results"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
		Rules   []rule `json:"rules"`
	}
	rule struct {
		ID         string      `json:"id"`
		Short      message     `json:"shortDescription"`
		Full       *message    `json:"fullDescription,omitempty"`
		HelpURI    string      `json:"helpUri,omitempty"`
		Properties *properties `json:"properties,omitempty"`
	}
	properties struct {
		Severity string   `json:"security-severity"`
		Tags     []string `json:"tags"`
	}
	result struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        Level             `json:"level"`
		Message      message           `json:"message"`
		Locations    []location        `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	message struct {
		Text string `json:"text"`
	}
	location struct {
		Physical physical `json:"physicalLocation"`
	}
	physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   *region  `json:"region,omitempty"`
	}
	artifact struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine int `json:"startLine"`
	}
)

// escaped makes a file name a relative URI reference.
func escaped(file string) string { return (&url.URL{Path: file}).String() }
