package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/node"
	"todo-chatbot/ci/pins"
	"todo-chatbot/ci/registry/address"

	"dagger/todo-chatbot/internal/dagger"
)

// cluster is a Kubernetes that is reached through one service binding.
type cluster struct {
	Tools tools
	// Title says in the report which cluster it is.
	Title      string
	Service    *dagger.Service
	Kubeconfig *dagger.Secret
	// Instance tells one-node clusters apart that runs start and end; "" for a cluster of the user's.
	Instance string
}

// embedded describes a one-node cluster that this run starts and ends; nothing starts before start.
func (t tools) embedded() (cluster, error) {
	if err := t.native(); err != nil {
		return cluster{}, err
	}
	now := time.Now()
	authority, err := node.NewAuthority(now)
	if err != nil {
		return cluster{}, err
	}
	config, err := authority.Kubeconfig(node.Alias, node.Port, now)
	if err != nil {
		return cluster{}, err
	}
	// Random, so that two runs on one engine are two clusters.
	c := cluster{Tools: t, Title: "embedded, " + t.reference(pins.KindNode), Instance: strings.ToLower(rand.Text())}
	c.Kubeconfig = dag.SetSecret("kubeconfig-"+c.Instance, string(config))
	c.Service = c.node().
		WithMountedSecret(node.Home+"/ca.crt", dag.SetSecret("cluster-authority-"+c.Instance, string(authority.Certificate))).
		WithMountedSecret(node.Home+"/ca.key", dag.SetSecret("cluster-authority-key-"+c.Instance, string(authority.Key))).
		WithEnvVariable("METRICS_SERVER", address.Repository(t.reference(pins.MetricsServer))).
		WithExposedPort(node.Port).
		AsService(dagger.ContainerAsServiceOpts{
			Args:                     []string{node.Home + "/boot.sh"},
			InsecureRootCapabilities: true,
		})
	return c, nil
}

// existing binds a cluster of the user's: its kubeconfig, rewritten for the service that reaches it.
func (t tools) existing(ctx context.Context, kubeconfig *dagger.Secret, service *dagger.Service, name string) (cluster, error) {
	port, err := portOf(ctx, service)
	if err != nil {
		return cluster{}, err
	}
	raw, err := kubeconfig.Plaintext(ctx)
	if err != nil {
		return cluster{}, fmt.Errorf("reading --kubeconfig: %w", err)
	}
	bound, err := kube.Bind([]byte(raw), kube.BindOptions{Context: name, Host: node.Alias, Port: port, Now: time.Now()})
	if err != nil {
		return cluster{}, err
	}
	endpoint, err := kube.ServerOf([]byte(raw), name)
	return cluster{
		Tools:      t,
		Title:      "context " + endpoint.Context,
		Service:    service,
		Kubeconfig: dag.SetSecret("kubeconfig-"+strings.ToLower(rand.Text()), string(bound)),
	}, err
}

// portOf gives the port of the service that --cluster named.
func portOf(ctx context.Context, service *dagger.Service) (int, error) {
	// One that is a default of .env is not running yet, and only then has it ports.
	started, err := service.Start(ctx)
	if err != nil {
		return 0, fmt.Errorf("reaching --cluster (pass tcp://localhost:PORT, where it listens): %w", err)
	}
	ports, err := started.Ports(ctx)
	switch {
	case err != nil:
		return 0, fmt.Errorf("reading --cluster (pass tcp://localhost:PORT, where it listens): %w", err)
	case len(ports) != 1:
		return 0, fmt.Errorf("--cluster has %d ports and needs one; pass tcp://localhost:PORT", len(ports))
	}
	return ports[0].Port(ctx)
}

// embedded says whether the cluster ends with the run.
func (c cluster) embedded() bool { return c.Instance != "" }

// bound lets a container reach this cluster, and nothing else. Each call's is new: what a cluster answers is never the same
// answer twice.
func (c cluster) bound(container *dagger.Container) *dagger.Container {
	return container.
		WithServiceBinding(node.Alias, c.Service).
		WithMountedSecret(kubeconfigPath, c.Kubeconfig).
		WithEnvVariable("KUBECONFIG", kubeconfigPath).
		WithEnvVariable("NOW", rand.Text())
}

// tools is a container with the program, kubectl and helm that reaches this cluster.
func (c cluster) tools() *dagger.Container { return c.bound(c.Tools.kubernetes()) }

// start boots the node and waits until it is Ready, or says why it is not.
func (c cluster) start(ctx context.Context) error {
	started := make(chan error, 1)
	go func() {
		_, err := c.Service.Start(ctx)
		started <- err
	}()
	// The node tells its own failure in one line; the service's end alone says only that it ended.
	err := passes(ctx, c.beside(), "starting the embedded cluster", node.Home+"/await.sh")
	if err != nil {
		return err
	}
	return explain("starting the embedded cluster", <-started)
}

// load imports images into the node, while it still boots if need be.
func (c cluster) load(ctx context.Context, images []*delivery) error {
	container, named := withDeliveries(c.beside(), images)
	return passes(ctx, container, "importing images", append([]string{node.Home + "/import.sh"}, named...)...)
}

// node is the node's image with our files and what its nodes share: what is seeded from one image is of no use to another.
func (c cluster) node() *dagger.Container {
	_, digest, _ := strings.Cut(c.Tools.reference(pins.KindNode), "@sha256:")
	container := c.Tools.from(pins.KindNode).
		WithMountedCache(node.State, dag.CacheVolume("todo-node-"+digest[:12])).
		WithEnvVariable("NODE_INSTANCE", c.Instance)
	return c.Tools.withNodeFiles(container)
}

// beside is a container on the node's volume: it reaches containerd's socket there.
func (c cluster) beside() *dagger.Container { return c.node().WithEnvVariable("NOW", rand.Text()) }

// delivery is an image on its way into a cluster.
type delivery struct {
	// reference is what pods call it by, and part the part of the chart's values that names it, "" for none.
	reference, part string
	platform        dagger.Platform
	archive         *dagger.File
}

// withDeliveries mounts images and gives each as the scripts of ci/node take it: its reference and its path.
func withDeliveries(container *dagger.Container, images []*delivery) (*dagger.Container, []string) {
	named := make([]string, len(images))
	for i, sent := range images {
		at := fmt.Sprintf("/archives/%d.tar", i)
		named[i], container = sent.reference+"="+at, container.WithMountedFile(at, sent.archive)
	}
	return container, named
}
