"""What the tests of sources share: a configuration in a line, and what an index then holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Repo
from tests.program import Here, here

SYNC = ("index", "sync", "--no-embed")


class Desk:
    """A repository with a configuration, and the program in it.

    Args:
        repo: The repository.
        run: The program.
    """

    def __init__(self, repo: Repo, run: Here) -> None:
        self.repo = repo
        self.root = repo.root
        self.run = run

    def kbs(self, **kbs: dict[str, object]) -> None:
        """Configure KBs."""
        listed = [{"name": name, **settings} for name, settings in kbs.items()]
        file = self.root / "pyrite.yaml"
        file.write_text(json.dumps({"kbs": listed}, ensure_ascii=False))

    def sync(self, *arguments: str, cwd: Path | None = None) -> None:
        """Sync; it must succeed."""
        ran = self.run(*SYNC, *arguments, cwd=cwd)
        assert ran.code == 0, ran.err

    def refused(self, *arguments: str, cwd: Path | None = None) -> str:
        """The one line with which a command ends with exit code 2; a sync unless given."""
        ran = self.run(*(arguments or SYNC), cwd=cwd)
        assert ran.code == 2, ran
        (line,) = (line for line in ran.err.splitlines() if not line.startswith("keyword search"))
        return line

    def held(self, cwd: Path | None = None) -> dict[str, list[str]]:
        """Paths that the index holds, by KB."""
        ran = self.run("list", "--json", cwd=cwd)
        found: dict[str, list[str]] = {}
        for entry in json.loads(ran.out)["entries"]:
            found.setdefault(entry["kb"], []).append(entry["path"])
        return found

    def paths(self, cwd: Path | None = None) -> list[str]:
        """Paths that the index holds of its only KB."""
        return sorted(path for paths in self.held(cwd).values() for path in paths)

    def freshness(self, cwd: Path | None = None) -> dict[str, tuple[object, object]]:
        """Whether each KB is current and by how many commits it is behind, as an answer says."""
        ran = self.run("search", "--json", "zzz", cwd=cwd)
        return {kb["name"]: (kb["current"], kb["behind"]) for kb in json.loads(ran.out)["kbs"]}

    def states(self, cwd: Path | None = None) -> dict[str, str]:
        """What the status says of each KB."""
        ran = self.run("index", "status", "--json", cwd=cwd)
        return {kb["name"]: kb["state"] for kb in json.loads(ran.out)["kbs"]}


@pytest.fixture
def desk(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """An empty repository and the program in it."""
    return Desk(repo, here(repo.root, monkeypatch, capsys))


Clone = Callable[..., Repo]


@pytest.fixture
def clone(repo: Repo, tmp_path: Path) -> Clone:
    """Clone the repository over a protocol, as from elsewhere."""

    def made(name: str, *options: str) -> Repo:
        repo.git("config", "uploadpack.allowFilter", "true")
        repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
        place = tmp_path / name
        repo.git("clone", "-q", *options, f"file://{repo.root}", str(place))
        other = Repo.__new__(Repo)
        other.root = place
        return other

    return made
