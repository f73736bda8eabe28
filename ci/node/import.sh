#!/usr/bin/env bash
# Imports image archives into a node that boot.sh runs, as soon as its containerd answers.
#
#   import.sh REPOSITORY=ARCHIVE...   names each archive's image REPOSITORY@DIGEST, and removes the repository's others
#
# NODE_INSTANCE and NODE_STATE are boot.sh's.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/slot.sh"
find_slot
ctr=(ctr --address "$slot/containerd.sock" --namespace k8s.io)
within 120 "containerd does not answer" "${ctr[@]}" version

for pair in "$@"; do
  repository=${pair%%=*} archive=${pair#*=}
  before=$("${ctr[@]}" images ls -q | grep -F "$repository@" || true)
  "${ctr[@]}" images import --digests --base-name "$repository" "$archive" >/tmp/imported
  digest=$(grep -oE 'sha256:[0-9a-f]{64}' /tmp/imported | head -n 1)
  [ -n "$digest" ] || { echo "node: failed: importing $repository: containerd named no digest: $(cat /tmp/imported)" >&2; exit 1; }
  for old in $before; do
    [ "$old" = "$repository@$digest" ] || "${ctr[@]}" images rm "$old" >/dev/null
  done
  echo "$repository@$digest"
done
