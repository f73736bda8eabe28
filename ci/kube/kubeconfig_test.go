package kube

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

func options() BindOptions { return BindOptions{Host: "cluster", Port: 6443, Now: now} }

// read parses what Bind gave, as kubectl would.
func read(t *testing.T, raw []byte) config {
	t.Helper()
	var c config
	require.NoError(t, yaml.UnmarshalStrict(raw, &c))
	require.Len(t, c.Clusters, 1)
	require.Len(t, c.Contexts, 1)
	require.Len(t, c.Users, 1)
	return c
}

func TestBindTakesEveryDistributionsKubeconfig(t *testing.T) {
	for name, want := range map[string]struct{ context, serverName, namespace string }{
		"kind":           {"kind-todo", "127.0.0.1", ""},
		"minikube":       {"minikube", "127.0.0.1", "default"},
		"k3d":            {"k3d-todo", "0.0.0.0", ""},
		"docker-desktop": {"docker-desktop", "kubernetes.docker.internal", ""},
		"eks-token": {"arn:aws:eks:eu-central-1:111122223333:cluster/todo",
			"3F0C9B7A1D2E4F5A6B7C8D9E0F1A2B3C.gr7.eu-central-1.eks.amazonaws.com", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			bound, err := Bind([]byte(a.fixture(name)), options())
			require.NoError(t, err)
			c := read(t, bound)
			assert.Equal(t, want.context, c.CurrentContext)
			assert.Equal(t, want.context, c.Contexts[0].Name)
			assert.Equal(t, want.namespace, c.Contexts[0].Context.Namespace)
			assert.Equal(t, "https://cluster:6443", c.Clusters[0].Cluster.Server)
			assert.Equal(t, want.serverName, c.Clusters[0].Cluster.TLSServerName)
			assert.Equal(t, encode(a.pem()), c.Clusters[0].Cluster.AuthorityData)
			assert.NotContains(t, string(bound), "insecure")
		})
	}
}

func TestTheBoundKubeconfigsServerNameIsWhatTheCertificateHoldsFor(t *testing.T) {
	for name, host := range map[string]string{"an address": "127.0.0.1", "a name": "kubernetes.docker.internal", "IPv6": "fd00::7"} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			raw := strings.Replace(a.fixture("kind"), "https://127.0.0.1:44313", "https://"+net.JoinHostPort(host, "44313"), 1)
			address, port, err := net.SplitHostPort(a.serve(host))
			require.NoError(t, err)
			o := options()
			o.Host = address
			o.Port, err = strconv.Atoi(port)
			require.NoError(t, err)
			bound, err := Bind([]byte(raw), o)
			require.NoError(t, err)

			cluster := read(t, bound).Clusters[0].Cluster
			roots := x509.NewCertPool()
			ca, err := base64.StdEncoding.DecodeString(cluster.AuthorityData)
			require.NoError(t, err)
			require.True(t, roots.AppendCertsFromPEM(ca))
			clock := func() time.Time { return now }
			server := strings.TrimPrefix(cluster.Server, "https://")
			connection, err := tls.Dial("tcp", server, &tls.Config{RootCAs: roots, ServerName: cluster.TLSServerName, Time: clock})
			require.NoError(t, err)
			connection.Close()
			_, err = tls.Dial("tcp", server, &tls.Config{RootCAs: roots, ServerName: "cluster", Time: clock})
			assert.Error(t, err, "the bound name alone must not be enough")
		})
	}
}

func TestBindKeepsWhatTheCallerChose(t *testing.T) {
	a := newAuthority(t)

	t.Run("a named context", func(t *testing.T) {
		o := options()
		o.Context = "kind-todo"
		bound, err := Bind([]byte(a.fixture("docker-desktop")), o)
		require.NoError(t, err)
		assert.Equal(t, "127.0.0.1", read(t, bound).Clusters[0].Cluster.TLSServerName)
	})
	t.Run("the kubeconfig's own tls-server-name", func(t *testing.T) {
		raw := strings.Replace(a.fixture("kind"), "    server:", "    tls-server-name: api.example.test\n    server:", 1)
		bound, err := Bind([]byte(raw), options())
		require.NoError(t, err)
		assert.Equal(t, "api.example.test", read(t, bound).Clusters[0].Cluster.TLSServerName)
	})
	t.Run("impersonation", func(t *testing.T) {
		raw := strings.Replace(a.fixture("kind"), "    client-key-data:", "    as: deployer\n    as-groups: [team]\n    client-key-data:", 1)
		bound, err := Bind([]byte(raw), options())
		require.NoError(t, err)
		assert.Equal(t, "deployer", read(t, bound).Users[0].User.As)
		assert.Equal(t, []string{"team"}, read(t, bound).Users[0].User.Groups)
	})
	t.Run("the only context when none is current", func(t *testing.T) {
		raw := strings.Replace(a.fixture("kind"), "current-context: kind-todo\n", "", 1)
		bound, err := Bind([]byte(raw), options())
		require.NoError(t, err)
		assert.Equal(t, "kind-todo", read(t, bound).CurrentContext)
	})
	t.Run("credentials of the chosen user alone", func(t *testing.T) {
		raw := a.fixture("kind") + "- name: other\n  user:\n    token: " + plantedToken + "\n"
		bound, err := Bind([]byte(raw), options())
		require.NoError(t, err)
		assert.NotContains(t, string(bound), plantedToken)
	})
	t.Run("a kubeconfig in JSON", func(t *testing.T) {
		raw, err := yaml.YAMLToJSON([]byte(a.fixture("kind")))
		require.NoError(t, err)
		_, err = Bind(raw, options())
		assert.NoError(t, err)
	})
}

func TestServerOfNamesTheOriginalAddress(t *testing.T) {
	a := newAuthority(t)
	got, err := ServerOf([]byte(a.fixture("minikube")), "")
	require.NoError(t, err)
	assert.Equal(t, Endpoint{Context: "minikube", Namespace: "default", Host: "127.0.0.1", Port: 32771}, got)

	got, err = ServerOf([]byte(a.fixture("gke")), "")
	require.NoError(t, err)
	assert.Equal(t, 443, got.Port)

	_, err = ServerOf([]byte(a.fixture("gke")), "other")
	assert.ErrorContains(t, err, `"gke_todo-dev_europe-west3-a_todo"`)
}

func TestBindRefusesAServiceWithoutAddress(t *testing.T) {
	a := newAuthority(t)
	for name, o := range map[string]BindOptions{
		"no host": {Port: 6443, Now: now}, "no port": {Host: "cluster", Now: now},
		"a port too high": {Host: "cluster", Port: 65536, Now: now},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Bind([]byte(a.fixture("kind")), o)
			assert.ErrorContains(t, err, "no usable address")
		})
	}
}
