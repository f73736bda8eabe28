package kube

import "regexp"

// unreached are the ways in which kubectl and Helm say that they did not get through to a cluster, or were not let, the more telling
// first. A cluster that refuses answers, and waiting changes nothing.
var unreached = []struct {
	refuses bool
	look    *regexp.Regexp
	next    string
}{
	{true, regexp.MustCompile(`You must be logged in to the server|the server has asked for the client to provide credentials`),
		"the cluster does not take the kubeconfig's credentials: they are another cluster's, or have expired; get new ones and pass " +
			`the output of "kubectl config view --raw --flatten --minify"`},
	// A quota or an admission policy forbids as well, and says nothing of a user.
	{true, regexp.MustCompile(`forbidden: User "[^"]*" cannot `),
		"the kubeconfig's account may not do that; examples/deployer.yaml has every right that a deployment takes, and " +
			`"kubectl auth can-i --list" shows those that the account has`},
	{true, regexp.MustCompile(`(?:Unable to connect to the server|cluster unreachable).*x509: certificate has expired or is not yet valid`),
		"the cluster's certificate has expired, or this machine's clock is wrong; renew the one (kubeadm certs renew all, minikube delete && " +
			"minikube start) or set the other (the message has both times)"},
	{true, regexp.MustCompile(`(?:Unable to connect to the server|cluster unreachable).*x509:`),
		"what answers at --cluster is not the cluster of the kubeconfig, or it was made anew since; pass its port as " +
			`--cluster, and the output of "kubectl config view --raw --flatten --minify" as the kubeconfig`},
	{false, regexp.MustCompile(`Unable to connect to the server|cluster unreachable|The connection to the server \S+ was refused`),
		"nothing that is a cluster answers at --cluster; pass the host and port of the kubeconfig's server, as in --cluster " +
			`tcp://127.0.0.1:6443 ("kubectl config view --minify" shows them), and see that "kubectl get nodes" works here`},
}

// Unreached gives what to do when what kubectl or Helm printed says that they did not get through to the cluster, or were not let, ""
// when it says something else.
func Unreached(output string) string {
	for _, u := range unreached {
		if u.look.MatchString(output) {
			return u.next
		}
	}
	return ""
}

// Refuses is true when what kubectl or Helm printed says that a cluster is there and is another one, or does not take the
// credentials, or gives their owner no right.
func Refuses(output string) bool {
	for _, u := range unreached {
		if u.look.MatchString(output) {
			return u.refuses
		}
	}
	return false
}
