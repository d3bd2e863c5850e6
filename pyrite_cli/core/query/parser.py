"""The query language (docs/query.md): any string is a valid query.

A query is read once, to the terms that rank, a tree of what an entry must be, and the text for a
model. Every engine compiles the same tree.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.query import tree
from pyrite_cli.core.query.fields import Fields
from pyrite_cli.core.query.lexer import Lexeme, lexemes
from pyrite_cli.core.text import cjk, identifiers
from pyrite_cli.core.text.patterns import regex
from pyrite_schemas.search import Filters, Near, Or, Query, Requirement, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from pyrite_cli.core.text.tokens import Analyzer

MAX_TERMS = 256
"""Terms that rank, and conditions that are tested; the rest of a longer query is left out."""

MOST_TIMES = 5
"""How often a word counts, at most, that is asked for again and again (docs/ranking.md)."""

PARAGRAPH = 20
"""Words of a text for each time that a word in it counts: what comes back throughout a paragraph is
the subject, what comes back in a sentence does so by chance."""

_LITERAL = regex(r"[^\W_](?:.*[^\W_])?")
_SENTENCE = 4
_MARKS = ("?", "\uff1f", "\u061f")
_SURROGATE = regex("[\ud800-\udfff]")
_OPERANDS = frozenset(("word", "phrase", "field", "open", "-", "+"))
_END = Lexeme("close")


class Parsed(NamedTuple):
    """A query in its parts.

    Attributes:
        query: What to look for.
        filters: What to look in.
        text: The words alone, for an embedding model.
        kbs: All KBs that are named.
        notes: What may have been misunderstood.
        question: Whether something is asked, and not named or stated.
        phrases: The phrases that an entry must hold, as written.
    """

    query: Query
    filters: Filters
    text: str
    kbs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    question: bool = False
    phrases: tuple[str, ...] = ()


def parse(
    text: str,
    analyzer: Analyzer,
    is_field: Callable[[str], bool],
    names: Callable[[], Iterable[str]] = tuple,
    within: Callable[[str], tuple[str, ...]] = lambda path: (path,),
    *,
    loose: bool = False,
) -> Parsed:
    """Read a query.

    Args:
        text: Whatever was typed.
        analyzer: Splits words the way the index does.
        is_field: Whether some entry has a frontmatter field of that name; otherwise `name:value`
            is text like any other (`std::vector`, `http://…`).
        names: All frontmatter fields, to tell what a name may have meant.
        within: What a path means, inside of KBs.
        loose: Take phrases for the words they are made of.
    """
    fields = Fields(is_field, names, within)
    text = _SURROGATE.sub(" ", text.replace("\0", " "))
    reading = _Reading(_meant(text, list(lexemes(text, fields)), analyzer, loose), analyzer, fields)
    parts = reading.parts()
    whole = tree.every(_required(parts))
    kept = tree.first(whole, MAX_TERMS)
    filters, condition = tree.parted(kept)
    extra = [term for part in parts for term in part.ranked]
    required = tuple(tree.terms(condition))
    ranked = tuple(dict.fromkeys((*required, *extra)))
    said = " ".join(reading.words)
    asking, question = _asked(text, analyzer.surface(said), analyzer.language)
    weak = reading.weak.difference(reading.own) | {Term((word,)) for word in asking}
    weak.difference_update(required)
    if len(ranked) > MAX_TERMS or kept != whole:
        fields.notes["the query is too long: what comes last is left out"] = None
    plain = any(part.plain and part.ranked for part in parts)
    query = Query(
        ranked[:MAX_TERMS],
        condition,
        bool(ranked) and not plain and not tree.needs_text(condition),
        _times(ranked[:MAX_TERMS], extra, weak, analyzer),
        tuple(reading.literal),
    )
    kbs = (kb for leaf in tree.leaves(whole) if isinstance(leaf, Filters) for kb in leaf.kbs)
    return Parsed(
        query,
        filters,
        said,
        tuple(dict.fromkeys(kbs)),
        tuple(fields.notes),
        question,
        tuple(reading.phrases),
    )


def _meant(text: str, parts: list[Lexeme], analyzer: Analyzer, loose: bool) -> list[Lexeme]:
    """The parts of a query as they are meant."""
    if all(one.kind in ("word", "field", "-", "+") for one in parts):
        return parts
    from pyrite_cli.core.query import prose  # only where something is a command

    meant = prose.plain(text, parts, analyzer)
    return prose.loosened(meant) if loose else meant


def _asked(text: str, tokens: Sequence[str], language: str) -> tuple[frozenset[str], bool]:
    """The words of a query that only ask, and whether it is a question."""
    if len(tokens) < _SENTENCE and text.rstrip()[-1:] not in _MARKS:
        return frozenset(), False
    from pyrite_cli.core.text import functions  # most queries are a few words

    asking = functions.asking(tokens, text, language)
    return asking, functions.is_question(tokens, text, language)


def _times(
    ranked: Sequence[Term], asked: Iterable[Term], weak: Set[Term], analyzer: Analyzer
) -> tuple[int, ...]:
    """How often each term counts, those of one stem together; nothing where that is once."""
    counts = Counter(asked)
    most = min(max(counts.total() // PARAGRAPH, 1), MOST_TIMES)
    left: dict[tuple[str, ...], int] = {}
    times = []
    for term in ranked:
        stems = analyzer.stems(term)
        rest = left.get(stems, most)
        own = 0 if term in weak else max(min(counts[term], rest), 1)
        left[stems] = rest - own
        times.append(own)
    return tuple(times) if any(times) and set(times) != {1} else ()


class _Part(NamedTuple):
    """A part of a query.

    Attributes:
        condition: What an entry is when it has it; None when it is nothing.
        plain: Whether it only ranks, as words do by themselves; otherwise it is required.
        ranked: Terms that rank without being required.
    """

    condition: Requirement | None = None
    plain: bool = True
    ranked: tuple[Term, ...] = ()

    @property
    def extra(self) -> tuple[Term, ...]:
        """What still only ranks when the part is required."""
        return () if self.plain else self.ranked


class _Reading:
    """One walk over a query.

    Attributes:
        words: The words that are looked for, as written.
        phrases: Likewise.
        weak: Terms that are but a part of something: the numbers of a version or a date.
        own: Terms that stand for themselves, too.
        literal: See `Query`.
    """

    def __init__(self, parts: list[Lexeme], analyzer: Analyzer, fields: Fields) -> None:
        self.words: list[str] = []
        self.phrases: list[str] = []
        self.weak: set[Term] = set()
        self.own: set[Term] = set()
        self.literal: dict[str, None] = {}
        self._analyzer = analyzer
        self._fields = fields
        self._lexemes = parts
        self._at = 0

    def parts(self) -> list[_Part]:
        """All up to the end of the group."""
        found = []
        while self._next.kind != "close":
            if self._next.kind == "OR":  # with nothing on one of its sides: a word
                self._at += 1
                found.append(self._word("OR"))
            else:
                found.append(self._alternatives())
        return found

    @property
    def _next(self) -> Lexeme:
        return self._lexemes[self._at] if self._at < len(self._lexemes) else _END

    def _follows(self, *kinds: str) -> bool:
        """Whether the next part is an operator of this kind and has something behind it."""
        if self._next.kind not in kinds:
            return False
        behind = self._lexemes[self._at + 1 : self._at + 3]
        if len(behind) > 1 and behind[0].kind == "NOT":
            return behind[1].kind in _OPERANDS
        return bool(behind) and behind[0].kind in _OPERANDS

    def _alternatives(self) -> _Part:
        """What `OR` joins."""
        found = [self._all()]
        while self._follows("OR"):
            self._at += 1
            found.append(self._all(behind=True))
        found = [part for part in found if part.condition is not None] or found[:1]
        if len(found) == 1:
            return found[0]
        condition = tree.either(_conditions(found))
        if all(part.plain for part in found):
            return _Part(condition, True, _ranked(found))
        return _Part(condition, False, tuple(term for part in found for term in part.extra))

    def _all(self, *, behind: bool = False) -> _Part:
        """What `AND` joins.

        Args:
            behind: Whether this is behind an operator, where `NOT` is one too.
        """
        found = [self._operand() if behind else self._near()]
        while self._follows("AND"):
            self._at += 1
            found.append(self._operand())
        if len(found) == 1:
            return found[0]
        extra = tuple(term for part in found for term in part.extra)
        return _Part(tree.every(_conditions(found)), False, extra)

    def _operand(self) -> _Part:
        """What follows an operator, perhaps with a `NOT`."""
        if self._next.kind != "NOT":
            return self._near()
        self._at += 1
        return self._negated(self._near)

    def _near(self) -> _Part:
        """What `NEAR` joins."""
        left = self._unit()
        pairs: list[Requirement] = []
        while (
            self._follows("NEAR")
            and (term := _term(left)) is not None
            and (following := self._lexemes[self._at + 1]).kind in ("word", "phrase")
            and any(self._analyzer.surface(following.text))
        ):
            apart = self._next.apart
            self._at += 1
            right = self._unit()
            other = _term(right)
            assert other is not None
            # A pair begins a character before the word ends.
            apart += any(cjk.script(one.tokens[-1][0]) and not one.prefix for one in (term, other))
            pairs.append(Near(term, other, apart))
            left = right
        return _Part(tree.every(pairs), False) if pairs else left

    def _unit(self) -> _Part:
        """A word, phrase, field or group, and its sign."""
        signs = ""
        while self._next.kind in ("-", "+"):
            signs += self._next.kind
            self._at += 1
        if signs.count("-") % 2:
            return self._negated(self._bare)
        part = self._bare()
        return _Part(part.condition, False, part.extra) if signs else part

    def _bare(self) -> _Part:
        """The same without its sign."""
        lexeme = self._next
        if lexeme.kind == "close":  # what had the sign was a group too deep to count, and empty
            return _Part()
        self._at += 1
        match lexeme.kind:
            case "open":
                part = self._group(lexeme.field)
                self._at += 1
                return part
            case "phrase" | "word" if lexeme.field:
                return _Part(self._fields.condition(lexeme.field, lexeme.text))
            case "phrase":
                return self._phrase(lexeme.text)
            case "quoted":
                return self._quoted(lexeme.text)
            case "field":
                condition = self._fields.condition(lexeme.field, lexeme.text)
                return self._word(lexeme.source) if condition is None else _Part(condition, False)
            case _:
                return self._word(lexeme.text)

    def _negated(self, read: Callable[[], _Part]) -> _Part:
        before, phrases = len(self.words), len(self.phrases)
        part = read()
        del self.words[before:], self.phrases[phrases:]
        return _Part(None if part.condition is None else tree.negated(part.condition), False)

    def _group(self, field: str) -> _Part:
        """What stands between parentheses, as one."""
        parts = self.parts()
        plain = [part for part in parts if part.plain and part.condition is not None]
        required = _required(parts)
        ranked = _ranked(parts)
        condition = tree.every(required)
        if condition is None:
            return _Part(tree.either(_conditions(plain)), not field, ranked)
        if plain and (field or not tree.needs_text(condition)):
            # As in a whole query: beside conditions, at least one word must stand there.
            asked = [one for part in plain for one in part.ranked or _conditions((part,))]
            words = (*asked, *(() if field else tree.terms(condition)))
            one = tree.either(words)
            condition = tree.every((condition, one) if one else (condition,))
        return _Part(condition, False, ranked)

    def _phrase(self, text: str) -> _Part:
        self.words.append(text)
        self.phrases.append(text)
        term = _side_by_side(text, self._analyzer)
        return _Part(term, False) if term else _Part()

    def _quoted(self, text: str) -> _Part:
        """A phrase that counts for more where its words stand side by side."""
        parts = [self._word(word) for word in text.split()]
        whole = _side_by_side(text, self._analyzer)
        more = (whole,) if whole and len(whole.tokens) > 1 else ()
        return _Part(tree.either(_conditions(parts)), True, (*_ranked(parts), *more))

    def _word(self, text: str) -> _Part:
        self.words.append(text)
        ranked = _alternatives(text, self._analyzer)
        single = [term for term in ranked if len(term.tokens) == 1]
        if len(single) < len(ranked) and len(single) > 1:
            # What is written together outranks its numbers here and there.
            numbers = {term for term in single if term.tokens[0].isdecimal()}
            self.weak |= numbers
            self.own.update(set(single) - numbers)
            if literal := _LITERAL.search(text.casefold()):
                self.literal[literal[0]] = None
        else:
            self.own.update(single)
        whole = _side_by_side(text, self._analyzer, text.endswith("*"))
        if whole is None or len(whole.tokens) > 1:
            other = identifiers.version(text)
            same = tree.either((whole, Term(other))) if whole and other else whole
            return _Part(same, True, ranked)
        # `createBackend` stands where `create_backend` does.
        names = [Term(parts, whole.prefix) for parts in self._analyzer.names(text)]
        return _Part(tree.either((whole, *names)), True, ranked)


def _conditions(parts: Iterable[_Part]) -> list[Requirement]:
    return [part.condition for part in parts if part.condition is not None]


def _required(parts: Sequence[_Part]) -> list[Requirement]:
    return tree.alternatives(_conditions(part for part in parts if not part.plain))


def _ranked(parts: Iterable[_Part]) -> tuple[Term, ...]:
    return tuple(term for part in parts for term in part.ranked)


def _term(part: _Part) -> Term | None:
    """The word or phrase that a part is; of a word that may be spelt otherwise, as it is."""
    condition = part.condition
    if part.plain and isinstance(condition, Or) and part.ranked:
        condition = condition.parts[0]
    return condition if isinstance(condition, Term) else None


def _side_by_side(text: str, analyzer: Analyzer, prefix: bool = False) -> Term | None:
    """All tokens of a phrase, or of a word where it is required: of `-IL-6`, not any `6`."""
    tokens, goes_on = analyzer.whole(text)
    return Term(tokens, prefix or goes_on) if tokens else None


def _alternatives(text: str, analyzer: Analyzer) -> tuple[Term, ...]:
    """A word may hold several tokens (`IL-6`), a run of Chinese several pairs: alternatives, and
    so are all of them together and the parts of a name from code (`createBackend`)."""
    terms: list[Term] = []
    names: list[Term] = []
    for run in [text] if text.isascii() else analyzer.runs(text):
        if cjk.script(run[0]):
            tokens, goes_on = analyzer.whole(run)
            terms.extend(Term((token,), goes_on) for token in tokens)
            names.extend([Term(tokens)] if 1 < len(tokens) < cjk.LONG else [])
        else:
            terms.extend(Term((token,)) for token in analyzer.surface(run))
            names.extend(Term(parts) for parts in analyzer.names(run))
    if terms and text.endswith("*"):
        last = terms[-1].tokens
        terms[-1] = Term(last, prefix=True)
        names = [Term(name.tokens, last[-1].endswith(name.tokens[-1])) for name in names]
    return (*terms, *names)
