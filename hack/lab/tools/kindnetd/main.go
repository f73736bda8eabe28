// Kindnetd stands in for kind's network daemon, whose own module no Go proxy serves. It does what kind's CNI manifest expects
// of that image: it writes the node's CNI configuration, keeps a route to every other node's pods, hides pods behind their
// node where they leave the cluster, and enforces NetworkPolicies with the library that kind's uses. Like kind's, it takes
// the hostname for the node's name: where the two differ, no policy is enforced.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-iptables/iptables"
	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

const (
	configuration   = "/etc/cni/net.d/10-kindnet.conflist"
	masqueradeChain = "KIND-MASQ-AGENT"
	period          = 10 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv("HOST_IP"), strings.Split(strings.TrimSpace(os.Getenv("POD_SUBNET")), ",")); err != nil {
		klog.Fatal(err)
	}
}

// run keeps the node's network until ctx ends. hostIP is this node's address; podSubnets are the cluster's.
func run(ctx context.Context, hostIP string, podSubnets []string) error {
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	// A NetworkPolicy or a route may wait; kube-proxy may not have written the API server's Service yet.
	if endpoint := os.Getenv("CONTROL_PLANE_ENDPOINT"); endpoint != "" {
		config.Host = "https://" + endpoint
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := enforcePolicies(ctx, client); err != nil {
		klog.Infof("network policies are not enforced: %v", err)
	}
	for ctx.Err() == nil {
		if err := reconcile(ctx, client, hostIP, podSubnets); err != nil {
			klog.Infof("trying again: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(period):
		}
	}
	return nil
}

// enforcePolicies starts the policies' controller. It looks at the pods of the node that has this host's name.
func enforcePolicies(ctx context.Context, client kubernetes.Interface) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	controller, err := networkpolicy.NewController(client,
		factory.Networking().V1().NetworkPolicies(), factory.Core().V1().Namespaces(), factory.Core().V1().Pods(),
		nil, nil, nil, nil,
		networkpolicy.Config{NodeName: name, FailOpen: true, QueueID: 101, NetfilterBug1766Fix: true, NFTableName: "kindnet-network-policies", NRIdisabled: true})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	go func() {
		if err := controller.Run(ctx); err != nil {
			klog.Infof("network policies are no longer enforced: %v", err)
		}
	}()
	return nil
}

// reconcile brings this host to what the cluster's nodes say.
func reconcile(ctx context.Context, client kubernetes.Interface, hostIP string, podSubnets []string) error {
	if err := masquerade(podSubnets); err != nil {
		return err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		address := internalIP(node)
		switch {
		case node.Spec.PodCIDR == "":
		case address == hostIP:
			err = writeConfiguration(node.Spec.PodCIDR)
		case address != "":
			err = route(node.Spec.PodCIDR, address)
		}
		if err != nil {
			return fmt.Errorf("node %s: %w", node.Name, err)
		}
	}
	return nil
}

func internalIP(node corev1.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP && net.ParseIP(address.Address).To4() != nil {
			return address.Address
		}
	}
	return ""
}

// writeConfiguration gives containerd the plugins that a kind node has. It appears whole, or not at all.
func writeConfiguration(podCIDR string) error {
	type object = map[string]any
	raw, err := json.Marshal(object{
		"cniVersion": "0.3.1",
		"name":       "kindnet",
		"plugins": []object{
			{"type": "ptp", "ipMasq": false, "ipam": object{
				"type": "host-local", "dataDir": "/run/cni-ipam-state",
				"routes": []object{{"dst": "0.0.0.0/0"}},
				"ranges": [][]object{{{"subnet": podCIDR}}},
			}},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	})
	if err != nil {
		return err
	}
	if written, err := os.ReadFile(configuration); err == nil && slices.Equal(written, raw) {
		return nil
	}
	if err := os.WriteFile(configuration+".new", raw, 0o644); err != nil {
		return err
	}
	return os.Rename(configuration+".new", configuration)
}

// route sends what is for another node's pods to that node.
func route(podCIDR, via string) error {
	_, destination, err := net.ParseCIDR(podCIDR)
	if err != nil {
		return err
	}
	return netlink.RouteReplace(&netlink.Route{Dst: destination, Gw: net.ParseIP(via)})
}

// masquerade gives what leaves the cluster's pods its node's address.
func masquerade(podSubnets []string) error {
	tables, err := iptables.New()
	if err != nil {
		return err
	}
	if exists, err := tables.ChainExists("nat", masqueradeChain); err != nil {
		return err
	} else if !exists {
		if err := tables.NewChain("nat", masqueradeChain); err != nil {
			return err
		}
	}
	for _, subnet := range podSubnets {
		if err := tables.AppendUnique("nat", masqueradeChain, "-d", subnet, "-j", "RETURN"); err != nil {
			return err
		}
	}
	if err := tables.AppendUnique("nat", masqueradeChain, "-j", "MASQUERADE"); err != nil {
		return err
	}
	return tables.AppendUnique("nat", "POSTROUTING", "-m", "addrtype", "!", "--dst-type", "LOCAL", "-j", masqueradeChain)
}
