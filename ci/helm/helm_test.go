package helm_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/helm"
)

func TestAReleaseOfHelm4IsSupported(t *testing.T) {
	for name, said := range map[string]string{
		"asked by template":      "v4.3.0",
		"asked in short":         "v4.3.0+g9b2aef1",
		"with an end of line":    "v4.3.0\n",
		"of its bare source":     "v4.3",
		"of another minor":       "v4.12.1",
		"the first of its major": "v4.0.0",
	} {
		assert.NoError(t, helm.Supported(said, "reference"), name)
	}
}

func TestAnyOtherHelmIsRefusedInOneLineThatSaysWhatToPin(t *testing.T) {
	for name, test := range map[string]struct{ said, repeats string }{
		"Helm 3":                {"v3.19.0", `says "v3.19.0"`},
		"Helm 3, asked short":   {"v3.19.0+g3d8990f\n", `says "v3.19.0+g3d8990f"`},
		"an alpha":              {"v4.0.0-alpha.1", `says "v4.0.0-alpha.1"`},
		"a candidate":           {"v4.0.0-rc.1+gabcdef0", `says "v4.0.0-rc.1+gabcdef0"`},
		"the Helm after it":     {"v5.0.0", `says "v5.0.0"`},
		"Helm 40":               {"v40.0.0", `says "v40.0.0"`},
		"nothing":               {" \n", `says "nothing"`},
		"a whole build's words": {`version.BuildInfo{Version:"v4.3.0"}`, `says "version.BuildInfo`},
		"an error":              {"Error: unknown flag: --template\nUsage:\n", `says "Error: unknown flag: --template"`},
		"no Helm":               {strings.Repeat("x", 500), `says "` + strings.Repeat("x", 60) + `…"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := helm.Supported(test.said, "docker.io/alpine/helm:3.19.0@sha256:abc")
			require.ErrorContains(t, err, "the Helm of docker.io/alpine/helm:3.19.0@sha256:abc "+test.repeats)
			require.ErrorContains(t, err, `written for a release of Helm 4: pin one as "helm" in ci/image/pins.txt, or in the file given as --pins`)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestTheHelmOnPathIsAsked(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	said := func(script string) error {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "helm"), []byte("#!/bin/sh\n"+script+"\n"), 0o700))
		return helm.Check(context.Background(), "docker.io/alpine/helm:4.3.0")
	}
	require.NoError(t, said(`[ "$*" = "version --template {{.Version}}" ] && echo v4.3.0`))
	require.ErrorContains(t, said("echo v3.19.0"), `the Helm of docker.io/alpine/helm:4.3.0 says "v3.19.0"`)
	assert.ErrorContains(t, said("echo broken >&2; exit 1"), "asking the Helm of docker.io/alpine/helm:4.3.0 for its version: helm ended with exit code 1:\nbroken")
}
