"""The JSON Schema of an entry type's frontmatter, for editors."""

from __future__ import annotations

from typing import Any

from pyrite_cli.core.entry.rules import KNOWN, EntryType, Field

_DATE = r"^\d{4}-\d{2}-\d{2}([Tt ].*)?$"

_ABOUT = {
    "id": "The name of the entry; its path when there is none.",
    "title": "The title; else the first heading of the first level.",
    "type": "The entry's type.",
    "tags": "A list, or words with commas between them.",
    "aliases": "Other names that links may use.",
    "links": "Entries that this one is linked to.",
}


def schema(kind: EntryType, *, strict: bool) -> dict[str, Any]:
    """The JSON Schema of the frontmatter of one type.

    Args:
        kind: The type.
        strict: Whether other fields are wrong.
    """
    fields = {field.name: _present(field) for field in kind.fields.values()}
    known = {name: {"description": _ABOUT[name]} if name in _ABOUT else {} for name in KNOWN}
    found: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name,
        "description": kind.description or f"Frontmatter of an entry of type {kind.name}.",
        "type": "object",
        "properties": {**{n: v for n, v in known.items() if n not in kind.fields}, **fields},
        "required": ["type", *(f.name for f in kind.fields.values() if f.required)],
    }
    if strict:
        found["additionalProperties"] = False
    return found


def _present(field: Field) -> dict[str, Any]:
    """A field that must say something if it is required, and may be empty otherwise."""
    value = _value(field)
    if field.required:
        value = {**value, "not": {"enum": [None, "", []]}}
    elif value:
        value = {"anyOf": [value, {"enum": [None, ""]}]}
    if field.description:
        value["description"] = field.description
    return value


def _value(field: Field) -> dict[str, Any]:
    match field.kind:
        case "enum":
            return {"enum": list(field.values)}
        case "date":
            return {"type": "string", "pattern": _DATE}
        case "entry":
            wanted = f" of type {' or '.join(field.types)}" if field.types else ""
            about = f"Id, alias or path of an entry{wanted}."
            return {"type": ["string", "integer"], "description": about}
        case "list":
            item = _value(field.item) if field.item else {}
            one = item or {"not": {"type": "object"}}
            return {"anyOf": [{"type": "array", "items": item}, one]}
        case "any":
            return {}
    return {"type": field.kind}
