"""The words, fields and vectors of an index as matrices: what variants of ranking compute with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from pyrite_backends.port.names import other_names
from pyrite_backends.port.scoring import WEIGHTS
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.text.tokens import Analyzer
from pyrite_schemas.search import BODY

Array = np.ndarray[Any, Any]
Run = tuple[str, ...]
"""Stems that stand side by side; mostly one."""


class Field(NamedTuple):
    """One full-text column.

    Attributes:
        counts: Chunks x terms: how often each stands in each.
        words: How many words each chunk has there.
    """

    counts: sp.csr_matrix
    words: Array


class Names(NamedTuple):
    """What entries are called, as sets of stems.

    Attributes:
        sets: Names x terms, 1 where a name has a stem.
        sizes: How many stems each has, also those that nobody looks for.
        starts: The first name of each entry, its title.
    """

    sets: sp.csr_matrix
    sizes: Array
    starts: Array


class Terms:
    """What questions look for, as columns of matrices: stems first, then those side by side.

    Args:
        runs: Everything that is looked for.
        stem: What makes a stem of a token.

    Attributes:
        stems: How many columns are single stems.
        columns: The column of each.
    """

    def __init__(self, runs: Iterable[Run], stem: Callable[[str], str]) -> None:
        every = dict.fromkeys(runs)
        self._stem = stem
        self._numbers: dict[str, int] = {}
        for run in every:
            for word in run:
                self._numbers.setdefault(word, len(self._numbers))
        self.stems = len(self._numbers)
        self.columns: dict[Run, int] = {(word,): at for word, at in self._numbers.items()}
        longer = [run for run in every if len(run) > 1]
        self.columns |= {run: self.stems + place for place, run in enumerate(longer)}
        self._surface: dict[str, int] = {}
        self._steps = self._walk(longer)

    def _walk(self, runs: Sequence[Run]) -> list[tuple[Array, Array]]:
        """For each further word: what may follow what, and the column where a run ends there."""
        steps = []
        left = [(self._numbers[run[0]], run) for run in runs]
        for size in range(2, 1 + max(map(len, runs), default=0)):
            pairs = [(at << 32 | self._numbers[run[size - 1]], run) for at, run in left]
            known = np.array(sorted({pair for pair, _ in pairs}), np.int64)
            places = [(int(np.searchsorted(known, pair)), run) for pair, run in pairs]
            ends = np.full(len(known), -1)
            for place, run in places:
                if len(run) == size:
                    ends[place] = self.columns[run]
            steps.append((known, ends))
            left = [one for one in places if len(one[1]) > size]
        return steps

    def numbers(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of unstemmed tokens; those of stems that are looked for are their columns."""
        known = self._surface
        found = []
        for token in tokens:
            number = known.get(token)
            if number is None:
                number = known[token] = self.number(self._stem(token))
            found.append(number)
        return found

    def number(self, stem: str) -> int:
        """The number of a stem; that of one that is looked for is its column."""
        return self._numbers.setdefault(stem, len(self._numbers))

    def asks(
        self, questions: Sequence[Sequence[Run]], times: Sequence[Sequence[int]] | None = None
    ) -> sp.csr_matrix:
        """Questions x terms: how often each looks for each.

        Args:
            questions: What each looks for.
            times: How often that counts; once without.
        """
        rows = np.repeat(np.arange(len(questions)), [len(one) for one in questions])
        columns = np.array([self.columns[run] for one in questions for run in one], np.int64)
        found = _counted(rows, columns, (len(questions), len(self.columns)))
        if times is None:
            return found
        data = np.array([value for one in times for value in one], float)
        found = sp.csr_matrix((data, (rows, columns)), shape=found.shape)
        found.eliminate_zeros()
        return found

    def counts(self, texts: Sequence[Array]) -> sp.csr_matrix:
        """Texts x terms: how often each stands in each.

        Args:
            texts: As numbers of tokens.
        """
        rows = np.repeat(np.arange(len(texts)), [len(one) for one in texts])
        every = np.concatenate([*texts, np.zeros(0, np.int64)])
        single = every < self.stems
        found = [(rows[single], every[single])]
        places, state = np.arange(len(every)), every
        for size, (known, ends) in enumerate(self._steps, 1):
            inside = places + size < len(every)
            inside[inside] = rows[places[inside] + size] == rows[places[inside]]
            places, state = places[inside], state[inside]
            joined = state << 32 | every[places + size]
            state = np.searchsorted(known, joined)
            follows = np.append(known, -1)[state] == joined
            places, state = places[follows], state[follows]
            over = ends[state] >= 0
            found.append((rows[places[over]], ends[state[over]]))
        columns = np.concatenate([column for _, column in found])
        shape = (len(texts), len(self.columns))
        return _counted(np.concatenate([row for row, _ in found]), columns, shape)


class Corpus:
    """An index.

    Args:
        database: A SQLite index of one KB.
        analyzer: The tokenisation it was made with.
        terms: What questions look for.

    Attributes:
        keys: Ids of the entries, in the order in which ties are broken.
        starts: The first chunk of each; an entry's chunks lie together.
        sizes: How many chunks each has.
        fields: By name, as full text has them.
        titles: Of the entries.
        others: What else they are called.
        hashes: Of the texts that were embedded, by chunk.
        bodies: Entries x chunks, 1 for those that the program reads of an entry.
    """

    def __init__(self, database: Path, analyzer: Analyzer, terms: Terms) -> None:
        self._analyzer, self._terms = analyzer, terms
        with contextlib.closing(sqlite.connect(database)) as db:
            rows = db.execute(
                "SELECT e.key, e.title, c.id, c.hash FROM entry e"
                " JOIN chunk c ON c.entry_id = e.id ORDER BY e.key, c.id"
            ).fetchall()
            titles = {key: title for key, title, _, _ in rows}
            self.keys, self.titles = list(titles), list(titles.values())
            self.others = _others(db, self.keys)
            numbers = {key: number for number, key in enumerate(titles)}
            owner = np.array([numbers[row[0]] for row in rows])
            self.starts = np.flatnonzero(np.diff(owner, prepend=-1))
            self.sizes = np.diff(np.append(self.starts, len(rows)))
            self.hashes = [bytes(row[3]) for row in rows]
            read = np.flatnonzero(np.arange(len(rows)) - np.repeat(self.starts, self.sizes) < BODY)
            edges = np.append(0, np.cumsum(np.minimum(self.sizes, BODY)))
            self.bodies = sp.csr_matrix((np.ones(len(read)), read, edges), (len(titles), len(rows)))
            place = {row[2]: place for place, row in enumerate(rows)}
            names = [row[1] for row in db.execute("PRAGMA table_info(chunk_fts)")]
            self.fields = {name: self._field(db, name, place) for name in names}

    def _field(self, db: Any, name: str, place: dict[int, int]) -> Field:
        memo: dict[str, Array] = {}
        texts: list[Array] = [np.zeros(0, np.int64)] * len(place)
        for chunk, text in db.execute(f"SELECT id, {name} FROM chunk_content"):
            found = memo.get(text)
            if found is None:
                found = np.array(self._terms.numbers(self._analyzer.surface(text)), np.int64)
                if len(text) < 200:
                    memo[text] = found
            texts[place[chunk]] = found
        words = np.array([len(one) for one in texts], float)
        return Field(self._terms.counts(texts), words)

    def names(self, *, parts: bool = False, others: bool = True) -> Names:
        """What entries are called.

        Args:
            parts: A name from code has the stems of its parts, too.
            others: Not by title alone.
        """
        analyzer = self._analyzer
        found: list[Array] = []
        starts: list[int] = []
        for title, more in zip(self.titles, self.others, strict=True):
            starts.append(len(found))
            for name in (title, *more) if others else (title,):
                stems = {*analyzer.tokens(name), *(analyzer.inner(name) if parts else ())}
                found.append(np.array(sorted(map(self._terms.number, stems)), np.int64))
        sizes = np.array([len(one) for one in found])
        return Names(self._terms.counts(found), sizes, np.array(starts))

    def title_alone(self) -> Field:
        """The field of titles without the other names of entries."""
        tokens = map(self._analyzer.surface, self.titles)
        texts = [np.array(self._terms.numbers(one), np.int64) for one in tokens]
        owner = np.repeat(np.arange(len(texts)), self.sizes)
        words = np.array([len(one) for one in texts], float)
        return Field(self._terms.counts(texts)[owner], words[owner])

    def best(self, scores: Array) -> Array:
        """Scores of entries (… x entries) from those of chunks (… x chunks)."""
        found: Array = np.maximum.reduceat(scores, self.starts, axis=-1)
        return found

    def vectors(self, known: Iterable[tuple[bytes, bytes]]) -> Array:
        """Unit vectors of the chunks; zeros where there is none.

        Args:
            known: Hashes of texts and their vectors, as `Reader.vectors` gives them.
        """
        by_hash = {digest: np.frombuffer(vector, np.float32) for digest, vector in known}
        size = len(next(iter(by_hash.values())))
        nothing = np.zeros(size, np.float32)
        return np.array([by_hash.get(digest, nothing) for digest in self.hashes])


def _others(db: Any, keys: Sequence[str]) -> list[list[str]]:
    """What entries are called besides their titles, as the program has it."""
    aliases: dict[str, list[str]] = {}
    sql = (
        "SELECT e.key, a.alias FROM alias a JOIN entry e ON e.id = a.entry_id ORDER BY 1, position"
    )
    for key, alias in db.execute(sql):
        aliases.setdefault(key, []).append(alias)
    names = {
        key: other_names(path, claim, aliases.get(key, ()))
        for key, path, claim in db.execute("SELECT key, path, claim FROM entry")
    }
    return [names[key] for key in keys]


def weights(names: Iterable[str]) -> dict[str, float]:
    """What the program counts a word for, by the field it stands in."""
    return {name: float(getattr(WEIGHTS, name)) for name in names}


def _counted(rows: Array, columns: Array, shape: tuple[int, int]) -> sp.csr_matrix:
    found = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    found.sum_duplicates()
    return found
