"""The entry types that a configuration declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrite_cli.core.entry import rules
from pyrite_schemas.errors import UsageError
from pyrite_schemas.replies.check import DeclaredType, TypesReply

if TYPE_CHECKING:
    from pyrite_cli.core.entry.rules import EntryType
    from pyrite_schemas.config import Config


def declared(config: Config, kb: str) -> TypesReply:
    """All types of a KB, or of all KBs when it is empty."""
    return TypesReply(
        tuple(
            DeclaredType(
                name,
                kind.name,
                kind.description,
                tuple(field.name for field in kind.fields.values() if field.required),
                tuple(field.name for field in kind.fields.values() if not field.required),
            )
            for name, kind, _ in _every(config, kb)
        )
    )


def schema(config: Config, kb: str, name: str) -> dict[str, Any]:
    """The JSON Schema of the frontmatter of one type.

    Args:
        config: Where it is declared.
        kb: By which KB; by any when empty.
        name: The type, in any case.

    Raises:
        UsageError: There is none of that name, or several KBs have different ones.
    """
    from pyrite_cli.core.entry import typeschema

    every = _every(config, kb)
    found = [one for one in every if one[1].name.casefold() == name.casefold()]
    if not found:
        from pyrite_cli.core.text import spelling

        known = list(dict.fromkeys(kind.name for _, kind, _ in every))
        hint = f"configured: {', '.join(known)}" if known else "pyrite.yaml has no `types`"
        near = spelling.meant(spelling.nearest(name, known))
        raise UsageError(f"there is no type {name!r}", near or hint)
    if any(one[1:] != found[0][1:] for one in found):
        names = " or ".join(f"--kb {one}" for one, _, _ in found)
        raise UsageError(f"several KBs have a type {name!r}", f"say which: {names}")
    return typeschema.schema(found[0][1], strict=found[0][2])


def _every(config: Config, kb: str) -> list[tuple[str, EntryType, bool]]:
    """The KB, rules and strictness of every type."""
    chosen = [one for one in config.kbs if kb in ("", one.name) and one.types]
    held = [(one.name, rules.of(one)) for one in chosen]
    return [
        (name, kind, found.strict) for name, found in held if found for kind in found.types.values()
    ]
