"""Which commits touched an entry."""

from __future__ import annotations

import msgspec
import pytest

from pyrite_backends.port.index import Index, Reader
from pyrite_schemas.search import Filters, History
from pyrite_schemas.sync import Commit, LogMark, Touch
from tests.conformance.shelf import embed, put, state, vector, words, write

ANN = ("Ann Lée", "ann@example.org")
BOB = ("Bob 100%_!", "bob@example.com")
ONE = Commit("1" * 40, "2024-01-01T10:00:00Z", *ANN)
TWO = Commit("2" * 40, "2024-03-01T10:00:00Z", *BOB)
TWIN = Commit("0" * 40, "2024-03-01T10:00:00Z", *ANN)  # of the same second, and after it
OLD = Commit("9" * 40, "2023-01-01T10:00:00Z", *BOB)
TOUCHES = (
    Touch(ONE, ("a.md", "b.md", "gone.md")),
    Touch(TWO, ("a.md", "c.md")),
    Touch(TWIN, ("a.md",)),
    Touch(OLD, ("d.md",)),
)
FILES = {
    "a.md": "common",
    "b.md": "common",
    "c.md": "common",
    "d.md": "---\ndate: 2025-01-01\n---\ncommon",
    "new.md": "common",
}


@pytest.fixture
def logged(index: Index) -> Index:
    """A KB whose commits are known."""
    with index.writer() as writer:
        write(writer, FILES)
        writer.log("kb", TOUCHES, None)
    embed(index)
    return index


def history(reader: Reader, path: str) -> History | None:
    (entry,) = reader.get("kb", path)
    return entry.history


def test_an_entry_tells_its_first_and_last_commit_and_how_many_there_are(logged: Index) -> None:
    with logged.reader() as reader:
        assert history(reader, "a.md") == History(ONE, TWIN, 3, complete=True)
        assert history(reader, "b.md") == History(ONE, ONE, 1, complete=True)
        assert history(reader, "new.md") is None
        assert reader.problems() == []


def test_a_hit_carries_the_last_commit(logged: Index) -> None:
    with logged.reader() as reader:
        hits = reader.fetch(reader.keyword(words("common"), Filters(), 10))
        assert {hit.path: hit.last_commit for hit in hits} == {
            "a.md": TWIN, "b.md": ONE, "c.md": TWO, "d.md": OLD, "new.md": None,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(committed_since="2024-03-01"), ["a.md", "c.md"]),
        (Filters(committed_since="2024"), ["a.md", "b.md", "c.md"]),
        (Filters(committed_since="2024-03-01T10:00:00Z"), ["a.md", "c.md"]),
        (Filters(committed_since="2024-03-01T10:00:01Z"), []),
        (Filters(authors=("ann",)), ["a.md", "b.md"]),
        (Filters(authors=("LÉE <ann",)), ["a.md", "b.md"]),
        (Filters(authors=("example.com",)), ["a.md", "c.md", "d.md"]),
        (Filters(authors=("100%_!",)), ["a.md", "c.md", "d.md"]),
        (Filters(authors=("1%0",)), []),
        (Filters(authors=("bob", "ann")), []),
        (Filters(authors=("bob", "@example.com")), ["a.md", "c.md", "d.md"]),
        (Filters(since="2024-03"), ["a.md", "c.md", "d.md"]),
        (Filters(until="2024-01-01"), ["b.md"]),
        (Filters(since="2025", until="2025"), ["d.md"]),
        (Filters(authors=("bob",), committed_since="2024"), ["a.md", "c.md"]),
    ],
)
def test_filters_on_commits(logged: Index, filters: Filters, expected: list[str]) -> None:
    with logged.reader() as reader:
        assert [row.path for row in reader.entries(filters, -1, 0)] == expected
        for legs in (
            reader.keyword(words("common"), filters, 10),
            reader.semantic(vector("common"), filters, 10, exact=True),
        ):
            assert sorted(hit.path for hit in reader.fetch(legs)) == expected


def test_commits_come_and_go(logged: Index) -> None:
    later = Commit("5" * 40, "2024-03-01T10:00:00Z", *BOB)
    with logged.writer() as writer:
        writer.log("kb", (Touch(later, ("b.md", "gone.md", "late.md")),), [TWIN.id, "f" * 40])
    with logged.reader() as reader:
        assert history(reader, "a.md") == History(ONE, TWO, 2, complete=True)
        assert history(reader, "b.md") == History(ONE, later, 2, complete=True)
        expected = {(path, one.commit.id) for one in TOUCHES for path in one.paths}
        expected -= {("a.md", TWIN.id)}
        expected |= {("b.md", later.id), ("gone.md", later.id), ("late.md", later.id)}
        assert list(reader.log("kb")) == sorted(expected)
        assert reader.problems() == []


def test_a_file_that_comes_back_has_its_history(logged: Index) -> None:
    put(logged, {**FILES, "gone.md": "back"})
    with logged.reader() as reader:
        assert history(reader, "gone.md") == History(ONE, ONE, 1, complete=True)


def test_a_log_made_anew_forgets_the_old_one(logged: Index) -> None:
    with logged.writer() as writer:
        writer.log("kb", (Touch(TWO, ("b.md",)),), None)
    with logged.reader() as reader:
        assert list(reader.log("kb")) == [("b.md", TWO.id)]
        assert history(reader, "a.md") is None


def test_kbs_have_logs_of_their_own_which_go_with_them(logged: Index) -> None:
    with logged.writer() as writer:
        write(writer, FILES, "other")
        writer.log("other", (Touch(TWO, ("b.md",)),), None)
    with logged.writer() as writer:
        writer.drop("kb")
    with logged.reader() as reader:
        assert list(reader.log("kb")) == []
        assert list(reader.log("other")) == [("b.md", TWO.id)]
        assert reader.problems() == []


def test_what_a_shallow_clone_does_not_know_is_said(logged: Index) -> None:
    mark = LogMark("c" * 40, "scope", "part")
    with logged.writer() as writer:
        stamped = writer.finish(msgspec.structs.replace(state("kb"), log=mark, web="https://x/"))
    assert (stamped.log, stamped.web) == (mark, "https://x/")
    with logged.reader() as reader:
        (held,) = reader.kbs()
        assert (held.log, held.web) == (mark, "https://x/")
        assert history(reader, "a.md") == History(None, TWIN, 3, complete=False)


def test_a_large_commit_is_noted_whole(index: Index) -> None:
    names = tuple(f"{number}.md" for number in range(45_000))
    with index.writer() as writer:
        write(writer, FILES)
        writer.log("kb", (Touch(ONE, names), Touch(TWO, names)), None)
        writer.log("kb", (Touch(TWIN, names[:700]),), [ONE.id])
    with index.reader() as reader:
        found = set(reader.log("kb"))
    assert found == {(name, TWO.id) for name in names} | {(name, TWIN.id) for name in names[:700]}


def test_all_authors_are_known(logged: Index) -> None:
    with logged.reader() as reader:
        assert reader.authors() == sorted({(one.author, one.email) for one, _ in TOUCHES})
