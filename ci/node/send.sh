#!/usr/bin/env bash
# Puts image archives into every node of a cluster through its API server alone: no registry, Docker socket or ssh.
#
#   send.sh REPOSITORY@DIGEST=ARCHIVE...   each image is named REPOSITORY@DIGEST there; a node that has it is left alone
#
# A pod on each node reaches that node's containerd. Its image is one that the node has already, and every program in
# it is the node's own. The pods' namespace goes when this ends, and one that a killed run left is taken over.
set -euo pipefail

namespace=todo-chatbot-images
fail() { printf 'images: %s\n' "$@" >&2; exit 1; }
trap 'kubectl delete namespace "$namespace" --wait=false --ignore-not-found >/dev/null 2>&1' EXIT

# Where a node's containerd listens, and how its client is called there.
containerd_of() {
  case $2 in
    *+k3s*) echo "/run/k3s/containerd/containerd.sock k3s ctr" ;;
    *) case $1 in
      containerd://*) echo "/run/containerd/containerd.sock ctr" ;;
      *) fail "a node runs $1, and images are sent to containerd alone" \
        "With Minikube: minikube start --container-runtime=containerd" ;;
    esac ;;
  esac
}

pod() {
  cat <<JSON
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "node-$1", "namespace": "$namespace"},
 "spec": {"nodeName": "$2", "restartPolicy": "Never", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0,
  "tolerations": [{"operator": "Exists"}],
  "containers": [{"name": "node", "image": "$3", "imagePullPolicy": "Never",
   "command": ["/bin/sh", "-c", "sleep 1800"], "env": [{"name": "PATH", "value": "/usr/local/bin:/usr/bin:/bin"}],
   "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}}, "securityContext": {"privileged": true, "runAsUser": 0},
   "volumeMounts": [$(mounts)]}],
  "volumes": [$(volumes)]}}
JSON
}
mounts() { local d out=; for d in bin lib lib64 usr run var; do out+="${out:+, }{\"name\": \"$d\", \"mountPath\": \"/$d\"}"; done; echo "$out"; }
volumes() { local d out=; for d in bin lib lib64 usr run var; do out+="${out:+, }{\"name\": \"$d\", \"hostPath\": {\"path\": \"/$d\"}}"; done; echo "$out"; }

kubectl get nodes --output json >/tmp/nodes.json
kubectl create namespace "$namespace" --dry-run=client --output json |
  jq '.metadata.labels["pod-security.kubernetes.io/enforce"] = "privileged"' | kubectl apply --filename - >/dev/null

count=$(jq '.items | length' /tmp/nodes.json)
for i in $(seq 0 $((count - 1))); do
  # The smallest image that the node has: what is in it does not matter.
  read -r name runtime version image < <(jq -r ".items[$i] | [.metadata.name, .status.nodeInfo.containerRuntimeVersion,
    .status.nodeInfo.kubeletVersion, (.status.images | sort_by(.sizeBytes)[0].names[-1])] | @tsv" /tmp/nodes.json)
  containerd=$(containerd_of "$runtime" "$version")
  pod "$i" "$name" "$image" | kubectl apply --filename - >/dev/null
  kubectl --namespace "$namespace" wait --for=condition=Ready "pod/node-$i" --timeout=60s >/dev/null ||
    fail "the pod that reaches node $name did not start: $(kubectl --namespace "$namespace" get events --output jsonpath='{.items[-1:].message}')" \
      "It needs a cluster that admits privileged pods in the namespace $namespace."
  on_node() { kubectl --namespace "$namespace" exec --stdin "node-$i" -- ${containerd#* } --address "${containerd%% *}" --namespace k8s.io "$@"; }
  present=$(on_node images ls --quiet </dev/null)
  for pair in "$@"; do
    reference=${pair%%=*} archive=${pair#*=}
    if grep -qxF "$reference" <<<"$present"; then echo "$name has $reference"; continue; fi
    on_node images import --digests --base-name "${reference%@*}" - <"$archive" >/dev/null
    on_node images ls --quiet </dev/null | grep -qxF "$reference" || fail "node $name has no $reference after its import; is it another platform's image?"
    echo "$name took $reference ($(du -h "$archive" | cut -f1))"
  done
done
