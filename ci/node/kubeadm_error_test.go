package node

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKubeadmsErrorIsWhatItEndedWith(t *testing.T) {
	for name, log := range map[string]struct{ said, want string }{
		"and not a warning before it": {
			said: "[init] Using Kubernetes version: v1.36.4\n" +
				"W1125 10:00:00.000000     812 initconfiguration.go:332] error unmarshaling configuration: strict decoding error: unknown field\n" +
				"\t[WARNING Service-Kubelet]: kubelet service is not enabled, timed out\n" +
				"error execution phase wait-control-plane: failed while waiting for the control plane to start: kube-apiserver check failed at https://10.0.0.2:6443/livez\n" +
				"To see the stack trace of this error execute with --v=5 or higher\n",
			want: "error execution phase wait-control-plane: failed while waiting for the control plane to start: kube-apiserver check failed at https://10.0.0.2:6443/livez",
		},
		"and the last of two": {
			said: "error: a first one\nerror execution phase certs: a second one\n",
			want: "error execution phase certs: a second one",
		},
		"or its last line, where it was killed": {
			said: "[certs] Generating \"etcd/ca\" certificate and key\n[kubeconfig] Writing \"admin.conf\"\n\n",
			want: "[kubeconfig] Writing \"admin.conf\"",
		},
		"or nothing, where it said nothing": {said: "", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command("awk", "-f", "kubeadm-error.awk")
			command.Stdin = strings.NewReader(log.said)
			told, err := command.Output()
			require.NoError(t, err)
			assert.Equal(t, log.want, strings.TrimRight(string(told), "\n"))
		})
	}
}
