"""Attacks by what git reads: settings, attributes, and repositories inside of a repository."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.attacks import commands
from tests.attacks.kinds import Kind
from tests.attacks.world import World
from tests.conftest import Repo

_PROGRAMS = (
    "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass",
    "core.alternateRefsCommand", "core.gitProxy", "diff.external", "diff.md.textconv",
    "diff.md.command", "merge.md.driver", "filter.md.clean", "filter.md.smudge",
    "filter.md.process", "filter.a=b.clean", "gpg.program", "gpg.ssh.program", "pager.log",
    "pager.status", "sequence.editor", "uploadpack.packObjectsHook", "credential.helper",
    "interactive.diffFilter", "web.browser",
)  # fmt: skip
_FILES = (
    "trace2.eventTarget", "trace2.normalTarget", "trace2.perfTarget", "mailmap.file",
    "blame.ignoreRevsFile", "diff.orderFile", "core.attributesFile", "core.excludesFile",
    "commit.template", "include.path",
)  # fmt: skip


def settings(world: World, repo: Repo) -> None:
    """Everything git can be made to run or write by a repository's settings, hooks included."""
    for name in _PROGRAMS:
        repo.git("config", name, f"touch {world.trap}; cat")
    for name in _FILES:
        repo.git("config", name, str(world.trap))
    for name in ("log.showSignature", "log.mailmap", "filter.md.required", "log.follow"):
        repo.git("config", name, "true")
    repo.git("config", "safe.directory", "*")
    repo.git("config", "core.worktree", str(world.private))
    repo.git("config", "submodule.x.update", f"!touch {world.trap}")
    hooks = repo.root / ".git" / "hooks"
    if hooks.parent.is_dir():
        hooks.mkdir(exist_ok=True)
        for name in ("post-checkout", "post-index-change", "fsmonitor-watchman", "pre-auto-gc"):
            (hooks / name).write_text(f"#!/bin/sh\ntouch {world.trap}\n")
            (hooks / name).chmod(0o755)


def _settings(world: World) -> None:
    world.repo.write(".gitattributes", "*.md diff=md merge=md filter=md ident\nb.md filter=a=b\n")
    world.commit()
    settings(world, world.repo)
    world.repo.write("docs/one.md", "# One\n\nbeta, edited\n")


def _nested(world: World) -> None:
    """A repository in the tree that git knows nothing of: an archive brings it along."""
    inner = Repo(world.clone / "docs" / "inner")
    inner.write(".gitattributes", "*.md diff=md filter=md\n")
    inner.commit(three="# Three\n\nbeta\n")
    inner.write("three.md", "# Three\n\nbeta, edited\n")
    settings(world, inner)
    world.trap.unlink(missing_ok=True)
    world.repo.write("pyrite.yaml", "kbs:\n  - name: k\n    path: docs/inner\n  - name: d\n")
    world.repo.git("add", "pyrite.yaml")
    world.repo.git("commit", "-q", "-m", "x")


def _submodule(world: World) -> None:
    head = world.repo.git("rev-parse", "HEAD")
    world.repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},docs/sub")
    world.repo.write(
        ".gitmodules",
        '[submodule "../../home"]\n\tpath = docs/sub\n\turl = ext::touch '
        f"{world.trap}\n\tupdate = !touch {world.trap}\n\tignore = none\n",
    )
    world.repo.git("add", ".gitmodules")
    world.repo.git("commit", "-q", "-m", "x")
    world.repo.write("pyrite.yaml", "kbs:\n  - name: k\n    path: docs/sub\n  - name: d\n")


def _bare(world: World) -> Path:
    place = world.clone / "docs" / "bare"
    world.repo.git("clone", "-q", "--bare", "--template=", str(world.clone), str(place))
    settings(world, _Bare(place))
    (place / "refs" / "keep").touch()
    return place


class _Bare(Repo):
    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        return super().git("--git-dir", str(self.root), *arguments)


def _bare_with_settings(world: World) -> None:
    _bare(world)
    world.repo.write("pyrite.yaml", "kbs:\n  - name: k\n    path: docs/bare\n")
    world.commit()


def _bare_of_another(world: World) -> None:
    place = _bare(world)
    (place / "commondir").write_text("../../../home/private/.git\n")
    world.repo.write("pyrite.yaml", "kbs:\n  - name: k\n    path: docs/bare\n    ref: main\n")
    world.commit()


def _borrowed(world: World) -> None:
    """Objects of a repository of the user's."""
    shutil.copyfile(world.private / ".git" / "HEAD", world.clone / ".git" / "ORIG_HEAD")
    alternates = world.clone / ".git" / "objects" / "info" / "alternates"
    alternates.parent.mkdir(exist_ok=True)
    alternates.write_text(f"{world.private}/.git/objects\n")


def _partial(world: World) -> None:
    """A clone that lacks objects, and a remote that runs a program to get them."""
    world.repo.git("config", "remote.origin.url", f"ext::touch {world.trap}")
    world.repo.git("config", "remote.origin.promisor", "true")
    world.repo.git("config", "protocol.ext.allow", "always")
    world.repo.git("config", "extensions.partialClone", "origin")
    world.repo.git("config", "core.sshCommand", f"touch {world.trap}")
    blob = world.repo.git("rev-parse", "HEAD:docs/two.md")
    (world.clone / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


KINDS = [
    Kind("settings, hooks and filters", _settings),
    Kind("a nested repository", _nested),
    Kind("a nested repository, from inside", _nested, commands.HOOKS, folder="docs/inner"),
    Kind("a submodule", _submodule),
    Kind("a bare repository in the tree", _bare_with_settings, commands.FEW),
    Kind("a bare repository, from inside", _bare_with_settings, commands.FEW, folder="docs/bare"),
    Kind("a bare repository that borrows another", _bare_of_another, commands.FEW),
    Kind(
        "a bare repository that borrows another, from inside",
        _bare_of_another,
        commands.FEW,
        folder="docs/bare",
    ),
    Kind("objects of another repository", _borrowed, commands.FEW),
    Kind("a partial clone", _partial, commands.FEW),
]
