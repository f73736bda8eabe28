// Package download tells why the vulnerability database could not be had.
package download

import (
	"fmt"
	"strings"
)

// Failure is the error of a download that failed: one line with where from, Trivy's own reason and what to do. The
// output is what Trivy printed; repository is "" for Trivy's own.
func Failure(repository, output string) error {
	if repository == "" {
		repository = "its publisher"
	}
	reason := "Trivy gave no reason"
	if _, after, fatal := strings.Cut(output, "FATAL"); fatal {
		reason = strings.Join(strings.Fields(after), " ")
		// Each cause is in front of the next; the last is what happened.
		if at := strings.LastIndex(reason, "failed to download"); at >= 0 {
			reason = reason[at:]
		}
	}
	return fmt.Errorf("the vulnerability database cannot be had from %s, so nothing was scanned: %s; name a copy that the engine "+
		"reaches with --vulnerability-database", repository, reason)
}
