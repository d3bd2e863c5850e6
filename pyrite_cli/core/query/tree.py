"""Building, cutting and reading the tree of what an entry must be.

Trees are as deep as groups may be nested, so functions here call themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_schemas.search import And, Filters, Near, Not, Or, Requirement, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_KINDS = ("kbs", "types", "paths")
"""Filters of which an entry can pass but one value: several are alternatives."""


def every(parts: Iterable[Requirement]) -> Requirement | None:
    """All of the requirements; what must not be, in one."""
    flat: dict[Requirement, None] = {}
    banned: list[Requirement] = []
    for part in parts:
        for one in part.parts if isinstance(part, And) else (part,):
            if isinstance(one, Not):
                banned.append(one.one)
            else:
                flat[one] = None
    if unwanted := either(banned):
        flat[Not(unwanted)] = None
    return And(tuple(flat)) if len(flat) > 1 else next(iter(flat), None)


def either(parts: Iterable[Requirement]) -> Requirement | None:
    """At least one of the requirements."""
    flat: dict[Requirement, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, Or) else (part,)))
    return Or(tuple(flat)) if len(flat) > 1 else next(iter(flat), None)


def negated(part: Requirement) -> Requirement:
    """The opposite."""
    return part.one if isinstance(part, Not) else Not(part)


def alternatives(parts: Sequence[Requirement]) -> list[Requirement]:
    """The same, where several KBs, types or paths side by side have become alternatives."""
    found: dict[str, list[Requirement]] = {}
    for number, part in enumerate(parts):
        kind = _kind(part)
        found.setdefault(kind or str(number), []).append(part)
    return [one for group in found.values() if (one := either(group))]


def needs_text(part: Requirement | None) -> bool:
    """Whether it can't be so without a word or phrase that stands there."""
    match part:
        case Term() | Near():
            return True
        case And():
            return any(map(needs_text, part.parts))
        case Or():
            return all(map(needs_text, part.parts))
        case _:
            return False


def terms(part: Requirement | None, *, wanted: bool = True) -> Iterator[Term]:
    """The words and phrases that are wanted, not those that must not be."""
    match part:
        case Term() if wanted:
            yield part
        case Near() if wanted:
            yield from (part.left, part.right)
        case Not():
            yield from terms(part.one, wanted=not wanted)
        case And() | Or():
            for one in part.parts:
                yield from terms(one, wanted=wanted)


def leaves(part: Requirement | None) -> Iterator[Term | Near | Filters]:
    """What a tree is made of, in order."""
    match part:
        case Term() | Near() | Filters():
            yield part
        case Not():
            yield from leaves(part.one)
        case And() | Or():
            for one in part.parts:
                yield from leaves(one)


LOOK = 3
"""What it costs beside its leaves to have text looked for by itself, as each of several required
words is: alternatives are looked for together."""


def first(part: Requirement | None, limit: int) -> Requirement | None:
    """What of a tree costs no more than so much. A leaf costs 1; words near each other are two."""
    return _cut(part, limit)[0]


def _cut(part: Requirement | None, left: int) -> tuple[Requirement | None, int]:
    match part:
        case Near():
            return (part, left - 2) if left > 1 else (None, left)
        case Term() | Filters():
            return (part, left - 1) if left > 0 else (None, left)
        case Not():
            one, left = _cut(part.one, left)
            return (None if one is None else negated(one)), left
        case And() | Or():
            kept = []
            for each in part.parts:
                one, left = _cut(each, left)
                if one is not None:
                    kept.append(one)
                    text = any(isinstance(leaf, Term | Near) for leaf in leaves(one))
                    left -= LOOK if text and isinstance(part, And) else 0
            return (every if isinstance(part, And) else either)(kept), left
        case _:
            return None, left


def parted(part: Requirement | None) -> tuple[Filters, Requirement | None]:
    """A tree as filters, which narrow what is looked at, and the rest of it."""
    filters = Filters()
    rest = []
    for one in part.parts if isinstance(part, And) else () if part is None else (part,):
        found = _filters(one)
        if found and not any(getattr(filters, kind) and getattr(found, kind) for kind in _KINDS):
            filters = filters.joined(found)
        else:
            rest.append(one)
    return filters, every(rest)


def _filters(part: Requirement) -> Filters | None:
    if isinstance(part, Filters):
        return part
    if isinstance(part, Or):
        kinds = {_kind(one) for one in part.parts}
        if len(kinds) == 1 and "" not in kinds:
            found = Filters()
            for one in part.parts:
                assert isinstance(one, Filters)
                found = found.joined(one)
            return found
    return None


def _kind(part: Requirement) -> str:
    """Which filter a requirement is, when it is one of a kind of which one value can be passed."""
    if not isinstance(part, Filters):
        return ""
    return next((kind for kind in _KINDS if getattr(part, kind)), "")
