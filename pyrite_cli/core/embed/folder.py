"""The files of a model's folder: read no further than they may be large, and only in the folder."""

from __future__ import annotations

import os
import stat
from json import loads
from pathlib import Path
from typing import Any

from pyrite_cli.core.embed.configs import HINT
from pyrite_schemas.errors import ModelError

_SETTINGS = 8 << 20


class Folder:
    """A folder of which nothing is believed.

    Args:
        path: Where it is.
        hub: The Hugging Face cache, whose models are made of links to a folder beside them.
    """

    def __init__(self, path: Path, hub: Path) -> None:
        self.path = path
        self._roots = _roots(path, hub)

    def real(self, file: Path) -> Path:
        """Where a file of the folder really is.

        Raises:
            ModelError: It is outside of the folder, or no file.
        """
        found = self.find(*os.path.split(file.relative_to(self.path)))
        if found is None:
            raise ModelError(f"{file} is gone", "is the download complete?")
        return found

    def file(self, path: str, name: str) -> Path:
        """Where a file is said to be; `path` is the folder in this one, empty for this one."""
        return self.path / path / name

    def find(self, path: str, name: str) -> Path | None:
        """Where a file really is; None when there is none.

        Raises:
            ModelError: It is outside of the folder, or no file.
        """
        file = self.file(path, name)
        try:
            real = Path(os.path.realpath(file, strict=True))
            kind = real.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if file.is_symlink():
                raise ModelError(f"{file} is a link that leads nowhere", HINT) from None
            return None
        except (OSError, ValueError) as error:
            raise ModelError(f"{file} can't be read: {error.args[-1]}", HINT) from error
        if not any(real.is_relative_to(root) for root in self._roots):
            raise ModelError(
                f"{file} leads out of the model's folder, to {real}, which is not followed",
                "put the file itself there, or name the folder it is in",
            )
        if not stat.S_ISREG(kind):
            raise ModelError(f"{file} is no file", HINT)
        return real

    def read(self, path: str, name: str, limit: int) -> bytes | None:
        """A file's bytes; None when there is none.

        Raises:
            ModelError: See `find`, or it is larger than the limit.
        """
        real = self.find(path, name)
        if real is None:
            return None
        try:
            with real.open("rb") as stream:
                content = stream.read(limit + 1)
        except OSError as error:
            raise ModelError(
                f"{self.file(path, name)} can't be read: {error.strerror}", "check its permissions"
            ) from error
        if len(content) > limit:
            raise ModelError(
                f"{self.file(path, name)} is larger than {limit >> 20} MB, which is no model's",
                HINT,
            )
        return content

    def json(self, path: str, name: str) -> Any:
        """What a configuration says; None when there is none.

        Raises:
            ModelError: See `read`, or it is no JSON.
        """
        content = self.read(path, name, _SETTINGS)
        if content is None:
            return None
        try:
            return loads(content)
        except (ValueError, RecursionError) as error:
            raise ModelError(
                f"{self.file(path, name)} can't be read: {error}", "is the download complete?"
            ) from error

    def mapping(self, path: str, name: str) -> dict[str, Any]:
        """What a configuration says, by key; nothing when there is none.

        Raises:
            ModelError: See `json`, or it is no mapping.
        """
        values = self.json(path, name)
        if values is not None and not isinstance(values, dict):
            raise ModelError(f"{self.file(path, name)} is no mapping", "is the download complete?")
        return values or {}


def _roots(folder: Path, hub: Path) -> list[str]:
    """Where the files of a folder may be: in it, and for a model of the Hugging Face cache, among
    that model's blobs and those that all models share."""
    real = Path(os.path.realpath(folder))
    roots = [str(real)]
    model = real.parent.parent
    if real.parent.name == "snapshots" and str(model.parent) == os.path.realpath(hub):
        roots += [str(model / "blobs"), str(model.parent / "blobs")]
    return roots
