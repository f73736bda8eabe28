// Package node is a one-node Kubernetes in a container: the files with which a kind node image boots without systemd
// and without a Docker socket, and the certificate authority that makes its kubeconfig known before it boots.
package node

// Alias is the name by which other containers bind the node as a service. The API server's certificate holds for it.
const Alias = "cluster"

// Port is where the API server listens.
const Port = 6443

// Home is the directory that holds this one's files in the node and in the containers that import into it.
const Home = "/node"

// State is where a volume is mounted that outlives the node: what was imported once stays. The volume must not be an
// overlay, or containerd cannot put an overlay on it.
const State = "/var/lib/node"
