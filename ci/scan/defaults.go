package scan

import _ "embed"

var (
	//go:embed exceptions.yaml
	exceptions []byte
	//go:embed licenses.txt
	licenses []byte
	//go:embed licenses-of-bases.txt
	licensesOfBases []byte
)

// DefaultExceptions gives the exceptions of exceptions.yaml.
func DefaultExceptions() ([]Exception, error) { return ParseExceptions(exceptions) }

// DefaultPolicy gives the licences of licenses.txt.
func DefaultPolicy() (Policy, error) { return ParsePolicy(licenses) }

// DefaultBasePolicy gives the licences of licenses-of-bases.txt.
func DefaultBasePolicy() (Policy, error) { return ParsePolicy(licensesOfBases) }
