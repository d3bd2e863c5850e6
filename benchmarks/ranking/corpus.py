"""The words, fields and vectors of an index as matrices: what variants of ranking compute with."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from pyrite_backends import common
from pyrite_backends.sqlite.driver import sqlite
from pyrite_cli.core.tokens import Analyzer

Array = np.ndarray[Any, Any]
Stem = Callable[[str], str]


class Field(NamedTuple):
    """One full-text column.

    Attributes:
        counts: How often each word of a question stands in each chunk.
        words: How many words each chunk has there.
        pairs: How often each pair of neighbours in a question does; columns as `Words.pairs`.
    """

    counts: sp.csr_matrix
    words: Array
    pairs: sp.csr_matrix


class Link(NamedTuple):
    """A link from another entry.

    Attributes:
        entry: The one it points to.
        words: Its text as stems.
    """

    entry: int
    words: tuple[str, ...]


class Words:
    """Numbers of stems: those of questions first, so that they are the columns of all matrices.

    Args:
        questions: The stems of each, in order.
        stem: What makes a stem of a token.
    """

    def __init__(self, questions: Iterable[Sequence[str]], stem: Stem) -> None:
        several = list(questions)
        self._stem = stem
        self._numbers: dict[str, int] = {}
        for words in several:
            for word in words:
                self._numbers.setdefault(word, len(self._numbers))
        self.asked = len(self._numbers)
        self._surface: dict[str, int] = {}
        neighbours = sorted({pair for words in several for pair in self._neighbours(words)})
        self.pairs = np.array(neighbours, np.int64)

    def _neighbours(self, words: Sequence[str]) -> Iterator[int]:
        numbers = [self._numbers[word] for word in words]
        return (first << 32 | second for first, second in itertools.pairwise(numbers))

    def number(self, stem: str) -> int:
        """The number of a stem."""
        return self._numbers.setdefault(stem, len(self._numbers))

    def pairs_of(self, words: Sequence[str]) -> list[int]:
        """Columns of the distinct pairs of neighbours in a question."""
        found: list[int] = np.searchsorted(
            self.pairs, sorted(set(self._neighbours(words)))
        ).tolist()
        return found

    def numbers(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of unstemmed tokens."""
        known = self._surface
        found = []
        for token in tokens:
            number = known.get(token)
            if number is None:
                number = known[token] = self.number(self._stem(token))
            found.append(number)
        return found


class Corpus:
    """An index.

    Args:
        database: A SQLite index of one KB.
        analyzer: The tokenisation it was made with.
        words: The words that questions ask for.

    Attributes:
        keys: Ids of the entries, in the order in which ties are broken.
        starts: The first chunk of each; an entry's chunks lie together.
        sizes: How many chunks each has.
        owner: The entry of each chunk.
        fields: By name, as full text has them.
        title_stems: Distinct stems in each entry's title.
        titles: Of the entries.
        hashes: Of the texts that were embedded, by chunk.
        links: Links between the entries; those to an entry itself are left out.
    """

    def __init__(self, database: Path, analyzer: Analyzer, words: Words) -> None:
        with contextlib.closing(sqlite.connect(database)) as db:
            rows = db.execute(
                "SELECT e.id, e.key, e.title, c.id, c.hash FROM entry e"
                " JOIN chunk c ON c.entry_id = e.id ORDER BY e.key, c.id"
            ).fetchall()
            numbers: dict[int, int] = {}
            titles: dict[str, str] = {}
            for entry, key, title, _, _ in rows:
                numbers.setdefault(entry, len(numbers))
                titles[key] = title
            self.keys = list(titles)
            self.titles = list(titles.values())
            self.owner = np.array([numbers[row[0]] for row in rows])
            self.starts = np.flatnonzero(np.diff(self.owner, prepend=-1))
            self.sizes = np.diff(np.append(self.starts, len(rows)))
            self.hashes = [bytes(row[4]) for row in rows]
            self._place = {row[3]: place for place, row in enumerate(rows)}
            names = [row[1] for row in db.execute("PRAGMA table_info(chunk_fts)")]
            self.fields = {name: self._field(db, name, analyzer, words) for name in names}
            self.links = [
                Link(numbers[target], tuple(analyzer.tokens(text)))
                for source, target, text in db.execute(
                    "SELECT l.entry_id, e.id, l.text FROM link l JOIN entry e ON e.path = l.path"
                    " WHERE l.kb = ''"
                )
                if source != target
            ]
        self.title_stems = np.array(
            [len(set(words.numbers(analyzer.surface(title)))) for title in self.titles]
        )

    def _field(self, db: Any, name: str, analyzer: Analyzer, words: Words) -> Field:
        memo: dict[str, Array] = {}
        numbers: list[Array] = [np.zeros(0, np.int64)] * len(self._place)
        for chunk, text in db.execute(f"SELECT id, {name} FROM chunk_content"):
            found = memo.get(text)
            if found is None:
                found = np.array(words.numbers(analyzer.surface(text)), np.int64)
                if len(text) < 200:
                    memo[text] = found
            numbers[self._place[chunk]] = found
        sizes = np.array([len(one) for one in numbers])
        every = np.concatenate(numbers)
        chunks = np.repeat(np.arange(len(sizes)), sizes)
        counts = _counted(chunks, every, every < words.asked, (len(sizes), words.asked))
        joined = every[:-1] << 32 | every[1:]
        pair = np.searchsorted(words.pairs, joined)
        known = np.append(words.pairs, -1)[pair] == joined
        known &= chunks[:-1] == chunks[1:]
        shape = (len(sizes), len(words.pairs))
        return Field(counts, sizes.astype(float), _counted(chunks[:-1], pair, known, shape))

    def best(self, scores: Array) -> Array:
        """Scores of entries (… x entries) from those of chunks (… x chunks)."""
        found: Array = np.maximum.reduceat(scores, self.starts, axis=-1)
        return found

    def summed(self, chunks: sp.csr_matrix) -> sp.csr_matrix:
        """Counts of entries from those of chunks."""
        ones = np.ones(len(self.owner))
        edges = np.append(self.starts, len(self.owner))
        return sp.csr_matrix((ones, np.arange(len(ones)), edges)) @ chunks

    def vectors(self, known: Iterable[tuple[bytes, bytes]]) -> Array:
        """Unit vectors of the chunks; zeros where there is none.

        Args:
            known: Hashes of texts and their vectors, as `Reader.vectors` gives them.
        """
        by_hash = {digest: np.frombuffer(vector, np.float32) for digest, vector in known}
        size = len(next(iter(by_hash.values())))
        nothing = np.zeros(size, np.float32)
        return np.array([by_hash.get(digest, nothing) for digest in self.hashes])


def weights(names: Iterable[str]) -> dict[str, float]:
    """What the program counts a word for, by the field it stands in."""
    return {name: float(getattr(common, name.upper())) for name in names}


def _counted(rows: Array, columns: Array, where: Array, shape: tuple[int, int]) -> sp.csr_matrix:
    ones = np.ones(int(where.sum()))
    return sp.csr_matrix((ones, (rows[where], columns[where])), shape=shape)
