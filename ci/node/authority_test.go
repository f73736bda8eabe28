package node_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/node"
)

type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string
			CA     string `json:"certificate-authority-data"`
		}
	}
	Users []struct {
		User struct {
			Certificate string `json:"client-certificate-data"`
			Key         string `json:"client-key-data"`
		}
	}
}

func TestKubeconfigIsAnAdministratorsForOneDay(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	authority, err := node.NewAuthority(now)
	require.NoError(t, err)
	raw, err := authority.Kubeconfig("cluster", 6443, now)
	require.NoError(t, err)

	var config kubeconfig
	require.NoError(t, yaml.Unmarshal(raw, &config))
	require.Len(t, config.Clusters, 1)
	require.Len(t, config.Users, 1)
	assert.Equal(t, "https://cluster:6443", config.Clusters[0].Cluster.Server)

	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(decode(t, config.Clusters[0].Cluster.CA)))
	pair, err := tls.X509KeyPair(decode(t, config.Users[0].User.Certificate), decode(t, config.Users[0].User.Key))
	require.NoError(t, err)

	verify := func(at time.Time) error {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{
			Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		return err
	}
	assert.NoError(t, verify(now))
	assert.NoError(t, verify(now.Add(23*time.Hour)))
	assert.Error(t, verify(now.Add(25*time.Hour)), "a day later it opens nothing")
	assert.Equal(t, []string{"system:masters"}, pair.Leaf.Subject.Organization)
}

func TestTwoClustersDoNotTrustEachOther(t *testing.T) {
	now := time.Now()
	one, err := node.NewAuthority(now)
	require.NoError(t, err)
	two, err := node.NewAuthority(now)
	require.NoError(t, err)
	assert.NotEqual(t, one.Key, two.Key)
	assert.NotEqual(t, one.Certificate, two.Certificate)
}

func TestAuthorityIsWhatKubeadmTakes(t *testing.T) {
	authority, err := node.NewAuthority(time.Now())
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(authority.Certificate, authority.Key)
	require.NoError(t, err)
	assert.True(t, pair.Leaf.IsCA)
	assert.NotZero(t, pair.Leaf.KeyUsage&x509.KeyUsageCertSign)
}

func TestFilesAreWhatTheScriptsRead(t *testing.T) {
	for _, name := range []string{
		"boot.sh", "import.sh", "await.sh", "slot.sh", "kubeadm.yaml", "metrics-server.yaml", "metrics-api.yaml",
		"patches/etcd+strategic.yaml", "patches/corednsdeployment+strategic.yaml",
	} {
		_, err := os.Stat(name)
		assert.NoError(t, err, name)
	}
}

func TestScriptsAreWellFormed(t *testing.T) {
	for _, name := range []string{"boot.sh", "import.sh", "await.sh", "slot.sh"} {
		out, err := exec.Command("bash", "-n", name).CombinedOutput()
		assert.NoError(t, err, "%s: %s", name, out)
	}
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return raw
}
