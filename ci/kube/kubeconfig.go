package kube

import "time"

// BindOptions says under which name a cluster is reached and who it has to prove to be.
type BindOptions struct {
	// Context names the kubeconfig's context; "" takes its current one.
	Context string
	// Host and Port are where the bound service is reached from a container, e.g. "cluster" and 6443.
	Host string
	Port int
	// ServerName is the name or address that the API server's certificate has to hold for; "" is the one the
	// kubeconfig was made for.
	ServerName string
	// Now is held against the certificates' dates.
	Now time.Time
}

// Bind gives the kubeconfig of one context, with the cluster reached at https://Host:Port and its certificate checked for
// the name it was made for. The result has one cluster, context and user and needs no file, program or environment.
// What cannot hold in a container is refused, with the command that makes a kubeconfig which can; an error never has a
// key, a token or a password in it.
func Bind(raw []byte, o BindOptions) ([]byte, error) { return nil, nil }

// Endpoint is where a kubeconfig's context reaches its cluster.
type Endpoint struct {
	Context, Namespace, Host string
	Port                     int
}

// ServerOf tells where a context ("" the current one) reaches its cluster, for a message that says so.
func ServerOf(raw []byte, context string) (Endpoint, error) { return Endpoint{}, nil }
