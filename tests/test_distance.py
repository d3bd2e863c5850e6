"""How far a repository has gone since it was indexed, as a process that lives long asks it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pyrite_cli.core.git.distance import Distance, Distances
from tests.conftest import Repo


def test_a_shallow_clone_that_is_deepened_is_counted_anew(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="one")
    held = repo.git("rev-parse", "HEAD")
    repo.commit(a="two")
    repo.commit(a="three")
    clone = tmp_path / "clone"
    git = ("git", "-C", str(clone))
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repo.root}", clone], check=True)
    distances = Distances()
    assert distances.measure(clone, "HEAD", held) == Distance(False, None)
    subprocess.run([*git, "fetch", "-q", "--unshallow"], check=True)
    assert distances.measure(clone, "HEAD", held) == Distance(False, 2)
    repo.commit(a="four")
    subprocess.run([*git, "pull", "-q"], check=True)
    assert distances.measure(clone, "HEAD", held) == Distance(False, 3)
