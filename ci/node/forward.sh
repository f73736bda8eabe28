#!/usr/bin/env bash
# Keeps the front end of a release on port 3000, through the cluster's API server.
#
#   forward.sh NAMESPACE FULLNAME   the release's namespace, and what the names of its objects begin with
set -uo pipefail

# A port-forward ends with the pod that it chose; the next one finds another.
while true; do
  kubectl --namespace "$1" port-forward --address 0.0.0.0 "service/$2-frontend" 3000:3000 || sleep 1
done
