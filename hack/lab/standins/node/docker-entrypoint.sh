#!/bin/sh
# As in the published image: what is an option, or no command, or a file that cannot be executed, is for node to run.
set -e
case ${1:-} in
  -*) set -- node "$@" ;;
  *) if ! command -v "${1:-}" >/dev/null || { [ -f "$1" ] && ! [ -x "$1" ]; }; then set -- node "$@"; fi ;;
esac
exec "$@"
