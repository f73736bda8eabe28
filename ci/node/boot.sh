#!/usr/bin/env bash
# Boots a one-node Kubernetes in this container from a kind node image, without systemd: containerd, then kubeadm with
# a kubelet beside it. Needs every capability; works on cgroup v1 and v2.
#
# NODE_INSTANCE   names this node: what shares NODE_STATE with it finds it by that name (import.sh, await.sh)
# NODE_STATE      a directory that is not on an overlay, shared by every node of this machine (/var/lib/node)
# METRICS_SERVER  the image of metrics-server; installed once it has been imported
# NODE_PATIENCE   how many seconds each step may take (90; the control plane's start three times that); more on an
#                 emulated machine
#
# Ends non-zero with one line "node: failed: …" and the end of containerd's and the kubelet's logs.
set -Eeuo pipefail

files=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${NODE_STATE:-/var/lib/node}
instance=${NODE_INSTANCE:?names this node}
patience=${NODE_PATIENCE:-90}
name=node
export KUBECONFIG=/etc/kubernetes/admin.conf
doing="starting"
slot=

say() { printf 'node: %3ds %s\n' "$SECONDS" "$*"; }
step() { doing=$1; say "$1"; }

fail() {
  trap - ERR
  {
    printf 'node: failed: %s: %s\n' "$doing" "$1"
    for log in containerd kubelet kubeadm; do
      [ -s "/var/log/$log.log" ] && printf -- '--- the end of the log of %s\n' "$log" && tail -n 15 "/var/log/$log.log"
    done
  } >/tmp/failure
  cat /tmp/failure >&2
  if [ -n "$slot" ]; then mv /tmp/failure "$slot/failed"; fi
  exit 1
}
trap 'fail "a command ended with $? (boot.sh, line $LINENO)"' ERR

# within SECONDS WHAT COMMAND... repeats the command until it succeeds.
within() {
  local limit=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$limit" ] || fail "$what"
    sleep 0.2
  done
}

# Several nodes may run on one machine; each has a slot of its own, and a slot outlives its node, so that the next
# one finds the images that were imported before.
take_slot() {
  local n
  for n in 0 1 2 3 4 5 6 7; do
    mkdir -p "$state/$n"
    exec 9>"$state/$n/lock"
    if flock --nonblock 9; then slot=$state/$n; break; fi
  done
  [ -n "$slot" ] || fail "eight nodes run already on this engine; wait until one of their runs has ended"
  rm -f "$slot"/{instance,ready,failed,loaded}
  if [ ! -e "$slot/seeded" ]; then
    rm -rf "$slot/containerd"
    cp -a /var/lib/containerd "$slot/containerd"
    touch "$slot/seeded"
  fi
  printf '%s' "$instance" >"$slot/instance"
}

# The kubelet gets a cgroup of its own to build under, /kubelet, as in kind.
prepare_cgroups() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init /sys/fs/cgroup/kubelet
    within "$patience" "the controllers of this container's cgroup cannot be given on" delegate /sys/fs/cgroup
    within "$patience" "the controllers of the kubelet's cgroup cannot be given on" delegate /sys/fs/cgroup/kubelet
    return
  fi
  local controller file
  for controller in /sys/fs/cgroup/*/; do
    mkdir -p "$controller/kubelet" 2>/dev/null || continue
    for file in cpuset.cpus cpuset.mems; do
      if [ -e "$controller/$file" ]; then cat "$controller/$file" >"$controller/kubelet/$file"; fi
    done
  done
}

# delegate GROUP lets a group's children have every controller that it has. The kernel refuses while a process is in the group,
# and one may come at any moment, by docker exec.
delegate() {
  local pid controller controllers
  while read -r pid; do echo "$pid" >/sys/fs/cgroup/init/cgroup.procs || true; done <"$1/cgroup.procs"
  read -r -a controllers <"$1/cgroup.controllers"
  for controller in "${controllers[@]}"; do
    echo "+$controller" >"$1/cgroup.subtree_control" || true
    grep -qw "$controller" "$1/cgroup.subtree_control" || return
  done
}

# What kind's entrypoint, which does not run here, makes for the others: the files that a hook of its containerd configuration
# copies into every container (/kind/bin/mount-product-files.sh), and a hostname that is the node's name, by which kindnet
# knows whose NetworkPolicies to enforce.
prepare_identity() {
  mkdir -p /kind
  echo kind >/kind/product_name
  cat /proc/sys/kernel/random/uuid >/kind/product_uuid
  hostname "$name"
}

prepare_mounts() {
  mount --make-rshared /
  [ -e /dev/kmsg ] || ln -s /dev/null /dev/kmsg
  mkdir -p /run/containerd /etc/kubernetes/pki
}

# start_containerd CONFIG runs containerd on this slot's images.
start_containerd() {
  containerd --config "$1" --root "$slot/containerd" --address "$slot/containerd.sock" >>/var/log/containerd.log 2>&1 9>&- &
  containerd=$!
  within "$patience" "containerd does not answer" ctr --address "$slot/containerd.sock" version
}

# What the slot's last node left running is forgotten before Kubernetes' own plugin sees it.
forget_last_node() {
  [ -e "$slot/used" ] || return 0
  printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >/tmp/containerd.toml
  start_containerd /tmp/containerd.toml
  local ctr=(ctr --address "$slot/containerd.sock" --namespace k8s.io)
  "${ctr[@]}" containers ls -q | xargs -r "${ctr[@]}" containers rm >/dev/null 2>&1 || true
  "${ctr[@]}" sandboxes ls 2>/dev/null | awk 'NR > 1 {print $1}' | xargs -r "${ctr[@]}" sandboxes rm >/dev/null 2>&1 || true
  kill "$containerd"
  wait "$containerd" || true
  rm -rf "$slot"/containerd/io.containerd.{grpc.v1.cri,sandbox.controller.v1.shim}
}

start_kubelet() {
  until [ -e /var/lib/kubelet/config.yaml ] && [ -e /var/lib/kubelet/kubeadm-flags.env ] && [ -e /etc/kubernetes/kubelet.conf ]; do sleep 0.1; done
  # shellcheck source=/dev/null # kubeadm writes it.
  . /var/lib/kubelet/kubeadm-flags.env
  local try arguments
  read -r -a arguments <<<"$KUBELET_KUBEADM_ARGS"
  for try in 1 2 3 4 5; do
    kubelet --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
      "${arguments[@]}" >>/var/log/kubelet.log 2>&1 9>&- || sleep "$try"
  done
  echo "the kubelet ended five times" >"$slot/kubelet-failed"
}

# The kubelet asks for a certificate that its clients can check; nobody else approves it.
approve_kubelet() {
  local waiting
  mapfile -t waiting < <(kubectl get certificatesigningrequests -o name)
  [ ${#waiting[@]} -gt 0 ] && kubectl certificate approve "${waiting[@]}" && kubectl get --raw "/api/v1/nodes/$name/proxy/healthz"
}

# As kind does, kindnet is told where the API server listens: by its Service it could not be reached before kube-proxy has written that,
# and the next try comes ten seconds later. It asks for little, as the control plane does.
install_addons() {
  sed 's|{{ *\.PodSubnet *}}|10.244.0.0/16|' /kind/manifests/default-cni.yaml >/tmp/cni.yaml
  kubectl create --dry-run=client --output json -f /tmp/cni.yaml |
    jq '(select(.kind == "DaemonSet").spec.template.spec.containers[0]) |=
      (.env += [{"name": "CONTROL_PLANE_ENDPOINT", "value": "127.0.0.1:6443"}] | .resources.requests.cpu = "10m")' >/tmp/cni.json
  kubectl apply -f /tmp/cni.json -f /kind/manifests/default-storage.yaml >/dev/null
}

# metrics_image prints the name of METRICS_SERVER's image once it is here: its own, or the one with a digest that import.sh
# gives it. Before import.sh has ended, that may be of a node before this one.
metrics_image() {
  local list
  list=$(ctr --address "$slot/containerd.sock" --namespace k8s.io images ls -q)
  if grep -qxF "$METRICS_SERVER" <<<"$list"; then echo "$METRICS_SERVER"; return; fi
  [ -e "$slot/loaded" ] && grep -m 1 -F "$METRICS_SERVER@" <<<"$list"
}

# install_metrics does what it can of it, and succeeds once metrics are served.
install_metrics() {
  local image
  image=$(metrics_image) &&
    sed "s|METRICS_SERVER_IMAGE|$image|" "$files/metrics-server.yaml" | kubectl apply -f - &&
    kubectl -n kube-system rollout status deployment/metrics-server --timeout=5s &&
    kubectl apply -f "$files/metrics-api.yaml"
} >/dev/null 2>&1

step "taking a place for images"
take_slot
step "preparing cgroups and mounts"
prepare_cgroups
prepare_mounts
prepare_identity
cp "$files"/ca.crt "$files"/ca.key /etc/kubernetes/pki/
step "starting containerd"
forget_last_node
touch "$slot/used"
sed 's/SystemdCgroup = true/SystemdCgroup = false/' /etc/containerd/config.toml >/tmp/containerd.toml
start_containerd /tmp/containerd.toml
ln -sf "$slot/containerd.sock" /run/containerd/containerd.sock

step "starting the control plane"
rm -f "$slot/kubelet-failed"
start_kubelet &
sed "s|NODE_NAME|$name|; s|KUBERNETES_VERSION|$(cat /kind/version)|; s|CONTROL_PLANE_SECONDS|$((3 * patience))|g" "$files/kubeadm.yaml" >/tmp/kubeadm.yaml
kubeadm init --config=/tmp/kubeadm.yaml --skip-phases=preflight,show-join-command \
  --skip-token-print >/var/log/kubeadm.log 2>&1 9>&- || fail "kubeadm: $(awk -f "$files/kubeadm-error.awk" /var/log/kubeadm.log)"
step "installing network and storage"
install_addons
within "$patience" "the kubelet's certificate is not approved" approve_kubelet
within "$patience" "the node is not Ready" kubectl wait --for=condition=Ready "node/$name" --timeout=1s
within "$patience" "the default service account is missing" kubectl get serviceaccount default
touch "$slot/ready"
say "ready"

while sleep 2; do
  kill -0 "$containerd" 2>/dev/null || fail "containerd ended"
  [ ! -e "$slot/kubelet-failed" ] || fail "$(cat "$slot/kubelet-failed")"
  if [ -n "${METRICS_SERVER:-}" ] && install_metrics; then METRICS_SERVER=; say "metrics are served"; fi
done
