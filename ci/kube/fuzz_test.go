package kube

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// FuzzBind holds Bind to three promises for any input: it does not panic, what it gives is checked TLS to the bound
// service alone, and its errors quote no credential.
func FuzzBind(f *testing.F) {
	a := newAuthority(f)
	for _, name := range []string{"kind", "minikube", "minikube-paths", "k3d", "docker-desktop", "eks", "eks-token", "gke", "gke-legacy"} {
		f.Add([]byte(a.fixture(name)), "")
		f.Add([]byte(a.fixture(name)), "kind-todo")
	}
	f.Add([]byte(strings.Replace(a.fixture("kind"), "    server:", "    insecure-skip-tls-verify: true\n    server:", 1)), "")
	f.Add([]byte("a: &a [*a]"), "")
	f.Add([]byte("---\n...\n---"), "")
	f.Fuzz(func(t *testing.T, raw []byte, context string) {
		o := options()
		o.Context = context
		bound, err := Bind(raw, o)
		if err == nil {
			c := read(t, bound)
			assert.Equal(t, "https://cluster:6443", c.Clusters[0].Cluster.Server)
			assert.NotEmpty(t, c.Clusters[0].Cluster.AuthorityData)
			assert.NotEmpty(t, c.Clusters[0].Cluster.TLSServerName)
			assert.False(t, c.Clusters[0].Cluster.Insecure)
			assert.Empty(t, c.Clusters[0].Cluster.ProxyURL)
			assert.Nil(t, c.Users[0].User.Exec)
			return
		}
		require.Nil(t, bound)
		for _, secret := range credentials(raw) {
			assert.NotContains(t, err.Error(), secret)
		}
	})
}

// credentials reads tokens, keys and passwords out of a file without the code under test.
func credentials(raw []byte) []string {
	var file struct {
		Users []struct {
			User struct {
				Token    string `json:"token"`
				Key      string `json:"client-key-data"`
				Password string `json:"password"`
			} `json:"user"`
		} `json:"users"`
	}
	converted, err := yaml.YAMLToJSON(raw)
	if err != nil || json.Unmarshal(converted, &file) != nil {
		return nil
	}
	var values []string
	for _, u := range file.Users {
		for _, value := range []string{u.User.Token, u.User.Key, u.User.Password} {
			if value = strings.TrimSpace(value); len(value) >= 6 {
				values = append(values, value)
			}
		}
	}
	return values
}

// FuzzAssess holds an assessment of any snapshot to two promises: it does not panic, and each diagnosis has a next step.
func FuzzAssess(f *testing.F) {
	for _, folder := range []string{"rollout", "recorded"} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
		require.NoError(f, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := ParseSnapshot(raw)
		if err != nil {
			return
		}
		for _, gaveUp := range []bool{false, true} {
			for _, d := range Assess(s, AssessOptions{Now: now, Since: began, GaveUp: gaveUp}).Diagnoses {
				require.NotEmpty(t, d.Hint)
				require.NotEmpty(t, d.Code)
				require.NotContains(t, d.Hint, "%!")
			}
		}
	})
}
