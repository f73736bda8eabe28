#!/usr/bin/env bash
# Waits until the node that boot.sh runs is ready, or says why it will not be.
#
# NODE_INSTANCE and NODE_STATE are boot.sh's; NODE_TIMEOUT is in seconds (300).
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/slot.sh"
find_slot
limit=$((SECONDS + ${NODE_TIMEOUT:-300}))
until [ -e "$slot/ready" ]; do
  if [ -e "$slot/failed" ]; then cat "$slot/failed" >&2; exit 1; fi
  [ "$SECONDS" -lt "$limit" ] || { echo "node: failed: not ready within ${NODE_TIMEOUT:-300} s" >&2; exit 1; }
  sleep 0.2
done
