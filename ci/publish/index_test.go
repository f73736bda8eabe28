package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/publish"
	"todo-chatbot/ci/registry"
)

// archivedFor is an image for a platform in a file.
func archivedFor(t *testing.T, platform string) string {
	t.Helper()
	made, err := random.Image(100, 1)
	require.NoError(t, err)
	config, err := made.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture, _ = strings.Cut(platform, "/")
	made, err = mutate.ConfigFile(made, config)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, tarball.WriteToFile(file, name.MustParseReference("local/image:1"), made))
	return file
}

// askedForBoth is the publication of an index and a chart.
func askedForBoth(t *testing.T, in string) publish.Request {
	t.Helper()
	r := asked(t, in, "v1")
	index := &r.Artifacts[0]
	for _, platform := range pins.Platforms() {
		one := *index
		one.Platform, one.File, one.Call = platform, archivedFor(t, platform), "--platform "+platform+" "+index.Call
		index.Images = append(index.Images, one)
	}
	index.Kind, index.File, index.Attestations, index.Call = publish.Index, "", nil, "registry publish --platforms linux/amd64,linux/arm64"
	return r
}

// pulled are the images of a reference by digest, by their platforms as the index has them.
func pulled(t *testing.T, reference string) map[string]string {
	t.Helper()
	parsed, err := name.NewDigest(reference)
	require.NoError(t, err)
	index, err := remote.Index(parsed)
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	assert.Equal(t, "application/vnd.oci.image.index.v1+json", string(manifest.MediaType))
	found := map[string]string{}
	for _, one := range manifest.Manifests {
		found[one.Platform.String()] = parsed.Context().Name() + "@" + one.Digest.String()
	}
	return found
}

func TestAnIndexAndEachOfItsImagesIsDescribedAndSignedBeforeATagNamesIt(t *testing.T) {
	in, n := served(t), newNotary()
	request := askedForBoth(t, in)
	p, _ := publisher(n)
	n.before = func() { assert.False(t, named(t, in+"/todo-backend", "v1"), "a tag before everything is signed") }
	text, err := p.Publish(t.Context(), request)
	require.NoError(t, err)

	verified, err := publish.Verify(t.Context(), registry.Registry{}, n,
		publish.Release{Registry: in, Tag: "v1", Trust: publish.Trust{Key: "trusted.pub"}}, "todo-backend", "todo-chatbot")
	require.NoError(t, err)
	index := verified[0]
	assert.Equal(t, pins.Platforms(), index.Platforms)
	assert.True(t, strings.HasSuffix(index.Text(), ", by urn:builder\n  for linux/amd64, linux/arm64\n"), index.Text())
	assert.Equal(t, "registry publish --platforms linux/amd64,linux/arm64", index.Statement.Predicate.BuildDefinition.ExternalParameters.Call)
	assert.Equal(t, []string{"slsaprovenance1"}, n.kinds[index.Reference], "an index has no packages of its own")
	assert.Empty(t, verified[1].Platforms, "a chart is for every platform")

	images := pulled(t, index.Reference)
	require.Len(t, images, 2)
	told := strings.Split(text, "\n")
	for i, platform := range pins.Platforms() {
		reference := images[platform]
		require.NotEmpty(t, reference, platform)
		assert.True(t, n.signed[reference], platform)
		assert.ElementsMatch(t, []string{"slsaprovenance1", "spdxjson", "cyclonedx"}, n.kinds[reference], platform)
		require.Len(t, n.statements[reference], 1)
		assert.Equal(t, "--platform "+platform+" backend image archive", n.statements[reference][0].Predicate.BuildDefinition.ExternalParameters.Call)
		_, digest, _ := strings.Cut(reference, "@")
		assert.Equal(t, "  for "+platform+" "+digest, told[i+1])
	}
	_, digest, _ := strings.Cut(index.Reference, "@")
	assert.Equal(t, in+"/todo-backend:v1 is "+digest, told[0])
}

func TestTheSameImagesAreTheSameIndex(t *testing.T) {
	in, n := served(t), newNotary()
	request := askedForBoth(t, in)
	p, _ := publisher(n)
	for range 2 {
		_, err := p.Publish(t.Context(), request)
		require.NoError(t, err)
	}
	// Two images with three statements and a signature each, the index and the chart with one statement and a signature each.
	assert.Len(t, n.calls, 2*4+2*2, "what is signed is not signed twice")
}

func TestAStoppedPublicationOfAnIndexNamesNothingAndCanBeRunAgain(t *testing.T) {
	for stop := 1; stop <= 12; stop++ {
		in, n := served(t), newNotary()
		request := askedForBoth(t, in)
		n.failAt = stop
		p, _ := publisher(n)
		_, err := p.Publish(t.Context(), request)
		require.ErrorIs(t, err, errKilled)
		assert.False(t, named(t, in+"/todo-backend", "v1"), "stopped at call %d", stop)
		n.failAt = 0
		_, err = p.Publish(t.Context(), request)
		require.NoError(t, err)
		assert.True(t, named(t, in+"/todo-backend", "v1"))
	}
}

func TestAnImageForAnotherPlatformThanItsOwnIsNotPublished(t *testing.T) {
	in, n := served(t), newNotary()
	p, _ := publisher(n)
	for says, change := range map[string]func(*publish.Artifact){
		`publishing todo-backend: its image for linux/arm64 is for "linux/amd64"; build it again`: func(a *publish.Artifact) { a.File = archivedFor(t, "linux/amd64") },
		`its image for linux/arm64 is for ""`:                                                     func(a *publish.Artifact) { a.File = archived(t, t.TempDir(), "none.tar") },
		"image archive file":                                                                      func(a *publish.Artifact) { a.File = "/no/such/file" },
	} {
		request := askedForBoth(t, in)
		change(&request.Artifacts[0].Images[1])
		_, err := p.Publish(t.Context(), request)
		require.ErrorContains(t, err, says)
		assert.Empty(t, n.calls)
	}
}

func TestEachPlatformOfAnIndexIsHeldAgainstWhatWasBuiltAgain(t *testing.T) {
	in, n := served(t), newNotary()
	request := askedForBoth(t, in)
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), request)
	require.NoError(t, err)
	amd64, arm64 := request.Artifacts[0].Images[0].File, request.Artifacts[0].Images[1].File
	reproduce := func(archives ...string) (string, error) {
		var rebuilt []publish.Rebuilt
		for _, archive := range archives {
			rebuilt = append(rebuilt, publish.Rebuilt{Name: "todo-backend", Archive: archive})
		}
		return publish.Reproduce(t.Context(), registry.Registry{}, n, publish.Release{Registry: in, Tag: "v1", Trust: publish.Trust{Key: "trusted.pub"}}, rebuilt...)
	}
	const same = " built again, and the same bit for bit\n"

	for _, archives := range [][]string{{amd64, arm64}, {arm64, amd64}} {
		text, err := reproduce(archives...)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(text, in+"/todo-backend@sha256:"), text)
		assert.True(t, strings.HasSuffix(text, "  linux/amd64"+same+"  linux/arm64"+same), text)
	}
	text, err := reproduce(amd64, archivedFor(t, "linux/arm64"))
	require.ErrorContains(t, err, " for linux/arm64 is not what was built again: layer 0: ")
	require.ErrorContains(t, err, "git checkout "+strings.Repeat("b", 40)+",")
	assert.NotContains(t, err.Error(), "linux/amd64")
	assert.Contains(t, text, "  linux/amd64"+same)
	assert.NotContains(t, text, "  linux/arm64"+same)

	text, err = reproduce(amd64)
	require.ErrorContains(t, err, "nothing was built for linux/arm64", "what was not built again was not shown to be the same")
	assert.NotContains(t, text, "  linux/arm64"+same)
	_, err = reproduce(archivedFor(t, "linux/amd64"), archivedFor(t, "linux/arm64"))
	require.ErrorContains(t, err, " for linux/amd64 is not what was built again")
	require.ErrorContains(t, err, " for linux/arm64 is not what was built again")
}

// A release that was published for one platform has an image under its tag, and so have those of before.
func TestAReleaseOfOneImageSaysWhatItIsFor(t *testing.T) {
	in, n := served(t), newNotary()
	request := asked(t, in, "v1")
	request.Artifacts[0].File = archivedFor(t, "linux/arm64")
	p, _ := publisher(n)
	_, err := p.Publish(t.Context(), request)
	require.NoError(t, err)
	release := publish.Release{Registry: in, Tag: "v1", Trust: publish.Trust{Key: "trusted.pub"}}
	verified, err := publish.Verify(t.Context(), registry.Registry{}, n, release, "todo-backend")
	require.NoError(t, err)
	assert.Equal(t, []string{"linux/arm64"}, verified[0].Platforms)
	_, err = publish.Reproduce(t.Context(), registry.Registry{}, n, release, publish.Rebuilt{Name: "todo-backend", Archive: archivedFor(t, "linux/amd64")})
	require.ErrorContains(t, err, "nothing was built for linux/arm64; build it for that too")
}

func TestAFolderHasTheImagesOfEachPlatform(t *testing.T) {
	folder := published(t)
	for _, platform := range pins.Platforms() {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, platform), 0o700))
		for _, file := range []string{"todo-backend.tar", "todo-backend.spdx.json", "todo-backend.cyclonedx.json", "todo-frontend.tar", "todo-frontend.spdx.json", "todo-frontend.cyclonedx.json"} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, platform, file), nil, 0o600))
		}
	}
	request, err := publish.ParseRequest([]byte(`{"registry": "ghcr.io/acme", "tag": "v1", "platforms": ["linux/amd64", "linux/arm64"], "folder": "` + folder + `"}`))
	require.NoError(t, err)
	require.Len(t, request.Artifacts, 3)
	backend, chart := request.Artifacts[0], request.Artifacts[2]
	assert.Equal(t, publish.Chart, chart.Kind)
	assert.Equal(t, publish.Index, backend.Kind)
	assert.Equal(t, "registry publish --platforms linux/amd64,linux/arm64", backend.Call)
	assert.Empty(t, backend.Attestations)
	require.Len(t, backend.Images, 2)
	assert.Equal(t, publish.Artifact{
		Kind: publish.Image, Name: "todo-backend", Platform: "linux/arm64", File: filepath.Join(folder, "linux/arm64/todo-backend.tar"),
		Call: "--platform linux/arm64 backend image archive", Bases: backend.Bases,
		Attestations: map[string]string{
			"spdxjson": filepath.Join(folder, "linux/arm64/todo-backend.spdx.json"), "cyclonedx": filepath.Join(folder, "linux/arm64/todo-backend.cyclonedx.json"),
		},
	}, backend.Images[1])
	require.NoError(t, os.Remove(filepath.Join(folder, "linux/arm64/todo-frontend.tar")))
	_, err = publish.Folder(folder, pins.Platforms())
	assert.ErrorContains(t, err, "reading what is to be published: there is not one todo-frontend.tar but []")
}
