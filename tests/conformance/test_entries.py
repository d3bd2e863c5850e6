"""What comes back of an entry, by which name, and in which order."""

from __future__ import annotations

import msgspec
import pytest

from pyrite_backends.port.index import Index
from pyrite_cli.core.git.standpoint import Standpoint
from pyrite_cli.core.index import verify
from pyrite_cli.core.search import lookup
from pyrite_schemas.errors import NotFoundError, StorageError, UsageError
from pyrite_schemas.search import Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import entry, facts, ids, put, put_all, state, words

PATHS = (
    "B.md", "a b.md", "a-b.md", "a.md", "a/b.md", "a/é.md", "aé.md", "z.md", "É.md", "é.md",
    "日本.md", "ﬀ.md", "🌲.md",
)  # fmt: skip
"""Sorted by UTF-8; by UTF-16 or by a language's rules they would stand otherwise."""

WHOLE = """\
---
id: me
title: A title
type: note
date: 2024-03-14
tags: [Red, é]
aliases: [Nick, Other name]
size: 3
---
intro

# One

first [[other]]

## Two

second
"""

NOWHERE = Standpoint(lambda _: None, None, several=True)
"""Of somebody who has none of the files."""


def test_files_and_entries_are_sorted_by_utf8(index: Index) -> None:
    put(index, dict.fromkeys(reversed(PATHS), "x"))
    with index.reader() as reader:
        assert tuple(file.path for file in reader.files("kb")) == PATHS
        assert tuple(one.path for one in reader.logical("kb")) == PATHS
        assert tuple(row.path for row in reader.entries(Filters(), -1, 0)) == PATHS
        assert len(list(reader.texts("kb"))) == len(PATHS)


def test_kbs_are_sorted_by_utf8_too(index: Index) -> None:
    names = ("B", "a", "a-b", "a_b", "ab", "é")
    put_all(index, {name: {"x.md": "words"} for name in reversed(names)})
    with index.reader() as reader:
        assert tuple(kb.name for kb in reader.kbs()) == names
        assert tuple(row.kb for row in reader.entries(Filters(), -1, 0)) == names
        hits = reader.fetch(reader.keyword(words("words"), Filters(), 10))
        assert tuple(hit.kb for hit in hits) == names
        assert tuple(one.kb for one in reader.get("", "x")) == names


def test_an_entry_comes_back_as_it_was_parsed(index: Index) -> None:
    put(index, {"docs/a.md": WHOLE})
    parsed = entry("docs/a.md", WHOLE)
    with index.reader() as reader:
        assert list(reader.logical("kb")) == [verify.logical(parsed, "me")]
        (got,) = reader.get("kb", "me")
        (row,) = reader.entries(Filters(), -1, 0)
        hits = reader.fetch(reader.keyword(words("second"), Filters(), 10))
        texts = list(reader.texts("kb"))
    assert bytes(got.meta).decode() == parsed.meta
    assert got.body == WHOLE.split("---\n", 2)[2]
    assert got.start_line == parsed.chunks[0].start_line
    assert (row.id, row.title, row.type, row.date) == ("me", "A title", "note", "2024-03-14")
    assert row.tags == ("Red", "é")
    assert got.aliases == ("Nick", "Other name")
    (hit,) = hits
    (chunk,) = [one for one in parsed.chunks if "second" in one.text]
    assert (hit.text, hit.heading, hit.start_line, hit.end_line) == (
        chunk.text, chunk.heading, chunk.start_line, chunk.end_line,
    )  # fmt: skip
    assert hit.tags == row.tags
    assert [(text.hash, text.text) for text in texts] == [
        (chunk.hash, chunk.text) for chunk in parsed.chunks
    ]


def test_the_state_of_a_kb_comes_back_with_its_counts(index: Index) -> None:
    stamped = put(index, {"a.md": "alpha", "b.md": ""})
    with index.reader() as reader:
        (held,) = reader.kbs()
    assert held.synced_at == pytest.approx(stamped.synced_at, abs=1e-3)
    assert msgspec.structs.replace(held, synced_at=stamped.synced_at) == stamped
    assert (stamped.entries, stamped.chunks, stamped.embedded) == (2, 1, 0)
    asked = state("kb")
    assert (stamped.source, stamped.config, stamped.revision) == (
        asked.source, asked.config, asked.revision,
    )  # fmt: skip
    assert stamped.synced_at > 0


def test_an_entry_is_got_by_id_then_path_then_alias_then_file_name(index: Index) -> None:
    put(
        index,
        {
            "a.md": "---\nid: b.md\naliases: [Nick, nick, NICK, c]\n---\nfirst",
            "c.md": "---\naliases: [Both]\n---\nthird\n\nbody",
            "d.md": "---\naliases: [both]\n---\n",
            "docs/Nick.md": "",
            "docs/Only.md": "",
            "docs/Plan.md": "",
            "old/plan.md": "",
        },
    )
    with index.reader() as reader:

        def paths(name: str, kb: str = "") -> list[str]:
            return [one.path for one in reader.get(kb, name)]

        assert paths("b.md") == ["a.md"]
        assert paths("c") == ["c.md"]
        assert paths("c.md", "kb") == ["c.md"]
        assert paths("c.md", "none") == []
        assert paths("nICK") == ["a.md"]
        assert paths("BOTH") == ["c.md", "d.md"]
        assert paths("only") == paths("Only.md") == ["docs/Only.md"]
        assert paths("plan") == ["docs/Plan.md", "old/plan.md"]
        assert paths("elsewhere/only") == []
        assert paths("docs/only") == []
        assert reader.get("kb", "c.md")[0].body == "third\n\nbody"


def test_what_a_user_types_finds_one_entry_or_says_which_there_are(index: Index) -> None:
    files = {
        "c.md": "---\naliases: [Both]\n---\n",
        "d.md": "---\naliases: [both, Nick]\n---\n",
        "e.md": "---\nid: two:x\n---\n",
        "f.md": "---\nid: x\n---\n",
    }
    put_all(index, {"kb": files, "two": {"b.md": "---\nid: x\n---\n"}})
    with index.reader() as reader:
        assert lookup.find(reader, "./c.md", NOWHERE).path == "c.md"
        assert lookup.find(reader, "kb:nick", NOWHERE).path == "d.md"
        assert lookup.find(reader, "two:x", NOWHERE).path == "e.md"
        assert lookup.find(reader, "kb:x", NOWHERE).path == "f.md"
        with pytest.raises(UsageError, match="several") as caught:
            lookup.find(reader, "both", NOWHERE)
        assert "kb:c, kb:d" in caught.value.hint
        with pytest.raises(UsageError):
            lookup.find(reader, "x", NOWHERE)
        with pytest.raises(NotFoundError):
            lookup.find(reader, "nowhere", NOWHERE)


def test_entries_that_are_removed_leave_nothing(index: Index) -> None:
    put(index, {"a.md": WHOLE, "b.md": "[[me]] beta"})
    put(index, {"b.md": "[[me]] beta"})
    with index.reader() as reader:
        assert reader.get("", "me") == []
        assert reader.get("", "nick") == []
        assert reader.tags(Filters()) == []
        assert reader.keyword(words("intro", "second", "red"), Filters(), 10) == []
        assert not reader.has_field("size")
        outward, _ = reader.links("kb", "b")
        assert [link.resolved for link in outward] == [""]
        assert [kb.entries for kb in reader.kbs()] == [1]
        assert reader.problems() == []


def test_a_moved_entry_is_only_under_its_new_path(index: Index) -> None:
    put(index, {"a.md": WHOLE.replace("id: me\n", ""), "b.md": "[[a]] [[docs/z]]"})
    put(index, {"docs/z.md": WHOLE.replace("id: me\n", ""), "b.md": "[[a]] [[docs/z]]"})
    assert ids(index) == {"b.md": "b", "docs/z.md": "docs/z"}
    with index.reader() as reader:
        outward, _ = reader.links("kb", "b")
        assert [link.resolved for link in outward] == ["", "kb:docs/z"]
        assert len(reader.keyword(words("second"), Filters(), 10)) == 1


def test_removing_what_is_not_there_is_nothing(index: Index) -> None:
    put(index, {"a.md": "alpha"})
    with index.writer() as writer:
        writer.remove("kb", ["b.md", "docs/c.md", ""])
        writer.remove("other", ["a.md"])
        writer.finish(state("kb"))
    assert ids(index) == {"a.md": "a"}


def test_an_entry_that_is_there_is_not_added_again(index: Index) -> None:
    put(index, {"a.md": "alpha"})
    with pytest.raises(StorageError), index.writer() as writer:
        writer.add("kb", [entry("a.md", "beta")])
    with index.reader() as reader:
        assert len(reader.keyword(words("alpha"), Filters(), 10)) == 1


def test_a_kb_that_is_dropped_takes_its_entries_and_no_others(index: Index) -> None:
    put_all(index, {"one": {"a.md": WHOLE}, "two": {"a.md": WHOLE}})
    with index.writer() as writer:
        writer.drop("one")
        writer.drop("never there")
    with index.reader() as reader:
        assert [kb.name for kb in reader.kbs()] == ["two"]
        assert [row.kb for row in reader.entries(Filters(), -1, 0)] == ["two"]
        assert [(tag.tag, tag.count) for tag in reader.tags(Filters())] == [("Red", 1), ("é", 1)]
        assert reader.problems() == []


def test_tags_are_counted_by_entries_in_any_case(index: Index) -> None:
    put(
        index,
        {
            "a.md": "---\ntags: [Red, red, RED, blue]\n---\n",
            "b.md": "---\ntags: red\n---\n",
            "c.md": "---\ntags: [green, É, b-c]\ntype: note\n---\n",
            "d.md": "---\ntags: [é]\n---\n",
        },
    )
    with index.reader() as reader:
        assert [(tag.tag.casefold(), tag.count) for tag in reader.tags(Filters())] == [
            ("red", 2), ("é", 2), ("b-c", 1), ("blue", 1), ("green", 1),
        ]  # fmt: skip
        assert [tag.tag for tag in reader.tags(Filters(types=("note",)))] == ["b-c", "green", "É"]


def test_pages_of_entries_are_one_list(index: Index) -> None:
    put_all(index, {kb: {f"{n}.md": "x" for n in range(30)} for kb in ("one", "two")})
    with index.reader() as reader:
        rows = reader.entries(Filters(), -1, 0)
        assert len(rows) == 60
        assert [row for at in range(0, 70, 9) for row in reader.entries(Filters(), 9, at)] == rows
        assert reader.entries(Filters(), -1, 50) == rows[50:]
        assert reader.entries(Filters(), 0, 0) == []


def test_a_field_is_known_in_any_case(index: Index) -> None:
    put(index, {"a.md": "---\nList: [1]\nGröße: Ö\nnothing:\n---\n"})
    with index.reader() as reader:
        known = [reader.has_field(name) for name in ("LIST", "grösse", "NOTHING", "x", "")]
    assert known == [True, True, True, False, False]


def test_diagnostics_are_those_of_the_files_and_come_by_path_and_line(index: Index) -> None:
    bad: dict[str, str | bytes] = {
        "b.md": b"\xff\xfe broken",
        "a.md": "---\ntitle: [\n---\nx",
        "c.md": "fine",
    }
    put(index, bad)
    expected = [said for path in sorted(bad) for said in entry(path, bad[path]).diagnostics]
    with index.reader() as reader:
        said = reader.diagnostics("kb")
        assert reader.diagnostics("other") == []
        assert reader.get("kb", "a")[0].diagnostics == entry("a.md", bad["a.md"]).diagnostics
    assert sorted(said, key=repr) == sorted(expected, key=repr)
    assert [(one.path, one.line) for one in said] == sorted((one.path, one.line) for one in said)


def test_many_entries_come_and_go_in_one_transaction(engine: Engine) -> None:
    index, other = engine.open(), engine.fresh().open()
    many = {f"{n % 7}/{n:04}.md": f"---\nid: {n % 900}\n---\nword{n} common" for n in range(1200)}
    kept = {path: text for path, text in many.items() if not path.startswith("3/")}
    put(index, many)
    put(index, kept)
    put(other, kept)
    with index.reader() as reader, other.reader() as fresh:
        assert facts(reader, 20) == facts(fresh, 20)
