#!/bin/sh
# What `make demo` runs: index this folder's handbook, then search it three ways.
set -eu
pyrite=$(CDPATH= cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
cd -- "$(dirname -- "$0")"

say() { printf '\n\033[2m$\033[0m \033[1mpyrite'; for word; do case $word in
  *\ *) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac; done; printf '\033[0m\n'
  "$pyrite" "$@"; }

say index sync
say search E417 -n 2
say semantic-search "what do we do when the power goes out" -n 2
say search --mode hybrid "who keeps the mice away" -n 2
printf '\nThe handbook is in examples/handbook. Try `cd examples` and `../.venv/bin/pyrite --help`.\n'
