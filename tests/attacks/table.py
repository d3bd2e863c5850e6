"""All kinds of attack, and those that still succeed."""

from __future__ import annotations

from tests.attacks import planted_config, planted_files, planted_folder, planted_git

KINDS = [
    *planted_folder.KINDS,
    *planted_config.KINDS,
    *planted_files.KINDS,
    *planted_git.KINDS,
]
_OWNED = "files in .pyrite are opened whoever made them"
_TRUST = "a configuration reaches wherever it says"
OPEN = {
    ".pyrite is a link": _OWNED,
    ".pyrite/": _OWNED,
    "an index with links beside it": _OWNED,
    "cache.path": _TRUST,
    "storage.": _TRUST,
    "a repository ": _TRUST,
    "a path that is a link": _TRUST,
    "a model ": _TRUST,
    "another model": _TRUST,
    "pyrite.yaml is a link": "a configuration is read wherever a link leads",
    "names that look like": "names of files are printed as they are",
}
"""Kinds that still succeed, by what they begin with, and why."""
