# Finds what boot.sh keeps of one node; read by import.sh and await.sh.

slot=

# within SECONDS WHAT COMMAND... repeats the command until it succeeds.
within() {
  local limit=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    if [ -n "$slot" ] && [ -e "$slot/failed" ]; then cat "$slot/failed" >&2; exit 1; fi
    [ "$SECONDS" -lt "$limit" ] || { echo "node: failed: $what" >&2; exit 1; }
    sleep 0.2
  done
}

named() {
  local file
  for file in "${NODE_STATE:-/var/lib/node}"/*/instance; do
    if [ "$(cat "$file" 2>/dev/null)" = "${NODE_INSTANCE:?names a node}" ]; then slot=${file%/instance}; return 0; fi
  done
  return 1
}

find_slot() { within 120 "no node named $NODE_INSTANCE has started" named; }
