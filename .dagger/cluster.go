package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"todo-chatbot/ci/image"
	"todo-chatbot/ci/kube"
	"todo-chatbot/ci/node"

	"dagger/todo-chatbot/internal/dagger"
)

// cluster is a Kubernetes that is reached through one service binding.
type cluster struct {
	pins string
	// title says in the report which cluster it is.
	title      string
	service    *dagger.Service
	kubeconfig *dagger.Secret
	// embedded is nil for a cluster of the user's.
	embedded *embedded
}

// embedded is a one-node cluster that this run starts and ends.
type embedded struct {
	pins     string
	instance string
	service  *dagger.Service
}

// newEmbedded describes a one-node cluster; nothing starts before start.
func newEmbedded(pins string) (*cluster, error) {
	now := time.Now()
	authority, err := node.NewAuthority(now)
	if err != nil {
		return nil, err
	}
	config, err := authority.Kubeconfig(node.Alias, node.Port, now)
	if err != nil {
		return nil, err
	}
	// Random, so that two runs on one engine are two clusters.
	instance := strings.ToLower(rand.Text())
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return nil, err
	}
	e := &embedded{pins: pins, instance: instance}
	container := e.container().
		WithMountedSecret(node.Home+"/ca.crt", dag.SetSecret("cluster-authority-"+instance, string(authority.Certificate))).
		WithMountedSecret(node.Home+"/ca.key", dag.SetSecret("cluster-authority-key-"+instance, string(authority.Key))).
		WithEnvVariable("METRICS_SERVER", repositoryOf(parsed.Reference(image.MetricsServer))).
		WithExposedPort(node.Port)
	e.service = container.AsService(dagger.ContainerAsServiceOpts{
		Args:                     []string{node.Home + "/boot.sh"},
		InsecureRootCapabilities: true,
	})
	return &cluster{
		pins:       pins,
		title:      "embedded, " + parsed.Reference(image.KindNode),
		service:    e.service,
		kubeconfig: dag.SetSecret("kubeconfig-"+instance, string(config)),
		embedded:   e,
	}, nil
}

// newExisting binds a cluster of the user's: its kubeconfig, rewritten for the service that reaches it.
func newExisting(ctx context.Context, pins string, kubeconfig *dagger.Secret, service *dagger.Service, port int, name string) (*cluster, error) {
	if err := supportedHelm(ctx, pins); err != nil {
		return nil, err
	}
	raw, err := kubeconfig.Plaintext(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading --kubeconfig: %w", err)
	}
	bound, err := kube.Bind([]byte(raw), kube.BindOptions{Context: name, Host: node.Alias, Port: port, Now: time.Now()})
	if err != nil {
		return nil, err
	}
	endpoint, err := kube.ServerOf([]byte(raw), name)
	if err != nil {
		return nil, err
	}
	return &cluster{
		pins:       pins,
		title:      "context " + endpoint.Context,
		service:    service,
		kubeconfig: dag.SetSecret("kubeconfig-"+strings.ToLower(rand.Text()), string(bound)),
	}, nil
}

// tools is a container with kubectl and helm that reaches this cluster and nothing else. Each call's is new: what a
// cluster answers is never the same answer twice.
func (c *cluster) tools() *dagger.Container {
	return kubeTools(c.pins).
		WithServiceBinding(node.Alias, c.service).
		WithMountedSecret("/run/kubeconfig", c.kubeconfig).
		WithEnvVariable("KUBECONFIG", "/run/kubeconfig").
		WithEnvVariable("NOW", rand.Text())
}

// reached fails when the cluster does not answer the one request that needs no permission.
func (c *cluster) reached(ctx context.Context) error {
	return passes(ctx, c.tools(), "reaching the cluster", "kubectl", "get", "--raw", "/version", "--request-timeout", "10s")
}

// start boots the node and waits until it is Ready, or says why it is not.
func (e *embedded) start(ctx context.Context) error {
	// Asked here and not before: the images of the tools may have to be pulled, and the builds do not wait for that.
	if err := supportedHelm(ctx, e.pins); err != nil {
		return err
	}
	started := make(chan error, 1)
	go func() {
		_, err := e.service.Start(ctx)
		started <- err
	}()
	// The node tells its own failure in one line; the service's end alone says only that it ended.
	_, err := e.beside().WithExec([]string{node.Home + "/await.sh"}).Sync(ctx)
	if err != nil {
		return explain("starting the embedded cluster", err)
	}
	if err := <-started; err != nil {
		return explain("starting the embedded cluster", err)
	}
	return nil
}

// load imports images into the node, while it still boots if need be.
func (e *embedded) load(ctx context.Context, archives ...archive) error {
	container, paths := withArchives(e.beside(), archives)
	_, err := container.WithExec(append([]string{node.Home + "/import.sh"}, named(archives, paths)...)).Sync(ctx)
	return explain("importing images", err)
}

// named gives each archive's image and path as the scripts of ci/node take them.
func named(archives []archive, paths []string) []string {
	args := make([]string, len(archives))
	for i, a := range archives {
		args[i] = a.name() + "=" + paths[i]
	}
	return args
}

// withArchives mounts archives and gives the path of each.
func withArchives(container *dagger.Container, archives []archive) (*dagger.Container, []string) {
	paths := make([]string, len(archives))
	for i, a := range archives {
		paths[i] = fmt.Sprintf("/archives/%d.tar", i)
		container = container.WithMountedFile(paths[i], a.file)
	}
	return container, paths
}

// container is the node's image with our files and what its nodes share.
func (e *embedded) container() *dagger.Container {
	container := from(e.pins, image.KindNode).
		WithMountedCache(node.State, dag.CacheVolume("todo-node-"+fingerprint(e.pins))).
		WithEnvVariable("NODE_INSTANCE", e.instance)
	return withNodeFiles(container)
}

// beside is a container on the node's volume: it reaches containerd's socket there.
func (e *embedded) beside() *dagger.Container {
	return e.container().WithEnvVariable("NOW", rand.Text())
}

// fingerprint tells node images apart: what is seeded from one is of no use to another.
func fingerprint(pins string) string {
	parsed, err := image.ParsePins([]byte(pins))
	if err != nil {
		return "unknown"
	}
	_, digest, _ := strings.Cut(parsed.Reference(image.KindNode), "@sha256:")
	return digest[:12]
}
