"""What a link means, and which links mean an entry."""

from __future__ import annotations

import pytest

from pyrite_backends.port.index import Index, Reader
from tests.conformance.shelf import put, put_all

LINKS = {
    "[[one]]": "kb:one",
    "[[Nick]]": "kb:one",
    "[[nICK|text]]": "kb:one",
    "[[a]]": "kb:one",
    "[[a.md]]": "kb:one",
    "[[docs/c]]": "kb:docs/c",
    "[[c]]": "kb:docs/c",
    "[[C.md#heading]]": "kb:docs/c",
    "[[twin]]": "",
    "[[docs/twin]]": "kb:docs/twin",
    "[[nowhere]]": "",
    "[[elsewhere/c]]": "",
    "[text](a.md)": "kb:one",
    "[text](./docs/c.md#top)": "kb:docs/c",
    "[text](docs/twin)": "kb:docs/twin",
    "[text](nowhere.md)": "",
    "[text](p.md)": "kb:q",
    "[[p.md]]": "kb:q",
    "[[other:d]]": "other:d",
    "[[other:nowhere]]": "",
    "[[odd:id]]": "kb:odd:id",
    "![[one]]": "kb:one",
    "[[日本]]": "kb:日本",
    "[t](<with space.md>)": "kb:with space",
    "[t](with%20space.md)": "kb:with space",
}


FILES = {
    "a.md": "---\nid: one\naliases: [Nick]\n---\n",
    "docs/c.md": "",
    "docs/twin.md": "",
    "y/twin.md": "---\nid: other twin\n---\n",
    "z/twin.md": "",
    "p.md": "---\nid: q\n---\n",
    "r.md": "---\nid: p.md\n---\n",
    "odd.md": "---\nid: odd:id\n---\n",
    "日本.md": "",
    "with space.md": "",
    "from.md": "\n\n".join(LINKS),
}
OTHER = {"d.md": "[[kb:one]]"}


@pytest.fixture
def linked(index: Index) -> Index:
    """Two KBs that link to each other."""
    put_all(index, {"kb": FILES, "other": OTHER})
    return index


def resolved(reader: Reader, kb: str, entry: str) -> list[str]:
    outward, _ = reader.links(kb, entry)
    return [link.resolved for link in outward]


def test_a_link_means_an_id_an_alias_a_path_or_a_name_that_is_unique(linked: Index) -> None:
    with linked.reader() as reader:
        assert dict(zip(LINKS, resolved(reader, "kb", "from"), strict=True)) == LINKS


def test_an_entry_knows_exactly_the_links_that_mean_it(linked: Index) -> None:
    with linked.reader() as reader:
        for target in {meaning for meaning in LINKS.values() if meaning}:
            kb, _, entry = target.partition(":")
            _, inward = reader.links(kb, entry)
            lines = [link.line for link in inward if link.source == "kb:from"]
            meant = [2 * at + 1 for at, meaning in enumerate(LINKS.values()) if meaning == target]
            assert (target, lines) == (target, meant)


def test_links_across_kbs_are_resolved_when_they_are_read(linked: Index) -> None:
    with linked.reader() as reader:
        _, inward = reader.links("kb", "one")
        assert "other:d" in {link.source for link in inward}
    with linked.writer() as writer:
        writer.drop("other")
    with linked.reader() as reader:
        outward, _ = reader.links("kb", "from")
        assert [link.resolved for link in outward if link.target == "other:d"] == [""]
        assert reader.links("other", "d") == ([], [])


def test_a_link_of_an_unchanged_file_follows_what_others_become(linked: Index) -> None:
    gone = ("y/twin.md", "z/twin.md", "a.md")
    files = {path: text for path, text in FILES.items() if path not in gone}
    put(linked, files | {"new.md": "---\nid: nowhere\n---\n", "b.md": FILES["a.md"]})
    with linked.reader() as reader:
        found = dict(zip(LINKS, resolved(reader, "kb", "from"), strict=True))
    assert found["[[nowhere]]"] == "kb:nowhere"
    assert found["[[twin]]"] == "kb:docs/twin"
    assert found["[[one]]"] == "kb:one"
    assert found["[text](a.md)"] == ""


def test_the_links_of_an_entry_come_in_the_order_of_its_text(linked: Index) -> None:
    with linked.reader() as reader:
        outward, _ = reader.links("kb", "from")
    assert [link.line for link in outward] == sorted(link.line for link in outward)
    assert (outward[5].kind, outward[5].target) == ("wiki", "docs/c")
    assert (outward[7].anchor, outward[2].text) == ("heading", "text")


def test_links_to_an_entry_come_by_kb_path_and_place(index: Index) -> None:
    paths = ("B.md", "a.md", "a/b.md", "é.md", "🌲.md")
    files = dict.fromkeys(paths, "[[here]]\n\n[[HERE]]") | {"z/here.md": "[[here]]"}
    put_all(index, {"two": {"x.md": "[[one:here]]"}, "one": files})
    with index.reader() as reader:
        outward, inward = reader.links("one", "z/here")
    assert [link.resolved for link in outward] == ["one:z/here"]
    assert [(link.source, link.line) for link in inward] == [
        *[(f"one:{path.removesuffix('.md')}", line) for path in paths for line in (1, 3)],
        ("two:x", 1),
    ]


def test_what_a_link_means_does_not_depend_on_the_links_beside_it(index: Index) -> None:
    files = {
        "a.txt": "text",
        "odd:name.md": "---\nid: other\n---\n",
        "one.md": "[[a]]\n\n[[odd:name]]",
        "two.md": "[[a]]\n\n[[odd:name]]\n\n[[a.txt]]\n\n[[other]]",
    }
    put(index, files)
    with index.reader() as reader:
        alone, among = resolved(reader, "kb", "one"), resolved(reader, "kb", "two")
    assert among[:2] == alone


def test_an_entry_that_is_not_there_has_no_links(linked: Index) -> None:
    with linked.reader() as reader:
        for kb, entry in (("kb", "nowhere"), ("none", "one"), ("", "one"), ("kb", "")):
            assert reader.links(kb, entry) == ([], [])
