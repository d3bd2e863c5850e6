"""What a query asks of an entry, compiled to a condition: the walk that all engines share.

Of a list of alternatives, those that need the same look at the database share it: words that of the
full-text index, values that of their field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pyrite_backends.sql.conditions import TRUE, Condition, either, every, negation, tagged
from pyrite_schemas.search import And, Comparison, Filters, Near, Not, Or, Requirement, Term

if TYPE_CHECKING:
    from collections.abc import Sequence


class Matcher(ABC):
    """A compiler of requirements; what differs from engine to engine is a method."""

    @abstractmethod
    def filters(self, filters: Filters) -> Condition:
        """What an entry must be to pass filters."""

    @abstractmethod
    def field(self, name: str, tests: Sequence[str | Comparison]) -> Condition:
        """A frontmatter field, or an item of a list field, passes one of the tests."""

    @abstractmethod
    def terms(self, terms: Sequence[Term | Near]) -> Condition:
        """One of the terms stands in some chunk of an entry."""

    def of(self, requirement: Requirement | None) -> Condition:
        """What an entry must be."""
        match requirement:
            case None:
                return TRUE
            case Term() | Near():
                return self.terms([requirement])
            case Filters():
                return self.filters(requirement)
            case Not():
                return negation(self.of(requirement.one))
            case And():
                return every(map(self.of, requirement.parts))
            case Or():
                return either(self._alternatives(requirement.parts))

    def lacking(self, terms: Sequence[Term]) -> Condition:
        """None of the terms stands in an entry."""
        return negation(self.terms(terms))

    def _alternatives(self, parts: Sequence[Requirement]) -> list[Condition]:
        terms: list[Term | Near] = []
        tags: list[str] = []
        tests: dict[str, list[str | Comparison]] = {}
        found = []
        for part in parts:
            if isinstance(part, Term | Near):
                terms.append(part)
            elif isinstance(part, Filters) and part == Filters(tags=part.tags[:1]):
                tags += part.tags
            elif isinstance(part, Filters) and part == Filters(where=part.where[:1]):
                ((name, value),) = part.where
                tests.setdefault(name.casefold(), []).append(value)
            elif isinstance(part, Filters) and part == Filters(compared=part.compared[:1]):
                (test,) = part.compared
                tests.setdefault(test.field.casefold(), []).append(test)
            else:
                found.append(self.of(part))
        found += [self.field(name, several) for name, several in tests.items()]
        found += [tagged(*tags)] if tags else []
        found += [self.terms(terms)] if terms else []
        return found
