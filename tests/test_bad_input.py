"""Every mistake gets one clear line, the right exit code, and loses nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Pyrite, Ran, Repo
from tests.program import Here, here, shape

SYNC = ("index", "sync", "--no-embed")


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return here(repo.root, monkeypatch, capsys)


def refuses(run: Here, *arguments: str, cwd: Path | None = None, code: int = 2) -> str:
    """The one line on stderr; under --json the same words are in one JSON object on stdout."""
    ran = run(*arguments, cwd=cwd)
    line = the_line(ran, code)
    told = run(*arguments, "--json", cwd=cwd)
    error = shape("error", told.out)["error"]
    assert told.code == code
    assert told.err == ""
    assert line == f"error: {error['message']}" + (f"; {error['hint']}" if error["hint"] else "")
    return line


def the_line(ran: Ran, code: int = 2) -> str:
    assert ran.code == code
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("error: ")
    assert "Traceback" not in line
    return line


CONFIGURATIONS = [
    ("kbs:\n  - nam: docs\n", ":2: unknown key `nam`; did you mean `name`?"),
    ("storge:\n  backend: sqlite\n", ":1: unknown key `storge`; did you mean `storage`?"),
    ("kbs:\n  - name: a\n    folder: x\n", ":3: unknown key `folder`"),
    ("search:\n  langauge: english\n", ":2: unknown key `langauge`; did you mean `language`?"),
    ("\n\nzzz: 1\n", ":3: unknown key `zzz`; valid keys: kbs, storage"),
    ("kbs: docs\n", ":1: `kbs` must be a list, not text"),
    ("kbs:\n  - docs\n", ":2: `kbs[0]` must be keys and values, not text"),
    ("kbs:\n  - path: docs\n", ":2: `name` is missing; every KB needs a name"),
    ("kbs:\n  - name: 5\n", ":2: `kbs[0].name` must be text, not a number; put it in quotes"),
    ("kbs:\n  - name: a\n    include: '*.md'\n", ":3: `kbs[0].include` must be a list, not text"),
    ("storage: here\n", ":1: `storage` must be keys and values, not text"),
    ("storage:\n  backend: postgre\n", ":2: `storage.backend` can't be `postgre`; did you mean"),
    ("storage:\n  backend: oracle\n", "it can be sqlite or postgres"),
    ("storage:\n  backend: postgresql\n", "can't be `postgresql`; did you mean `postgres`?"),
    ("search:\n  mode: vector\n", "it can be keyword or semantic or hybrid"),
    ("frontmatter:\n  date: [creatd]\n", ":2: `frontmatter.date[0]` can't be `creatd`; did you"),
    ("kbs:\n  - name: a\n  - name: b\n  - name: a\n", ":4: two KBs are called `a`; rename one"),
    ("kbs:\n  - name: a b\n", ":2: `a b` can't be the name of a KB"),
    ("search:\n  language: englsh\n", ":2: unknown language `englsh`; did you mean `english`?"),
    ("search:\n  language: klingon\n", ":2: unknown language `klingon`; one of "),
    ("kbs: [\n", ":2: "),
    ("a: b: c\n", ":1: mapping values are not allowed in this"),
    ("- a\n- b\n", ":1: expected keys and values"),
    ("text\n", ":1: expected keys and values"),
    ("1: x\n", "pyrite.yaml:"),
    ("date: 2020-23-01\n", "pyrite.yaml"),
    ("kbs:\n  - name: a\n    path: ../..\n", "is outside of"),
    ("kbs:\n  - name: a\n    repo: ../nowhere\n", "nowhere is not there; clone it"),
    ("kbs:\n  - name: a\n    ref: nope\n", "no ref 'nope' in"),
    ("kbs:\n  - name: a\n    ref: mian\n", "did you mean main?"),
]


@pytest.mark.parametrize(("text", "said"), CONFIGURATIONS)
def test_a_wrong_configuration_is_named_with_file_line_and_nearest_key(
    run: Here, repo: Repo, text: str, said: str
) -> None:
    repo.commit(a="# One\n\nalpha")
    assert run(*SYNC).code == 0
    before = (repo.root / ".pyrite/index.db").read_bytes()
    repo.write("pyrite.yaml", text)
    line = refuses(run, *SYNC)
    assert said in line
    if said.startswith(":"):
        assert f"{repo.root}/pyrite.yaml{said}" in line
    assert (repo.root / ".pyrite/index.db").read_bytes() == before
    (repo.root / "pyrite.yaml").unlink()
    assert run("search", "alpha", "--paths").out == "a.md\n"


def test_a_configuration_that_is_not_utf8(run: Here, repo: Repo) -> None:
    repo.write("pyrite.yaml", b"kbs:\n  - name: caf\xe9\n")
    assert "pyrite.yaml can't be read: not UTF-8" in refuses(run, *SYNC)


def test_a_configuration_that_is_not_there(run: Here) -> None:
    assert "there is no file" in refuses(run, "--config", "none.yaml", *SYNC)


PASSWORD = "hunter2-very-secret"
URLS = [
    f"postgresql://me:{PASSWORD}@db.example/x",
    f"postgresql://me:{PASSWORD}@${{PYRITE_TEST_NOT_SET}}/x",
    f"postgresql://me:{PASSWORD}@[bad",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "extra", ["", "  pasword: x\n", "  path: [1]\n", "  backend: x\n", " x: [\n"]
)
def test_a_password_is_never_printed(run: Here, repo: Repo, url: str, extra: str) -> None:
    repo.commit(a="text")
    repo.write("pyrite.yaml", f"storage:\n  backend: postgres\n  url: '{url}'\n{extra}")
    for command in (SYNC, ("index", "status"), ("search", "x"), ("get", "x")):
        for options in ((), ("--json",), ("--debug",)):
            before, after = (options, ()) if "--debug" in options else ((), options)
            ran = run(*before, *command, *after)
            assert ran.code == 2
            assert PASSWORD not in ran.out + ran.err


def test_a_missing_variable_in_the_url(run: Here, repo: Repo) -> None:
    repo.write("pyrite.yaml", "storage:\n  backend: postgres\n  url: ${NO_SUCH_VARIABLE}\n")
    line = refuses(run, *SYNC)
    assert "pyrite.yaml:3: the variable NO_SUCH_VARIABLE in `storage.url` is not set" in line


def test_postgres_without_a_server(run: Here, repo: Repo) -> None:
    repo.write("pyrite.yaml", "storage:\n  backend: postgres\n")
    line = refuses(run, *SYNC)
    assert "pyrite.yaml:2: postgres needs a server; set `storage.url`, or DATABASE_URL" in line


def test_a_folder_that_is_no_repository(run: Here, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for command in (SYNC, ("search", "x"), ("index", "status"), ("init",)):
        line = refuses(run, *command, cwd=folder)
        assert f"{folder} is not in a git repository and has no pyrite.yaml" in line
    assert "there is no folder" in refuses(run, "-C", "nowhere", "search", "x")


def test_a_folder_that_only_looks_like_a_repository(run: Here, tmp_path: Path) -> None:
    (tmp_path / "odd/.git").mkdir(parents=True)
    assert "git: not a git repository" in refuses(run, *SYNC, cwd=tmp_path / "odd")


def test_a_ref_that_does_not_exist(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    assert "did you mean main?" in refuses(run, *SYNC, "--ref", "mian")
    assert "no ref '--output=x' in" in refuses(run, *SYNC, "--ref=--output=x")


def test_an_empty_repository(run: Here, repo: Repo) -> None:
    ran = run(*SYNC)
    assert ran.code == 0
    assert "no Markdown files found" in ran.out
    assert "has no commits yet" in refuses(run, *SYNC, "--ref", "HEAD")
    assert run("search", "x").code == 1


def test_searching_before_the_first_sync(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    for command in (("search", "x"), ("get", "a"), ("list",), ("tags",), ("links", "a")):
        assert "there is no index at" in (line := refuses(run, *command))
        assert line.endswith("; run `pyrite index sync`")
    for name in ("verify", "digest", "gc", "status", "embed"):
        assert "run `pyrite index sync`" in refuses(run, "index", name)
    assert not (repo.root / ".pyrite").exists() or not (repo.root / ".pyrite/index.db").exists()


def test_a_database_file_that_is_none(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    place = repo.write(".pyrite/index.db", "this is no database, it is a diary " * 50)
    before = place.read_bytes()
    for command in (("search", "x"), ("index", "gc")):
        line = refuses(run, *command)
        assert f"{place} was made by an older version" in line
        assert "run `pyrite index sync`" in line
    assert place.read_bytes() == before
    assert run(*SYNC).code == 0
    assert (place.parent / "aside-1" / "index.db").read_bytes() == before


def test_a_database_of_another_program(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    place = repo.root / "other.db"
    with closing(sqlite3.connect(place)) as db, db:
        db.execute("CREATE TABLE precious (x)")
    repo.write("pyrite.yaml", "storage:\n  path: other.db\n")
    for command in (SYNC, ("index", "rebuild", "--no-embed"), ("search", "x"), ("index", "gc")):
        assert "is no index of Pyrite's, and stays as it is" in refuses(run, *command)
    with closing(sqlite3.connect(place)) as db, db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]


def test_an_index_of_a_later_version(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    assert run(*SYNC).code == 0
    with closing(sqlite3.connect(repo.root / ".pyrite/index.db")) as db, db:
        db.execute("PRAGMA user_version = 99")
    assert "a newer version (layout 99, here" in refuses(run, *SYNC)
    assert "upgrade Pyrite" in refuses(run, "search", "x")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "x", "--kb", "nope"), "no KB is called 'nope'; configured: repo"),
        (("list", "--kb", "nope"), "no KB is called 'nope'"),
        (("tags", "--kb", "nope"), "no KB is called 'nope'"),
        ((*SYNC, "--kb", "nope"), "no KB is called 'nope'"),
        (("index", "verify", "--kb", "nope"), "no KB is called 'nope'"),
        (("index", "digest", "--kb", "nope"), "no KB is called 'nope'"),
        (("index", "embed", "--kb", "nope"), "no KB is called 'nope'"),
        (("search", "x", "--where", "status"), "--where 'status' is not FIELD=VALUE"),
        (("list", "--where", "=x"), "--where '=x' is not FIELD=VALUE"),
        (("search", "x", "--since", "soon"), "--since 'soon' is not a date; write it as"),
        (("list", "--until", "2024-13-01"), "--until '2024-13-01' is not a date"),
        (("search", "x", "--mode", "nonsense"), "--mode 'nonsense' is none of keyword, semantic"),
        (("search", "x", "-n", "0"), "0 is not in the range 1<=x<=1000000"),
        (("list", "-n", "0"), "0 is not in the range 1<=x<=1000000"),
        (("search", "x", "-n", "ten"), "'ten' is not a valid int"),
        (("search", "x", "--offset", "-1"), "-1 is not in the range 0<=x<=1000000"),
        (("search",), "missing argument 'QUERY...'; see `pyrite search --help`"),
        (("get",), "missing argument 'ID'; see `pyrite get --help`"),
        (("serch", "x"), "no such command 'serch'; did you mean 'search'"),
        (("index", "snyc"), "no such command 'snyc'; did you mean 'sync'"),
        (("semantic", "x"), "no such command 'semantic'; did you mean 'semantic-search'?"),
        (("zzz", "x"), "no such command 'zzz'; see `pyrite --help`"),
        (("index", "zzz"), "no such command 'zzz'; see `pyrite index --help`"),
        (("search", "x", "--moode", "y"), "no such option: --moode; did you mean --mode?"),
        (("search", "x", "--auth", "y"), "no such option: --auth; did you mean --author?"),
        (("search", "x", "--zzz"), "no such option: --zzz; see `pyrite search --help`"),
        (("--vers",), "no such option: --vers; did you mean --version?"),
        (("get", "a", "b"), "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line(run: Here, repo: Repo, arguments: tuple[str, ...], said: str) -> None:
    repo.commit(a="text")
    assert run(*SYNC).code == 0
    assert said in refuses(run, *arguments)


@pytest.mark.parametrize("words", [("search", "a", "--author"), ("search", "a", "--tag"), ("get",)])
def test_a_word_that_is_not_utf_8(run: Here, repo: Repo, words: tuple[str, ...]) -> None:
    repo.commit(a="# A")
    run(*SYNC)
    line = refuses(run, *words, os.fsdecode(b"caf\xe9"))
    assert "caf\\udce9 is not UTF-8" in line


def test_an_option_without_its_value(run: Here) -> None:
    assert "option '--mode' requires an argument" in the_line(run("search", "x", "--mode"))


def test_an_unknown_entry_is_nothing_found(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    run(*SYNC)
    line = refuses(run, "get", "zebra", code=1)
    assert "no entry has the id, path, alias or file name 'zebra'" in line
    refuses(run, "links", "zebra", code=1)


def test_an_id_in_two_kbs_asks_which(run: Here, repo: Repo) -> None:
    repo.write("pyrite.yaml", "kbs:\n  - {name: x, path: x}\n  - {name: y, path: y}\n")
    repo.commit(x__a="one", y__a="two")
    run(*SYNC)
    assert "'a' means several entries; say which: x:a, y:a" in refuses(run, "get", "a")


def test_a_kb_that_would_lose_everything(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    run(*SYNC)
    (repo.root / "a.md").unlink()
    line = refuses(run, *SYNC)
    assert "no files are left of 1" in line
    assert "--allow-empty" in line
    assert run("search", "text", "--paths").out == "a.md\n"
    assert run(*SYNC, "--allow-empty").code == 0


def test_no_model_here_commits_keyword_search(run: Here, repo: Repo) -> None:
    repo.commit(a="# One\n\nalpha")
    repo.write("pyrite.yaml", "embedding:\n  model: nobody/no-such-model\n")
    ran = run("index", "sync")
    assert ran.code == 2
    assert "1 added" in ran.out
    (line,) = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert "model nobody/no-such-model is not on this machine" in line
    assert run("search", "alpha").code == 0
    told = run("index", "sync", "--json")
    assert told.code == 2
    report = shape("sync", told.out)
    assert report["error"]["code"] == "model"
    assert report["kbs"][0]["entries"] == 1
    assert run(*SYNC).code == 0
    assert "no-such-model" in refuses(run, "index", "embed")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "there is no model folder"),
        ({"config.json": "{}"}, "is no sentence-transformers model: it has no modules.json"),
        ({"modules.json": "["}, "can't be read"),
        ({"modules.json": "[]"}, "does not name one Transformer module"),
    ],
)
def test_a_broken_model_folder(run: Here, repo: Repo, files: dict[str, str], said: str) -> None:
    repo.commit(a="# One\n\nalpha")
    for name, content in files.items():
        repo.write(f"model/{name}", content)
    repo.write("pyrite.yaml", "embedding:\n  model: ./model\n")
    run(*SYNC)
    assert said in refuses(run, "index", "embed")


def test_searching_by_meaning_with_nothing_embedded(run: Here, repo: Repo) -> None:
    repo.commit(a="# One\n\nalpha")
    run(*SYNC)
    for command in (("semantic-search", "x"), ("search", "--mode", "hybrid", "x")):
        line = refuses(run, *command)
        assert "nothing is embedded yet" in line
        assert "run `pyrite index embed`" in line


def test_searching_by_meaning_where_there_is_nothing_to_embed(run: Here, repo: Repo) -> None:
    repo.write("pyrite.yaml", "kbs: [{name: full, path: full}, {name: bare, path: bare}]\n")
    repo.commit(**{"full/a": "# One\n\nalpha"})
    run(*SYNC)
    for command in (("semantic-search", "x"), ("search", "--mode", "hybrid", "x")):
        ran = run(*command, "--kb", "bare")
        assert (ran.code, "nothing found for 'x'" in ran.err) == (1, True), ran.err
        assert "index embed" not in ran.err
        assert "nothing is embedded yet" in refuses(run, *command)


BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"sentence_transformers", "onnxruntime", "tokenizers"}:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Blocker())
import importlib.util
_find = importlib.util.find_spec
def find_spec(name, package=None):
    try:
        return _find(name, package)
    except ModuleNotFoundError:
        return None
importlib.util.find_spec = find_spec
"""


def test_a_missing_extra_leaves_keyword_search(pyrite: Pyrite, repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="# One\n\nalpha")
    (tmp_path / "block").mkdir()
    (tmp_path / "block/sitecustomize.py").write_text(BLOCKER)
    env = {"PYTHONPATH": str(tmp_path / "block")}
    synced = pyrite("index", "sync", env=env)
    assert synced.code == 0
    assert "1 added" in synced.out
    (note,) = [line for line in synced.err.splitlines() if "keyword search only" in line]
    assert "pip install 'pyrite-index[semantic]'" in note
    assert pyrite("search", "alpha", "--paths", env=env).out == "a.md\n"
    line = the_line(pyrite("index", "embed", env=env))
    assert "semantic search needs packages that are not installed; pip install" in line


def test_a_read_only_checkout_is_indexed_elsewhere(
    run: Here, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="# One\n\nalpha")
    read_only(repo.root, monkeypatch)
    try:
        ran = run(*SYNC)
        assert ran.code == 0
        assert f"{repo.root} can't be written: its index is " in ran.err
        assert run("search", "alpha", "--paths").out == "a.md\n"
        assert run("index", "verify").code == 0
    finally:
        repo.root.chmod(0o755)
    assert not (repo.root / ".pyrite").exists()


def read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the right to write away; from root, whom permissions don't bind, by what it is told."""
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(folder, os.W_OK):
        real = os.access

        def access(path: os.PathLike[str] | str, mode: int, **options: bool) -> bool:
            return not (mode & os.W_OK and Path(path) == folder) and real(path, mode, **options)

        monkeypatch.setattr(os, "access", access)


def test_an_index_path_that_cannot_be_made(run: Here, repo: Repo) -> None:
    repo.commit(a="text")
    repo.write("file", "x")
    repo.write("pyrite.yaml", "storage:\n  path: file/index.db\n")
    line = refuses(run, *SYNC)
    assert "can't be" in line
    assert "storage.path" in line
    repo.write("pyrite.yaml", "storage:\n  path: docs\n")
    (repo.root / "docs").mkdir()
    assert "docs is no index of Pyrite's, and stays as it is" in refuses(run, *SYNC)


def test_init_does_not_replace_a_file(run: Here, repo: Repo) -> None:
    file = repo.write("pyrite.yaml", "kbs:\n  - name: mine\n")
    assert "is there already; --force replaces it" in refuses(run, "init")
    assert file.read_text() == "kbs:\n  - name: mine\n"
