package release

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"todo-chatbot/ci/kube"
)

// ImageValues are images as a chart's values have them, by the part that names each: PART.image, or image alone where the chart has no
// such part. The chart's own values.yaml says how it writes an image: with a digest apart, or with a tag alone, which then has the
// digest in it; and with the registry apart, or in the repository.
func ImageValues(chart string, images map[string]string) (map[string]any, error) {
	if len(images) == 0 {
		return map[string]any{}, nil
	}
	defaults, err := chartValues(chart)
	if err != nil {
		return nil, fmt.Errorf("reading the chart: %w", err)
	}
	values := map[string]any{}
	var problems []error
	for _, part := range slices.Sorted(maps.Keys(images)) {
		at := values
		known, found := imageOf(defaults[part])
		if found {
			at = map[string]any{}
			values[part] = at
		} else if known, found = imageOf(defaults); !found {
			problems = append(problems, fmt.Errorf("image %s: the chart's values.yaml has neither %[1]s.image.repository nor image.repository%s",
				part, haveImages(defaults)))
			continue
		}
		if at["image"] != nil {
			problems = append(problems, fmt.Errorf("image %s: the chart has no part of that name, and its one image is another's", part))
		}
		at["image"] = imageValue(known, images[part])
	}
	return values, errors.Join(problems...)
}

// imageValue writes an image as the chart has its own.
func imageValue(known map[string]any, reference string) map[string]any {
	repository, digest, _ := strings.Cut(reference, "@")
	value := map[string]any{}
	if _, apart := known["registry"]; apart {
		value["registry"], repository, _ = strings.Cut(repository, "/")
	}
	if _, apart := known["digest"]; apart {
		value["repository"], value["digest"], value["tag"] = repository, digest, ""
		return value
	}
	algorithm, sum, _ := strings.Cut(digest, ":")
	value["repository"], value["tag"] = repository+"@"+algorithm, sum
	return value
}

// imageOf gives the image of a part of a chart's values.
func imageOf(part any) (map[string]any, bool) {
	values, _ := part.(map[string]any)
	image, _ := values["image"].(map[string]any)
	_, found := image["repository"]
	return image, found
}

// haveImages says which parts of a chart have one.
func haveImages(values map[string]any) string {
	var parts []string
	for _, part := range slices.Sorted(maps.Keys(values)) {
		if _, found := imageOf(values[part]); found {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; parts with an image are " + strings.Join(parts, ", ")
}

// chartValues are those of a chart's folder, none where it has no file of them.
func chartValues(chart string) (map[string]any, error) {
	if _, err := os.Stat(chart); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if err := kube.DecodeAsHelm(raw, &values); err != nil {
		return nil, fmt.Errorf("values.yaml: %w", err)
	}
	return values, nil
}
