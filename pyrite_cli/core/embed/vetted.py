"""A model's folder, looked through before anything is loaded from it.

A folder may come with a repository, or from a stranger on the hub. The libraries that load models
run code a configuration names, unpickle, and fetch other models, in ways that change with every
version. So they never see the folder itself: they get a copy of what is known to be harmless
(`laid_out`), with the weights linked to. Whatever else lies in the folder does not exist for them.

Nothing here imports torch or a library that loads models.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pyrite_cli.core.embed import configs, modules, weights
from pyrite_cli.core.embed.folder import Folder
from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyrite_cli.core.embed.modules import Module

MODULES = "modules.json"

_VOCABULARY = 256 << 20
_COUNTED = ("group", "layer")
_FREE = ("max_position_embeddings", "window")
_SMALL = 8192
_POSITIONS = 131_072

_ABOUT = (
    "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json",
    "sentence_camembert_config.json", "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json", "sentence_xlnet_config.json",
)  # fmt: skip
"""Where a Transformer module says what it is; the first that says something counts."""

_WIDTHS = ("hidden_size", "d_model", "dim", "n_embd")
_ELSEWHERE = ("adapter_config.json", "router_config.json")
_FOREIGN = (".bin", ".ckpt", ".h5", ".joblib", ".msgpack", ".npz", ".ot", ".pickle", ".pkl", ".pt",
            ".pth")  # fmt: skip
"""Forms of weights that are not loaded: most of them can run code."""


class Vetted(NamedTuple):
    """What may be loaded of a model.

    Attributes:
        dimensions: Of its vectors.
        max_length: Tokens it reads of a text.
        query_prompt: Put before a query.
        document_prompt: Put before a document.
        texts: Configuration and vocabulary, by path inside the folder.
        weights: Where the weights are, by path inside the folder.
    """

    dimensions: int
    max_length: int
    query_prompt: str
    document_prompt: str
    texts: Mapping[str, bytes]
    weights: Mapping[str, Path]


def vet(folder: Path, hub: Path) -> Vetted:
    """Look through a model's folder.

    Args:
        folder: Of the model.
        hub: The Hugging Face cache, whose models are made of links to a folder beside them.

    Raises:
        ModelError: It asks for more than embedding texts with weights of its own, or is no model.
    """
    return _Model(Folder(folder, hub)).vet()


@contextlib.contextmanager
def laid_out(folder: Path, hub: Path) -> Iterator[Path]:
    """A folder that a model can be loaded from: what `vet` let through, and nothing else.

    It is looked through again here, and what is loaded is what was read then: the folder may have
    changed meanwhile.

    Raises:
        ModelError: See `vet`.
    """
    found = vet(folder, hub)
    with tempfile.TemporaryDirectory(prefix="pyrite-model-") as made:
        place = Path(made)
        for name, content in found.texts.items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(content)
        for name, real in found.weights.items():
            (place / name).parent.mkdir(exist_ok=True)
            try:
                (place / name).symlink_to(real)
            except OSError:  # a file system without links
                shutil.copyfile(real, place / name)
        yield place


class _Model:
    """One model while it is looked through."""

    def __init__(self, folder: Folder) -> None:
        self._in = folder
        self._texts: dict[str, bytes] = {}
        self._weights: dict[str, Path] = {}

    def vet(self) -> Vetted:
        """See `vet`."""
        first, *later = self._modules()
        self._refuse_elsewhere([first, *later])
        transformer = first.path
        config = self._transformer(transformer)
        about = self._about(transformer)
        whole = self._settings("config_sentence_transformers.json", configs.WHOLE,
                               configs.WHOLE_UNUSED)  # fmt: skip
        dimensions = self._later(later, _width(config))
        if dimensions is None:
            raise ModelError(f"{self._in.path}: the model does not say how long its vectors are")
        prompts = whole.get("prompts") or {}
        length = about.get("max_seq_length")
        reach = config.get("max_position_embeddings")
        reach = reach if type(reach) is int and reach > 0 else None
        if length and reach and length > reach:
            raise ModelError(
                f"{self._in.file(transformer, 'config.json')} is for texts of {reach} tokens, and"
                f" `max_seq_length` is {length}",
                configs.HINT,
            )
        return Vetted(
            dimensions,
            length or min(reach or 512, 1_000_000),
            prompts.get("query") or "",
            prompts.get("document") or prompts.get("passage") or "",
            self._texts,
            self._weights,
        )

    def _settings(
        self,
        name: str,
        rules: Mapping[str, configs.Rule],
        unused: frozenset[str] = frozenset(),
        *,
        path: str = "",
        numbers: bool = False,
    ) -> dict[str, Any]:
        """Read a configuration, and keep what a loader may be told of it."""
        values = self._in.mapping(path, name)
        told = configs.checked(self._in.file(path, name), values, rules, unused, numbers=numbers)
        if values:
            self._keep(path, name, told)
        return told

    def _keep(self, path: str, name: str, values: object) -> None:
        self._texts[str(Path(path, name))] = json.dumps(values, sort_keys=True).encode()

    def _modules(self) -> list[Module]:
        file = self._in.path / MODULES
        entries = self._in.json("", MODULES)
        if entries is None:
            raise ModelError(
                f"{self._in.path} is no sentence-transformers model: it has no {MODULES}",
                "set `embedding.model` to a model's name or folder",
            )
        found = modules.parse(file, entries)
        self._keep("", MODULES, modules.told(found))
        return found

    def _refuse_elsewhere(self, found: list[Module]) -> None:
        """Files by which a model says that most of it is another one."""
        for name in _ELSEWHERE:
            for module in found:
                if os.path.lexists(self._in.file(module.path, name)):
                    raise ModelError(
                        f"{self._in.file(module.path, name)} is of a model that is made of others,"
                        " which are never fetched",
                        "set `embedding.model` to a model that is whole",
                    )

    def _transformer(self, path: str) -> dict[str, Any]:
        config = self._settings(
            "config.json", configs.TRANSFORMER, configs.TRANSFORMER_UNUSED, path=path, numbers=True
        )
        if not config.get("model_type"):
            raise ModelError(
                f"{self._in.file(path, 'config.json')} has no `model_type`",
                "is the download complete?",
            )
        for name in ("tokenizer_config.json", "special_tokens_map.json"):
            self._settings(name, configs.TOKENIZER, configs.TOKENIZER_UNUSED, path=path)
        self._tokens(path)
        vocabulary = self._in.read(path, "tokenizer.json", _VOCABULARY)
        if vocabulary is None:
            raise ModelError(
                f"{self._in.path / path} has no tokenizer.json", "is the download complete?"
            )
        self._texts[str(Path(path, "tokenizer.json"))] = vocabulary
        _check_sizes(self._in.file(path, "config.json"), config, self._tensors(path))
        return config

    def _tokens(self, path: str) -> None:
        """Tokens that were added to a vocabulary, by text."""
        added = self._in.mapping(path, "added_tokens.json")
        if not all(type(number) is int and 0 <= number < 2**31 for number in added.values()):
            raise ModelError(
                f"{self._in.file(path, 'added_tokens.json')} has what is no number",
                configs.HINT,
            )
        if added:
            self._keep(path, "added_tokens.json", added)

    def _about(self, path: str) -> dict[str, Any]:
        for name in _ABOUT:
            about = self._settings(name, modules.RULES["Transformer"], path=path)
            if about:
                return about
        return {}

    def _later(self, found: list[Module], width: int | None) -> int | None:
        """Read the modules after the first; returns how long the vectors are that leave the last,
        None when that is said nowhere."""
        for kind, path in found:
            file = self._in.file(path, "config.json")
            said = self._settings("config.json", modules.RULES[kind], path=path)
            if kind == "Pooling":
                size = said.get("word_embedding_dimension") or said.get("embedding_dimension")
                _agree(file, size, width)
                width = (size or width or 0) * _modes(said) or None
            elif kind == "Dense":
                _agree(file, said.get("in_features"), width)
                shape = self._tensors(path).get("linear.weight")
                if shape != (said.get("out_features"), said.get("in_features")):
                    raise ModelError(f"{file} does not say what its weights are", configs.HINT)
                width = shape[0]
            elif kind == "LayerNorm":
                _agree(file, said.get("dimension"), width)
                self._tensors(path)
        return width

    def _tensors(self, path: str) -> dict[str, tuple[int, ...]]:
        """The tensors of a module, which are kept for a loader."""
        if self._in.find(path, "model.safetensors"):
            return self._part(path, "model.safetensors")
        index = "model.safetensors.index.json"
        parts = self._in.mapping(path, index).get("weight_map")
        if parts is None:
            raise self._no_weights(path)
        names = parts.values() if isinstance(parts, dict) else [parts]
        if not all(modules.plain(name) and str(name).endswith(".safetensors") for name in names):
            raise ModelError(
                f"{self._in.file(path, index)} names files outside of its folder", configs.HINT
            )
        found: dict[str, tuple[int, ...]] = {}
        for name in sorted(set(names)):
            found |= self._part(path, name)
        self._keep(path, index, {"metadata": {}, "weight_map": parts})
        return found

    def _part(self, path: str, name: str) -> dict[str, tuple[int, ...]]:
        real = self._in.find(path, name)
        if real is None:
            raise ModelError(
                f"{self._in.file(path, name)} is not there", "is the download complete?"
            )
        self._weights[str(Path(path, name))] = real
        return weights.shapes(real, self._in.file(path, name))

    def _no_weights(self, path: str) -> ModelError:
        folder = self._in.path / path
        with contextlib.suppress(OSError):
            for name in sorted(file.name for file in folder.iterdir()):
                if name.endswith(_FOREIGN):
                    return ModelError(
                        f"{folder} has no model.safetensors, and {name[:100]!r} is never"
                        " loaded: a file of its kind can run code",
                        "set `embedding.model` to a model with safetensors",
                    )
        return ModelError(f"{folder}: there are no weights", "is the download complete?")


def _width(config: Mapping[str, Any]) -> int | None:
    for key in _WIDTHS:
        if type(config.get(key)) is int and config[key] > 0:
            return int(config[key])
    return None


def _agree(file: Path, said: object, width: int | None) -> None:
    if said is not None and width is not None and said != width:
        raise ModelError(
            f"{file} is for vectors of length {said}, and those before it are {width} long",
            configs.HINT,
        )


def _modes(pooling: Mapping[str, Any]) -> int:
    """How many vectors a Pooling module joins."""
    modes = pooling.get("pooling_mode")
    if modes:
        return len(modes) if isinstance(modes, list) else 1
    flags = sum(value is True for key, value in pooling.items() if key.startswith("pooling_mode_"))
    return flags or 1


def _check_sizes(
    file: Path, config: Mapping[str, Any], tensors: Mapping[str, tuple[int, ...]]
) -> None:
    """Sizes that the weights don't have would only take memory."""
    known = {size for shape in tensors.values() for size in shape}
    for key, value in config.items():
        if type(value) is not int or value in known or key.endswith(("_id", "theta")):
            continue
        most = _POSITIONS if key.endswith(_FREE) else _SMALL
        if key in _WIDTHS:
            most = 0
        elif any(word in key for word in _COUNTED) and not key.startswith("max_"):
            most = len(tensors)
        if value > most:
            raise ModelError(f"{file}: no weights are of the size `{key}: {value}`", configs.HINT)
