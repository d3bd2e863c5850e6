"""Attacks by the files of a repository and by their names."""

from __future__ import annotations

import os
from pathlib import Path

from tests.attacks.kinds import Kind
from tests.attacks.world import World

_BROKEN = "---\na: [\n---\nbeta\n"
FORGED = "::error file=x::forged"


def _names(world: World) -> None:
    names = (
        f"a\n{FORGED}.md", "b\n0 files checked, no problems\n.md", "c\x1b]0;title\x07\x1b[2J.md",
        "--output=x.md", "-rf.md", ":(glob)x.md", ":!x.md", "[x].md", "*.md", '"q".md', "$(x).md",
        "`x`.md", "a\\b.md", " .md", "~.md", "é.md", f"{'n' * 252}.md", "\u202egpj.md",
    )  # fmt: skip
    for name in names:
        world.repo.write(f"docs/{name}", _BROKEN)
    world.repo.write("--exec=x/--output=y.md", _BROKEN)
    with open(os.path.join(os.fsencode(world.clone), b"docs/\xff\xfe.md"), "wb") as file:  # noqa: PTH118, PTH123
        file.write(_BROKEN.encode())
    world.commit()


def _links(world: World) -> None:
    places: dict[str, Path | str] = {
        "docs/key.md": world.home / ".ssh" / "id_rsa",
        "docs/passwd.md": "/etc/passwd",
        "docs/beside.md": "../../home/.ssh/id_rsa",
        "docs/folder": world.home,
        "docs/pages": "../../home/private",
        "docs/round.md": "round.md",
        ".gitattributes": world.home / ".bashrc",
        ".gitignore": world.home / ".bashrc",
        ".mailmap": world.home / ".bashrc",
        "docs/.gitattributes": world.home / ".bashrc",
        "docs/null.md": "/dev/zero",
    }
    for path, target in places.items():
        world.repo.link(path, target)
    world.commit()


def _edited_links(world: World) -> None:
    """Files that were committed as such, and are links in the work tree."""
    world.repo.write("docs/more/three.md", "# Three\n")
    world.commit()
    (world.clone / "docs" / "one.md").unlink()
    world.repo.link("docs/one.md", world.home / ".ssh" / "id_rsa")
    (world.clone / "docs" / "more" / "three.md").unlink()
    (world.clone / "docs" / "more").rmdir()
    world.repo.link("docs/more", world.private)
    (world.private / "three.md").write_text("# mysecretword")


def _code(world: World) -> None:
    trap = f"import os; os.close(os.open({str(world.trap)!r}, os.O_CREAT))\n"
    modules = (
        "sitecustomize", "usercustomize", "pyrite_cli/__init__", "pyrite_backends/__init__",
        "pyrite_schemas/__init__", "yaml", "yaml/__init__", "_blake2", "msgspec/__init__", "typer",
        "git", "sqlite3/__init__", "pysqlite3/__init__", "numpy", "json", "conftest", "setup",
        "encodings/__init__", "readline", "sqlalchemy/__init__", "Stemmer", "sqlite_vec",
    )  # fmt: skip
    for name in modules:
        if not (world.clone / f"{name.partition('/')[0]}.py").exists() or "/" not in name:
            world.repo.write(f"{name}.py", trap)
    for name in ("git", "gpg", "sh", "python", "python3", "pyrite", "git-lfs", "ssh"):
        world.repo.write(name, f"#!/bin/sh\ntouch {world.trap}\n").chmod(0o755)
    world.repo.write(".env", "PYRITE_TRUST=1\nDATABASE_URL=postgresql://x@127.0.0.1/x\n")
    world.repo.write("pyproject.toml", "[tool.pyrite]\nstorage = {path = '../home/hush'}\n")
    world.repo.write("pyvenv.cfg", "home = .\n")
    world.repo.write("vec0.so", "not a library")
    world.commit()


KINDS = [
    Kind("names that look like something else", _names,
         unsaid=("::error file=x::forged", "0 files checked, no problems", "\x1b", "\x07")),
    Kind("links to files of the user's", _links),
    Kind("files that became links", _edited_links),
    Kind("code beside the documents", _code),
]  # fmt: skip
