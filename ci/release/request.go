package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"todo-chatbot/ci/deploy"
)

// Request is all that a deployment is told. Nothing in it is secret: secrets are named by the files that have them.
type Request struct {
	Target
	// Chart is the chart's folder.
	Chart string `json:"chart"`
	// ChartDigest stands for the chart's content; left out, it is made of the folder's files.
	ChartDigest string `json:"chartDigest,omitempty"`
	// Values are files of the caller's own values. What the release is told besides goes before them.
	Values []string `json:"values,omitempty"`
	// Images are the release's, each as REPOSITORY@sha256:DIGEST, by the part of the chart's values that names it.
	Images map[string]string `json:"images,omitempty"`
	// Platforms are what an image is built for, e.g. linux/arm64, by the same parts; left out, any node is taken to run it.
	Platforms map[string][]string `json:"platforms,omitempty"`
	// TodoChatbot is what the todo chatbot's own chart is told besides, nil for the chart of another application.
	TodoChatbot *TodoChatbot `json:"todoChatbot,omitempty"`
	// Plan is a file with a saved plan: exactly that is done, or nothing.
	Plan string `json:"plan,omitempty"`
	// Deliver is a command that puts the images where the nodes find them. It runs while the Lease is held. Left out, the
	// nodes have them or pull them.
	Deliver []string `json:"deliver,omitempty"`
	// Ephemeral is a cluster that ends with the run: a failed release is left as it is there, and secrets that were not
	// given are made.
	Ephemeral bool `json:"ephemeral,omitempty"`
	// NodesOnDemand is a cluster that adds a node for a pod that has no room. It does so for a pod that is there, so a lack of room
	// is told, and no reason to stop.
	NodesOnDemand bool `json:"nodesOnDemand,omitempty"`
}

// ParseRequest reads a request's JSON. A field that is not known is an error: it may be the one that matters.
func ParseRequest(raw []byte) (Request, error) {
	var r Request
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return Request{}, fmt.Errorf("reading the request: %w", err)
	}
	if decoder.More() {
		return Request{}, errors.New("reading the request: it has more than one JSON object")
	}
	return r, nil
}

// digested is an image that names its content.
var digested = regexp.MustCompile(`^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$`)

// check gives every problem of the request at once.
func (r Request) check(inputs deploy.Inputs) error {
	err := errors.Join(r.validate(inputs), r.checkImages())
	if r.Chart == "" {
		err = errors.Join(err, errors.New("chart: name the chart's folder with --chart"))
	}
	return err
}

// Validate gives every problem of what is known before anything is built: all but the images and the chart. Its secrets are
// read by a function of whoever asks; the registry is where the images are to be pulled from, "" for none.
func (r Request) Validate(registry string, secret func(path string) (string, error)) error {
	inputs, err := r.inputs(secret)
	if err != nil {
		return err
	}
	inputs.Registry = registry
	return r.validate(inputs)
}

func (r Request) validate(inputs deploy.Inputs) error {
	if r.TodoChatbot == nil {
		return inputs.ValidateTarget()
	}
	return inputs.Validate()
}

// inputs are what a deployment is told, with its secrets.
func (r Request) inputs(read func(path string) (string, error)) (deploy.Inputs, error) {
	inputs := deploy.Inputs{Release: r.Release, Namespace: r.Namespace, Embedded: r.Ephemeral, Timeout: r.timeout()}
	if r.TodoChatbot == nil {
		return inputs, nil
	}
	overrides, unread := r.overrides()
	inputs.Fullname = deploy.Fullname(r.Release, overrides)
	inputs, err := r.TodoChatbot.inputs(inputs, read)
	return inputs, errors.Join(unread, err)
}

// SecretValues are what the request's secrets say, for a verb that deploys nothing and shows what the release prints.
func (r Request) SecretValues() ([]string, error) {
	inputs, err := r.inputs(fromFile)
	if r.TodoChatbot == nil || err != nil {
		return nil, err
	}
	return hidden(inputs, secretData(inputs)), nil
}

// Unbuilt stands for an image that has no digest yet.
var Unbuilt = "localhost/unbuilt@sha256:" + strings.Repeat("0", 64)

// unbuilt is true where an image has no digest yet.
func (r Request) unbuilt() bool {
	return slices.Contains(slices.Collect(maps.Values(r.Images)), Unbuilt)
}

// checkImages wants each image by digest: a tag may name something else by the time that a node pulls it.
func (r Request) checkImages() error {
	var problems []error
	for _, part := range slices.Sorted(maps.Keys(r.Images)) {
		if !digested.MatchString(r.Images[part]) {
			problems = append(problems, fmt.Errorf("image %s: %q is no image by digest; write it as REPOSITORY@sha256:… with "+
				"64 hexadecimal digits", part, r.Images[part]))
		}
	}
	if r.TodoChatbot != nil {
		problems = append(problems, r.TodoChatbot.checkImages(r.Images))
	}
	return errors.Join(problems...)
}

// savedPlan reads the plan to hold to, "" when there is none.
func (r Request) savedPlan() (string, error) {
	if r.Plan == "" {
		return "", nil
	}
	raw, err := os.ReadFile(r.Plan)
	if err != nil {
		return "", fmt.Errorf("reading the saved plan: %w", err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return "", fmt.Errorf("reading the saved plan: %s is empty; make a new one with: release plan", r.Plan)
	}
	return string(raw), nil
}

// checkTarget is for the verbs that need no more.
func (t Target) checkTarget() error {
	return deploy.Inputs{Release: t.Release, Namespace: t.Namespace, Timeout: t.timeout()}.ValidateTarget()
}
