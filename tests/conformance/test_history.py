"""Whatever happened between, the index is that of a fresh build."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite_backends.port.index import Index, Reader
from pyrite_backends.port.vectors import Model
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import Filters
from tests.conformance.conftest import Engine
from tests.conformance.shelf import embed, facts, nearest, put, put_all, search
from tests.effort import examples
from tests.test_history import contents
from tests.world import QUERIES

PATHS = ("a.md", "b.md", "docs/c.md", "docs/d e.md", "docs/É.md", "z/a.md", "docs.md", "🌲.md")
KBS = ("one", "two")

_place = st.tuples(st.sampled_from(KBS), st.sampled_from(PATHS))
_write = st.tuples(st.just("write"), _place, contents())
OPERATIONS = st.one_of(
    _write,
    _write,
    st.tuples(st.just("move"), _place, _place),
    st.tuples(st.just("copy"), _place, _place),
    st.tuples(st.just("delete"), _place),
    st.tuples(st.just("sync"), st.sampled_from(KBS)),
    st.tuples(st.just("sync all")),
    st.tuples(st.just("undone")),
    st.tuples(st.just("drop"), st.sampled_from(KBS)),
    st.tuples(st.just("embed"), st.sampled_from(KBS)),
    st.tuples(st.just("embed"), st.sampled_from(KBS)),
    st.tuples(st.just("other model")),
    st.tuples(st.just("optimise")),
    st.tuples(st.just("compact")),
)

Files = dict[str, dict[str, str]]


def apply(index: Index, files: Files, operation: tuple[Any, ...]) -> None:
    """Do one thing to the files or the index."""
    match operation:
        case ("write", (kb, path), text):
            files[kb][path] = text
        case ("move", (kb, path), (other, target)) if path in files[kb]:
            files[other][target] = files[kb].pop(path)
        case ("copy", (kb, path), (other, target)) if path in files[kb]:
            files[other][target] = files[kb][path]
        case ("delete", (kb, path)):
            files[kb].pop(path, None)
        case ("sync", kb):
            put(index, files[kb], kb)
        case ("sync all",):
            put_all(index, files)
        case ("undone",):
            try:
                with index.writer() as writer:
                    writer.drop("one")
                    writer.use_model(Model("other", "0" * 32, 3))
                    raise KeyError
            except KeyError:
                pass
        case ("drop", kb):
            with index.writer() as writer:
                writer.drop(kb)
        case ("embed", kb):
            put(index, files[kb], kb)
            with index.reader() as reader:
                model = reader.model()
            if model and model.name == "other":
                embed(index, *KBS)  # changes the model back
            else:
                embed(index, kb)
        case ("other model",):
            with index.writer() as writer:
                writer.use_model(Model("other", "0" * 32, 3))
        case ("optimise",):
            index.optimise()
        case ("compact",):
            index.compact()


def answers(reader: Reader, analyzer: Analyzer) -> list[object]:
    """What searches find, to the last bit."""
    return [
        *[search(reader, text, analyzer, filters) for text, filters in QUERIES],
        nearest(reader, "alpha delta"),
        nearest(reader, "beta", Filters(kbs=("two",)), 2),
    ]


@settings(
    max_examples=examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(OPERATIONS, min_size=1, max_size=16))
def test_any_history_ends_at_the_index_of_a_fresh_build(
    engine: Engine, operations: list[tuple[Any, ...]]
) -> None:
    analyzer = Analyzer("english")
    index, other = engine.fresh().open(), engine.fresh().open()
    files: Files = {"one": {"a.md": "# First\n\nalpha beta"}, "two": {"docs/c.md": "gamma"}}
    put_all(index, files)
    embed(index)
    for operation in operations:
        apply(index, files, operation)
        with index.reader() as reader:
            assert reader.problems() == []
    put_all(index, files)
    embed(index)
    put_all(other, files)
    embed(other)
    with index.reader() as reader, other.reader() as fresh:
        assert facts(reader) == facts(fresh)
        assert answers(reader, analyzer) == answers(fresh, analyzer)
