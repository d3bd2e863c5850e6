"""How SQLite finds an entry: by an index, never among all those of a KB."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pyrite_backends.sql.statements import Row
from tests.conformance.shelf import put_all
from tests.conftest import Bench

FILES = {
    "a.md": "---\nid: one\naliases: [Nick]\ntags: [x]\n---\n[[b]] [[other:c]] [d](d.md)",
    "b.md": "[[one]] [[kb:Nick]]",
}
WIDE = ("entry_path (kb_id=?)", "entry_name (kb_id=?)", "entry_claim (kb_id=?)")
"""Steps that look at all entries of a KB."""


def test_an_entry_and_its_links_are_found_without_a_look_at_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_all(bench.index, {"kb": FILES, "other": {"c.md": "[[kb:one]]"}})
    read: list[tuple[str, str]] = []
    with bench.index.reader() as reader:
        run = reader._rows

        def explain(sql: str, values: Sequence[object] = ()) -> list[Row]:
            plan = run(f"EXPLAIN QUERY PLAN {sql}", values)
            read.extend((step, sql) for *_, step in plan)
            return run(sql, values)

        monkeypatch.setattr(reader, "_rows", explain)
        for kb in ("kb", ""):
            for name in ("one", "a.md", "nick", "A", "nowhere"):
                reader.get(kb, name)
        assert [len(links) for links in reader.links("kb", "one")] == [3, 3]
        reader.vectors_of("kb", "one")
    assert len(read) > 30
    wide = [
        (step, sql)
        for step, sql in read
        if (step.startswith("SCAN") and not step.startswith(("SCAN k ", "SCAN kb ")))
        or step.endswith(WIDE)
    ]
    assert wide == []
