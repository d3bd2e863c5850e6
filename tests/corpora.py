"""The Markdown of real repositories, read in one go."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import SHARED_DATA

NAMES = ("cpp-docs", "eips", "endoflife")


def markdown(name: str, folder: Path) -> list[bytes]:
    """Every Markdown file of a corpus; skips where the corpus is not.

    Args:
        name: One of `NAMES`.
        folder: Where to clone it.
    """
    bundle = SHARED_DATA / f"{name}.bundle"
    if not bundle.is_file():
        pytest.skip(f"needs {bundle}, which is not here")
    bare = folder / f"{name}.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(bare)], check=True)
    git = ["git", "-C", str(bare)]
    listing = subprocess.run([*git, "ls-tree", "-rz", "HEAD"], capture_output=True, check=True)
    lines = listing.stdout.split(b"\0")
    blobs = [line.split()[2] for line in lines if line.lower().endswith(b".md")]
    batch = subprocess.run(
        [*git, "cat-file", "--batch"], input=b"\n".join(blobs), capture_output=True, check=True
    ).stdout
    files, at = [], 0
    for _ in blobs:
        head = batch.index(b"\n", at)
        size = int(batch[at:head].split()[2])
        files.append(batch[head + 1 : head + 1 + size])
        at = head + size + 2
    return files
