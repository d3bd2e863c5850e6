"""All kinds of attack, and those that still succeed."""

from __future__ import annotations

from tests.attacks import planted_config, planted_files, planted_folder, planted_git

KINDS = [
    *planted_folder.KINDS,
    *planted_config.KINDS,
    *planted_files.KINDS,
    *planted_git.KINDS,
]
OPEN: dict[str, str] = {}
"""Kinds that still succeed, by what they begin with, and why."""
