"""Attacks by a `pyrite.yaml` that came with the repository."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from contextlib import closing
from functools import partial

from pyrite_backends.sqlite.driver import sqlite
from tests.attacks import commands
from tests.attacks.kinds import Kind
from tests.attacks.planted_folder import super_journal
from tests.attacks.world import World

_KB = "kbs:\n  - name: k\n    path: docs\n"


def _write(world: World, text: str) -> None:
    said = {"port": world.port, "home": world.home, "outside": world.outside, "trap": world.trap}
    for name, value in said.items():
        text = text.replace(f"<{name}>", str(value))
    world.repo.write("pyrite.yaml", text)
    world.commit()


def _says(text: str) -> Callable[[World], None]:
    return partial(_write, text=text)


def _cache(world: World) -> None:
    folder = world.clone / "cache" / "vectors"
    folder.mkdir(parents=True)
    place = folder / "x.db"
    with closing(sqlite.connect(place)) as db, db:
        db.execute("CREATE TABLE x (y)")
    super_journal(place, world.home / "thesis.txt")
    _write(world, f"{_KB}cache:\n  path: ./cache\n")


def _pipe(world: World) -> None:
    os.mkfifo(world.outside / "pipe")
    _write(world, f"{_KB}storage:\n  path: <outside>/pipe\n")


def _linked_store(world: World) -> None:
    world.repo.link("store", world.home)
    _write(world, f"{_KB}storage:\n  path: store/thesis.txt\n")


def _linked_kb(world: World) -> None:
    world.repo.link("link", world.private)
    _write(world, "kbs:\n  - name: k\n    path: link\n")


def _linked_repository(world: World) -> None:
    world.repo.link("link", world.private)
    _write(world, "kbs:\n  - name: k\n    repo: ./link\n")


class _Evil:
    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self._command,)


def model(world: World) -> None:
    """Put a folder into the tree that looks like a model, with a pickle and code of its own."""
    code = f"import os; os.system('touch {world.trap}')\n"
    files = {
        "modules.json": '[{"idx":0,"name":"0","path":"","type":"evil.Model"}]',
        "config.json": '{"hidden_size": 384, "auto_map": {"AutoModel": "evil.Model"},'
        ' "model_type": "bert", "architectures": ["Evil"]}',
        "sentence_bert_config.json": '{"model_args": {"weights_only": false,'
        ' "use_safetensors": false, "trust_remote_code": true}}',
        "tokenizer_config.json": '{"auto_map": {"AutoTokenizer": ["evil.T", null]}}',
        "evil.py": code,
        "evil/__init__.py": code,
    }
    for name, text in files.items():
        world.repo.write(f"model/{name}", text)
    world.repo.write("model/pytorch_model.bin", pickle.dumps(_Evil(f"touch {world.trap}")))
    _write(world, f"{_KB}embedding:\n  model: ./model\n")


def _model_elsewhere(world: World) -> None:
    model(world)
    (world.clone / "model").rename(world.outside / "model")
    _write(world, f"{_KB}embedding:\n  model: <outside>/model\n")


def _linked_config(world: World) -> None:
    world.repo.link("pyrite.yaml", world.home / ".bashrc")
    world.commit()


def _bomb(world: World) -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{other}: &{other} [{','.join([f'*{one}'] * 9)}]")
    world.repo.write("docs/bomb.md", "---\n" + "\n".join(lines) + "\n---\n# Bomb\n\nbeta\n")
    _write(world, "\n".join([*lines, "kbs: *i"]) + "\n")


def _bomb_in_entry(world: World) -> None:
    _bomb(world)
    (world.clone / "pyrite.yaml").unlink()
    world.commit()


_PATHS = (
    ".git/index", ".git/config", ".git/HEAD", ".git/refs/heads/main", ".git/hooks/post-commit",
    "docs/empty.txt", "docs/one.md", "docs", "new/x.db", "../home/hush", "../home/new/deep/x.db",
    "~/thesis.txt", "<outside>/x.db",
)  # fmt: skip
_URLS = {
    "a variable": "postgresql://${AWS_SECRET_ACCESS_KEY}@127.0.0.1:<port>/x",
    "a variable in its path": "postgresql://x@127.0.0.1:<port>/${HOME}",
    "no password": "postgresql://x@127.0.0.1:<port>/x?sslmode=disable",
    "a password file": "postgresql://x@127.0.0.1:<port>/x?passfile=<home>/.pgpass",
    "a service": "postgresql://x@127.0.0.1:<port>/x?service=x&servicefile=<home>/.bashrc",
    "options": "postgresql://x@127.0.0.1:<port>/x?options=-csearch_path%3Devil",
    "a socket": "postgresql://x@/x?host=<outside>",
}
_REPOSITORIES = {
    "in the user's home": "repo: ~/private",
    "beside it": "repo: ../home/private",
    "by its place": "repo: <home>/private",
    "as a path": "path: <home>/private",
    "as a path beside it": "path: ../home/private",
    "with a ref": "repo: ~/private\n    ref: main",
    "in .git": "repo: ~/private/.git",
}
_REFS = ("--output=<home>/made", "-h", "--all", "../../../home/hush", ":/x", "HEAD --output=x")
_GLOBS = '    include: ["--output=x", ":(glob)**", "/**", "../**", "**/../../home/**", "*.md"]\n'

KINDS = [
    Kind("cache.path in the tree", _cache, commands.FEW, refused=True),
    Kind("storage.path is a pipe", _pipe, commands.FEW, refused=True),
    Kind("storage.path goes through a link", _linked_store, commands.FEW, refused=True),
    *(
        Kind(
            f"storage.path is {path}",
            _says(f"{_KB}storage:\n  path: {path}\n"),
            commands.FEW,
            refused=True,
        )
        for path in _PATHS
    ),
    *(
        Kind(
            f"storage.url with {what}",
            _says(f"{_KB}storage:\n  backend: postgres\n  url: {url}\n"),
            commands.ALL if what == "a variable" else commands.FEW,
            refused=True,
        )
        for what, url in _URLS.items()
    ),
    *(
        Kind(
            f"a repository {what}",
            _says(f"kbs:\n  - name: k\n    {said}\n"),
            commands.ALL if said == "repo: ~/private" else commands.FEW,
            refused=True,
        )
        for what, said in _REPOSITORIES.items()
    ),
    Kind("a path that is a link to a repository", _linked_kb, commands.FEW, refused=True),
    Kind("a repository that is a link", _linked_repository, commands.FEW, refused=True),
    Kind("a model in the tree", model, commands.FEW, refused=True),
    Kind("a model elsewhere", _model_elsewhere, commands.FEW, refused=True),
    Kind(
        "another model",
        _says(f"{_KB}embedding:\n  model: evil/model\n"),
        commands.FEW,
        refused=True,
    ),
    Kind("pyrite.yaml is a link to a file of the user's", _linked_config, commands.FEW),
    *(Kind(f"ref is {ref}", _says(f"{_KB}    ref: {ref!r}\n"), commands.FEW) for ref in _REFS),
    Kind(
        "globs that look like something else", _says(f"kbs:\n  - name: k\n{_GLOBS}"), commands.FEW
    ),
    Kind("a pyrite.yaml that grows", _bomb, commands.FEW),
    Kind("frontmatter that grows", _bomb_in_entry, commands.FEW),
]
