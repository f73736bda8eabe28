#!/usr/bin/env bash
# Makes the database and starts no server. By the name docker-enforce-initdb.sh, a used data directory is an error.
set -Eeo pipefail
# shellcheck source=docker-entrypoint.sh
. /usr/local/bin/docker-entrypoint.sh
[ "${1:-}" = postgres ] || set -- postgres "$@"
prepare "$@"
if $used && [ "${0##*/}" = docker-enforce-initdb.sh ]; then fail "${0##*/}: error: (unexpected) database found in '$PGDATA'!"; fi
