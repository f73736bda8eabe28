#!/bin/sh
# A configuration alone is served; a command of the registry's is given to it; anything else is run as it is.
set -e
case $1 in
  *.yaml | *.yml) exec registry serve "$@" ;;
  serve | garbage-collect | help | -*) exec registry "$@" ;;
esac
exec "$@"
