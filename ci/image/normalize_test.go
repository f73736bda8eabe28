package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

var epoch = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// build is one build of the same image: what differs between two of them is the machine and the moment.
type build struct {
	at      time.Time
	owner   string
	content string
	// restarted is an engine that was started again since it pulled the base: it has the files of it alone.
	restarted bool
}

// publisher gives the base image as its publisher made it.
func publisher(t *testing.T) v1.Image {
	t.Helper()
	made, err := mutate.AppendLayers(empty.Image, build{at: time.Unix(1, 0), owner: "publisher"}.layer(t, map[string]string{"app/main.py": "base"}))
	require.NoError(t, err)
	return made
}

func (b build) layer(t *testing.T, files map[string]string) v1.Layer {
	t.Helper()
	var raw bytes.Buffer
	archive := tar.NewWriter(&raw)
	for _, name := range []string{"app/", "app/main.py"} {
		content, kind := files[name], byte(tar.TypeReg)
		if name == "app/" {
			kind = tar.TypeDir
		}
		require.NoError(t, archive.WriteHeader(&tar.Header{
			Name: name, Typeflag: kind, Mode: 0o755, Size: int64(len(content)), Uid: 1000, Uname: b.owner,
			ModTime: b.at, AccessTime: b.at, Format: tar.FormatPAX,
		}))
		_, err := archive.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(raw.Bytes())), nil
	})
	require.NoError(t, err)
	return layer
}

// archive writes the build as an engine exports it: a base layer, a layer on it, and the clock in the config.
func (b build) archive(t *testing.T) string {
	t.Helper()
	published, err := publisher(t).Layers()
	require.NoError(t, err)
	base := published[0]
	digest, err := base.Digest()
	require.NoError(t, err)
	from, on := "import image layer "+digest.String(), "Directory.withDirectory"
	if b.restarted {
		base = build{at: time.Unix(1, 0)}.layer(t, map[string]string{"app/main.py": "base"})
		from, on = "rehydrated persisted snapshot", "rehydrated persisted snapshot"
	}
	content := b.content
	if content == "" {
		content = "print('hello')"
	}
	added, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: base, History: v1.History{Created: v1.Time{Time: b.at}, CreatedBy: from}},
		mutate.Addendum{Layer: b.layer(t, map[string]string{"app/main.py": content}), History: v1.History{Created: v1.Time{Time: b.at}, CreatedBy: on}},
	)
	require.NoError(t, err)
	config, err := added.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.Created, config.Author, config.Container = v1.Time{Time: b.at}, b.owner, b.owner
	config.Config = v1.Config{
		User: "1000:1000", Cmd: []string{"serve"}, Env: []string{"PATH=/bin"}, ExposedPorts: map[string]struct{}{"8000/tcp": {}},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "python"}, Interval: 30 * time.Second},
	}
	made, err := mutate.ConfigFile(added, config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, tarball.WriteToFile(path, nil, made))
	return path
}

func without(t *testing.T, in string) (string, v1.Hash) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.tar")
	digest, err := image.Normalize(in, out, image.NormalizeOptions{
		Epoch: epoch,
		Base:  func(v1.Platform) (v1.Image, error) { return publisher(t), nil },
	})
	require.NoError(t, err)
	return out, digest
}

// open reads an OCI layout archive, the way a registry's client would.
func open(t *testing.T, path string) v1.Image {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	for archive := tar.NewReader(file); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		name := filepath.Join(dir, filepath.FromSlash(header.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		raw, err := io.ReadAll(archive)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, raw, 0o600))
	}
	index, err := layout.ImageIndexFromPath(dir)
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	found, err := index.Image(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	return found
}

func TestTwoBuildsOfTheSameContentAreTheSameBytes(t *testing.T) {
	laptop := build{at: time.Unix(1_800_000_000, 7), owner: "laptop"}
	restarted := build{at: epoch, restarted: true}
	one, first := without(t, build{at: time.Unix(1_700_000_000, 5), owner: "ci"}.archive(t))
	a, err := os.ReadFile(one)
	require.NoError(t, err)
	for name, again := range map[string]build{"on another machine": laptop, "by an engine that was started again": restarted} {
		t.Run(name, func(t *testing.T) {
			two, second := without(t, again.archive(t))
			assert.Equal(t, first, second)
			b, err := os.ReadFile(two)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(a, b), "the archives differ")
		})
	}
}

func TestThePublisherIsAskedOnlyForWhatTheArchiveHasNot(t *testing.T) {
	at, published := time.Unix(1, 0), "import image layer sha256:"+strings.Repeat("0", 64)
	layer := func(content string) v1.Layer {
		return build{at: at}.layer(t, map[string]string{"app/main.py": content})
	}
	base, own := layer("base"), layer("own")
	digest, err := base.Digest()
	require.NoError(t, err)
	itself := "import image layer " + digest.String()
	on := "Directory.withDirectory"
	for name, given := range map[string]struct {
		first, second v1.Layer
		below, above  string
		asked         bool
	}{
		"the engine has what it pulled":           {base, own, itself, on, false},
		"the engine was started again":            {base, own, "rehydrated persisted snapshot", on, true},
		"so it was since the whole was built":     {base, own, "rehydrated persisted snapshot", "rehydrated persisted snapshot", true},
		"the layer is not what was pulled":        {base, own, published, on, true},
		"a step deleted something":                {base, own, itself, "without /app/main.py,/usr/local/bin/npm", false},
		"words of an engine that nobody knows":    {base, own, itself, "something new", true},
		"a layer of the base above one of a step": {own, base, on, itself, true},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := mutate.Append(empty.Image,
				mutate.Addendum{Layer: given.first, History: v1.History{CreatedBy: given.below}},
				mutate.Addendum{Layer: given.second, History: v1.History{CreatedBy: given.above}})
			require.NoError(t, err)
			made, err = mutate.ConfigFile(made, withPlatform(t, made))
			require.NoError(t, err)
			in, out := filepath.Join(t.TempDir(), "in.tar"), filepath.Join(t.TempDir(), "out.tar")
			require.NoError(t, tarball.WriteToFile(in, nil, made))
			var asked []v1.Platform
			_, err = image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Base: func(platform v1.Platform) (v1.Image, error) {
				asked = append(asked, platform)
				return publisher(t), nil
			}})
			require.NoError(t, err)
			if !given.asked {
				assert.Empty(t, asked)
				return
			}
			assert.Equal(t, []v1.Platform{{OS: "linux", Architecture: "arm64"}}, asked)
			found, err := open(t, out).Layers()
			require.NoError(t, err)
			require.Len(t, found, 2)
			wanted, err := publisher(t).Layers()
			require.NoError(t, err)
			assert.Equal(t, digestOf(t, wanted[0]), digestOf(t, found[0]), "the base is the publisher's")
		})
	}
}

// What another module built is on a base that nobody here knows.
func TestTheLayersOfABaseThatNobodyNamesAreWrittenAnew(t *testing.T) {
	var found []v1.Hash
	for _, at := range []time.Time{epoch, epoch.Add(time.Hour)} {
		in, out := build{at: at, restarted: true}.archive(t), filepath.Join(t.TempDir(), "out.tar")
		digest, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch})
		require.NoError(t, err)
		found = append(found, digest)
	}
	assert.Equal(t, found[0], found[1], "the time of a build is in none of them")
}

func TestABaseThatCannotBeHadIsAnErrorThatSaysWhatToDo(t *testing.T) {
	in := build{at: epoch, restarted: true}.archive(t)
	for name, given := range map[string]struct {
		base func(v1.Platform) (v1.Image, error)
		says string
	}{
		"no answer":     {func(v1.Platform) (v1.Image, error) { return nil, errors.New("no route to host") }, "no route to host"},
		"another image": {func(v1.Platform) (v1.Image, error) { return random.Image(10, 3) }, "it has 2 layers and its base has 3"},
		"other files": {func(v1.Platform) (v1.Image, error) { return random.Image(10, 1) },
			"layer 0 of its base: it has no /app/main.py, and what the engine has in its place does"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.tar")
			_, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Base: given.base})
			require.ErrorContains(t, err, given.says)
			require.ErrorContains(t, err, `call "dagger core engine local-cache prune"`)
			assert.NoFileExists(t, out)
		})
	}
}

func TestAnEngineMayPackABaseItsOwnWay(t *testing.T) {
	directory := file{Header: tar.Header{Name: "app/", Typeflag: tar.TypeDir, Mode: 0o755}}
	published := layerOf(t, regular("./app/main.py", "base"), regular("./app/repeated", "what is below has it as well"))
	packed := layerOf(t, directory, regular("app/.wh.removed", ""), regular("app/main.py", "base"))
	base, err := mutate.AppendLayers(empty.Image, published)
	require.NoError(t, err)
	made, err := mutate.Append(empty.Image, mutate.Addendum{Layer: packed, History: v1.History{CreatedBy: "rehydrated persisted snapshot"}})
	require.NoError(t, err)
	in, out := filepath.Join(t.TempDir(), "in.tar"), filepath.Join(t.TempDir(), "out.tar")
	require.NoError(t, tarball.WriteToFile(in, nil, made))
	_, err = image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Base: func(v1.Platform) (v1.Image, error) { return base, nil }})
	require.NoError(t, err)
	found, err := open(t, out).Layers()
	require.NoError(t, err)
	assert.Equal(t, digestOf(t, published), digestOf(t, found[0]))
}

// deletion is a layer that deletes two files of the publisher's base, as an engine packs it at a moment: the folder in which
// they were is written again, and each has a mark.
func deletion(t *testing.T, at time.Time) v1.Layer {
	t.Helper()
	mark := func(name string) file {
		return file{Header: tar.Header{Name: name, Typeflag: tar.TypeReg, ModTime: at, AccessTime: at, Uname: "ci", Format: tar.FormatPAX}}
	}
	return layerOf(t, file{Header: tar.Header{Name: "app/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: at}},
		mark("app/.wh.main.py"), mark("app/.wh.npm"))
}

// deleting is a build's archive: the publisher's base, a layer that deletes, and one that adds.
func deleting(t *testing.T, at time.Time, base v1.Layer, histories ...string) string {
	t.Helper()
	var additions []mutate.Addendum
	for i, layer := range []v1.Layer{base, deletion(t, at), build{at: at}.layer(t, map[string]string{"app/main.py": "ours"})} {
		additions = append(additions, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: at}, CreatedBy: histories[i]}})
	}
	made, err := mutate.Append(empty.Image, additions...)
	require.NoError(t, err)
	in := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, tarball.WriteToFile(in, nil, made))
	return in
}

func TestALayerThatDeletesStaysOneWithoutAClock(t *testing.T) {
	const again = "rehydrated persisted snapshot"
	layers, err := publisher(t).Layers()
	require.NoError(t, err)
	itself := "import image layer " + digestOf(t, layers[0]).String()
	packed := build{at: time.Unix(1, 0)}.layer(t, map[string]string{"app/main.py": "base"})
	first, _ := without(t, deleting(t, time.Unix(1_700_000_000, 0), layers[0], itself, "without app/main.py,app/npm", "Directory.withDirectory"))
	wanted, err := os.ReadFile(first)
	require.NoError(t, err)
	for name, in := range map[string]string{
		"at another moment":                    deleting(t, time.Unix(1_800_000_000, 7), layers[0], itself, "without app/main.py,app/npm", "Directory.withDirectory"),
		"named another way":                    deleting(t, epoch, layers[0], itself, "without /app/*", "Directory.withDirectory"),
		"by an engine that was started again":  deleting(t, epoch, packed, again, again, again),
		"started again after the base was had": deleting(t, epoch, packed, again, "without app/main.py,app/npm", "Directory.withDirectory"),
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := without(t, in)
			got, err := os.ReadFile(out)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(wanted, got), "the archives differ")
		})
	}

	found, err := open(t, first).Layers()
	require.NoError(t, err)
	require.Len(t, found, 3)
	assert.Equal(t, digestOf(t, layers[0]), digestOf(t, found[0]), "the base is the publisher's, with what is deleted above it")
	content, err := found[1].Uncompressed()
	require.NoError(t, err)
	names := []string{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		names = append(names, header.Name)
		assert.Equal(t, epoch, header.ModTime.UTC(), header.Name)
		assert.Zero(t, header.Size)
		assert.Empty(t, header.Uname)
	}
	assert.Equal(t, []string{"app/", "app/.wh.main.py", "app/.wh.npm"}, names)
}

func TestAStepThatChangedNothingIsNoLayer(t *testing.T) {
	layers, err := publisher(t).Layers()
	require.NoError(t, err)
	base := mutate.Addendum{Layer: layers[0], History: v1.History{CreatedBy: "import image layer " + digestOf(t, layers[0]).String()}}
	nothing := mutate.Addendum{Layer: layerOf(t), History: v1.History{CreatedBy: "without /usr/local/bin/npm"}}
	above := mutate.Addendum{Layer: build{at: epoch}.layer(t, map[string]string{"app/main.py": "ours"}), History: v1.History{CreatedBy: "Directory.withDirectory"}}
	digestOfAll := func(steps ...mutate.Addendum) v1.Hash {
		made, err := mutate.Append(empty.Image, steps...)
		require.NoError(t, err)
		in := filepath.Join(t.TempDir(), "image.tar")
		require.NoError(t, tarball.WriteToFile(in, nil, made))
		_, digest := without(t, in)
		return digest
	}
	assert.Equal(t, digestOfAll(base, above), digestOfAll(base, nothing, above))
}

func withPlatform(t *testing.T, of v1.Image) *v1.ConfigFile {
	t.Helper()
	config, err := of.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = "linux", "arm64", "v8"
	return config
}

func digestOf(t *testing.T, layer v1.Layer) v1.Hash {
	t.Helper()
	digest, err := layer.Digest()
	require.NoError(t, err)
	return digest
}

func TestOtherContentIsAnotherImage(t *testing.T) {
	_, first := without(t, build{at: epoch}.archive(t))
	_, second := without(t, build{at: epoch, content: "print('bye')"}.archive(t))
	assert.NotEqual(t, first, second)
}

func TestTheBaseStaysAsItsPublisherMadeIt(t *testing.T) {
	in := build{at: epoch}.archive(t)
	source, err := tarball.ImageFromPath(in, nil)
	require.NoError(t, err)
	before, err := source.Layers()
	require.NoError(t, err)
	out, _ := without(t, in)
	after, err := open(t, out).Layers()
	require.NoError(t, err)
	require.Len(t, after, 2)

	assert.Equal(t, digestOf(t, before[0]), digestOf(t, after[0]))
}

func TestACommitsTimeIsInTheConfigAndInNoLayer(t *testing.T) {
	in := build{at: time.Unix(1_700_000_000, 0)}.archive(t)
	at := func(created time.Time) v1.Image {
		out := filepath.Join(t.TempDir(), "out.tar")
		_, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch, Created: created})
		require.NoError(t, err)
		return open(t, out)
	}
	one, other := at(time.Unix(1_763_900_000, 0).UTC()), at(time.Unix(1_763_900_001, 0).UTC())
	found, err := image.Diff(one, other)
	require.NoError(t, err)
	assert.Equal(t, `config: .created: field differs: "2025-11-23T12:13:20Z", and "2025-11-23T12:13:21Z"`, found.String(), "all layers are equal")
}

func TestOnlyTheEpochIsLeftOfTheTime(t *testing.T) {
	out, digest := without(t, build{at: time.Unix(1_700_000_000, 0), owner: "ci"}.archive(t))
	found := open(t, out)
	actual, err := found.Digest()
	require.NoError(t, err)
	assert.Equal(t, digest, actual, "the digest that was told is the archive's")

	config, err := found.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, epoch, config.Created.UTC())
	assert.Empty(t, config.Author)
	for _, entry := range config.History {
		assert.Equal(t, epoch, entry.Created.UTC())
	}
	layers, err := found.Layers()
	require.NoError(t, err)
	content, err := layers[1].Uncompressed()
	require.NoError(t, err)
	names := []string{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		names = append(names, header.Name)
		assert.Equal(t, epoch, header.ModTime.UTC(), header.Name)
		assert.Empty(t, header.Uname)
		assert.Equal(t, 1000, header.Uid)
		assert.True(t, header.AccessTime.IsZero())
	}
	assert.Equal(t, []string{"app/", "app/main.py"}, names)
}

func TestWhatTheImageDoesStays(t *testing.T) {
	out, _ := without(t, build{at: epoch}.archive(t))
	found := open(t, out)
	config, err := found.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "1000:1000", config.Config.User)
	assert.Equal(t, []string{"serve"}, config.Config.Cmd)
	assert.Contains(t, config.Config.ExposedPorts, "8000/tcp")
	require.NotNil(t, config.Config.Healthcheck, "Docker's health check")
	assert.Equal(t, 30*time.Second, config.Config.Healthcheck.Interval)
}

func TestADamagedArchiveIsRefusedAndNothingIsWritten(t *testing.T) {
	whole, err := os.ReadFile(build{at: epoch}.archive(t))
	require.NoError(t, err)
	for name, raw := range map[string][]byte{
		"empty":         {},
		"no archive":    []byte("not an archive at all"),
		"half":          whole[:len(whole)/2],
		"a flipped bit": bytes.Replace(whole, []byte("Directory.withDirectory"), []byte("Directory.withDirectorz"), 1),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.tar"), filepath.Join(dir, "out.tar")
			require.NoError(t, os.WriteFile(in, raw, 0o600))
			_, err := image.Normalize(in, out, image.NormalizeOptions{Epoch: epoch})
			assert.Error(t, err)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, left, 1, "only the input is there")
		})
	}
}

func TestTheUmaskOfACheckoutIsInNoImage(t *testing.T) {
	published, err := publisher(t).Layers()
	require.NoError(t, err)
	var digests []v1.Hash
	for _, umask := range []int64{0o002, 0o022, 0o077} {
		entry := func(name string, kind byte, mode int64) file {
			return file{Header: tar.Header{Name: name, Typeflag: kind, Mode: mode}}
		}
		added := layerOf(t,
			entry("app/", tar.TypeDir, 0o777&^umask), entry("app/main.py", tar.TypeReg, 0o666&^umask), entry("app/run", tar.TypeReg, 0o777&^umask),
			entry("etc/shadow", tar.TypeReg, 0o640), entry("application", tar.TypeReg, 0o600), entry(".app/x", tar.TypeReg, 0o600))
		made, err := mutate.Config(imageOf(t, published[0], added), v1.Config{WorkingDir: "/app"})
		require.NoError(t, err)
		in := filepath.Join(t.TempDir(), "image.tar")
		require.NoError(t, tarballTo(in, made))
		out, digest := without(t, in)
		digests = append(digests, digest)
		layers, err := open(t, out).Layers()
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"app/": 0o755, "app/main.py": 0o644, "app/run": 0o755, "etc/shadow": 0o640, "application": 0o600, ".app/x": 0o600}, modes(t, layers[1]))
	}
	assert.Equal(t, []v1.Hash{digests[0], digests[0], digests[0]}, digests)
}

// modes are those of a layer's entries.
func modes(t *testing.T, layer v1.Layer) map[string]int64 {
	t.Helper()
	content, err := layer.Uncompressed()
	require.NoError(t, err)
	found := map[string]int64{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		found[header.Name] = header.Mode
	}
}
