package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"todo-chatbot/ci/secret"
)

// maxKubeconfig bounds what is parsed, in bytes: a kubeconfig of hundreds of clusters has less than half of it.
const maxKubeconfig = 1 << 20

// flatten makes a kubeconfig that needs no other file.
const flatten = `kubectl config view --raw --flatten --minify`

// BindOptions says under which name a cluster is reached and who it has to prove to be.
type BindOptions struct {
	// Context names the kubeconfig's context; "" takes its current one.
	Context string
	// Host and Port are where the bound service is reached from a container, e.g. "cluster" and 6443.
	Host string
	Port int
	// Now is held against the certificates' dates.
	Now time.Time
}

// Bind gives the kubeconfig of one context, with the cluster reached at https://Host:Port and its certificate checked for
// the name it was made for. The result has one cluster, context and user and needs no file, program or environment.
// What cannot hold in a container is refused, with the command that makes a kubeconfig which can; an error never has a
// key, a token or a password in it.
func Bind(raw []byte, o BindOptions) ([]byte, error) {
	if o.Host == "" || o.Port < 1 || o.Port > 65535 {
		return nil, fmt.Errorf("kubeconfig: the bound service has no usable address (%q, port %d)", o.Host, o.Port)
	}
	config, err := parseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	bound, err := config.bind(o)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %s", secret.Mask(err.Error(), config.secrets()))
	}
	out, err := yaml.Marshal(bound)
	if err != nil {
		return nil, errors.New("kubeconfig: writing the bound one failed")
	}
	return out, nil
}

// Endpoint is where a kubeconfig's context reaches its cluster.
type Endpoint struct {
	Context, Namespace, Host string
	Port                     int
}

// ServerOf tells where a context ("" the current one) reaches its cluster, for a message that says so.
func ServerOf(raw []byte, context string) (Endpoint, error) {
	config, err := parseConfig(raw)
	if err != nil {
		return Endpoint{}, fmt.Errorf("kubeconfig: %w", err)
	}
	chosen, err := config.choose(context)
	if err == nil {
		var server *url.URL
		if server, err = chosen.server(); err == nil {
			return Endpoint{chosen.name, chosen.context.Namespace, server.Hostname(), port(server)}, nil
		}
	}
	return Endpoint{}, fmt.Errorf("kubeconfig: %s", secret.Mask(err.Error(), config.secrets()))
}

// parseConfig reads the one document of a kubeconfig.
func parseConfig(raw []byte) (*config, error) {
	if len(raw) > maxKubeconfig {
		return nil, fmt.Errorf("%d bytes are too many for a kubeconfig (at most %d); pass the output of %q",
			len(raw), maxKubeconfig, flatten)
	}
	docs := Documents(raw)
	switch {
	case len(docs) == 0:
		return nil, fmt.Errorf("it is empty; pass the output of %q", flatten)
	case len(docs) > 1:
		return nil, fmt.Errorf("it has %d YAML documents and a kubeconfig has one; pass the output of %q",
			len(docs), flatten)
	}
	var c config
	if err := Decode(docs[0], &c); err != nil {
		return nil, fmt.Errorf("%w; pass the output of %q", err, flatten)
	}
	if (c.Kind != "" && c.Kind != "Config") || (c.APIVersion != "" && c.APIVersion != "v1") {
		return nil, fmt.Errorf("this is another kind of file (kind and apiVersion are not Config and v1); "+
			"pass the output of %q", flatten)
	}
	if len(c.Contexts) == 0 || len(c.Clusters) == 0 {
		return nil, fmt.Errorf("it has no context or no cluster; pass the output of %q", flatten)
	}
	return &c, nil
}

// bind checks the chosen context, part by part, and writes the kubeconfig that is left of it.
func (c *config) bind(o BindOptions) (*config, error) {
	chosen, err := c.choose(o.Context)
	if err != nil {
		return nil, err
	}
	server, err := chosen.server()
	if err != nil {
		return nil, chosen.wrap(err)
	}
	authority, err := chosen.authority(o.Now)
	if err != nil {
		return nil, chosen.wrap(err)
	}
	user, err := chosen.credentials(o.Now)
	if err != nil {
		return nil, chosen.wrap(err)
	}
	name := chosen.cluster.TLSServerName
	if name == "" {
		name = server.Hostname()
	}
	return &config{
		APIVersion:     "v1",
		Kind:           "Config",
		CurrentContext: chosen.name,
		Clusters: []namedCluster{{"bound", cluster{
			Server:        "https://" + net.JoinHostPort(o.Host, strconv.Itoa(o.Port)),
			TLSServerName: name,
			AuthorityData: authority,
		}}},
		Contexts: []namedContext{{chosen.name, context{"bound", "bound", chosen.context.Namespace}}},
		Users:    []namedUser{{"bound", *user}},
	}, nil
}

// server gives the URL of the cluster's API, which has to be one that a certificate protects and no proxy stands before.
func (c choice) server() (*url.URL, error) {
	if c.cluster.Insecure {
		return nil, fmt.Errorf("insecure-skip-tls-verify is set, and a deployment's secrets are not sent to a server that "+
			"nobody checked; give kubectl the cluster's CA instead: kubectl config set-cluster %s "+
			"--insecure-skip-tls-verify=false --certificate-authority=ca.crt --embed-certs, then %q",
			quote(c.context.Cluster), flatten)
	}
	if c.cluster.ProxyURL != "" {
		return nil, fmt.Errorf("proxy-url is set, and the way to the cluster is the bound service alone; let --cluster name "+
			"an address that reaches the cluster without it, and run: kubectl config set-cluster %s --proxy-url=",
			quote(c.context.Cluster))
	}
	server, err := url.Parse(c.cluster.Server)
	switch {
	case c.cluster.Server == "":
		return nil, errors.New("the cluster has no server; is it the right file? See: kubectl config get-contexts")
	case err != nil || server.Hostname() == "":
		return nil, errors.New("the server is no URL; see: kubectl cluster-info")
	case server.Scheme != "https":
		return nil, errors.New("the server is reached over plain HTTP, which would show the deployment's secrets to anyone " +
			"between; use the cluster's https address, e.g. without \"kubectl proxy\"")
	case server.User != nil:
		return nil, errors.New("the server's URL has a user in it, which kubectl does not use; take it out and pass a token")
	case strings.Trim(server.Path, "/") != "":
		return nil, errors.New("the server's URL has a path: a gateway (Rancher, for one) stands before the cluster, and a " +
			"bound service reaches the API server itself; use a kubeconfig of the cluster's own")
	}
	return server, nil
}

// port gives a URL's port, 443 when it names none.
func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	return 443
}

// quote makes a name safe to paste into a shell.
func quote(name string) string {
	safe := func(r rune) bool {
		return r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:/@", r))
	}
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !safe(r) }) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// config is a kubeconfig: the fields that are read or written, and no other (a Minikube one has extensions).
type config struct {
	APIVersion     string         `json:"apiVersion"`
	Kind           string         `json:"kind"`
	CurrentContext string         `json:"current-context"`
	Clusters       []namedCluster `json:"clusters"`
	Contexts       []namedContext `json:"contexts"`
	Users          []namedUser    `json:"users"`
}

type namedCluster struct {
	Name    string  `json:"name"`
	Cluster cluster `json:"cluster"`
}

type namedContext struct {
	Name    string  `json:"name"`
	Context context `json:"context"`
}

type namedUser struct {
	Name string `json:"name"`
	User user   `json:"user"`
}

type cluster struct {
	Server        string `json:"server"`
	TLSServerName string `json:"tls-server-name,omitempty"`
	Insecure      bool   `json:"insecure-skip-tls-verify,omitempty"`
	Authority     string `json:"certificate-authority,omitempty"`
	AuthorityData string `json:"certificate-authority-data,omitempty"`
	ProxyURL      string `json:"proxy-url,omitempty"`
}

type context struct {
	Cluster   string `json:"cluster"`
	User      string `json:"user"`
	Namespace string `json:"namespace,omitempty"`
}

type user struct {
	Certificate     string          `json:"client-certificate,omitempty"`
	CertificateData string          `json:"client-certificate-data,omitempty"`
	Key             string          `json:"client-key,omitempty"`
	KeyData         string          `json:"client-key-data,omitempty"`
	Token           string          `json:"token,omitempty"`
	TokenFile       string          `json:"tokenFile,omitempty"`
	Username        string          `json:"username,omitempty"`
	Password        string          `json:"password,omitempty"`
	Exec            *execPlugin     `json:"exec,omitempty"`
	AuthProvider    json.RawMessage `json:"auth-provider,omitempty"`
	// Impersonation lowers a user's rights more often than it raises them: it is kept.
	As     string              `json:"as,omitempty"`
	AsUID  string              `json:"as-uid,omitempty"`
	Groups []string            `json:"as-groups,omitempty"`
	Extra  map[string][]string `json:"as-user-extra,omitempty"`
}

type execPlugin struct {
	Command string `json:"command"`
}
