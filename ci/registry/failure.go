package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// again ends each failure: what was pushed has no tag, and what is there is not sent twice.
const again = "nothing is under the tag, and it is safe to run again"

// full is how registries say that their disk is, where they have no status for it. 28 is Linux' ENOSPC, as the
// distribution registry gives its file system's own error.
var full = regexp.MustCompile(`(?i)no space left|\berr:28\b`)

// explain makes one line of what a registry answered, or of its not answering. Nothing that was sent is in it.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		switch {
		case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
			return fmt.Errorf("%s: the registry refused the credentials (%d); give --username and --password of somebody who may push", what, answer.StatusCode)
		case answer.StatusCode == http.StatusInsufficientStorage || full.MatchString(answer.Error()):
			return fmt.Errorf("%s: the registry has no room left; make some; %s", what, again)
		case answer.StatusCode == http.StatusTooManyRequests:
			return fmt.Errorf("%s: the registry asks to wait (429); %s", what, again)
		case answer.StatusCode >= http.StatusInternalServerError:
			return fmt.Errorf("%s: the registry failed (%d); %s", what, answer.StatusCode, again)
		}
		return fmt.Errorf("%s: the registry answered %d: %s", what, answer.StatusCode, line(answer.Error()))
	}
	if network, ok := errors.AsType[net.Error](err); ok {
		return fmt.Errorf("%s: the registry does not answer: %s; %s", what, line(network.Error()), again)
	}
	return fmt.Errorf("%s: %s; %s", what, line(err.Error()), again)
}

func line(text string) string { return strings.Join(strings.Fields(text), " ") }
