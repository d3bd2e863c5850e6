#!/bin/sh
# What `make demo` runs: index this folder's handbook, then search it three ways.
set -eu
pyrite=$(CDPATH= cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
cd -- "$(dirname -- "$0")"

if [ -t 1 ]; then dim=$(printf '\033[2m') bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else dim='' bold='' plain=''; fi

say() {
  printf '\n%s$ %s%spyrite' "$dim" "$plain" "$bold"
  for word; do case $word in *\ *) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac; done
  printf '%s\n' "$plain"
  "$pyrite" "$@"
}

say index sync
say search E417 -n 2
say semantic-search "what do we do when the power goes out" -n 2
say search --mode hybrid "electricity failure generator" -n 2
printf '\nThe handbook is in examples/handbook. Try `cd examples` and `../.venv/bin/pyrite --help`.\n'
