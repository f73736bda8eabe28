#!/usr/bin/env bash
# Imports image archives into a node that boot.sh runs, as soon as its containerd answers.
#
#   import.sh REPOSITORY@DIGEST=ARCHIVE...
#
# What this node has, or the one before it in this slot had, is left alone. A repository's other images are removed.
#
# NODE_INSTANCE and NODE_STATE are boot.sh's.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/slot.sh"
find_slot
ctr=(ctr --address "$slot/containerd.sock" --namespace k8s.io)
within 120 "containerd does not answer" "${ctr[@]}" version

# The list is kept whole: a grep that ends at its first match would end the listing too, and that is a failure.
present() { local list; list=$("${ctr[@]}" images ls -q) && grep -qxF "$1" <<<"$list"; }

for argument; do
  name=${argument%%=*} archive=${argument#*=}
  if present "$name"; then continue; fi
  before=$("${ctr[@]}" images ls -q | grep -F "${name%@*}@" || true)
  "${ctr[@]}" images import --digests --base-name "${name%@*}" "$archive" >/tmp/imported
  present "$name" || { echo "node: failed: importing $name: containerd has another image: $(cat /tmp/imported)" >&2; exit 1; }
  for old in $before; do "${ctr[@]}" images rm "$old" >/dev/null; done
done
touch "$slot/loaded"
