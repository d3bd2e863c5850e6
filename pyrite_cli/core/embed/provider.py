"""The configured model: its files, its caches of vectors, and what embeds queries with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyrite_backends.port.index import Index
    from pyrite_backends.port.vectors import Model, VectorCache
    from pyrite_cli.core.embed.model import Files
    from pyrite_cli.core.embed.onnx import OnnxRuntime
    from pyrite_cli.core.embed.runtime import Runtime


class Provider:
    """Finds and loads what a model needs when it is needed, once; for any thread.

    Args:
        name: The model, as configured.
        root: What a folder of that name is relative to.
        folder: The cache folder.
        index: The index whose vectors these are; it may keep a cache too.
        local: The cache of a folder and a model, on this machine.
        own: Whether no repository can have put anything into the cache folder; else an exported
            model has to prove itself.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        folder: Path,
        index: Index,
        local: Callable[[Path, Model], VectorCache],
        *,
        own: bool = True,
    ) -> None:
        self._own = own
        self.name = name
        self._root = root
        self._folder = folder
        self._index = index
        self._local = local
        self._runtimes: dict[str, OnnxRuntime] = {}
        self._loading = threading.Lock()

    def files(self, *, fetch: bool = True) -> Files:
        """The model.

        Args:
            fetch: Download it when it isn't here; only for what will embed something.

        Raises:
            ModelError: It is not here and can't be fetched.
        """
        from pyrite_cli.core.embed.model import locate  # only what embeds

        return locate(self.name, self._root, self._folder, fetch=fetch)

    def cache(self, model: Model) -> VectorCache:
        """The vectors of a model that were made before: by this user, and, where the index is
        kept where others work too, by anyone."""
        from pyrite_cli.core.embed.caches import Layered  # only what embeds

        near, *far = self.caches(model)
        return Layered(near, far[0]) if far else near

    def caches(self, model: Model) -> list[VectorCache]:
        """What `cache` is made of: this machine's, then the index's where it keeps one."""
        far = self._index.cache(model)
        return [self._local(self._folder, model), *([far] if far else [])]

    def runtime(self, texts: int, files: Files) -> Runtime:
        """What embeds so many texts soonest.

        Raises:
            ModelError: The model can't be loaded.
        """
        from pyrite_cli.core.embed import fill  # numpy

        return fill.runtime_for(texts, files, self._folder, own=self._own)

    def embed_query(self, text: str, model: Model) -> bytes:
        """The float32 unit vector of a query under the index's model, by the exported model alone.

        Raises:
            ModelError: Another model is configured, or this one is not exported and can't be.
        """
        if model.name != self.name:
            raise ModelError(
                f"the index was made with model {model.name}, but {self.name} is configured",
                "run `pyrite index sync`",
            )
        return self._query_runtime(model).query(text).tobytes()

    def _query_runtime(self, model: Model) -> OnnxRuntime:
        found = self._runtimes.get(model.fingerprint)
        if found is not None:
            return found
        with self._loading:  # each takes some 100 MB, and one serves any number of threads
            if model.fingerprint not in self._runtimes:
                from pyrite_cli.core.embed import blas

                with blas.single():
                    from pyrite_cli.core.embed import onnx  # numpy, 40 ms

                folder = onnx.folder_of(self._folder, model)
                if not onnx.is_exported(folder, own=self._own):
                    self._export(model)
                self._runtimes[model.fingerprint] = onnx.OnnxRuntime(folder)
            return self._runtimes[model.fingerprint]

    def _export(self, model: Model) -> None:
        files = self.files()
        if files.model.fingerprint != model.fingerprint:
            raise ModelError(
                f"model {model.name} is another version than the index was made with",
                "run `pyrite index sync`",
            )
        from pyrite_cli.core.embed.bulk import export  # torch, 5 s

        export(files, self._folder, own=self._own)

    def sampler(self) -> tuple[Model, Runtime] | None:
        """The exported model, for checking vectors; None when there is none here."""
        from pyrite_cli.core.embed import onnx  # numpy and onnxruntime, 0.2 s
        from pyrite_cli.core.embed.model import installed

        if not installed():
            return None
        try:
            model = self.files(fetch=False).model
            return model, onnx.OnnxRuntime(onnx.folder_of(self._folder, model))
        except ModelError:
            return None
