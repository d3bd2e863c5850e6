"""Entry types: what the frontmatter of a KB's entries must be, as `pyrite.yaml` says it.

Only the rules are here; `pyrite_cli.core.entry.validate` holds entries to them.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrite_schemas.config import EnumValue, FieldConfig, FieldKind, Fields, KbConfig

Kind = Literal["any", "string", "number", "boolean", "date", "entry", "enum", "list"]

KNOWN = ("id", "title", "type", "date", "created", "updated", "published", "tags", "aliases",
         "links")  # fmt: skip
"""Fields that every entry may have, whatever its type."""


class Field(NamedTuple):
    """What one field must be.

    Attributes:
        name: As the configuration writes it.
        kind: What it holds.
        required: Whether it must be there.
        values: Of an enum.
        types: Of an entry: the types it may have, as written; any will do when empty.
        item: Of a list: what each value must be.
        description: For editors.
    """

    name: str
    kind: Kind
    required: bool
    values: tuple[EnumValue, ...] = ()
    types: tuple[str, ...] = ()
    item: Field | None = None
    description: str = ""


class EntryType(NamedTuple):
    """The rules of one type.

    Attributes:
        name: As the configuration writes it.
        fields: By case-folded name, the required ones first.
        description: For editors.
    """

    name: str
    fields: dict[str, Field]
    description: str


class Rules(NamedTuple):
    """The rules of a KB.

    Attributes:
        types: By case-folded name.
        strict: Whether a missing or unknown type and an unknown field are problems.
    """

    types: dict[str, EntryType]
    strict: bool

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides what is wrong with an entry."""
        said = [self.strict, [(kind.name, _plain(kind)) for kind in self.types.values()]]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _plain(kind: EntryType) -> list[object]:
    """The fields of a type, without their descriptions."""
    return [_without_text(field) for field in kind.fields.values()]


def _without_text(field: Field) -> list[object]:
    item = _without_text(field.item) if field.item else None
    return [field.name, field.kind, field.required, field.values, field.types, item]


def of(kb: KbConfig) -> Rules | None:
    """The rules of a KB; None when it has none."""
    if not kb.types and not kb.strict:
        return None
    types = {}
    for name, declared in kb.types.items():
        fields: dict[str, Field] = {}
        if declared is not None:
            for given, required in ((declared.required, True), (declared.optional, False)):
                fields.update((one.name.casefold(), one) for one in _fields(given, required))
        types[name.casefold()] = EntryType(name, fields, declared.description if declared else "")
    return Rules(types, kb.strict)


def _fields(given: Fields, required: bool) -> Iterator[Field]:
    declared = given if isinstance(given, dict) else dict.fromkeys(given)
    for name, field in declared.items():
        yield _field(name, field, required)


def _field(name: str, given: FieldKind | FieldConfig | None, required: bool) -> Field:
    if given is None or isinstance(given, str):
        return Field(name, given or "any", required)
    about = given.description
    if given.enum is not None:
        return Field(name, "enum", required, values=given.enum, description=about)
    if given.list is not None:
        item = _field(name, given.list, required)
        return Field(name, "list", required, item=item, description=about)
    if given.entry is not None:
        types = (given.entry,) if isinstance(given.entry, str) else given.entry
        return Field(name, "entry", required, types=types, description=about)
    return Field(name, given.kind or "any", required, description=about)
