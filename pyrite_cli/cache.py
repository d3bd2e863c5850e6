"""The part of the façade that is about vectors that were made before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite_backends.factory import vector_file
from pyrite_cli.core.embed import transfer
from pyrite_schemas.observer import SILENT, Observer
from pyrite_schemas.replies.cache import CacheExportReply, CacheImportReply, CacheReply
from pyrite_schemas.replies.index import ModelStatus

if TYPE_CHECKING:
    from pyrite_backends.port.vectors import Model
    from pyrite_cli.caller import Caller
    from pyrite_cli.workspace import Workspace


class Cache:
    """Cached vectors of the configured model, as one caller sees them.

    Args:
        workspace: The configuration and all that it leads to.
        caller: Who asks.
    """

    def __init__(self, workspace: Workspace, caller: Caller) -> None:
        self._provider = workspace.provider
        self._caller = caller

    def stats(self) -> CacheReply:
        """Where they are, and how many: on this machine, then in the database if it keeps some.

        Raises:
            ModelError: The model is not here.
        """
        model = self._provider.files(fetch=False).model
        caches = self._provider.caches(model)
        return CacheReply(_status(model), tuple(cache.stats() for cache in caches))

    def export_to(self, file: str, observer: Observer = SILENT) -> CacheExportReply:
        """Write them to one file; an older export is replaced.

        Args:
            file: Where to.
            observer: Told how many there are, and how many more are written.

        Raises:
            ModelError: The model is not here.
            StorageError: The file can't be written.
        """
        model = self._provider.files(fetch=False).model
        total = max(cache.stats().vectors for cache in self._provider.caches(model))
        target = self._caller.place(file)
        observer.begin("exporting", total)
        try:
            vectors = self._provider.cache(model).items()
            count = vector_file(target).write(vectors, model, observer.advance)
        finally:
            observer.done()
        return CacheExportReply(str(target.resolve()), _status(model), count, target.stat().st_size)

    def import_from(self, file: str, observer: Observer = SILENT) -> CacheImportReply:
        """Add the vectors of an export: to this machine's, and to the database's if it keeps some.

        Args:
            file: What `export_to` wrote.
            observer: Told how many there are, and how many more are read.

        Raises:
            UsageError: There is no such file.
            StorageError: It is no export, or damaged.
            ModelError: The vectors are of another model.
        """
        source = self._caller.place(file)
        export = vector_file(source)
        about = export.header()
        model = self._provider.files().model  # fetched: vectors are brought for a sync to come
        observer.begin("importing", about.vectors)
        try:
            caches = self._provider.caches(model)
            done = transfer.bring(export, str(source), model, caches, observer.advance)
        finally:
            observer.done()
        return CacheImportReply(
            file=str(source.resolve()),
            model=_status(model),
            vectors=done.vectors,
            new=done.new,
            refused=done.refused,
        )


def _status(model: Model) -> ModelStatus:
    return ModelStatus(model.name, model.fingerprint, model.dimensions)
