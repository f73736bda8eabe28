package sbom_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/sbom"
)

const digest = "sha256:0123"

func spdx(random, when string) string {
	return `{"spdxVersion":"SPDX-2.3","documentNamespace":"http://trivy.dev/` + random + `","creationInfo":{"created":"` + when + `"},
"packages":[{"name":"a","annotations":[{"annotationDate":"` + when + `"}]},{"name":"b"}]}`
}

// cyclonedx is sorted by what was rolled, as Trivy does.
func cyclonedx(serial, first, second, when string) string {
	low, high := first, second
	if low > high {
		low, high = high, low
	}
	return `{"bomFormat":"CycloneDX","serialNumber":"urn:uuid:` + serial + `","metadata":{"timestamp":"` + when + `","component":{"bom-ref":"` + first + `"}},
"components":[{"bom-ref":"` + second + `","name":"os"},{"bom-ref":"pkg:a","name":"a","version":"1 < 2"}],
"dependencies":[{"ref":"` + low + `","dependsOn":["` + high + `","pkg:a"]},{"ref":"` + high + `","dependsOn":["pkg:a","` + low + `"]}]}`
}

const (
	one, two, three = "430f56c7-8b44-4343-bdeb-18ea9672af97", "b5c87840-306f-4dc3-b421-6169f0b3fffb", "24a10d49-b4a7-4ac8-afd9-b7c27cb90041"
	morning         = "2026-11-23T08:24:31Z"
	evening         = "2026-11-23T18:24:51.123+00:00"
)

func TestOneImageHasOneBillOfMaterials(t *testing.T) {
	for name, test := range map[string]struct {
		format        sbom.Format
		first, second string
	}{
		"SPDX":      {sbom.SPDX, spdx(one, morning), spdx(two, evening)},
		"CycloneDX": {sbom.CycloneDX, cyclonedx(one, two, three, morning), cyclonedx(two, three, one, evening)},
	} {
		t.Run(name, func(t *testing.T) {
			first, err := sbom.Normalize([]byte(test.first), test.format, digest)
			require.NoError(t, err)
			second, err := sbom.Normalize([]byte(test.second), test.format, digest)
			require.NoError(t, err)
			assert.NotContains(t, string(first), "2026")
			assert.NotContains(t, string(first), one)
			other, err := sbom.Normalize([]byte(test.first), test.format, "sha256:4567")
			require.NoError(t, err)
			assert.NotEqual(t, string(first), string(other), "another image has another")
			assert.Equal(t, string(first), string(second))
		})
	}
}

func TestTextStaysAsItWas(t *testing.T) {
	text, err := sbom.Normalize([]byte(cyclonedx(one, two, three, morning)), sbom.CycloneDX, digest)
	require.NoError(t, err)
	assert.Contains(t, string(text), "1 < 2")
}

func TestAListOfNothingIsNoBillOfMaterials(t *testing.T) {
	for name, test := range map[string]struct {
		format sbom.Format
		text   string
	}{
		"truncated":       {sbom.SPDX, `{"spdxVersion":`},
		"the other form":  {sbom.SPDX, cyclonedx(one, two, three, morning)},
		"and back":        {sbom.CycloneDX, spdx(one, morning)},
		"no package":      {sbom.SPDX, `{"spdxVersion":"SPDX-2.3","packages":[{"name":"image"}]}`},
		"nothing at all":  {sbom.CycloneDX, ``},
		"no component":    {sbom.CycloneDX, `{"bomFormat":"CycloneDX"}`},
		"another program": {sbom.CycloneDX, `{"SchemaVersion":2}`},
	} {
		_, err := sbom.Normalize([]byte(test.text), test.format, digest)
		assert.ErrorContains(t, err, "sbom: ", name)
	}
}

func TestFormatsAreCalledWhatPeopleCallThem(t *testing.T) {
	for name, expected := range map[string]string{"spdx": "spdxjson", "cyclonedx": "cyclonedx"} {
		format, err := sbom.ParseFormat(name)
		require.NoError(t, err)
		assert.Equal(t, expected, format.PredicateType())
	}
	_, err := sbom.ParseFormat("xml")
	assert.ErrorContains(t, err, "the formats are spdx and cyclonedx")
}
