"""Everything that was tried, each a mean nDCG@10 of a set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import scipy.sparse as sp

from benchmarks.ranking import hybrid, lexical, links, rerank
from benchmarks.ranking.corpus import Array, Corpus, Words, weights
from benchmarks.ranking.lexical import Ranked
from benchmarks.ranking.questions import Questions
from benchmarks.ranking.rerank import Formula, Seen, formula

BEFORE, CHOSEN = "as it was", "chosen"


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
        words: Its words.
        asks: Questions x words.
        surface: The stems of each question as they follow one another.
    """

    questions: Questions
    corpus: Corpus
    words: Words
    asks: sp.csr_matrix
    surface: list[list[str]]

    def ranked(self, worth: sp.csr_matrix, group: lexical.Group = lexical.best) -> list[Ranked]:
        """Rankings by what words are worth in chunks."""
        found = (group(self.corpus, batch) for batch in lexical.scores(self.asks, worth))
        return lexical.rank(found)

    def mean(self, rankings: Sequence[Ranked]) -> Array:
        """nDCG@10 of each question."""
        return self.questions.ndcg(one.entries for one in rankings)


class First(NamedTuple):
    """The ranking by words that all others begin with.

    Attributes:
        ranked: By the best chunk.
        seen: Of its first entries.
    """

    ranked: list[Ranked]
    seen: list[Seen]


def first(one: Set) -> First:
    """The ranking by the engine's BM25, and what the second look sees."""
    corpus, asks = one.corpus, one.asks
    ranked = one.ranked(lexical.engine(corpus, weights(corpus.fields)))
    worth = lexical.idf(lexical.merged(corpus, weights(corpus.fields)))
    whole = lexical.whole(corpus)
    wholes = {
        title: lexical.scores(asks, lexical.whole_bm25(corpus, whole, worth, title))
        for title in rerank.WHOLES
    }
    seen = rerank.look(
        ranked,
        wholes,
        lexical.cosine(asks, corpus),
        rerank.pair_scores(corpus, one.words, one.surface, worth),
        links.scores(corpus, one.words, asks, one.surface),
    )
    return First(ranked, seen)


def of_words(one: Set, of: First) -> Iterator[Trial]:
    """Constants of BM25, fields, and how chunks make an entry."""
    corpus = one.corpus
    own = weights(corpus.fields)
    before = one.mean(of.ranked)

    def value(worth: sp.csr_matrix, group: lexical.Group = lexical.best) -> Array:
        return one.mean(one.ranked(worth, group))

    name = "BM25: k1, b"
    for k1, b in ((0.9, 0.4), (0.9, 0.75), (1.2, 0.5), (1.2, 0.75), (1.2, 0.9), (2.0, 0.75)):
        is_own = (k1, b) == (lexical.K1, lexical.B)
        found = before if is_own else value(lexical.engine(corpus, own, k1, b))
        yield Trial(name, f"{k1:g}, {b:g}", found, is_own)
    name = "Fields: what a word counts for"
    shown = ", ".join(f"{field} {weight:g}" for field, weight in own.items())
    yield Trial(name, shown, before, True)
    for field, several in (("title", (1, 2, 4, 8)), ("heading", (1, 2, 4)), ("tags", (1, 2, 4))):
        for weight in several:
            if weight != own[field]:
                worth = lexical.engine(corpus, {**own, field: float(weight)})
                yield Trial(name, f"{field} {weight}", value(worth))
    yield Trial(name, "title on the first chunk only", value(_first_title(corpus, own)))
    name = "From chunks to entries, all entries"
    worth = lexical.engine(corpus, own)
    yield Trial(name, "the best chunk", before, True)
    for share in (0.1, 0.2, 0.5):
        group = lexical.following(share)
        yield Trial(name, f"and {share:g} of the second best", value(worth, group))
    yield Trial(
        name, "and 1/2, 1/4, 1/8 of the next three", value(worth, lexical.following(0.5, 3))
    )
    best = [corpus.best(batch) for batch in lexical.scores(one.asks, worth)]
    most = list(lexical.scores(one.asks, lexical.covering(corpus, worth)))
    for share in (0.2, 0.5):
        mixed = ((1 - share) * a + share * b for a, b in zip(best, most, strict=True))
        shown = f"and {share:g} of what each word's own best chunk adds"
        yield Trial(name, shown, one.mean(lexical.rank(mixed)))
    del most
    rare = lexical.idf(lexical.merged(corpus, own))
    whole = lexical.whole_bm25(corpus, lexical.whole(corpus), rare)
    wholes = list(lexical.scores(one.asks, whole))
    for share in (0.3, 0.5, 1.0):
        summed = (a + share * b for a, b in zip(best, wholes, strict=True))
        shown = f"and {share:g} of the whole entry's BM25"
        yield Trial(name, shown, one.mean(lexical.rank(summed)))
    yield Trial(name, "the whole entry's BM25 alone", one.mean(lexical.rank(wholes)))


def _first_title(corpus: Corpus, own: dict[str, float]) -> sp.csr_matrix:
    """BM25 where only an entry's first chunk has its title."""
    title = corpus.fields["title"]
    first = sp.lil_matrix((len(corpus.owner), 1))
    first[corpus.starts] = 1
    kept = title.counts.multiply(first.tocsr()).tocsr()
    words = title.words * first.toarray().ravel()
    counts = (lexical.merged(corpus, own) + own["title"] * (kept - title.counts)).tocsr()
    counts.eliminate_zeros()
    length = lexical.lengths(corpus) + words - title.words
    return lexical.bm25(counts, length / length.mean(), lexical.idf(counts))


def of_entries(one: Set, of: First) -> Iterator[Trial]:
    """The second look at the first entries."""

    def value(score: Formula, depth: int = rerank.DEPTH) -> Array:
        return one.mean(rerank.reranked(of.ranked, of.seen, score, depth))

    chosen = value(formula())
    plain = "The first entries again: (best chunk + e * whole entry) * (1 + t * cosine^p)"
    yield Trial(plain, BEFORE, one.mean(of.ranked))
    yield Trial(plain, "e 0.5, t 0", value(formula(title=0)))
    yield Trial(plain, "e 0, t 0.5, p 4", value(formula(0)))
    yield Trial(plain, "e 0.5, t 0.5, p 4", chosen, True)
    for entry in (0.3, 0.4, 0.7, 1.0):
        yield Trial(plain, f"e {entry:g}", value(formula(entry)))
    for title in (0.3, 0.7, 1.0):
        yield Trial(plain, f"t {title:g}", value(formula(title=title)))
    for power in (2, 3, 6):
        yield Trial(plain, f"p {power}", value(formula(power=power)))
    yield Trial(plain, "t 1, p 6", value(formula(title=1, power=6)))
    for title in rerank.WHOLES:
        if title != rerank.CHOSEN_WHOLE:
            shown = f"the title's words {title:g}-fold in the whole entry"
            yield Trial(plain, shown, value(formula(whole=title)))
    name = "How many entries are looked at again"
    for depth in (10, 20, 30, 50):
        yield Trial(name, str(depth), value(formula(), depth), depth == rerank.DEPTH)
    name = "Pairs of neighbouring words"
    yield Trial(name, "none", chosen, True)
    for pairs in (0.1, 0.3, 0.5):
        yield Trial(name, f"{pairs:g} of their BM25", value(formula(pairs=pairs)))
    if one.corpus.links:
        # On a set whose questions are such texts only: what it shows is not "better on both".
        name = "Texts of links as words of the page they point to (no links in SciFact)"
        yield Trial(name, "none", chosen, True)
        for share in (0.25, 0.5, 1.0):
            shown = f"{share:g} of their BM25, without those that say what is asked"
            yield Trial(name, shown, value(formula(links=share)))


def chosen(of: First) -> list[Ranked]:
    """The chosen keyword ranking."""
    return rerank.reranked(of.ranked, of.seen, formula())


def of_classes(one: Set, of: First) -> dict[str, Array]:
    """What the title gives and what the whole entry: nDCG@10 of each question by variant."""
    without = rerank.reranked(of.ranked, of.seen, formula(title=0))
    return {
        BEFORE: one.mean(of.ranked),
        "with the whole entry": one.mean(without),
        "and the title": one.mean(chosen(of)),
    }


def of_both(
    one: Set, before: Sequence[hybrid.Legs], now: Sequence[hybrid.Legs], *, titles: bool
) -> Iterator[Trial]:
    """Ways to make one ranking of two.

    Args:
        one: The set.
        before: Legs with the keyword ranking as it was.
        now: With the chosen one.
        titles: Whether titles were embedded.
    """

    def value(fusion: hybrid.Fusion, legs: Sequence[hybrid.Legs] = now) -> Array:
        return one.questions.ndcg(hybrid.fused(legs, fusion))

    by_score: Callable[..., hybrid.Fusion] = hybrid.by_score
    name = "Meaning alone"
    yield Trial(name, "the best chunk", value(hybrid.alone()), True)
    for mean in (0.1, 0.2, 0.5):
        yield Trial(name, f"and {mean:g} of the mean of all", value(hybrid.alone(mean)))
    for title in (0.1, 0.3, 0.5) if titles else ():
        shown = f"and {title:g} of the title, embedded by itself"
        yield Trial(name, shown, value(hybrid.alone(title=title)))
    name = "Both: by rank"
    yield Trial(name, f"{BEFORE}: 1/(60 + rank)", value(hybrid.reciprocal(60), before))
    for k in (5, 10, 20, 60):
        yield Trial(name, f"1/({k} + rank), the new keyword ranking", value(hybrid.reciprocal(k)))
    for k, share in ((10, 0.35), (60, 0.35), (60, 0.4)):
        shown = f"1/({k} + rank), meaning {share:g}"
        yield Trial(name, shown, value(hybrid.reciprocal(k, share)))
    name = "Both: by score over the leg's best"
    own = value(by_score())
    for share in (0.3, 0.4, 0.5, 0.6, 0.7):
        is_chosen = share == hybrid.SHARE
        yield Trial(
            name, f"meaning {share:g}", own if is_chosen else value(by_score(share)), is_chosen
        )
    yield Trial(name, "the keyword ranking as it was", value(by_score(), before))
    for depth in (50, 100):
        yield Trial(name, f"{depth} entries of each leg", value(by_score(depth=depth)))
    yield Trial(name, "nothing for what the semantic leg lacks", value(by_score(missing="nothing")))
    yield Trial(name, "its own cosine for that", value(by_score(missing="own")))
    for share in (0.3, 0.5):
        shown = f"both from 0 at the leg's last entry, meaning {share:g}"
        yield Trial(name, shown, value(by_score(share, scale=(True, True))))
    for share in (0.2, 0.3, 0.4, 0.5):
        shown = f"meaning from 0 at its last entry, meaning {share:g}"
        yield Trial(name, shown, value(by_score(share, scale=(False, True))))
    for share, more in ((0.4, 0.2), (0.6, -0.2), (0.5, 0.2)):
        shown = f"meaning {share:g}, {more:+g} as far as the legs agree"
        yield Trial(name, shown, value(by_score(share, agreement=more)))
    for mean in (0.1, 0.2):
        shown = f"with {mean:g} of the mean of all chunks"
        yield Trial(name, shown, value(by_score(missing="own", mean=mean)))
    for title in (0.1, 0.3) if titles else ():
        shown = f"with {title:g} of the title, embedded by itself"
        yield Trial(name, shown, value(by_score(missing="own", title=title)))
