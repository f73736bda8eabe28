#!/usr/bin/env bash
# Imports image archives into a node that boot.sh runs, as soon as its containerd answers, and prints the name of each.
#
#   import.sh KEY REPOSITORY ARCHIVE [KEY REPOSITORY ARCHIVE]...
#
# An image is named REPOSITORY@DIGEST there. KEY stands for the archive's content: what was imported under it once, by
# this node or the one before it in this slot, is left alone. A repository's other images are removed.
#
# NODE_INSTANCE and NODE_STATE are boot.sh's.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/slot.sh"
find_slot
ctr=(ctr --address "$slot/containerd.sock" --namespace k8s.io)
within 120 "containerd does not answer" "${ctr[@]}" version
mkdir -p "$slot/imported"

# The list is kept whole: a grep that ends at its first match would end the listing too, and that is a failure.
present() { local list; list=$("${ctr[@]}" images ls -q) && grep -qxF "$1" <<<"$list"; }

while [ $# -ge 3 ]; do
  key=$slot/imported/${1//[^a-z0-9]/-} repository=$2 archive=$3; shift 3
  if [ -e "$key" ] && present "$(cat "$key")"; then cat "$key"; continue; fi
  before=$("${ctr[@]}" images ls -q | grep -F "$repository@" || true)
  "${ctr[@]}" images import --digests --base-name "$repository" "$archive" >/tmp/imported
  digest=$(grep -oE 'sha256:[0-9a-f]{64}' /tmp/imported | head -n 1)
  [ -n "$digest" ] || { echo "node: failed: importing $repository: containerd named no digest: $(cat /tmp/imported)" >&2; exit 1; }
  for old in $before; do
    [ "$old" = "$repository@$digest" ] || "${ctr[@]}" images rm "$old" >/dev/null
  done
  echo "$repository@$digest" | tee "$key"
done
