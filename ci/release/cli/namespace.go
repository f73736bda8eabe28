package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// inEach asks about the objects of manifests, those of each namespace apart, and gives one List of the answers. kubectl refuses an object
// that names another namespace than --namespace does. One that names none is in the given one, or in none at all: that only the server
// knows.
func inEach(namespace, manifests string, ask func(namespace, manifests string) ([]byte, error)) ([]byte, error) {
	objects, err := kube.Objects([]byte(manifests))
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	parts := map[string][]string{}
	for _, object := range objects {
		var named struct {
			Metadata struct {
				Namespace string `json:"namespace"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(object, &named); err != nil {
			return nil, fmt.Errorf("reading the namespace of an object: %w", err)
		}
		where := or(named.Metadata.Namespace, namespace)
		parts[where] = append(parts[where], string(object))
	}
	var answers [][]byte
	for _, where := range slices.Sorted(maps.Keys(parts)) {
		answer, err := ask(where, strings.Join(parts[where], "\n---\n"))
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return asList(answers...)
}
