package pins

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// shipped are the images that what ships is made from.
func shipped() []Name { return []Name{Python, Node} }

// CheckBuild fails unless images can be built for each of some platforms: they are among Platforms, and so are the bases. It gives
// every problem at once.
func (p Pins) CheckBuild(platforms ...string) error {
	var problems []error
	for i, platform := range platforms {
		if slices.Contains(platforms[:i], platform) {
			problems = append(problems, fmt.Errorf("platform %s: it is named twice; name it once", platform))
			continue
		}
		if !slices.Contains(Platforms(), platform) {
			problems = append(problems, fmt.Errorf("platform %q: images are built for %s, and for nothing else", platform, strings.Join(Platforms(), " and ")))
			continue
		}
		for _, base := range shipped() {
			if has := p[base].Platforms; !slices.Contains(has, platform) {
				problems = append(problems, fmt.Errorf("platform %s: the pin of %s is for %s alone, as its line says; pin an image that has both, or build for that one",
					platform, base, strings.Join(has, " and ")))
			}
		}
	}
	return errors.Join(problems...)
}
