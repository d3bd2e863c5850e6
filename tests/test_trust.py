"""What came with a repository reaches beyond it only where its user said so."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import threading
import typing
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port import owned
from pyrite_cli import Pyrite, PyriteError, SyncRequest
from pyrite_cli.core.config.hiding import hidden
from pyrite_cli.core.config.reach import HARMLESS, KEYS, follow
from pyrite_cli.trust import record, show
from pyrite_schemas.config import Config
from tests.conftest import ROOT, Repo
from tests.program import Here, here, shape

URL = "storage: {backend: postgres, url: 'postgresql://${NO_SUCH_VARIABLE}@127.0.0.1:1/x'}\n"


@pytest.fixture(autouse=True)
def _asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYRITE_TRUST")


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The program in a repository with one entry."""
    repo.commit(docs__a="# A\n\nalpha", other__b="# B\n\nbeta")
    return here(repo.root, monkeypatch, capsys)


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository that is nobody else's business, in the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    made = Repo(tmp_path / "home" / "diary")
    made.commit(secret="# Secret\n\nalpha mysecretword")
    return made


def data() -> Path:
    """Where it is written down what is trusted."""
    return Path(os.environ["PYRITE_DATA_DIR"]) / "trust"


REACHING = {
    "storage.url": URL,
    "storage.path": "storage: {path: index.db}\n",
    "cache.path": "cache: {path: cache}\n",
    "embedding.model": "embedding: {model: ./model}\n",
    "kbs[0].repo": "kbs: [{name: a, repo: ~/diary}]\n",
    "kbs[1].path": "kbs: [{name: a}, {name: b, path: ../home/diary}]\n",
}
"""A configuration each that reaches beyond its repository, by the key that does."""

OUTSIDE = {
    "home": {"repo": "~/diary"},
    "relative": {"repo": "../home/diary"},
    "absolute": {"repo": "{}/home/diary"},
    "above": {"path": ".."},
    "a path": {"path": "../home/diary"},
    "an absolute path": {"path": "{}/home/diary"},
    "a path in the home": {"path": "~/diary"},
    "a link": {"path": "link"},
    "a link as a repository": {"repo": "link"},
    "a link that is absolute": {"path": "absolute"},
    "a link to a link": {"path": "docs/second"},
    "a link with more behind it": {"path": "docs/up/home/diary"},
    "up from behind a link": {"path": "docs/link/../diary"},
    "more links than are followed": {"path": "chain0"},
    "a circle": {"path": "circle"},
}
"""Ways for a KB to lie outside of the repository."""

INSIDE: dict[str, dict[str, object]] = {
    "a folder": {"path": "docs"},
    "absolute": {"path": "{}/repo/docs"},
    "there and back": {"path": "../repo/docs"},
    "a link": {"path": "within"},
    "not there": {"path": "nowhere/deep"},
    "nested": {"path": "nested"},
    "a nested repository": {"repo": "nested"},
    "all": {"path": "./"},
    "all keys": {
        "path": "docs", "ref": "HEAD", "include": ["**/*.md"], "exclude": ["x"], "strict": True,
        "types": {"note": {"required": ["x"]}},
    },
}  # fmt: skip
"""Ways for a KB to lie inside."""


def links(root: Path, parent: Path) -> None:
    """What a hostile repository may hold of links."""
    (root / "link").symlink_to("../home/diary")
    (root / "absolute").symlink_to(parent / "home" / "diary")
    (root / "docs" / "second").symlink_to("../link")
    (root / "docs" / "up").symlink_to("../..")
    (root / "docs" / "link").symlink_to("../../home/diary")
    (root / "within").symlink_to("docs")
    (root / "circle").symlink_to("circle")
    for number in range(45):
        (root / f"chain{number}").symlink_to(f"chain{number + 1}")
    (root / "chain45").symlink_to("../home/diary")
    Repo(root / "nested").commit(n="# N")


def kbs(root: Path, **settings: object) -> None:
    """Configure one KB."""
    said = {
        key: value.format(root.parent) if isinstance(value, str) else value
        for key, value in settings.items()
    }
    (root / "pyrite.yaml").write_text(json.dumps({"kbs": [{"name": "a", **said}]}))


COMMANDS = (
    "search alpha", "semantic-search alpha", "get a", "list", "tags", "links a", "related a",
    "check", "schema note", "schema --list", "index sync", "index sync --dry-run", "index status",
    "index embed", "index verify", "index digest", "index rebuild", "index gc", "kb list",
    "kb remove a", "cache stats", "cache export x", "cache import x", "hook install",
    "search alpha --fresh",
)  # fmt: skip


@pytest.mark.parametrize("key", REACHING)
@pytest.mark.usefixtures("diary")
def test_what_reaches_beyond_is_an_error_before_anything_is_done(
    repo: Repo, run: Here, key: str
) -> None:
    repo.write("pyrite.yaml", f"# first\n{REACHING[key]}")
    before = sorted(repo.root.rglob("*"))
    for command in COMMANDS:
        ran = run(*command.split())
        assert (ran.code, ran.out) == (2, ""), command
        assert ran.err == (
            f"error: {repo.root}/pyrite.yaml:2: {key} reaches beyond this repository, and you have"
            " not trusted it yet; look at it with `pyrite trust --show`, then run `pyrite trust`\n"
        )
    assert sorted(repo.root.rglob("*")) == before
    assert not data().exists()


def test_several_are_named_at_once(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", "embedding:\n  model: x/y\ncache:\n  path: ../c\nkbs:\n- name: a\n")
    assert (
        "pyrite.yaml:2: embedding.model and cache.path (line 4) reach beyond this repository, and"
        " you have not trusted them yet; look at them with `pyrite trust --show`"
    ) in run("list").err
    problem = shape("error", run("list", "--json").out)["error"]
    assert (problem["code"], "cache.path" in problem["message"]) == ("config", True)


@pytest.mark.parametrize("case", OUTSIDE)
@pytest.mark.usefixtures("diary")
def test_a_kb_outside_of_the_repository_is_not_read(repo: Repo, run: Here, case: str) -> None:
    links(repo.root, repo.root.parent)
    kbs(repo.root, **OUTSIDE[case])
    ran = run("index", "sync", "--no-embed")
    assert ran.code == 2
    assert re.search(r"pyrite\.yaml:1: kbs\[0\]\.(repo|path) reaches beyond", ran.err), ran.err
    assert not (repo.root / ".pyrite").exists()


@pytest.mark.parametrize("case", INSIDE)
def test_what_stays_inside_needs_no_trust(repo: Repo, run: Here, case: str) -> None:
    links(repo.root, repo.root.parent)
    kbs(repo.root, **INSIDE[case])
    assert "trust" not in run("check").err
    assert run("trust", "--show").code == 0


def test_what_is_the_default_needs_no_trust(repo: Repo, run: Here) -> None:
    repo.write(
        "pyrite.yaml",
        "kbs: [{name: a, path: docs}]\nstorage: {backend: sqlite, path: .pyrite/index.db}\n"
        "embedding: {model: sentence-transformers/all-MiniLM-L6-v2}\n"
        "search: {language: german, mode: keyword}\nfrontmatter: {date: [created]}\n",
    )
    assert run("index", "sync", "--no-embed").code == 0
    assert run("search", "alpha", "--paths").out == "docs/a.md\n"
    assert (repo.root / ".pyrite" / "index.db").is_file()
    assert not data().exists()


def test_a_server_of_the_users_own_needs_no_trust(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "PYRITE_DATABASE_URL"):
        for storage in ("{backend: postgres}", f'{{backend: postgres, url: "${{{name}}}"}}'):
            repo.write("pyrite.yaml", f"storage: {storage}\n")
            with monkeypatch.context() as own:
                own.setenv(name, "postgresql://127.0.0.1:1/x?connect_timeout=2")
                assert "can't connect to PostgreSQL at 127.0.0.1:1/x" in run("list").err


def test_every_key_of_the_configuration_is_known_to_reach_or_not() -> None:
    known: set[str] = set()
    for section, kind in typing.get_type_hints(Config).items():
        for one in (kind, *typing.get_args(kind)):
            if isinstance(one, type) and issubclass(one, msgspec.Struct):
                known |= {f"{section}.{field}" for field in one.__struct_fields__}
                break
        else:
            known.add(section)
    assert not KEYS.keys() & HARMLESS
    assert KEYS.keys() | HARMLESS == known


def test_the_page_on_trust_names_every_key_that_reaches() -> None:
    page = (ROOT / "docs" / "trust.md").read_text()
    rows = re.findall(r"^\| (`[^|]*`) \|", page, re.M)
    named = {key.replace("[]", "") for row in rows for key in re.findall(r"`([\w.\[\]]+)`", row)}
    assert named == KEYS.keys()


def test_trusted_it_does_what_it_says(repo: Repo, run: Here, diary: Repo) -> None:
    repo.write("pyrite.yaml", f"# x\n{REACHING['kbs[0].repo']}")
    shown = run("trust", "--show")
    assert (shown.code, shown.err) == (1, "not trusted: `pyrite trust` allows it\n")
    assert shown.out == (
        "pyrite.yaml:2: kbs[0].repo: ~/diary\n"
        f"  files of another repository are read and can be searched here ({diary.root})\n"
    )
    trusted = run("trust")
    assert (trusted.code, trusted.out) == (0, shown.out)
    assert trusted.err == "trusted: `pyrite trust --forget` takes it back\n"
    again = run("trust", "--show")
    assert (again.code, again.out, again.err) == (0, shown.out, trusted.err)
    assert run("index", "sync", "--no-embed").code == 0
    assert run("search", "mysecretword", "--paths").out.endswith("secret.md\n")


CHANGES = {
    "kbs: [{name: b, repo: ~/diary, include: ['*.txt'], ref: HEAD}]\nsearch: {mode: hybrid}": True,
    "kbs: [{name: z, path: docs}, {name: a, repo: ~/diary}]": True,
    "kbs: [{name: a, repo: ~/diary/}]": False,
    "kbs: [{name: a, repo: ~/diary, path: sub}]": False,
    "kbs: [{name: a, repo: ~/diary}]\ncache: {path: x}": False,
    "kbs: [{name: a, repo: ~/diary}, {name: b, path: ../home/x}]": False,
    "cache: {path: x}": False,
}
"""What a configuration becomes that was trusted, and whether it still is."""


@pytest.mark.parametrize(("changed", "trusted"), CHANGES.items())
@pytest.mark.usefixtures("diary")
def test_only_a_change_of_what_reaches_beyond_asks_again(
    repo: Repo, run: Here, changed: str, trusted: bool
) -> None:
    repo.write("pyrite.yaml", REACHING["kbs[0].repo"])
    assert run("trust").code == 0
    repo.write("pyrite.yaml", changed)
    assert run("trust", "--show").code == (0 if trusted else 1)
    assert ("not trusted" in run("schema", "--list").err) is not trusted


def test_taking_one_of_two_away_asks_again(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", "cache: {path: x}\nembedding: {model: ./y}\n")
    assert run("trust").code == 0
    repo.write("pyrite.yaml", "cache: {path: x}\n")
    assert run("schema", "--list").code == 2
    repo.write("pyrite.yaml", "search: {mode: keyword}\n")
    assert run("schema", "--list").code == 0


@pytest.mark.usefixtures("diary")
def test_a_link_that_leads_elsewhere_later_asks_again(repo: Repo, run: Here) -> None:
    (repo.root / "link").symlink_to("../elsewhere")
    kbs(repo.root, path="link")
    assert run("trust").code == 0
    assert run("schema", "--list").code == 0
    (repo.root / "link").unlink()
    (repo.root / "link").symlink_to("../home/diary")
    assert run("schema", "--list").code == 2


@pytest.mark.usefixtures("diary")
def test_a_link_in_another_repository_does_not_lead_out_of_it(
    repo: Repo, run: Here, tmp_path: Path
) -> None:
    other = Repo(tmp_path / "other")
    (other.root / "docs").symlink_to("../home/diary")
    kbs(repo.root, repo="../other", path="docs")
    assert run("trust").code == 0
    ran = run("index", "sync", "--no-embed")
    assert (ran.code, f"is outside of {other.root}" in ran.err) == (2, True)


def test_what_is_trusted_here_is_not_trusted_elsewhere(
    repo: Repo, run: Here, tmp_path: Path
) -> None:
    repo.write("pyrite.yaml", REACHING["embedding.model"])
    assert run("trust").code == 0
    shutil.copytree(repo.root, tmp_path / "clone")
    assert run("schema", "--list", cwd=tmp_path / "clone").code == 2
    assert run("schema", "--list").code == 0
    repo.root.rename(tmp_path / "moved")
    assert run("schema", "--list", cwd=tmp_path / "moved").code == 2


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_the_environment_trusts(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    repo.write("pyrite.yaml", REACHING["cache.path"])
    monkeypatch.setenv("PYRITE_TRUST", value)
    assert run("schema", "--list").code == 0
    shown = run("trust", "--show")
    assert (shown.code, "by PYRITE_TRUST" in shown.err) == (0, True)
    assert not data().exists()
    monkeypatch.delenv("PYRITE_TRUST")
    assert run("schema", "--list").code == 2


@pytest.mark.parametrize("value", ["", "0", "no", "false", "2", "on", "TRUE"])
def test_the_environment_trusts_by_no_other_word(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    repo.write("pyrite.yaml", REACHING["cache.path"])
    monkeypatch.setenv("PYRITE_TRUST", value)
    assert run("schema", "--list").code == 2


def test_what_is_forgotten_is_asked_again_with_any_value(repo: Repo, run: Here) -> None:
    assert "nothing was trusted" in run("trust", "--forget").err
    for path in ("x", "y"):
        repo.write("pyrite.yaml", f"cache: {{path: {path}}}\n")
        assert run("trust").code == 0
    other = Repo(repo.root.parent / "other")
    other.write("pyrite.yaml", "cache: {path: x}\n")
    assert run("trust", cwd=other.root).code == 0
    assert run("trust", "--forget").err == "forgotten\n"
    for path in ("x", "y"):
        repo.write("pyrite.yaml", f"cache: {{path: {path}}}\n")
        assert run("schema", "--list").code == 2
    assert run("schema", "--list", cwd=other.root).code == 0


def test_nothing_to_trust_is_said_and_not_written_down(repo: Repo, run: Here) -> None:
    for text in ("kbs: [{name: a, path: docs}]", None):
        if text:
            repo.write("pyrite.yaml", text)
        else:
            (repo.root / "pyrite.yaml").unlink()
        ran = run("trust")
        assert (ran.code, ran.out) == (0, "")
        assert ran.err == (
            "nothing here reaches beyond this repository, so there is nothing to trust\n"
        )
    assert not data().exists()


def test_trust_as_json(repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write(
        "pyrite.yaml",
        "kbs: [{name: a, path: docs}]\nstorage:\n  backend: postgres\n"
        "  url: postgresql://me:hunter2@db.example.org/${NAME}\n",
    )
    monkeypatch.setenv("NAME", "value-of-a-variable")
    shown = shape("trust", run("trust", "--show", "--json").out)
    assert shown == {
        "schema": 1,
        "file": f"{repo.root}/pyrite.yaml",
        "folder": str(repo.root),
        "keys": [
            {
                "name": "storage.url",
                "line": 4,
                "value": "postgresql://me:***@db.example.org/${NAME}",
                "leads": "",
                "means": "the text of your files is sent to this server, whose address takes NAME"
                " from your environment",
            }
        ],
        "state": "untrusted",
        "changed": False,
    }
    trusted = shape("trust", run("trust", "--json").out)
    assert trusted == {**shown, "state": "trusted", "changed": True}
    (place,) = data().iterdir()
    assert "hunter2" not in place.read_text() + run("trust", "--show").out
    forgotten = shape("trust", run("trust", "--forget", "--json").out)
    assert forgotten == {**shown, "changed": True}
    assert not list(data().iterdir())
    both = run("trust", "--show", "--forget", "--json")
    assert (both.code, shape("error", both.out)["error"]["code"]) == (2, "usage")


def test_what_is_trusted_is_the_users_alone(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", REACHING["cache.path"])
    before = os.umask(0)
    try:
        assert run("trust").code == 0
    finally:
        os.umask(before)
    (place,) = data().iterdir()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in (data(), data().parent)} == {0o700}
    note = json.loads(place.read_text())
    assert (note["folder"], note["keys"]) == (str(repo.root), [["cache.path", "cache"]])


def test_a_link_in_the_place_of_what_is_trusted_is_not_believed(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", REACHING["cache.path"])
    assert run("trust").code == 0
    (place,) = data().iterdir()
    place.rename(data().parent / "elsewhere")
    place.symlink_to(data().parent / "elsewhere")
    assert run("schema", "--list").code == 2


def test_processes_that_trust_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    folders = [Repo(tmp_path / f"r{number}").root for number in range(8)]
    for folder in folders:
        (folder / "pyrite.yaml").write_text(REACHING["cache.path"])
    threads = [threading.Thread(target=record, args=(one, None)) for one in folders * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {show(one, None).state for one in folders} == {"trusted"}
    assert len(list(data().iterdir())) == len(folders)


def test_a_data_folder_that_cannot_be_written_is_one_line(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo.write("pyrite.yaml", REACHING["cache.path"])
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYRITE_DATA_DIR", str(tmp_path / "file" / "data"))
    ran = run("trust")
    assert (ran.code, ran.out) == (2, "")
    assert "error: what you trust can't be written down: " in ran.err
    assert "PYRITE_DATA_DIR names another folder" in ran.err
    assert run("schema", "--list").code == 2


@pytest.mark.parametrize(
    "value",
    [
        ".git/index", ".git/config", ".git/new/deep.db", ".git", ".GIT/x", "docs/../.git/x",
        "link/x", "nested/.git/x", "bare.git/x", "{}/repo/.git/x", "../bare.git/refs/heads/x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("section", ["storage", "cache"])
@pytest.mark.parametrize("way", ["recorded", "environment", "argument"])
def test_nothing_is_written_among_gits_own_files_even_where_it_is_trusted(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch, value: str, section: str, way: str
) -> None:
    (repo.root / "link").symlink_to(".git")
    Repo(repo.root / "nested")
    for place in (repo.root / "bare.git", repo.root.parent / "bare.git"):
        repo.git("clone", "-q", "--bare", str(repo.root), str(place))
    said = value.format(repo.root.parent)
    repo.write("pyrite.yaml", f"kbs: [{{name: a, path: docs}}]\n{section}: {{path: {said}}}\n")
    before = {one: one.lstat().st_mtime_ns for one in repo.root.parent.rglob("*")}
    if way == "recorded":
        assert run("trust").code == 0
    elif way == "environment":
        monkeypatch.setenv("PYRITE_TRUST", "1")
    if way == "argument":
        with pytest.raises(PyriteError, match="leads into git's own folder"):
            Pyrite.open(repo.root, trust=True).sync()
    else:
        ran = run("index", "sync", "--no-embed")
        assert ran.code == 2
        assert f"pyrite.yaml:2: {section}.path leads into git's own folder: " in ran.err
    assert run("hook", "status").code == 1
    assert run("hook", "uninstall").code == 0
    assert {one: one.lstat().st_mtime_ns for one in repo.root.parent.rglob("*")} == before


def test_a_path_that_no_file_can_have_is_one_line(repo: Repo, run: Here) -> None:
    for text in (
        'storage: {path: "a\\0b"}', 'cache: {path: "a\\0b"}', 'kbs: [{name: a, path: "a\\0b"}]',
        'kbs: [{name: a, repo: "a\\0b"}]',
    ):  # fmt: skip
        repo.write("pyrite.yaml", text)
        run("trust")
        ran = run("index", "sync", "--no-embed")
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert "leads nowhere" in ran.err


def test_init_works_where_nothing_is_trusted(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", URL)
    assert "is there already" in run("init").err
    assert run("init", "--force").code == 0
    assert run("index", "sync", "--no-embed").code == 0
    assert not data().exists()


def test_init_trusts_what_it_writes(repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyrite_cli.core.config import scaffold

    monkeypatch.setattr(scaffold, "_TEMPLATE", f"{scaffold._TEMPLATE}\ncache:\n  path: ../c\n")
    assert run("init").code == 0
    assert run("trust", "--show").code == 0
    assert run("index", "sync", "--no-embed").code == 0


def test_hooks_are_told_of_and_taken_out_where_nothing_is_trusted(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("hook", "install").code == 0
    repo.write("pyrite.yaml", f"kbs: [{{name: a, repo: ~/diary}}]\n{URL}")
    assert run("hook", "install").code == 2
    assert shape("hook", run("hook", "status", "--json").out)["elsewhere"] == []
    assert run("hook", "uninstall").code == 0
    monkeypatch.setenv("PYRITE_TRUST", "1")
    assert shape("hook", run("hook", "status", "--json").out)["elsewhere"] == ["a"]


def test_a_sync_of_a_hook_says_so_in_the_log(repo: Repo, run: Here) -> None:
    from pyrite_cli.core.hooks import background

    repo.write("pyrite.yaml", URL)
    run("list")  # stands in the repository
    background.run(repo.root, ["--config", "pyrite.yaml"], "post-commit")
    last = background.last(repo.root, "sync")
    assert last
    assert last.exit == 2
    assert "storage.url reaches beyond this repository" in last.said[-1]


def test_what_needs_no_configuration_works(repo: Repo, run: Here) -> None:
    repo.write("pyrite.yaml", URL)
    for command in ("--help", "--version", "index --help", "schema", "trust --show --json"):
        assert run(*command.split()).code < 2, command


def test_a_file_that_is_named_is_trusted_by_its_own_folder(
    repo: Repo, run: Here, diary: Repo, tmp_path: Path
) -> None:
    place = tmp_path / "con figs"
    place.mkdir()
    file = place / "mine.yaml"
    file.write_text(f"kbs: [{{name: a, repo: {repo.root}}}, {{name: b, repo: ~/diary}}]\n")
    ran = run("--config", str(file), "index", "sync", "--no-embed")
    assert ran.code == 2
    assert "kbs[0].repo and kbs[1].repo (line 1) reach beyond this folder" in ran.err
    (command,) = re.findall("then run `(.*)`", ran.err)
    words = shlex.split(command)
    assert words == ["pyrite", "--config", str(file), "trust"]
    assert run(*words[1:]).code == 0
    assert run("--config", str(file), "index", "sync", "--no-embed").code == 0


def test_a_folder_without_a_repository_reads_none_below_it_unasked(run: Here, diary: Repo) -> None:
    home = diary.root.parent
    (home / "pyrite.yaml").write_text("kbs: [{name: a, path: diary}]\n")
    ran = run("index", "sync", "--no-embed", cwd=home)
    assert "kbs[0].path reaches beyond this folder" in ran.err
    (home / "pyrite.yaml").write_text("kbs: [{name: a}]\n")
    assert "is not in a git repository" in run("index", "sync", "--no-embed", cwd=home).err


def test_a_program_says_by_itself_that_it_trusts(repo: Repo, diary: Repo) -> None:
    repo.write("pyrite.yaml", REACHING["kbs[0].repo"])
    with pytest.raises(PyriteError, match=r"kbs\[0\].repo reaches beyond") as refused:
        Pyrite.open(repo.root)
    assert refused.value.code == "config"
    with Pyrite.open(repo.root, trust=True) as own:
        assert own.sync(SyncRequest(embed=False)).kbs[0].entries == 1
    assert not data().exists()


def test_nothing_outside_is_looked_at_before_it_is_trusted(
    repo: Repo, run: Here, diary: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    links(repo.root, repo.root.parent)
    asked: list[str] = []
    real = os.readlink

    def readlink(path: str) -> str:
        asked.append(path)
        return real(path)

    monkeypatch.setattr(os, "readlink", readlink)
    for one in OUTSIDE.values():
        for said in one.values():
            follow(said.format(repo.root.parent), str(repo.root), str(repo.root))
    assert asked
    assert {one for one in asked if not one.startswith(f"{repo.root}/")} == set()


PARTS = ("docs", "link", "second", "up", "within", "..", ".", "", "home", "diary", "repo", "circle")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PARTS), max_size=7), st.booleans())
def test_what_counts_as_inside_is_inside(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], absolute: bool
) -> None:
    parent = tmp_path_factory.getbasetemp() / "follow"
    root = parent / "repo"
    if not root.is_dir():
        Repo(parent / "home" / "diary")
        (Repo(root).root / "docs").mkdir()
        links(root, parent)
    said = f"{root if absolute else ''}/{'/'.join(parts)}".lstrip("" if absolute else "/")
    led = follow(said, str(root), str(root))
    real = os.path.realpath(root / said)
    if led.inside:
        assert real == str(root) or real.startswith(f"{root}/")
        assert "circle" in real or led.path == real
    elif "circle" not in parts:
        assert not (real == str(root) or real.startswith(f"{root}/")) or {"home", "diary"} & {
            *parts
        }


HIDDEN = {
    "postgresql://me:hunter2@h:5/x": "postgresql://me:***@h:5/x",
    "postgresql://me:hunter2@h:5/x?sslpassword=s3&a=b": "postgresql://me:***@h:5/x?sslpassword=***"
    "&a=b",
    "postgresql://h/x?user=a@b": "postgresql://h/x?user=a@b",
    "postgresql://h:5432/x?user=a@good.example.org": "postgresql://h:5432/x?user=a@good.example.org",
    "postgresql://me:hun@ter2@h/x": "postgresql://***",
    "postgresql://me:hun/ter2@h/x": "postgresql://***",
    "postgresql://${A}@h/x": "postgresql://${A}@h/x",
    "postgresql://me:${A}@h/x": "postgresql://me:${A}@h/x",
    "postgresql://me:${A}x@h/x": "postgresql://me:***@h/x",
    "${DATABASE_URL}": "${DATABASE_URL}",
    "host=h password=hunter2 user=me": "host=h password=*** user=me",
    "host=h password = 'hun ter2' user=me": "host=h password = *** user=me",
    r"password=hun\ ter2 host=h": "password=*** host=h",
    "service=docs": "service=docs",
    "": "",
}


@pytest.mark.parametrize("value", HIDDEN)
def test_no_password_is_shown_and_the_host_is(value: str) -> None:
    assert hidden(value) == HIDDEN[value]


def test_only_a_tilde_that_begins_a_path_is_the_home(repo: Repo, run: Here) -> None:
    repo.commit(a="# A")
    repo.write("pyrite.yaml", "storage: {path: ./~/x.db}\ncache: {path: ./~/cache}\n")
    keys = shape("trust", run("trust", "--json").out)["keys"]
    assert [key["leads"] for key in keys] == [
        str(repo.root / "~" / name) for name in ("x.db", "cache")
    ]
    assert run("index", "sync", "--no-embed").code == 0
    assert (repo.root / "~" / "x.db").is_file()


def test_an_index_that_git_tracks_is_not_opened_where_its_place_is_trusted(
    repo: Repo, run: Here
) -> None:
    repo.write("pyrite.yaml", "storage: {path: data/x.db}\n")
    repo.commit(a="# A")
    assert run("trust").code == 0
    assert run("index", "sync", "--no-embed").code == 0
    assert run("search", "a").code == 0
    for end in owned.BESIDE:
        repo.write(f"data/x.db{end}", "planted")
        repo.git("add", "-f", f"data/x.db{end}")
        ran = run("search", "a")
        assert ran.code == 2
        assert f"git tracks {repo.root}/data/x.db, or a file" in ran.err
        repo.git("rm", "-q", "-f", f"data/x.db{end}")
    assert run("search", "a").code == 0


def test_a_link_to_the_configuration_of_another_project_is_not_followed(
    repo: Repo, run: Here, diary: Repo
) -> None:
    diary.write("pyrite.yaml", "kbs: [{name: d}]\n")
    (repo.root / "pyrite.yaml").symlink_to(diary.root / "pyrite.yaml")
    for command in ("index sync --no-embed", "search alpha", "trust", "check"):
        ran = run(*command.split())
        assert (ran.code, ran.out) == (2, "")
        assert "pyrite.yaml is a symbolic link that leads out of" in ran.err
    assert not (diary.root / ".pyrite").exists()
    assert run("--config", str(diary.root / "pyrite.yaml"), "check").code == 0
    (repo.root / "pyrite.yaml").unlink()
    repo.write("conf/p.yaml", "kbs: [{name: own}]\n")
    (repo.root / "pyrite.yaml").symlink_to("conf/p.yaml")
    assert run("trust", "--show").code == 0


def test_the_file_is_read_once_for_the_lines_of_many_keys(
    repo: Repo, run: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = "".join(f"- {{name: k{number}, path: ../{number}}}\n" for number in range(50))
    repo.write("pyrite.yaml", f"kbs:\n{keys}")
    asked: list[str] = []
    compose = yaml.compose

    def counted(*said: typing.Any) -> typing.Any:
        asked.append("")
        return compose(*said)

    monkeypatch.setattr(yaml, "compose", counted)
    assert "kbs[49].path (line 51)" in run("list").err
    assert asked == [""]
