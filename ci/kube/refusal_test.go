package kube

import (
	"encoding/pem"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBindRefusesWhatCannotHoldAndSaysWhatToRun(t *testing.T) {
	a := newAuthority(t)
	kind, paths := a.fixture("kind"), a.fixture("minikube-paths")
	replace := func(text, old, other string) string {
		require.Contains(t, text, old)
		return strings.ReplaceAll(text, old, other)
	}
	drop := func(text, field string) string {
		return regexp.MustCompile(`(?m)^ *`+field+`: .*\n`).ReplaceAllString(text, "")
	}
	set := func(field, value string) string {
		return regexp.MustCompile(`(?m)^( *`+field+`): .*$`).ReplaceAllString(kind, "$1: "+value)
	}
	expired, expiredKey := a.issue("admin", now.Add(-48*time.Hour), now.Add(-time.Hour))
	future, futureKey := a.issue("admin", now.Add(time.Hour), now.Add(2*time.Hour))
	_, otherKey := a.issue("admin", now.Add(-time.Hour), now.Add(time.Hour))

	for name, test := range map[string]struct {
		raw  string
		want []string
	}{
		"nothing":                  {"", []string{"it is empty", flatten}},
		"comments only":            {"# nothing\n---\n", []string{"it is empty"}},
		"YAML of another kind":     {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n", []string{"another kind of file", flatten}},
		"an empty kubeconfig":      {"apiVersion: v1\nkind: Config\nclusters: null\n", []string{"no context or no cluster", flatten}},
		"a list":                   {"- a\n- b\n", []string{"not of the expected shape"}},
		"text":                     {"minikube is stopped", []string{"not of the expected shape"}},
		"broken YAML":              {kind + "  : ] token: x\n", []string{"not valid YAML at line"}},
		"a key twice":              {kind + "kind: Config\n", []string{"a key is given a second time at line"}},
		"two documents":            {kind + "---\n" + kind, []string{"2 YAML documents", flatten}},
		"too much":                 {kind + "#" + strings.Repeat("x", maxKubeconfig), []string{"too many", flatten}},
		"two contexts, none named": {replace(a.fixture("docker-desktop"), "current-context: docker-desktop\n", ""), []string{`"docker-desktop", "kind-todo"`, "kubectl config use-context"}},
		"a context that is not":    {replace(kind, "current-context: kind-todo", "current-context: gone"), []string{`no context "gone"`, `it has "kind-todo"`}},
		"a cluster that is not":    {replace(kind, "    cluster: kind-todo", "    cluster: gone"), []string{`its cluster "gone" is not in the file`}},
		"a user that is not":       {replace(kind, "    user: kind-todo", "    user: gone"), []string{`its user "gone" is not in the file`}},
		"an unchecked server":      {replace(kind, "    server:", "    insecure-skip-tls-verify: true\n    server:"), []string{"insecure-skip-tls-verify", "kubectl config set-cluster kind-todo --insecure-skip-tls-verify=false", "--embed-certs"}},
		"an unchecked server without CA": {drop(replace(kind, "    server:", "    insecure-skip-tls-verify: true\n    server:"), "certificate-authority-data"),
			[]string{"insecure-skip-tls-verify"}},
		"a proxy":                    {replace(kind, "    server:", "    proxy-url: socks5://localhost:1080\n    server:"), []string{"proxy-url", "--proxy-url="}},
		"plain http":                 {replace(kind, "https://", "http://"), []string{"plain HTTP"}},
		"no server":                  {drop(kind, "server"), []string{"no server"}},
		"a server that is no URL":    {replace(kind, "https://127.0.0.1:44313", `"https://[::1"`), []string{"no URL"}},
		"a user in the URL":          {replace(kind, "https://127", "https://me:"+plantedToken+"@127"), []string{"a user in it"}},
		"a path in the URL":          {replace(kind, ":44313", ":44313/k8s/clusters/c-1"), []string{"has a path"}},
		"no CA":                      {drop(kind, "certificate-authority-data"), []string{"kubectl config set-cluster kind-todo --certificate-authority=ca.crt --embed-certs"}},
		"a CA that is not base64":    {set("certificate-authority-data", "'%%%'"), []string{"certificate-authority-data is not base64"}},
		"a CA that is no PEM":        {set("certificate-authority-data", encode([]byte("x"))), []string{"holds no certificate"}},
		"a CA that is a key":         {set("certificate-authority-data", encode(otherKey)), []string{"something that is no certificate"}},
		"a CA that is cut off":       {set("certificate-authority-data", encode(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))), []string{"something that is no certificate"}},
		"a CA that has expired":      {set("certificate-authority-data", encode(expired)), []string{"authority expired on 2026-11-23 11:00 UTC"}},
		"a CA's path":                {paths, []string{"/home/dev/.minikube/ca.crt is not in this container", flatten}},
		"a certificate's path":       {replace(paths, "certificate-authority: /home/dev/.minikube/ca.crt", "certificate-authority-data: "+encode(a.pem())), []string{"profiles/minikube/client.crt is not in this container", flatten}},
		"a key's path":               {replace(kind, regexp.MustCompile(`client-key-data: .*`).FindString(kind), "client-key: /home/dev/client.key"), []string{"/home/dev/client.key is not in this container", flatten}},
		"an expired certificate":     {a.fixtureWith("kind", expired, expiredKey), []string{"expired on 2026-11-23 11:00 UTC", "kind export kubeconfig"}},
		"a certificate to come":      {a.fixtureWith("kind", future, futureKey), []string{"valid from 2026-11-23 13:00 UTC", "set the clock"}},
		"another certificate's key":  {set("client-key-data", encode(otherKey)), []string{"do not belong together"}},
		"a key that is not base64":   {set("client-key-data", "'%%%'"), []string{"client-key-data", "not base64"}},
		"a certificate without key":  {drop(kind, "client-key-data"), []string{"without its key"}},
		"a key without certificate":  {drop(kind, "client-certificate-data"), []string{"without its certificate"}},
		"no credentials":             {drop(drop(kind, "client-certificate-data"), "client-key-data") + "    as: x\n", []string{"no credentials"}},
		"an exec plugin of EKS":      {a.fixture("eks"), []string{`runs the program "aws"`, "create token todo-chatbot-deployer --duration=1h", "kubectl --context arn:aws:eks:eu-central-1:111122223333:cluster/todo"}},
		"an exec plugin of GKE":      {a.fixture("gke"), []string{`"gke-gcloud-auth-plugin"`, "create token"}},
		"a legacy auth provider":     {a.fixture("gke-legacy"), []string{"auth-provider", "create token"}},
		"a token in a file":          {replace(a.fixture("eks-token"), "token: "+plantedToken, "tokenFile: /var/run/token"), []string{"/var/run/token is not in this container", "create token"}},
		"a token with a line break":  {replace(a.fixture("eks-token"), plantedToken, `"`+plantedToken+`\n"`), []string{"white space"}},
		"a name and password":        {replace(a.fixture("eks-token"), "token: "+plantedToken, "username: admin\n    password: "+plantedToken), []string{"name and password", "create token"}},
		"a token that is no text":    {replace(a.fixture("eks-token"), plantedToken, "[1]"), []string{"user.token is not of the expected type"}},
		"a token inside broken YAML": {replace(a.fixture("eks-token"), plantedToken, `"`+plantedToken), []string{"not valid YAML"}},
	} {
		t.Run(name, func(t *testing.T) {
			bound, err := Bind([]byte(test.raw), options())
			require.Error(t, err)
			assert.Nil(t, bound)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.True(t, strings.HasPrefix(err.Error(), "kubeconfig: "), err)
			assert.NotContains(t, err.Error(), "\n", "one line")
			assert.NotContains(t, err.Error(), plantedToken)
		})
	}
}

func TestBindListsTheContextsWhenTheNamedOneIsMissing(t *testing.T) {
	a := newAuthority(t)
	o := options()
	o.Context = "minikube"
	_, err := Bind([]byte(a.fixture("docker-desktop")), o)
	assert.EqualError(t, err, `kubeconfig: it has no context "minikube"; it has "docker-desktop", "kind-todo"`)
}

func TestShellNamesAreQuotedInCommands(t *testing.T) {
	for name, want := range map[string]string{
		"kind-todo": "kind-todo", "arn:aws:eks:x:1:cluster/todo": "arn:aws:eks:x:1:cluster/todo",
		"it's; rm": `'it'\''s; rm'`, "": "''", "$(x)": "'$(x)'",
	} {
		assert.Equal(t, want, quote(name))
	}
}
