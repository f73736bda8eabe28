package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAClusterThatIsNotReachedIsToldWithWhatToDo(t *testing.T) {
	for output, want := range map[string]string{
		`Error: Kubernetes cluster unreachable: Get "https://cluster:17999/version": EOF`:                                                                                                        "nothing that is a cluster answers",
		`Unable to connect to the server: dial tcp 10.87.0.5:6443: i/o timeout`:                                                                                                                  "nothing that is a cluster answers",
		`The connection to the server cluster:6443 was refused - did you specify the right host or port?`:                                                                                        "nothing that is a cluster answers",
		`Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority`:                                                                      "not the cluster of the kubeconfig",
		`Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-01T12:00:00Z is after 2026-02-01T00:00:00Z`: "renew the one",
		`Error: Kubernetes cluster unreachable: Get "https://cluster:6443/version": x509: certificate has expired or is not yet valid`:                                                           "renew the one",
		`Error: Kubernetes cluster unreachable: Get "https://cluster:6443/version": tls: failed to verify certificate: x509: certificate signed`:                                                 "not the cluster of the kubeconfig",
		`error: You must be logged in to the server (Unauthorized)`:                                                                                                                              "does not take the kubeconfig's credentials",
		`Error: Kubernetes cluster unreachable: the server has asked for the client to provide credentials`:                                                                                      "does not take the kubeconfig's credentials",
		`Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:todo:me" cannot list resource "secrets" in API group "" in the namespace "todo"`:                       "examples/deployer.yaml",
		`Error: UPGRADE FAILED: deployments.apps "todo-backend" is forbidden: User "me" cannot patch resource "deployments" in API group "apps" in the namespace "todo"`:                         "examples/deployer.yaml",
		`Error from server (Forbidden): pods "todo-backend-1" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=4, limited: pods=4`:                                              "",
		`Error from server (NotFound): namespaces "x" not found`:                                                                                                                                 "",
		`npm error x509: certificate signed by unknown authority`:                                                                                                                                "",
	} {
		got := Unreached(output)
		assert.Equal(t, want != "" && !strings.HasPrefix(want, "nothing that is a cluster"), Refuses(output), output)
		if want == "" {
			assert.Empty(t, got, output)
			continue
		}
		assert.Contains(t, got, want, output)
	}
}
