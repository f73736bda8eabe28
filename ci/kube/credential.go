package kube

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
)

// choice is one context with what it points to.
type choice struct {
	name    string
	context context
	cluster cluster
	user    user
}

// choose finds a context and follows it. kubectl takes the first of two entries of one name, and so does this.
func (c *config) choose(name string) (choice, error) {
	if name == "" {
		name = c.CurrentContext
	}
	if name == "" {
		if len(c.Contexts) > 1 {
			return choice{}, fmt.Errorf("it has no current-context and %d contexts (%s); choose one with --context, or run: "+
				"kubectl config use-context NAME", len(c.Contexts), c.names())
		}
		name = c.Contexts[0].Name
	}
	for _, found := range c.Contexts {
		if found.Name != name {
			continue
		}
		chosen := choice{name: name, context: found.Context}
		if !pick(c.Clusters, func(n namedCluster) bool { return n.Name == found.Context.Cluster }, func(n namedCluster) { chosen.cluster = n.Cluster }) {
			return choice{}, fmt.Errorf("context %q: its cluster %q is not in the file; pass the output of %q",
				name, found.Context.Cluster, flatten)
		}
		if !pick(c.Users, func(n namedUser) bool { return n.Name == found.Context.User }, func(n namedUser) { chosen.user = n.User }) {
			return choice{}, fmt.Errorf("context %q: its user %q is not in the file; pass the output of %q",
				name, found.Context.User, flatten)
		}
		return chosen, nil
	}
	return choice{}, fmt.Errorf("it has no context %q; it has %s", name, c.names())
}

// pick gives the first element that matches to take, and whether there is one.
func pick[T any](list []T, matches func(T) bool, take func(T)) bool {
	for _, element := range list {
		if matches(element) {
			take(element)
			return true
		}
	}
	return false
}

// names lists the contexts in order.
func (c *config) names() string {
	names := make([]string, 0, len(c.Contexts))
	for _, found := range c.Contexts {
		names = append(names, fmt.Sprintf("%q", found.Name))
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// secrets lists every value of the file that a message must not quote.
func (c *config) secrets() []string {
	var values []string
	for _, u := range c.Users {
		values = append(values, u.User.Token, u.User.KeyData, u.User.Password)
	}
	return values
}

// wrap says which context an error is about.
func (c choice) wrap(err error) error { return fmt.Errorf("context %q: %w", c.name, err) }

// file refuses a path where the content is needed: the file is on the caller's machine, not in the container.
func file(what, path string) error {
	return fmt.Errorf("%s %s is not in this container; pass the output of %q", what, quote(path), flatten)
}

// authority gives the cluster's CA certificates as the kubeconfig has them, after a look inside.
func (c choice) authority(now time.Time) (string, error) {
	data := c.cluster.AuthorityData
	if data == "" {
		if c.cluster.Authority != "" {
			return "", file("certificate authority file", c.cluster.Authority)
		}
		return "", fmt.Errorf("the cluster has no certificate-authority-data, so nothing tells whether the server is the right "+
			"one; add its CA: kubectl config set-cluster %s --certificate-authority=ca.crt --embed-certs",
			quote(c.context.Cluster))
	}
	certificates, err := certificates("certificate-authority-data", data)
	if err != nil {
		return "", err
	}
	for _, certificate := range certificates {
		if now.Before(certificate.NotAfter) {
			return data, nil
		}
	}
	return "", fmt.Errorf("the cluster's certificate authority expired on %s; renew the cluster's certificates or make the "+
		"cluster anew", day(certificates[0].NotAfter))
}

// credentials gives what proves the user's identity: a client certificate, a token, or both.
func (c choice) credentials(now time.Time) (*user, error) {
	u := c.user
	switch {
	case u.Exec != nil:
		return nil, fmt.Errorf("user %q runs the program %q for its credentials, which is not in this container; give the "+
			"pipeline a token for an hour: %s", c.context.User, u.Exec.Command, c.tokenCommands())
	case len(u.AuthProvider) > 0 && string(u.AuthProvider) != "null":
		return nil, fmt.Errorf("user %q has an auth-provider, which Kubernetes 1.26 dropped; give the pipeline a token for an "+
			"hour: %s", c.context.User, c.tokenCommands())
	case u.TokenFile != "":
		return nil, fmt.Errorf("token file %s is not in this container; give the pipeline a token for an hour: %s",
			quote(u.TokenFile), c.tokenCommands())
	case u.CertificateData == "" && u.Certificate != "":
		return nil, file("client certificate file", u.Certificate)
	case u.KeyData == "" && u.Key != "":
		return nil, file("client key file", u.Key)
	case u.Username != "" || u.Password != "":
		return nil, fmt.Errorf("user %q signs in by name and password, which Kubernetes 1.19 dropped; give the pipeline a token "+
			"for an hour: %s", c.context.User, c.tokenCommands())
	case u.CertificateData == "" && u.KeyData == "" && u.Token == "":
		return nil, fmt.Errorf("user %q has no credentials; pass the output of %q", c.context.User, flatten)
	case u.CertificateData == "" && u.KeyData != "":
		return nil, fmt.Errorf("user %q has a client key without its certificate; pass the output of %q",
			c.context.User, flatten)
	case strings.ContainsAny(u.Token, " \t\r\n"):
		return nil, fmt.Errorf("the token of user %q has white space in it; copy it again, as one line", c.context.User)
	}
	if u.CertificateData != "" {
		if err := c.checkPair(now); err != nil {
			return nil, err
		}
	}
	u.Certificate, u.Key, u.AuthProvider = "", "", nil
	return &u, nil
}

// checkPair refuses a client certificate that no server would take.
func (c choice) checkPair(now time.Time) error {
	chain, err := certificates("client-certificate-data", c.user.CertificateData)
	if err != nil {
		return err
	}
	leaf := chain[0]
	if !now.Before(leaf.NotAfter) {
		return fmt.Errorf("the client certificate of user %q expired on %s; get a new one from the cluster (minikube start, "+
			"kind export kubeconfig, k3d kubeconfig merge, …) and pass the output of %q",
			c.context.User, day(leaf.NotAfter), flatten)
	}
	if now.Before(leaf.NotBefore) {
		return fmt.Errorf("the client certificate of user %q is valid from %s and it is %s here; set the clock",
			c.context.User, day(leaf.NotBefore), day(now))
	}
	if c.user.KeyData == "" {
		return fmt.Errorf("user %q has a client certificate without its key; pass the output of %q",
			c.context.User, flatten)
	}
	key, err := base64.StdEncoding.DecodeString(c.user.KeyData)
	if err != nil {
		return fmt.Errorf("client-key-data of user %q is not base64; pass the output of %q", c.context.User, flatten)
	}
	certificate, err := base64.StdEncoding.DecodeString(c.user.CertificateData)
	if err != nil {
		return errors.New("client-certificate-data is not base64")
	}
	if _, err := tls.X509KeyPair(certificate, key); err != nil {
		return fmt.Errorf("the client certificate and key of user %q do not belong together or cannot be read; pass the "+
			"output of %q", c.context.User, flatten)
	}
	return nil
}

// tokenCommands is what makes a kubeconfig with a token of the chosen context, in a file of its own. The token's account has
// the rights that a deployment takes.
func (c choice) tokenCommands() string {
	kubectl := "kubectl --context " + quote(c.name)
	return strings.Join([]string{
		kubectl + " apply --filename examples/deployer.yaml",
		kubectl + " config view --raw --flatten --minify > deployer.kubeconfig",
		`kubectl --kubeconfig deployer.kubeconfig config set-credentials deployer --token="$(` + kubectl +
			` --namespace todo-chatbot create token todo-chatbot-deployer --duration=1h)"`,
		"kubectl --kubeconfig deployer.kubeconfig config set-context --current --user=deployer",
	}, " && ")
}

// certificates reads the PEM certificates of a field. There is at least one.
func certificates(field, data string) ([]*x509.Certificate, error) {
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("%s is not base64; pass the output of %q", field, flatten)
	}
	var found []*x509.Certificate
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, fmt.Errorf("%s holds something that is no certificate; pass the output of %q", field, flatten)
		}
		found = append(found, certificate)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no certificate; pass the output of %q", field, flatten)
	}
	return found, nil
}

// day writes a moment for a message.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
