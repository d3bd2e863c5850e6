"""Did you mean: what is near to a word, a value or a name that nothing has.

Only asked when something was not found. Words come from the index's own vocabulary, which holds
stems: those of all words at distance one and those that go on where the word ends are looked up,
then those at distance two that begin with the same letters; a real word is read off an entry that
holds the stem.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from pyrite_backends.port.names import composed, folded, without_suffix
from pyrite_cli.core.query import parser as language
from pyrite_cli.core.search.narrowing import by_author, compared, written
from pyrite_cli.core.text import functions
from pyrite_cli.core.text.spelling import allowed, distance, nearest, slips
from pyrite_schemas.replies.common import Suggestion
from pyrite_schemas.search import NO_FILTERS, Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyrite_backends.port.index import Reader
    from pyrite_cli.core.text.tokens import Analyzer

MOST_WORDS = 3
"""Unknown words of a query that others are looked for."""
_LONGEST = 40
"""Letters of a word that others are looked for: it has some 60 slips for each, and what is longer
was pasted, not typed."""
_SLIPS = 2
"""Slips in a word, at most: of the vocabulary no more is looked through."""
_NEAR = 3
"""Words suggested for one."""
_READ = 10
"""Entries that are read for a real word."""
_PREFIX, _LONG_PREFIX, _LONG = 3, 4, 8
"""Letters of a stem that one at distance two begins with too; more of a long one."""
_VALUES = 1000
"""Values of a field that a mistaken one is compared with."""
_LONGER = 24
"""Characters by which a name may go on after what was typed."""


def words(reader: Reader, unknown: Iterable[str], analyzer: Analyzer) -> tuple[Suggestion, ...]:
    """What may be meant by words that stand nowhere.

    Args:
        reader: A view of the index.
        unknown: Folded words.
        analyzer: The tokenisation.
    """
    # A code that is nowhere (C4999) is no slip for the next one.
    # Pairs of Chinese, Japanese or Korean are too short to be mistyped.
    spelt = (word for word in unknown if word.isalpha() and allowed(word))
    likely = (word for word in spelt if len(word) <= _LONGEST)
    typed = list(dict.fromkeys(likely))[:MOST_WORDS]
    found = ((word, _words(reader, word, analyzer)) for word in typed)
    return tuple(Suggestion(word, near) for word, near in found if near)


def _words(reader: Reader, word: str, analyzer: Analyzer) -> tuple[str, ...]:
    most = min(allowed(word), _SLIPS)
    if not most:
        return ()
    spelt = {analyzer.stem(slip): slip for slip in sorted(slips(word))}
    # A word that was not typed to its end is as near as one with a slip.
    found = [
        (1, -chunks, stem, spelt.get(stem, f"{stem}*"))
        for stem, chunks in dict.fromkeys(reader.vocabulary(list(spelt), word))
    ]
    stem = analyzer.stem(word)
    if not found and most > 1 and len(stem) > _PREFIX:
        prefix = stem[: _LONG_PREFIX if len(stem) >= _LONG else _PREFIX]
        for other, chunks in reader.vocabulary((), prefix):
            # A slip may keep an ending from being taken off.
            begun = distance(stem[: len(other)], other, most)
            far = min(distance(stem, other, most), begun)
            if far <= most:
                found.append((far, -chunks, other, f"{other}*"))
    # Nobody looks for `are`.
    idle = set(map(analyzer.stem, functions.words(analyzer.language)))
    likely = sorted(one for one in found if one[2] not in idle)
    real = []
    for _, rarity, stem, query in likely[:_NEAR]:
        one = _real(reader, stem, query, word, analyzer) if stem.isalpha() else ""
        far = 1 if one.startswith(word) else distance(word, one, most)
        if one and far <= most:
            real.append((far, rarity, one))
    return tuple(dict.fromkeys(one for _, _, one in sorted(real)))


def _real(reader: Reader, stem: str, query: str, word: str, analyzer: Analyzer) -> str:
    """A word as it is written somewhere that has a stem: the nearest to what was typed, of those
    the most frequent one."""
    parsed = language.parse(query, analyzer, lambda _: False)
    counts: Counter[str] = Counter()
    for one in reader.fetch(reader.keyword(parsed.query, NO_FILTERS, _READ)):
        text = "\n".join((one.title, *one.heading, *one.tags, one.text))
        counts.update(
            text[start:end].casefold()
            for start, end, token in analyzer.spans(text)
            if token == stem
        )
    order = sorted(counts, key=lambda one: (distance(word, one, len(word)), -counts[one], one))
    return order[0] if order else ""


def values(reader: Reader, filters: Filters) -> tuple[Suggestion, ...]:
    """What may be meant by tags, types, fields, their values, paths and authors that no entry has.

    Args:
        reader: A view of the index.
        filters: What was asked for.
    """
    found = []
    tags = [one.tag for one in reader.tags(NO_FILTERS)] if filters.tags else []
    types = reader.types() if filters.types else []
    for name, asked, known in (("tag", filters.tags, tags), ("type", filters.types, types)):
        held = {folded(one) for one in known}
        for value in asked:
            near = nearest(value, known) if folded(value) not in held else []
            if near:
                meant = tuple(written(name, one) for one in near)
                found.append(Suggestion(written(name, value), meant))
    for field, value in filters.where:
        if near := _fields(reader, field, value):
            found.append(Suggestion(written(field, value), tuple(near)))
    for test in filters.compared:
        if not reader.has_field(test.field) and (fields := nearest(test.field, reader.fields())):
            near = [compared(msgspec.structs.replace(test, field=one)) for one in fields]
            found.append(Suggestion(compared(test), tuple(near)))
    if filters.paths and (near := _paths(reader, filters.paths)):
        found.append(Suggestion(written("path", filters.paths[0]), tuple(near)))
    if filters.authors:
        found += _authors(reader.authors(), filters.authors)
    return tuple(found)


def _authors(known: Sequence[tuple[str, str]], parts: Iterable[str]) -> Iterator[Suggestion]:
    """Whose commits may be meant by parts of names that nobody has."""
    people = folded("\n".join(f"{name} <{address}>" for name, address in known))
    names = [one for name, address in known for one in (name, *name.split(), address)]
    for part in parts:
        if folded(part) not in people and (near := nearest(part, names)):
            yield Suggestion(by_author(part), tuple(map(by_author, near)))


def _fields(reader: Reader, field: str, value: str) -> list[str]:
    """Conditions that may be meant by one on a field that no entry passes."""
    if not reader.has_field(field):
        return [written(one, value) for one in nearest(field, reader.fields())]
    known = reader.values(field, _VALUES)
    return [] if value in known else [written(field, one) for one in nearest(value, known)]


def _paths(reader: Reader, asked: Sequence[str]) -> list[str]:
    """Folders and files that may be meant by some of which none is there."""
    if any(set(path) & set("*?") for path in asked):
        return []
    if reader.entries(Filters(paths=tuple(asked)), 1, 0):
        return []
    kbs = sorted(state.name for state in reader.kbs())
    typed = composed(asked[0])
    kb, colon, inside = typed.partition(":")
    named = (inside if colon and kb in kbs else typed).removeprefix("./").strip("/")
    if not named:
        return []
    files = [composed(one.path) for one in reader.entries(NO_FILTERS, -1, 0)]
    folders: dict[str, None] = {}
    for file in files:
        folder = file.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = None
            folder = folder.rpartition("/")[0]
    near = nearest(named, folders) or nearest(named, files)
    if len(kbs) > 1:  # it may begin with the name of one, with a slip or as that of a folder
        kb, *rest = re.split("[/:]", named, maxsplit=1)
        meant = [f"{one}:{''.join(rest)}" for one in nearest(kb, kbs)]
        held = [one for one in meant if reader.entries(Filters(paths=(one,)), 1, 0)]
        near = [*held, *near][:_NEAR]
    return [written("path", one) for one in near]


def entries(reader: Reader, name: str, kbs: Sequence[str], *, several: bool) -> list[str]:
    """Ids of entries that may be meant by a name that none has.

    Args:
        reader: A view of the index.
        name: What was typed, without a KB.
        kbs: The KBs to look in.
        several: Put the KB's name before the id.
    """
    named: dict[str, list[tuple[str, str]]] = {}
    for kb, key, one in reader.names(1, len(name) + _LONGER):
        if kb in kbs:
            named.setdefault(one, []).append((kb, key))
    # An entry may have several names that are near.
    near = dict.fromkeys(
        entry
        for one in nearest(without_suffix(name), named, len(named))
        for entry in sorted(named[one])
    )
    return [f"{kb}:{key}" if several else key for kb, key in list(near)[:_NEAR]]


def corrected(query: str, suggestions: Iterable[Suggestion]) -> str:
    """A query with the first word suggested for each; empty when it can't be told where."""
    text = query
    for one in suggestions:
        pattern = re.compile(rf"(?<!\w){re.escape(one.word)}(?!\w)", re.IGNORECASE)
        text = one.near[0].join(pattern.split(text))
    return text if text != query else ""
