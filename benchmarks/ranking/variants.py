"""Everything that was tried, each a mean nDCG@10 of a set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from benchmarks.ranking import hybrid, lexical
from benchmarks.ranking.corpus import Array, Corpus, Field, Terms, weights
from benchmarks.ranking.lexical import Ranked, Seen, again, picked, picked_of
from benchmarks.ranking.questions import Questions
from pyrite_backends.port.scoring import K1, WEIGHTS, B
from pyrite_cli.core.search.ranking import RERANKED, SHARES


class Trial(NamedTuple):
    """One variant on one set.

    Attributes:
        group: What is varied.
        what: The variant.
        ndcg: Of each question.
        chosen: Whether it is what the program does.
    """

    group: str
    what: str
    ndcg: Array
    chosen: bool = False


class Set(NamedTuple):
    """Questions, and the index they are asked of.

    Attributes:
        questions: Which.
        corpus: The index.
        terms: What they look for.
        asks: Questions x terms, as often as each counts.
        once: The same, each once.
        words: Without names from code side by side.
        asked: All stems, those of such names too.
        pairs: Pairs of neighbours instead.
    """

    questions: Questions
    corpus: Corpus
    terms: Terms
    asks: sp.csr_matrix
    once: sp.csr_matrix
    words: sp.csr_matrix
    asked: sp.csr_matrix
    pairs: sp.csr_matrix

    @classmethod
    def of(cls, questions: Questions, corpus: Corpus, terms: Terms) -> Set:
        """A set with the matrices of its questions."""
        words = [[run for run in runs if len(run) == 1] for runs in questions.runs]
        stems = [[(stem,) for run in runs for stem in run] for runs in questions.runs]
        ask = terms.asks
        pairs = ask(questions.neighbours)
        asks, once = ask(questions.runs, questions.times), ask(questions.runs)
        return cls(questions, corpus, terms, asks, once, ask(words), ask(stems), pairs)

    def best(self, worth: sp.csr_matrix, asks: sp.csr_matrix | None = None) -> Iterator[Array]:
        """Scores of entries by their best chunk, by what terms are worth in chunks."""
        asks = self.asks if asks is None else asks
        return (self.corpus.best(batch) for batch in lexical.scores(asks, worth))

    def plain(self) -> Ranked:
        """The ranking that all others begin with: by the best chunk."""
        fields = self.corpus.fields
        return lexical.rank(self.best(lexical.engine(fields, weights(fields))))

    def before(self) -> Ranked:
        """The same as before names from code had a field of their own, and titles other names."""
        fields = _without_parts(self.corpus.fields) | {"title": self.corpus.title_alone()}
        return lexical.rank(self.best(lexical.engine(fields, weights(fields)), self.words))

    def mean(self, ranked: Ranked) -> Array:
        """nDCG@10 of each question."""
        return self.ndcg(ranked.entries)

    def ndcg(self, rankings: Sequence[Array] | Array) -> Array:
        """The same of numbers of entries."""
        return self.questions.ndcg(rankings, self.corpus.keys)

    def cosine(
        self, first: Ranked, asks: sp.csr_matrix, *, parts: bool, others: bool = True
    ) -> Array:
        """Of the first entries, by `lexical.cosine`.

        Args:
            first: A ranking.
            asks: Questions x terms.
            parts: See `Corpus.names`.
            others: Likewise.
        """
        names = self.corpus.names(parts=parts, others=others)
        return picked(first, lexical.cosine(asks, names, self.terms.stems))

    def nearer(self, first: Ranked, *, others: bool = True) -> Array:
        """The same as the program has it: as names are written, in parts, or by how rare their
        words are, whichever is nearest."""
        written = self.cosine(first, self.words, parts=False, others=others)
        parted = self.cosine(first, self.asked, parts=True, others=others)
        return np.maximum(np.maximum(written, parted), self.rarity(first, others=others))

    def rarity(self, first: Ranked, *, others: bool = True) -> Array:
        """Of the first entries, by `lexical.rarity`."""
        names = self.corpus.names(others=others)
        worth = lexical.idf(self.corpus.fields)
        chunks = len(self.corpus.hashes)
        return picked(first, lexical.rarity(self.asks, names, worth, chunks, self.terms.stems))


def look(one: Set, first: Ranked) -> Seen:
    """What the program's second look sees."""
    whole = lexical.whole(one.corpus, one.corpus.fields)
    return Seen(picked_of(first, one.asks, whole), one.nearer(first))


def _without_parts(fields: lexical.Fields) -> dict[str, Field]:
    return {name: field for name, field in fields.items() if name != "parts"}


def of_words(one: Set, first: Ranked) -> Iterator[Trial]:
    """Constants of BM25, fields, and how chunks make an entry."""
    corpus, fields = one.corpus, one.corpus.fields
    own = weights(fields)
    plain = one.mean(first)

    def value(worth: sp.csr_matrix, asks: sp.csr_matrix | None = None) -> Array:
        return one.mean(lexical.rank(one.best(worth, asks)))

    name = "BM25: k1, b"
    for k1, b in ((0.9, 0.4), (0.9, 0.75), (1.2, 0.5), (1.2, 0.75), (1.2, 0.9), (2.0, 0.75)):
        is_own = (k1, b) == (K1, B)
        found = plain if is_own else value(lexical.engine(fields, own, k1, b))
        yield Trial(name, f"{k1:g}, {b:g}", found, is_own)
    name = "Fields: what a word counts for"
    shown = ", ".join(f"{field} {weight:g}" for field, weight in own.items())
    yield Trial(name, shown, plain, True)
    tried = {"title": (1, 2, 8), "heading": (1, 4), "tags": (1, 4), "parts": (0, 0.25, 0.5, 2)}
    for field, several in tried.items():
        for weight in several:
            worth = lexical.engine(fields, {**own, field: float(weight)})
            yield Trial(name, f"{field} {weight:g}", value(worth))
    worth, less = lexical.engine(fields, own), lexical.engine(_without_parts(fields), own)
    yield Trial(name, "without parts", value(less))
    yield Trial(name, "without names side by side in the question", value(worth, one.words))
    yield Trial(name, "without either", value(less, one.words))
    alone = lexical.engine({**fields, "title": corpus.title_alone()}, own)
    yield Trial(name, "without other names in the title", value(alone))
    yield Trial(name, "without any of these", one.mean(one.before()))
    title = _first_only(corpus, fields["title"])
    shown = "title on the first chunk only"
    yield Trial(name, shown, value(lexical.engine({**fields, "title": title}, own)))
    name = "From chunks to entries, all entries"
    yield Trial(name, "the best chunk", plain, True)
    for share in (0.1, 0.2, 0.5):
        batches = lexical.scores(one.asks, worth)
        mixed = (lexical.two(corpus, batch, share) for batch in batches)
        yield Trial(name, f"and {share:g} of the second best", one.mean(lexical.rank(mixed)))
    whole = lexical.whole(corpus, fields)
    best, wholes = (list(some) for some in (one.best(worth), lexical.scores(one.asks, whole)))
    for share in (0.3, 0.5, 1.0):
        summed = (a + share * b for a, b in zip(best, wholes, strict=True))
        shown = f"and {share:g} of the whole entry's BM25"
        yield Trial(name, shown, one.mean(lexical.rank(summed)))
    yield Trial(name, "the whole entry's BM25 alone", one.mean(lexical.rank(wholes)))


def _first_only(corpus: Corpus, field: Field) -> Field:
    """A field that only an entry's first chunk has."""
    first = np.zeros(len(field.words))
    first[corpus.starts] = 1
    counts = (sp.diags(first) @ field.counts).tocsr()
    counts.eliminate_zeros()
    return Field(counts, first * field.words)


def of_entries(one: Set, first: Ranked, seen: Seen) -> Iterator[Trial]:
    """The second look at the first entries."""

    def value(changed: Seen = seen, **constants: Any) -> Array:
        return one.mean(again(first, changed, **constants))

    chosen = value()
    name = "The first entries again: (best chunk + e * whole entry) * (1 + t * cosine^p)"
    yield Trial(name, "none", one.mean(first))
    yield Trial(name, "e 0.5, t 0", value(title=0))
    yield Trial(name, "e 0, t 0.5, p 4", value(entry=0))
    yield Trial(name, "e 0.5, t 0.5, p 4", chosen, True)
    for entry in (0.3, 0.4, 0.7, 1.0):
        yield Trial(name, f"e {entry:g}", value(entry=entry))
    for title in (0.3, 0.7, 1.0):
        yield Trial(name, f"t {title:g}", value(title=title))
    for power in (2, 3, 6):
        yield Trial(name, f"p {power}", value(power=power))

    def whole(**how: float) -> Seen:
        worth = lexical.whole(one.corpus, one.corpus.fields, **how)
        return seen._replace(whole=picked_of(first, one.asks, worth))

    name = "What the whole entry is"
    yield Trial(name, f"its text, and its title {WEIGHTS.title}-fold", chosen, True)
    for title in (1.0, 2.0, 8.0):
        yield Trial(name, f"its title {title:g}-fold", value(whole(title=title)))
    for parts in (0.25, 0.5, 1.0):
        shown = f"{parts:g} of the parts of names too"
        yield Trial(name, shown, value(whole(parts=parts)))
    name = "What the cosine compares"
    yield Trial(name, "names as they are written, or in parts if nearer", chosen, True)
    for shown, cosine in (
        ("as they are written", one.cosine(first, one.words, parts=False)),
        ("in parts", one.cosine(first, one.asked, parts=True)),
        ("names as written, the question in parts", one.cosine(first, one.asked, parts=False)),
        ("the title alone, either way", one.nearer(first, others=False)),
    ):
        yield Trial(name, shown, value(seen._replace(cosine=cosine)))
    name = "What an entry is called"
    yield Trial(name, "its title and its other names", chosen, True)
    yield Trial(name, "the title alone as a name", one.mean(by_title(one)))
    name = "How many entries are looked at again"
    for depth in (10, 20, 30, 50):
        yield Trial(name, str(depth), value(depth=depth), depth == RERANKED)
    name = "Pairs of neighbouring words"
    yield Trial(name, "none", chosen, True)
    pairs = picked_of(first, one.pairs, lexical.whole(one.corpus, one.corpus.fields))
    for share in (0.1, 0.3, 0.5):
        more = seen._replace(more=share * pairs)
        yield Trial(name, f"{share:g} of their BM25", value(more))


def by_title(one: Set) -> Ranked:
    """The ranking if entries had no names but their titles."""
    fields = {**one.corpus.fields, "title": one.corpus.title_alone()}
    first = lexical.rank(one.best(lexical.engine(fields, weights(fields))))
    whole = picked_of(first, one.asks, lexical.whole(one.corpus, fields))
    return again(first, Seen(whole, one.nearer(first, others=False)))


def of_classes(one: Set, first: Ranked, seen: Seen) -> dict[str, Array]:
    """What names give and what the whole entry: nDCG@10 of each question by variant."""
    return {
        "the best chunk": one.mean(first),
        "with the whole entry": one.mean(again(first, seen, title=0)),
        "and the names": one.mean(again(first, seen)),
    }


def of_both(
    one: Set, first: Ranked, seen: Seen, meant: Sequence[hybrid.Meant], *, titles: bool
) -> Iterator[Trial]:
    """Ways to make one ranking of two.

    Args:
        one: The set.
        first: The keyword ranking by the best chunk.
        seen: Of its first entries.
        meant: What meaning says.
        titles: Whether titles were embedded.
    """
    now = hybrid.legs(again(first, seen), meant)

    def value(fusion: hybrid.Fusion, legs: Sequence[hybrid.Legs] = now) -> Array:
        return one.ndcg(hybrid.fused(legs, fusion))

    name = "Meaning alone"
    yield Trial(name, "the best chunk", value(hybrid.alone()), True)
    for mean in (0.1, 0.2, 0.5):
        yield Trial(name, f"and {mean:g} of the mean of all", value(hybrid.alone(mean)))
    for title in (0.1, 0.3, 0.5) if titles else ():
        shown = f"and {title:g} of the title, embedded by itself"
        yield Trial(name, shown, value(hybrid.alone(title=title)))
    name = "Both: by rank"
    for k, share in ((5, 0.5), (10, 0.5), (20, 0.5), (60, 0.5), (10, 0.4), (60, 0.4)):
        fusion = hybrid.reciprocal(k, share)
        yield Trial(name, f"1/({k} + rank), meaning {share:g}", value(fusion))
    name = "Both: by score over the leg's best"
    by_score = hybrid.by_score
    chosen = SHARES["semantic"]
    for share in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7):
        yield Trial(name, f"meaning {share:g}", value(by_score(share)), share == chosen)
    plain = hybrid.legs(first, meant)
    yield Trial(name, "no second look at the keyword leg", value(by_score(), plain))
    by_titles = hybrid.legs(by_title(one), meant)
    yield Trial(name, "the title alone as a name", value(by_score(), by_titles))
    deeper = hybrid.legs(again(first, seen, depth=30), meant)
    yield Trial(name, "30 entries looked at again", value(by_score(), deeper))
    for depth in (50, hybrid.FURTHEST):
        yield Trial(name, f"{depth} entries of each leg", value(by_score(depth=depth)))
    yield Trial(name, "nothing for what the semantic leg lacks", value(by_score(missing="nothing")))
    yield Trial(name, "its own cosine for that", value(by_score(missing="own")))
    for share in (0.3, 0.4, 0.5):
        shown = f"meaning from 0 at its last entry, meaning {share:g}"
        yield Trial(name, shown, value(by_score(share, from_zero=True)))
    for mean in (0.1, 0.2):
        shown = f"with {mean:g} of the mean of all chunks"
        yield Trial(name, shown, value(by_score(missing="own", mean=mean)))
    for title in (0.1, 0.3) if titles else ():
        shown = f"with {title:g} of the title, embedded by itself"
        yield Trial(name, shown, value(by_score(missing="own", title=title)))
