"""What a link means, and which links mean an entry."""

from __future__ import annotations

import pytest

from pyrite_backends.protocol import Reader
from tests.conftest import Bench, Repo

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


@pytest.fixture
def linked(repo: Repo, bench: Bench) -> Bench:
    repo.write("a.md", "---\nid: one\naliases: [Nick]\n---\n")
    repo.write("docs/c.md", "")
    repo.write("docs/twin.md", "")
    repo.write("y/twin.md", "---\nid: other twin\n---\n")
    repo.write("z/twin.md", "")
    repo.write("p.md", "---\nid: q\n---\n")
    repo.write("r.md", "---\nid: p.md\n---\n")
    repo.write("odd.md", "---\nid: odd:id\n---\n")
    repo.write("日本.md", "")
    repo.write("with space.md", "")
    repo.write("second/d.md", "[[kb:one]]")
    repo.write("from.md", "\n\n".join(LINKS))
    bench.sync(bench.kb("kb"), bench.kb("other", "second"))
    return bench


def resolved(reader: Reader, kb: str, entry: str) -> list[str]:
    outward, _ = reader.links(kb, entry)
    return [link.resolved for link in outward]


def test_a_link_means_an_id_an_alias_a_path_or_a_name_that_is_unique(linked: Bench) -> None:
    with linked.index.reader() as reader:
        assert dict(zip(LINKS, resolved(reader, "kb", "from"), strict=True)) == LINKS


def test_an_entry_knows_exactly_the_links_that_mean_it(linked: Bench) -> None:
    with linked.index.reader() as reader:
        for target in {meaning for meaning in LINKS.values() if meaning}:
            kb, _, entry = target.partition(":")
            _, inward = reader.links(kb, entry)
            lines = [link.line for link in inward if link.source == "kb:from"]
            meant = [2 * at + 1 for at, meaning in enumerate(LINKS.values()) if meaning == target]
            assert (target, lines) == (target, meant)


def test_links_across_kbs_are_resolved_when_they_are_read(linked: Bench) -> None:
    with linked.index.reader() as reader:
        _, inward = reader.links("kb", "one")
        assert "other:d" in {link.source for link in inward}
    with linked.index.writer() as writer:
        writer.drop("other")
    with linked.index.reader() as reader:
        outward, _ = reader.links("kb", "from")
        assert [link.resolved for link in outward if link.target == "other:d"] == [""]
        assert reader.links("other", "d") == ([], [])


def test_a_link_of_an_unchanged_file_follows_what_others_become(linked: Bench) -> None:
    repo = linked.repo
    repo.write("new.md", "---\nid: nowhere\n---\n")
    (repo.root / "z" / "twin.md").unlink()
    (repo.root / "y" / "twin.md").unlink()
    (repo.root / "a.md").rename(repo.root / "b.md")
    linked.sync(linked.kb("kb"), linked.kb("other", "second"))
    with linked.index.reader() as reader:
        found = dict(zip(LINKS, resolved(reader, "kb", "from"), strict=True))
    assert found["[[nowhere]]"] == "kb:nowhere"
    assert found["[[twin]]"] == "kb:docs/twin"
    assert found["[[one]]"] == "kb:one"
    assert found["[text](a.md)"] == ""


def test_the_links_of_an_entry_come_in_the_order_of_its_text(linked: Bench) -> None:
    with linked.index.reader() as reader:
        outward, _ = reader.links("kb", "from")
    assert [link.line for link in outward] == sorted(link.line for link in outward)
    assert outward[5].target == "docs/c"
    assert outward[7].anchor == "heading"


def test_an_entry_is_found_by_its_file_name_when_nothing_else_fits(
    repo: Repo, bench: Bench
) -> None:
    repo.commit(docs__Plan="# One", old__plan="# Two", notes__only="# Three")
    bench.sync()
    with bench.index.reader() as reader:
        assert [one.id for one in reader.get("", "only.md")] == ["notes/only"]
        assert [one.id for one in reader.get("", "plan")] == ["docs/Plan", "old/plan"]
        assert reader.get("", "elsewhere/only") == []
