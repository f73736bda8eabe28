# shellcheck shell=bash
# A registry that answers a node for images of localhost; read by faults and slow.

registry=

# serve_registry NODE PORT [MANIFEST BLOB SECONDS] starts hack/lab/registry.py and has the node's containerd ask it.
serve_registry() {
  local node=$1 port=$2 gateway; shift 2
  gateway=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}' "$node")
  python3 hack/lab/registry.py "$port" "$@" 2>/dev/null &
  registry=$!
  docker exec "$node" sh -c "mkdir -p /etc/containerd/certs.d/localhost && printf 'server = \"http://%s\"\n' $gateway:$port >/etc/containerd/certs.d/localhost/hosts.toml"
}

serve_no_registry() {
  [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
  registry=
  docker exec "$1" rm -rf /etc/containerd/certs.d/localhost
}
