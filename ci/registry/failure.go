package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"todo-chatbot/ci/registry/address"
	"todo-chatbot/ci/secret"
)

// What may be done after a failure that may pass. Of what was asked for, nothing was changed; what was pushed has no tag, and is not sent
// twice; of several tags some may be there, which name the same.
const (
	askAgain  = "try again"
	pushAgain = "nothing is under the tag, and it is safe to run again"
	tagAgain  = "some of the tags may be there; it is safe to run again from the same commit"
)

// full is how registries say that their disk is, or that a project has all it may, where they have no status for it: Harbor and
// GitLab answer 403. 28 is Linux' ENOSPC, as the distribution registry gives its file system's own error.
var full = regexp.MustCompile(`(?i)no space left|\berr:28\b|quota|exceed\w* .*limit|storage .*(?:limit|full|exceeded)|out of (?:disk )?space|insufficient storage`)

// often is how registries say that they were asked too often, whatever the status.
var often = regexp.MustCompile(`(?i)too ?many ?requests|rate ?limit|throttl|\brequests per\b`)

// explain makes one line of what a registry answered, or of its not answering, and says of what may pass by itself what to do again.
// Nothing that was sent is in it.
func explain(what string, err error, again string) error {
	if err == nil {
		return nil
	}
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		said := words(answer)
		switch {
		case answer.StatusCode == http.StatusTooManyRequests || often.MatchString(said):
			return fmt.Errorf("%s: the registry asks to wait (%d)%s; %s", what, answer.StatusCode, said, again)
		case answer.StatusCode == http.StatusInsufficientStorage || full.MatchString(said):
			return fmt.Errorf("%s: the registry has no room left (%d)%s; remove old images there, or have the limit raised; %s", what, answer.StatusCode, said, again)
		case answer.StatusCode == http.StatusUnauthorized:
			return fmt.Errorf("%s: the registry refused the credentials (401)%s; give --username and --password of %s", what, said, address.Writers(what))
		case answer.StatusCode == http.StatusForbidden:
			return fmt.Errorf("%s: the registry does not let this account do that (403)%s; give --username and --password of %s", what, said, address.Writers(what))
		case answer.StatusCode == http.StatusNotFound:
			return fmt.Errorf("%s: the registry has no such repository (404)%s; correct the address, or make the repository there first, as ECR and "+
				"Artifact Registry want it", what, said)
		case answer.StatusCode >= http.StatusInternalServerError:
			return fmt.Errorf("%s: the registry failed (%d); %s", what, answer.StatusCode, again)
		}
		return fmt.Errorf("%s: the registry answered %d: %s", what, answer.StatusCode, line(answer.Error()))
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return fmt.Errorf("%s: the registry has no TLS; give it some, or, on a network that is trusted, add --plain-http", what)
	}
	if network, ok := errors.AsType[net.Error](err); ok {
		return fmt.Errorf("%s: the registry does not answer: %s; %s", what, line(network.Error()), again)
	}
	return fmt.Errorf("%s: %s; %s", what, line(err.Error()), again)
}

// words are what a registry said of a failure, behind a colon, "" when it said nothing.
func words(answer *transport.Error) string {
	_, body, _ := strings.Cut(answer.Error(), fmt.Sprintf("unexpected status code %d %s: ", answer.StatusCode, http.StatusText(answer.StatusCode)))
	said := []string{body}
	for _, each := range answer.Errors {
		said = append(said, each.String())
	}
	text := []rune(line(secret.Redact(strings.TrimSpace(strings.Join(said, " ")), nil)))
	switch {
	case len(text) == 0:
		return ""
	case len(text) > longest:
		return ": " + string(text[:longest]) + "…"
	}
	return ": " + string(text)
}

// longest is how many characters of a registry's words are told: a proxy may answer with a page.
const longest = 300

func line(text string) string { return strings.Join(strings.Fields(text), " ") }
