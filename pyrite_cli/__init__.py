"""Pyrite: search for the Markdown of git repositories.

As a library: `from pyrite_cli import Pyrite`, described in `docs/library.md`. Nothing is imported
before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyrite_cli.caller import Caller
    from pyrite_cli.pyrite import Pyrite
    from pyrite_cli.workspace import Workspace
    from pyrite_schemas.errors import PyriteError
    from pyrite_schemas.observer import Observer
    from pyrite_schemas.requests.making import (
        CheckRequest,
        DigestRequest,
        EmbedRequest,
        EvaluateRequest,
        GcRequest,
        InitRequest,
        RebuildRequest,
        RemoveKbRequest,
        SyncRequest,
        TypesRequest,
        VerifyRequest,
    )
    from pyrite_schemas.requests.reading import (
        BatchRequest,
        GetRequest,
        LinksRequest,
        ListRequest,
        RelatedRequest,
        SearchRequest,
        TagsRequest,
    )
    from pyrite_schemas.requests.state import (
        AuditRequest,
        ImportRequest,
        TaskRequest,
        TasksRequest,
    )
    from pyrite_schemas.search import Filters

__all__ = [
    "AuditRequest",
    "BatchRequest",
    "Caller",
    "CheckRequest",
    "DigestRequest",
    "EmbedRequest",
    "EvaluateRequest",
    "Filters",
    "GcRequest",
    "GetRequest",
    "ImportRequest",
    "InitRequest",
    "LinksRequest",
    "ListRequest",
    "Observer",
    "Pyrite",
    "PyriteError",
    "RebuildRequest",
    "RelatedRequest",
    "RemoveKbRequest",
    "SearchRequest",
    "SyncRequest",
    "TagsRequest",
    "TaskRequest",
    "TasksRequest",
    "TypesRequest",
    "VerifyRequest",
    "Workspace",
]

_STATE = ("AuditRequest", "ImportRequest", "TaskRequest", "TasksRequest")

_PLACES = {
    "Caller": "pyrite_cli.caller",
    "Filters": "pyrite_schemas.search",
    "Observer": "pyrite_schemas.observer",
    "Pyrite": "pyrite_cli.pyrite",
    "PyriteError": "pyrite_schemas.errors",
    "Workspace": "pyrite_cli.workspace",
}


def __getattr__(name: str) -> Any:
    """What the library offers, by its name."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    place = _PLACES.get(name, "")
    if not place:
        from pyrite_schemas.requests import reading

        kind = "state" if name in _STATE else "reading" if hasattr(reading, name) else "making"
        place = f"pyrite_schemas.requests.{kind}"
    return getattr(importlib.import_module(place), name)


def __dir__() -> list[str]:
    return __all__
