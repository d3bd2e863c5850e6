"""A name is the same however its accents are written: macOS calls files so (NFD), people type so
(NFC)."""

from __future__ import annotations

import unicodedata

from pyrite_backends.port.index import Index
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import NO_FILTERS, Filters
from tests.conformance.shelf import put


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def test_the_values_of_a_field(index: Index) -> None:
    put(index, {
        "a.md": "---\nkind: [Valve, 3, true]\nother: x\n---\n# A\n",
        "b.md": "---\nKind: valve\n---\n# B\n",
        "c.md": "---\nkind: null\nown: {a: 1}\n---\n# C\n",
    })  # fmt: skip
    with index.reader() as reader:
        assert sorted(reader.values("KIND", 9)) == ["3", "Valve", "true", "valve"]
        assert reader.values("kind", 1) == ["3"]
        assert reader.values("own", 9) == reader.values("none", 9) == []


def test_names_are_the_same_in_either_form(index: Index, analyzer: Analyzer) -> None:
    put(index, {
        apart("Über Café.md"): apart(
            "---\naliases: [Müller]\ntags: [prüfung]\ntype: Übung\nautor: José\n---\n# Kaffee\n"
        ),
        apart("Büro/plän.md"): "# Plan\n",
        "links.md": "[[Über Café]] [x](Über%20Café.md) [[Müller]] [p](Büro/plän.md)\n",
    })  # fmt: skip
    coffee, plan = apart("Über Café"), apart("Büro/plän")
    assert coffee != "Über Café"
    with index.reader() as reader:
        outward, _ = reader.links("kb", "links")
        assert [link.resolved for link in outward] == [
            f"kb:{key}" for key in (coffee, coffee, coffee, plan)
        ]
        for name in ("Über Café", "Müller", "Über Café.md", coffee):
            assert [one.id for one in reader.get("kb", name)] == [coffee], name
        assert [one.id for one in reader.get("kb", "Büro/plän.md")] == [plan]
        for form in (str, apart):
            for filters, found in (
                (Filters(tags=(form("prüfung"),)), coffee),
                (Filters(types=(form("übung"),)), coffee),
                (Filters(where=(("autor", form("José")),)), coffee),
                (Filters(paths=(form("Büro"),)), plan),
                (Filters(paths=(form("B?ro/pl*"),)), None),
                (Filters(paths=(form("Büro/pl*"),)), plan),
            ):
                keys = [row.id for row in reader.entries(filters, -1, 0)]
                assert found is None or keys == [found], filters
        assert reader.tags(NO_FILTERS)[0].count == 1
        assert reader.problems() == []
    assert analyzer.tokens(apart("Büro")) == analyzer.tokens("Büro")


def test_a_path_may_have_its_kb_before_it(index: Index) -> None:
    for kb in ("kb", "other"):
        put(index, {"docs/a.md": "# A\n", "kb:docs/a.md": "# Odd\n"}, kb=kb)
    with index.reader() as reader:
        for path, found in (
            ("docs", ["kb:docs/a", "other:docs/a"]),
            ("other:docs", ["other:docs/a"]),
            ("other:./docs/", ["other:docs/a"]),
            ("other:do*.md", ["other:docs/a"]),
            ("other:", ["other:docs/a", "other:kb:docs/a"]),
            ("other:.", ["other:docs/a", "other:kb:docs/a"]),
            ("kb:docs", ["kb:docs/a", "kb:kb:docs/a", "other:kb:docs/a"]),
            ("none:docs", []),
        ):
            rows = reader.entries(Filters(paths=(path,)), -1, 0)
            assert [f"{row.kb}:{row.id}" for row in rows] == found, path


def test_each_name_of_a_path_has_a_form_of_its_own(index: Index) -> None:
    files = [f"{apart('Büro')}/plän.md", f"Küche/{apart('töpfe')}/{apart('größe')}.md"]
    put(index, dict.fromkeys(files, "# A\n"))
    with index.reader() as reader:
        for path in ("Büro/plän.md", "Küche/töpfe", "Küche/töpfe/gr*", "Küche/töpfe/größe.md"):
            for form in (str, apart):
                rows = reader.entries(Filters(paths=(form(path),)), -1, 0)
                assert [row.path for row in rows] == [files[path[0] == "K"]], path
