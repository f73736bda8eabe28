#!/usr/bin/env bash
# Puts image archives into every node of a cluster through its API server alone: no registry, Docker socket or ssh.
#
#   send.sh OWNER REPOSITORY@DIGEST=ARCHIVE...   each image is named REPOSITORY@DIGEST there; what a node has is left alone
#
# PLATFORMS, e.g. linux/amd64,linux/arm64, are those that every image is for: a node of another is left out, and gets no pod of theirs.
# Left out, every node runs them.
#
# OWNER is the release for which it is done, as NAMESPACE/NAME; no two may send for one at once. A pod on each node
# reaches that node's containerd. Its image is one that the node has already, and every program in it is the node's own.
# Of an image that a node lacks, what it has as part of others is not sent: `todo-chatbot image missing-blobs` leaves it out.
# The pods' namespace goes when this ends, and one that a killed run left goes before.
set -euo pipefail

owner=$1; shift
namespace=todo-chatbot-images-$(printf %s "$owner" | sha256sum | head -c 10)
fail() { printf 'images: %s\n' "$@" >&2; exit 1; }
privileged="It needs a cluster that admits privileged pods in the namespace $namespace; one that does not pulls the images: release … with-registry"

# Where a node's containerd listens, and how its client is called there.
containerd_of() {
  case $2 in
    *+k3s*) echo "/run/k3s/containerd/containerd.sock k3s ctr" ;;
    *) case $1 in
      containerd://*) echo "/run/containerd/containerd.sock ctr" ;;
      *) fail "a node runs $1, and images are sent to containerd alone" \
        "With Minikube: minikube start --container-runtime=containerd" \
        "With Docker Desktop: Settings, Kubernetes, provisioning method kind" ;;
    esac ;;
  esac
}

# pod NAME NODE IMAGE
pod() {
  local d mounts='' volumes=''
  for d in bin lib lib64 usr run var; do
    mounts+="${mounts:+, }{\"name\": \"$d\", \"mountPath\": \"/$d\"}"
    volumes+="${volumes:+, }{\"name\": \"$d\", \"hostPath\": {\"path\": \"/$d\"}}"
  done
  cat <<JSON
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "$1", "namespace": "$namespace"},
 "spec": {"nodeName": "$2", "restartPolicy": "Never", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0,
  "tolerations": [{"operator": "Exists"}],
  "containers": [{"name": "node", "image": "$3", "imagePullPolicy": "Never",
   "command": ["/bin/sh", "-c", "sleep 1800"], "env": [{"name": "PATH", "value": "/usr/local/bin:/usr/bin:/bin"}],
   "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}}, "securityContext": {"privileged": true, "runAsUser": 0},
   "volumeMounts": [$mounts]}],
  "volumes": [$volumes]}}
JSON
}

# lacking NODE REFERENCE=ARCHIVE... prints those that the node has not reported. A kubelet reports the largest fifty.
lacking() {
  local node=$1 pair; shift
  for pair in "$@"; do
    jq --exit-status --arg node "$node" --arg image "${pair%%=*}" \
      '.items[] | select(.metadata.name == $node) | .status.images // [] | any(.[].names[]?; . == $image)' /tmp/nodes.json >/dev/null ||
      echo "$pair"
  done
}

megabytes() { echo $((($1 + 500000) / 1000000)); }

# take NODE REFERENCE ARCHIVE imports an archive on that node, by deliver's on_node, and tells how far it is.
take() {
  local name=$1 reference=$2 archive=$3 size began=$SECONDS said=$SECONDS sender at
  size=$(stat -c %s "$archive")
  on_node images import --digests --base-name "${reference%@*}" - <"$archive" >/dev/null &
  sender=$!
  while kill -0 "$sender" 2>/dev/null; do
    sleep 0.2
    [ $((SECONDS - said)) -ge 5 ] || continue
    said=$SECONDS
    # How far the archive was read, which the kernel knows.
    at=$(sed -n 's/^pos:\s*//p' "/proc/$sender/fdinfo/0" 2>/dev/null || true)
    [ -z "$at" ] || echo "$name takes ${reference%@*}: $(megabytes "$at") of $(megabytes "$size") MB"
  done
  wait "$sender" || return
  echo "$name took $reference ($(megabytes "$size") MB in $((SECONDS - began)) s)"
}

# bring NODE REFERENCE ARCHIVE PART HAS takes one image to that node, by deliver's on_node: PART is for what is sent of it, and HAS
# lists the blobs that the node has.
bring() {
  local name=$1 reference=$2 archive=$3 part=$4 has=$5 present
  todo-chatbot image missing-blobs "$archive" "$part" "$has"
  # A store may drop what it has listed: then all of it goes.
  take "$name" "$reference" "$part" || take "$name" "$reference" "$archive" ||
    fail "node $name did not take $reference; what it said is above" "Most often its disk is full: kubectl describe node $name"
  rm "$part"
  # Its answer is kept whole: a grep that ends at its first match would end the asking too, and that is a failure.
  present=$(on_node images ls --quiet </dev/null)
  grep -qxF "$reference" <<<"$present" || fail "node $name has no $reference after its import; is it another platform's image?"
}

# each_of PID... waits for all of them, and fails if one has.
each_of() { local pid status=0; for pid; do wait "$pid" || status=1; done; return $status; }

# deliver INDEX REFERENCE=ARCHIVE... brings one node what it lacks, images side by side: while one is unpacked another is on its way.
deliver() {
  local index=$1 name runtime version image containerd pair present part=/tmp/part-$1 senders=(); shift
  # The smallest image that the node has: what is in it does not matter.
  read -r name runtime version image < <(jq -r ".items[$index] | [.metadata.name, .status.nodeInfo.containerRuntimeVersion,
    .status.nodeInfo.kubeletVersion, (.status.images | sort_by(.sizeBytes)[0].names[-1])] | @tsv" /tmp/nodes.json)
  # In two steps: a failure inside a here-string would go unseen.
  containerd=$(containerd_of "$runtime" "$version")
  read -r -a containerd <<<"$containerd"
  pod "node-$index" "$name" "$image" | kubectl create --filename - >/dev/null || fail "the cluster takes no pod that reaches node $name" "$privileged"
  kubectl --namespace "$namespace" wait --for=condition=Ready "pod/node-$index" --timeout=60s >/dev/null ||
    fail "the pod that reaches node $name did not start: $(kubectl --namespace "$namespace" get events \
      --field-selector "involvedObject.name=node-$index" --output jsonpath='{.items[-1:].message}')" \
      "$privileged"
  on_node() { kubectl --namespace "$namespace" exec --stdin "node-$index" -- "${containerd[@]:1}" --address "${containerd[0]}" --namespace k8s.io "$@"; }
  present=$(on_node images ls --quiet </dev/null) || fail "node $name has no containerd at ${containerd[0]}, or no ${containerd[*]:1}; what it said is above" \
    "Let the cluster pull the images: release … with-registry"
  on_node content ls --quiet </dev/null >"$part.has"
  for pair in "$@"; do
    if grep -qxF "${pair%%=*}" <<<"$present"; then echo "$name has ${pair%%=*}"; continue; fi
    bring "$name" "${pair%%=*}" "${pair#*=}" "$part.${#senders[@]}" "$part.has" &
    senders+=("$!")
  done
  each_of ${senders[@]+"${senders[@]}"}
}

kubectl get nodes --output json |
  jq --arg platforms "${PLATFORMS:-}" '($platforms | split(",")) as $wanted |
    .items |= map(select(.metadata.labels["kubernetes.io/os"] != "windows" and
      any(.status.conditions[]; .type == "Ready" and .status == "True") and
      (.status.nodeInfo | "\(.operatingSystem)/\(.architecture)" as $its | $wanted == [] or any($wanted[]; . == $its))))' >/tmp/nodes.json
count=$(jq '.items | length' /tmp/nodes.json)
[ "$count" -gt 0 ] || fail "no node that is Ready runs ${PLATFORMS:-these images}; see: kubectl get nodes"

short=()
for i in $(seq 0 $((count - 1))); do
  name=$(jq -r ".items[$i].metadata.name" /tmp/nodes.json)
  if [ -n "$(lacking "$name" "$@")" ]; then short+=("$i"); else echo "$name has every image"; fi
done
remove() { kubectl delete namespace "$namespace" --ignore-not-found "$@" >/dev/null 2>&1; }
remove --wait --timeout=60s || fail "a namespace that a killed run left does not go, and its status says what is left in it: kubectl get namespace $namespace --output yaml"
[ ${#short[@]} -gt 0 ] || exit 0

trap 'remove --wait=false' EXIT
kubectl create namespace "$namespace" --dry-run=client --output json |
  jq '.metadata.labels["pod-security.kubernetes.io/enforce"] = "privileged"' | kubectl create --filename - >/dev/null
# A pod is refused before its namespace has one, and a controller manager that has just started takes its time.
kubectl --namespace "$namespace" wait --for=create serviceaccount/default --timeout=60s >/dev/null ||
  fail "the cluster's controller manager gave the namespace $namespace no service account within a minute; see: kubectl --namespace kube-system get pods"
senders=()
for i in "${short[@]}"; do deliver "$i" "$@" & senders+=("$!"); done
each_of "${senders[@]}"
