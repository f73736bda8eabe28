package image_test

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/image"
)

// running is an image of the files whose config is as it should be.
func running(t *testing.T, config v1.Config, layers ...v1.Layer) v1.Image {
	t.Helper()
	if config.User == "" {
		config.User = "1000:1000"
	}
	made, err := mutate.Config(imageOf(t, layerOf(t, regular("bin/sh", "#!")), layers...), config)
	require.NoError(t, err)
	return made
}

func TestWhatNoImageMayCarryIsNamed(t *testing.T) {
	account := `{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\n` + strings.Repeat("A", 64) + `\n-----END PRIVATE KEY-----\n"}`
	key := "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("A", 64) + "\n-----END RSA PRIVATE KEY-----\n"
	withMode := func(mode int64) file {
		f := regular("app/a", "")
		f.Mode = mode
		return f
	}
	for want, files := range map[string][]file{
		"is a tool's cache": {
			regular("root/.cache/uv/a", ""), regular("app/.npm/_cacache/a", ""), regular("var/lib/apt/lists/a", ""),
			regular("var/cache/apk/a", ""), regular("app/.next/cache/a", ""), regular("app/.mypy_cache/a", ""),
		},
		"installs packages": {regular("usr/bin/apt-get", ""), regular("app/.venv/bin/pip3.13", ""), regular("usr/local/bin/uv", ""), regular("bin/npm", "")},
		"is a compiler:":    {regular("usr/bin/gcc-14", ""), regular("bin/ld", ""), regular("app/node_modules/typescript/lib/tsc.js", "")},
		"is a compiler's source": {
			regular("app/.venv/lib/a/b.pyx", ""), regular("app/a.c", ""), regular("app/a.hpp", ""),
		},
		"is of a test": {
			regular("app/tests/helper.py", ""), regular("app/.venv/lib/python3.13/site-packages/a/testing/b.py", ""),
			regular("app/src/test_a.py", ""), regular("app/src/conftest.py", ""), regular("app/a.test.js", ""), regular("app/__tests__/a.js", ""),
		},
		"gives the source away: ship": {regular("app/.next/static/a.js.map", ""), regular("app/src/page.tsx", "")},
		"has a source map in it":      {regular("app/a.js", "f()\n//# sourceMappingURL=data:application/json;base64,"+strings.Repeat("e", 64))},
		"is where credentials are kept": {
			regular("app/.env", ""), regular("app/.env.local", ""), regular("root/.npmrc", ""), regular("root/.ssh/known_hosts", ""),
			regular("app/.git/config", ""), regular("app/tls.key", ""),
		},
		"has a private key in it":  {regular("app/settings.json", key), regular("app/account.json", account)},
		"can be written by anyone": {withMode(0o666)},
		"runs as its owner":        {withMode(0o4755), withMode(0o2755)},
	} {
		for _, file := range files {
			t.Run(fmt.Sprintf("%s %s", want, file.Name), func(t *testing.T) {
				found, err := image.Inspect(running(t, v1.Config{}, layerOf(t, file), layerOf(t, regular("app/server", ""))))
				require.NoError(t, err)
				require.Len(t, found, 1)
				assert.Equal(t, "/"+file.Name, found[0].Where)
				assert.Contains(t, found[0].Why, want)
			})
		}
	}
}

func TestWhatARunNeedsIsAccepted(t *testing.T) {
	dependencies := layerOf(t,
		regular("app/.venv/lib/python3.13/site-packages/certifi/cacert.pem", "-----BEGIN CERTIFICATE-----\n"+strings.Repeat("A", 64)),
		regular("app/.venv/lib/python3.13/site-packages/starlette/testclient.py", `KEY = "-----BEGIN PRIVATE KEY-----"`),
		regular("app/.venv/bin/uvicorn", ""),
		regular("app/node_modules/next/dist/source-map.js", `"//# sourceMappingURL=data:" + encoded`),
		regular("app/node_modules/@swc/helpers/index.js", ""),
		file{Header: tar.Header{Name: "app/tests/", Typeflag: tar.TypeDir, Mode: 0o755}},
		file{Header: tar.Header{Name: "app/.venv/bin/python", Typeflag: tar.TypeSymlink, Linkname: "/usr/bin/python3", Mode: 0o777}})
	application := layerOf(t, regular("app/src/todo/contest.py", ""), regular("app/server.js", ""), regular("app/migrations/env.py", ""))
	config := v1.Config{Env: []string{"PATH=/bin", "AUTH_AUDIENCE=todo", "BETTER_AUTH_SECRET=", "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
		"OPENAI_MAX_TOKENS=1024", "PASSWORD_FILE=/run/secrets/password"}, Labels: map[string]string{"org.opencontainers.image.title": "todo"},
		Cmd: []string{"uvicorn", "--no-access-log"}}
	assert.NoError(t, image.Accept(running(t, config, dependencies, application)))
}

func TestTheConfigIsInspected(t *testing.T) {
	layer := layerOf(t, regular("app/a", ""))
	for name, test := range map[string]struct {
		config v1.Config
		want   string
	}{
		"root by number":     {v1.Config{User: "0:0"}, "image content: the config's user is root: name another"},
		"root by name":       {v1.Config{User: "root"}, "image content: the config's user is root: name another"},
		"a secret":           {v1.Config{Env: []string{"OPENAI_API_KEY=sk-1"}}, "image content: the config's variable OPENAI_API_KEY is a credential by its name: give it at run time"},
		"a database":         {v1.Config{Env: []string{"DATABASE_URL=postgresql://a:b@c/d"}}, "image content: the config's variable DATABASE_URL is a URL with a password: give it at run time"},
		"a key by AWS' name": {v1.Config{Env: []string{"AWS_SECRET_ACCESS_KEY=x"}}, "image content: the config's variable AWS_SECRET_ACCESS_KEY is a credential by its name: give it at run time"},
		"an argument":        {v1.Config{Cmd: []string{"serve", "--token", "hunter2"}}, "image content: the config's command has the value of token in it: give it at run time"},
		"a label":            {v1.Config{Labels: map[string]string{"repository": "https://me:pw@host/r"}}, "image content: the config's label repository has a URL with a password in it: give it at run time"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.EqualError(t, image.Accept(running(t, test.config, layer)), test.want)
		})
	}
	nobody := imageOf(t, layerOf(t, regular("bin/sh", "#!")), layer)
	assert.ErrorContains(t, image.Accept(nobody), "user is root", "whoever is not named is root")
}

func TestWhatABuildWasGivenIsInItsHistory(t *testing.T) {
	made := running(t, v1.Config{}, layerOf(t, regular("app/a", "")))
	config, err := made.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.History = []v1.History{{CreatedBy: "RUN |1 NPM_TOKEN=hunter2 /bin/sh -c npm ci"}, {CreatedBy: "RUN npm ci"}}
	made, err = mutate.ConfigFile(made, config)
	require.NoError(t, err)
	assert.EqualError(t, image.Accept(made), "image content: the config's history, line 1, has the value of NPM_TOKEN in it: give it at run time")
}

func TestDependenciesHaveALayerBelowTheApplication(t *testing.T) {
	dependency, application := regular("app/node_modules/a/index.js", ""), regular("app/server.js", "")
	require.NoError(t, image.Accept(running(t, v1.Config{}, layerOf(t, dependency), layerOf(t, application))))
	assert.EqualError(t, image.Accept(running(t, v1.Config{}, layerOf(t, application, dependency, dependency))),
		"image content: /app/node_modules/a/index.js is a dependency in the application's layer: give dependencies one below")
}

func TestTheBaseIsItsPublishersMatter(t *testing.T) {
	base := layerOf(t, regular("usr/bin/apt-get", ""), regular("usr/lib/python3.13/test/test_a.py", ""))
	made, err := mutate.Config(imageOf(t, base, layerOf(t, regular("app/a", ""))), v1.Config{User: "app"})
	require.NoError(t, err)
	assert.NoError(t, image.Accept(made))
}

func TestALongListIsCutAndCounted(t *testing.T) {
	var files []file
	for i := range 50 {
		files = append(files, regular(fmt.Sprintf("app/tests/%d.py", i), ""))
	}
	found, err := image.Inspect(running(t, v1.Config{}, layerOf(t, files...)))
	require.NoError(t, err)
	require.Len(t, found, 21)
	assert.Equal(t, "30 more like these are in the same layer", found[20].String())
}
