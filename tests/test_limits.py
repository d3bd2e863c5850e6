"""What a file, a configuration or a query may cost, and how far each of them reaches."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyrite_cli.core.entry import frontmatter
from pyrite_cli.core.entry.parse import MAX_TITLE, parse
from pyrite_cli.core.git.distance import Distance
from pyrite_cli.core.git.globs import glob
from pyrite_cli.core.index import pipeline
from pyrite_cli.core.query import fields, parser
from pyrite_cli.core.search.corpus import Corpus
from pyrite_cli.core.search.search import search
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.config import Mode
from pyrite_schemas.errors import ModelError
from pyrite_schemas.replies.search import SearchReply
from pyrite_schemas.requests.reading import SearchRequest
from pyrite_schemas.search import NOWHERE, Filters
from tests.conftest import DATE_FIELDS, Bench, Repo
from tests.embedder import HashEmbedder
from tests.program import here
from tests.world import World

BLOB = "0" * 40
LONG = "word " * 2000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"intro\n\n{LONG}\n===\n\n{'text ' * 4000}", 3),
        (f"---\nx: 1\n---\n# {LONG}\n", 4),
        (f"---\ntitle: {LONG}\n---\n", 1),
    ],
)
def test_a_title_without_end_is_cut_and_said(text: str, line: int) -> None:
    entry = parse("a.md", BLOB, text.encode(), DATE_FIELDS)
    assert entry.title == LONG[:MAX_TITLE].rstrip()
    (found,) = entry.diagnostics
    assert (found.code, found.line, found.path) == ("title", line, "a.md")


def test_a_title_of_ordinary_length_is_kept() -> None:
    entry = parse("a.md", BLOB, b"# " + b"x" * MAX_TITLE, DATE_FIELDS)
    assert (entry.title, entry.diagnostics) == ("x" * MAX_TITLE, ())


class Panic(BaseException):
    """As pyromark's own, which is no Exception."""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", [Panic, ValueError, RecursionError])
def test_a_file_the_parser_fails_on_is_plain_text_and_the_others_are_parsed(
    repo: Repo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
    workers: int,
) -> None:
    repo.commit(a="# One", b="# Bad [l](a.md)\n\nwords", c="# Three")

    def failing(path: str, *rest: Any) -> object:
        if path == "b.md":
            raise kind("byte 7\nis odd")
        return parse(path, *rest)

    monkeypatch.setattr(pipeline, "parse", failing)
    source = Bench(repo, tmp_path / "index.db").kb().source
    files = source.files(source.revision())
    found = list(pipeline.entries(source, files, frozenset(), DATE_FIELDS, workers))
    assert [entry.title for entry in found] == ["One", "b", "Three"]
    bad = found[1]
    assert (bad.claim, bad.links, bad.meta) == ("b", (), "{}")
    assert "".join(chunk.text for chunk in bad.chunks) == "# Bad [l](a.md)\n\nwords"
    (said,) = bad.diagnostics
    assert (said.path, said.code) == ("b.md", "parse")
    assert f"{kind.__name__}: byte 7 is odd" in said.message


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, SystemExit])
def test_what_ends_the_program_is_not_the_fault_of_a_file(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    repo.commit(a="# One")

    def failing(*_: object) -> None:
        raise kind

    monkeypatch.setattr(pipeline, "parse", failing)
    source = Bench(repo, tmp_path / "index.db").kb().source
    files = source.files(source.revision())
    with pytest.raises(kind):
        list(pipeline.entries(source, files, frozenset(), DATE_FIELDS, 1))


DOTS = ".".join("a" * 100)


@pytest.mark.parametrize(
    "block",
    [
        f"t = 1\n{DOTS} = 1",
        f"t = 1\n[{DOTS}]",
        f"t = {{{DOTS} = 1}}",
        f"t = 1\n{DOTS.replace('.', ' . ')} = 1",
        f't = 1\n"a"{DOTS[1:]} = 1',
        f't = {{a = """x"""", {DOTS} = 1}}',
    ],
)
def test_a_toml_key_of_many_parts_is_refused(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = tomllib.loads

    def checked(text: str, **options: Callable[[str], object]) -> dict[str, object]:
        assert DOTS.replace(" ", "") not in text.replace(" ", ""), "this would hang"
        return loads(text, **options)

    monkeypatch.setattr(tomllib, "loads", checked)
    front = frontmatter.split(f"+++\nbefore = 1\n{block}\n+++\nbody")
    assert "more than 64 dots" in front.faults[0].message
    assert front.meta["before"] == 1


@pytest.mark.parametrize(
    "value", [f'"{DOTS}"', f"'{DOTS}'", f'"""\n{DOTS}\n"""', f"'''{DOTS}'''", f"1 # {DOTS}"]
)
def test_dots_in_text_are_no_key(value: str) -> None:
    front = frontmatter.split(f"+++\nx = {value}\ny = [{'1.5, ' * 100}]\nz.y.x = 1\n+++\n")
    assert front.faults == ()
    assert front.meta["z"] == {"y": {"x": 1}}


@pytest.mark.parametrize(
    "number", ["1" + ":1" * 50_000, "1" + ":1" * 50_000 + ".5", "1" * 1001, "0x" + "f" * 5000]
)
def test_a_yaml_number_without_end_is_refused(number: str) -> None:
    front = frontmatter.split(f"---\ntitle: T\nn: {number}\n---\n")
    (fault,) = front.faults
    assert fault.line == 3
    assert f"a number of {len(number):,} characters" in fault.message
    assert front.meta == {"title": "T", "n": number}
    text = frontmatter.split(f"---\ntitle: T\nn: '{number}'\n---\n")
    assert text.meta["n"] == number


def test_a_query_looks_few_names_up_and_the_rest_is_text() -> None:
    asked: list[str] = []

    def is_field(name: str) -> bool:
        asked.append(name)
        return True

    text = " ".join(f"n{number}:x" for number in range(100)) + " n1:y"
    parsed = parser.parse(text, Analyzer("english"), is_field)
    assert len(asked) == len(set(asked)) == fields.MAX_FIELDS
    assert len(parsed.filters.where) == fields.MAX_FIELDS + 1
    assert parsed.text.split()[0] == f"n{fields.MAX_FIELDS}:x"


@pytest.mark.parametrize(
    ("one", "other", "tighter"),
    [
        ("2024", "2024-03", "2024-03"),
        ("2024-03", "2024-03-05", "2024-03-05"),
        ("2024-03-05", "2024-03-05T10:00", "2024-03-05T10:00"),
        ("2024", "2023-03", "2023-03"),
        ("2024-03", "2023", "2023"),
        ("", "2024", "2024"),
        ("", "", ""),
    ],
)
def test_the_earlier_of_two_ends_counts(one: str, other: str, tighter: str) -> None:
    for first, second in ((one, other), (other, one)):
        assert Filters(until=first).joined(Filters(until=second)).until == tighter


def test_what_a_query_says_narrows_what_the_options_allow() -> None:
    both = Filters(kbs=("a", "b"))
    assert Filters().narrowed(both) == both.narrowed(Filters()) == both
    assert both.narrowed(Filters(kbs=("b", "c"))).kbs == ("b",)
    assert Filters(kbs=("a",)).narrowed(Filters(kbs=("b",))).kbs == NOWHERE


class Reach:
    """Two KBs over one repository of which only `a` is embedded."""

    def __init__(self, repo: Repo, place: Path) -> None:
        repo.commit(a__x="# X\n\nalpha", b__y="# Y\n\nalpha")
        self.world = World(repo, place / "index.db", place / "cache")
        self.world.stage(self.world.kb("a", "a"), self.world.kb("b", "b"))
        self.world.embed("a")

    def __call__(self, text: str, mode: Mode = "keyword", *kbs: str) -> SearchReply:
        corpus = Corpus(
            index=self.world.index,
            analyzer=self.world.analyzer,
            embed=lambda query, _: HashEmbedder().query(query).tobytes(),
            look=lambda _: Distance(None, None),
            check_kbs=lambda _: None,
            configured=(),
            mode="keyword",
        )
        return search(corpus, SearchRequest(text, mode, Filters(kbs=kbs)))


@pytest.fixture
def reach(repo: Repo, tmp_path: Path) -> Reach:
    return Reach(repo, tmp_path)


def test_a_kb_in_the_query_narrows_the_one_in_the_options(reach: Reach) -> None:
    for mode in ("keyword", "semantic", "hybrid"):
        assert [one.kb for one in reach("alpha kb:a", mode, "a", "b").results] == ["a"]
        nothing = reach("alpha kb:b", mode, "a")
        assert (nothing.results, nothing.kbs) == ((), ())
    assert {one.kb for one in reach("alpha kb:a kb:b").results} == {"a", "b"}


def test_what_a_query_requires_holds_in_every_mode(reach: Reach) -> None:
    for mode in ("keyword", "semantic", "hybrid"):
        assert reach("alpha -x", mode, "a").count == 0
        assert reach("alpha path:nowhere OR beta", mode, "a").count == 0
        assert reach('alpha "x alpha"', mode, "a").count == 1
        assert reach("alpha AND x", mode, "a").count == 1


def test_freshness_and_vectors_are_those_of_the_kbs_the_query_names(reach: Reach) -> None:
    assert [kb.name for kb in reach("alpha kb:b").kbs] == ["b"]
    assert reach("alpha kb:a", "semantic").count == 1
    for mode in ("semantic", "hybrid"):
        with pytest.raises(ModelError, match="nothing is embedded"):
            reach("alpha kb:b", mode)


def test_an_unknown_kb_in_a_query_is_a_mistake(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = here(repo.root, monkeypatch, capsys)
    repo.commit(a="# One\n\nalpha")
    assert run("index", "sync", "--no-embed").code == 0
    ran = run("search", "alpha kb:nope")
    assert (ran.code, "no KB is called 'nope'; configured: repo" in ran.err) == (2, True)
    assert run("search", "alpha kb:repo").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kbs:\n- name: a\n  include:\n  - '*.md'\n  - '[z-a].md'\n", ":5: `[z-a].md` is no patt"),
        ("kbs:\n- name: a\n  exclude: ['[z-a]']\n", ":3: `[z-a]` is no pattern: bad character"),
        ("kbs: " + "[" * 100_000, ": too many or too deeply nested values"),
        ("kbs: " + "{a: " * 100_000, ": too many or too deeply nested values"),
    ],
)
def test_a_configuration_that_breaks_a_library_is_named(
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    said: str,
) -> None:
    repo.write("pyrite.yaml", text)
    ran = here(repo.root, monkeypatch, capsys)("index", "sync", "--no-embed")
    (line,) = ran.err.splitlines()
    assert ran.code == 2
    assert f"pyrite.yaml{said}" in line
    assert "; " in line, "a hint"


def test_repeated_folders_in_a_glob_say_it_once() -> None:
    assert glob("**/" * 40 + "x") == glob("**/x")
    assert re.fullmatch(glob("a/**/**/x"), "a/x")
    assert re.fullmatch(glob("a/**/**/x"), "a/b/c/x")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "x", "-n", "9" * 20), "is not in the range 1<=x<=1000000"),
        (("search", "x", "--offset", "9" * 20), "is not in the range 0<=x<=1000000"),
        (("list", "-n", "9" * 20), "is not in the range 1<=x<=1000000"),
        (("list", "--offset", "9" * 20), "is not in the range 0<=x<=1000000"),
        (("list", "--since", "20240131"), "--since '20240131' is not a date"),
        (("list", "--until", "2024-W05"), "--until '2024-W05' is not a date"),
        (("list", "--until", "2024-01-31 10:00"), "is not a date; write it as"),
    ],
)
def test_an_option_out_of_range_is_refused(
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    run = here(repo.root, monkeypatch, capsys)
    repo.commit(a="# One")
    assert run("index", "sync", "--no-embed").code == 0
    ran = run(*arguments)
    assert (ran.code, said in ran.err) == (2, True), ran.err
