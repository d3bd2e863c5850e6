#!/usr/bin/env bash
# CI job: index a commit, prove that the index is right, print its digest.
#
#     examples/ci-index.sh [FOLDER]
#
# FOLDER holds the pyrite.yaml to use; without it, the example beside this file.
# docs/ci.md tells about clones, caches and jobs on GitHub and GitLab.

# Stop at the first command that fails, at a misspelt variable, and at a failure
# in the middle of a pipe: a half-made index must not look like a green job.
set -euo pipefail

# Find the checkout from this file, wherever the job was started.
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd -- "$here/.." && pwd)
folder=${1:-$here}

# Let the CI system carry this folder from run to run and only new text is
# embedded. Keep it out of the checkout.
export PYRITE_CACHE_DIR=${PYRITE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pyrite}
mkdir -p "$PYRITE_CACHE_DIR"

# An environment of its own, outside the checkout, removed at the end.
venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"

# Install Pyrite from this checkout with the model's runtime. Drop "[semantic]"
# for keyword search alone, which installs in seconds.
"$venv/bin/python" -m pip install --quiet "${checkout}[semantic]"
pyrite=("$venv/bin/pyrite" -C "$folder")

# Say in the log which program made this index.
"${pyrite[@]}" --version

# --ref HEAD: the commit as it is in git, whatever the job has left in the work
#             tree.
# --strict:   a file that could not be read as intended (broken frontmatter, two
#             entries with one id) makes the command exit with 1. The index is
#             written all the same.
"${pyrite[@]}" index sync --ref HEAD --strict

# Derive everything from git a second time and compare; exit 1 if a row differs.
"${pyrite[@]}" index verify

# One "HASH  NAME" line for each knowledge base. The same commit and the same
# configuration give the same hash on any machine and either backend, so two
# jobs, or a job and a laptop, can be compared by eye.
"${pyrite[@]}" index digest
