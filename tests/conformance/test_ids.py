"""Which entry has an id that several ask for."""

from __future__ import annotations

from pyrite_backends.port.index import Index
from pyrite_cli.core.entry.ids import keys
from tests.conformance.shelf import entry, ids, put


def asks(key: str, text: str = "") -> str:
    return f"---\nid: {key}\n---\n{text}"


def test_of_two_entries_with_one_id_the_other_gets_it_when_one_goes(index: Index) -> None:
    put(index, {"a.md": asks("x", "one"), "b.md": asks("x", "two")})
    assert ids(index) == {"a.md": "x", "b.md": "b.md"}
    with index.reader() as reader:
        (found,) = reader.diagnostics("kb")
    assert (found.path, found.line, found.code) == ("b.md", 0, "duplicate-id")
    assert found.message == 'the id "x" belongs to a.md; this file is "b.md"'
    put(index, {"b.md": asks("x", "two")})
    assert ids(index) == {"b.md": "x"}
    with index.reader() as reader:
        assert reader.diagnostics("kb") == []


def test_a_new_file_that_sorts_first_takes_the_id(index: Index) -> None:
    files = {"b.md": asks("x"), "c.md": asks("x"), "É.md": asks("x")}
    put(index, files)
    assert ids(index) == {"b.md": "x", "c.md": "c.md", "É.md": "É.md"}
    put(index, files | {"a.md": asks("x")})
    assert ids(index) == {"a.md": "x", "b.md": "b.md", "c.md": "c.md", "É.md": "É.md"}


def test_the_first_by_path_is_the_first_in_utf8(index: Index) -> None:
    put(index, {path: asks("x") for path in ("🌲.md", "ﬀ.md", "é.md", "a_b.md", "a-b.md", "B.md")})
    assert ids(index)["B.md"] == "x"
    put(index, {path: asks("x") for path in ("🌲.md", "ﬀ.md", "é.md", "a_b.md", "a-b.md")})
    assert ids(index)["a-b.md"] == "x"
    put(index, {path: asks("x") for path in ("🌲.md", "ﬀ.md")})
    assert ids(index) == {"ﬀ.md": "x", "🌲.md": "🌲.md"}


def test_an_id_that_is_another_files_path_is_not_given_and_said_whose_it_is(index: Index) -> None:
    files = {"a.md": asks("p.md"), "b.md": asks("p.md"), "p.md": asks("q")}
    put(index, files)
    assert ids(index) == {"a.md": "a.md", "b.md": "b.md", "p.md": "q"}
    with index.reader() as reader:
        messages = {found.path: found.message for found in reader.diagnostics("kb")}
    assert messages == {
        path: f'the id "p.md" belongs to p.md; this file is "{path}"' for path in ("a.md", "b.md")
    }
    put(index, {path: text for path, text in files.items() if path != "p.md"})
    assert ids(index) == {"a.md": "p.md", "b.md": "b.md"}


def test_a_file_without_an_id_loses_its_own_to_one_that_asks_for_it_first(index: Index) -> None:
    files = {"a.md": asks("z"), "z.md": "plain"}
    put(index, files)
    assert ids(index) == {"a.md": "z", "z.md": "z.md"}
    put(index, files | {"a.md": asks("y")})
    assert ids(index) == {"a.md": "y", "z.md": "z"}


def test_ids_of_one_kb_are_nothing_to_another(index: Index) -> None:
    put(index, {"a.md": asks("x")}, "one")
    put(index, {"b.md": asks("x"), "a.md": "plain"}, "two")
    assert ids(index, "one") == {"a.md": "x"}
    assert ids(index, "two") == {"a.md": "a", "b.md": "x"}


def test_an_id_of_any_text_is_quoted_where_it_is_said(index: Index) -> None:
    odd = 'say \\"it\\" — \\\\ 東京 🌲 \\t\\x1f'
    put(index, {"a.md": asks(f'"{odd}"'), "b.md": asks(f'"{odd}"')})
    claim = entry("a.md", asks(f'"{odd}"')).claim
    with index.reader() as reader:
        (said,) = reader.diagnostics("kb")
        assert [one.path for one in reader.get("kb", claim)] == ["a.md"]
    assert "東京 🌲" in said.message
    assert "\x1f" not in said.message


def test_many_contested_ids_are_settled_as_if_one_by_one(index: Index) -> None:
    files = {f"{n:04}.md": asks(f"{n % 40}") for n in range(1500)}
    files |= {f"{n}": asks("0") for n in (3, 7)}  # paths that others ask for
    for some in (files, {path: files[path] for path in sorted(files)[200:]}):
        put(index, some)
        claims = {path: entry(path, text).claim for path, text in some.items()}
        assert ids(index) == keys(claims)
