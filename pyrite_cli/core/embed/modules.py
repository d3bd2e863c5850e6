"""The modules a model is made of, one after the other: which there may be, and what they are told.

They are named by the path of a class, which is imported: so only sentence-transformers' own are let
through, and of these only those that read no pickles, no other model, and no code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyrite_cli.core.embed.configs import HINT, Rule, list_of, nothing, number, one_of, truth, whole
from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LONGEST = 100

ACTIVATIONS = frozenset(
    f"torch.nn.{place}{name}"
    for place in ("", "modules.activation.", "modules.linear.")
    for name in ("ELU", "GELU", "Hardswish", "Identity", "LeakyReLU", "LogSigmoid", "Mish", "ReLU",
                 "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softsign", "Tanh")
)  # fmt: skip
"""Values of a Dense module's `activation_function`, which is imported."""

_POOLING = frozenset({"cls", "lasttoken", "max", "mean", "mean_sqrt_len_tokens", "weightedmean"})
_FORWARD = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}


def _pooling_modes(value: object) -> bool:
    return one_of(_POOLING)(value) or (bool(value) and list_of(one_of(_POOLING))(value))


_ARGUMENTS = ("config_args", "config_kwargs", "model_args", "model_kwargs", "processing_kwargs",
              "processor_kwargs", "tokenizer_args")  # fmt: skip
RULES: Mapping[str, Mapping[str, Rule]] = {
    "Transformer": {
        **dict.fromkeys(_ARGUMENTS, nothing),
        "do_lower_case": truth,
        "max_seq_length": whole(8, 1_000_000),
        "modality_config": lambda value: value == _FORWARD,
        "module_output_name": one_of(("token_embeddings",)),
        "transformer_task": one_of(("feature-extraction",)),
        "unpad_inputs": truth,
    },
    "Pooling": {
        "embedding_dimension": whole(1, 65_536),
        "include_prompt": truth,
        "pooling_mode": _pooling_modes,
        "word_embedding_dimension": whole(1, 65_536),
        **dict.fromkeys(
            ("pooling_mode_cls_token", "pooling_mode_lasttoken", "pooling_mode_max_tokens",
             "pooling_mode_mean_sqrt_len_tokens", "pooling_mode_mean_tokens",
             "pooling_mode_weightedmean_tokens"), truth),
    },
    "Dense": {
        "activation_function": one_of(ACTIVATIONS),
        "bias": truth,
        "in_features": whole(1, 65_536),
        "module_input_name": one_of(("sentence_embedding",)),
        "module_output_name": one_of(("sentence_embedding",)),
        "out_features": whole(1, 65_536),
        "use_residual": truth,
    },
    "LayerNorm": {"dimension": whole(1, 65_536)},
    "Dropout": {"dropout": number},
    "Normalize": dict.fromkeys(
        ("module_input_name", "module_output_name"), one_of(("sentence_embedding",))
    ),
}  # fmt: skip
"""What each module may be told: sentence-transformers' own ones that read no pickles, no other
model, and no code."""


class Module(NamedTuple):
    """A module.

    Attributes:
        kind: The name of its class.
        path: The folder in the model's where its files are; empty for the model's own.
    """

    kind: str
    path: str


def parse(file: Path, entries: object) -> list[Module]:
    """The modules of a model, a Transformer first.

    Args:
        file: Where they are listed.
        entries: What it says.

    Raises:
        ModelError: It is no such list, or has modules that are not let through.
    """
    if not isinstance(entries, list):
        raise ModelError(f"{file} is no list of modules", "is the download complete?")
    found = [_module(file, entry) for entry in entries]
    if [module.kind for module in found].count("Transformer") != 1 or found[
        0
    ].kind != "Transformer":
        raise ModelError(f"{file} does not name one Transformer module, and it first", HINT)
    if len(found) > len({module.path for module in found}):
        raise ModelError(f"{file} has two modules in one place", HINT)
    return found


def told(found: list[Module]) -> list[dict[str, object]]:
    """The list, as a loader gets it."""
    return [
        {
            "idx": at,
            "name": str(at),
            "path": module.path,
            "type": f"sentence_transformers.sentence_transformer.modules.{module.kind}",
        }
        for at, module in enumerate(found)
    ]


def _module(file: Path, entry: object) -> Module:
    if not isinstance(entry, dict):
        raise _foreign(file, entry)
    kind = next((kind for kind in RULES if entry.get("type") in _types(kind)), None)
    if kind is None:
        raise _foreign(file, entry.get("type"))
    path = entry.get("path")
    if not (path == "" or plain(path)):
        raise ModelError(
            f"{file} has a module in {str(path)[:_LONGEST]!r}, outside of its folder",
            HINT,
        )
    if entry.get("kwargs"):
        raise ModelError(f"{file} has a module with arguments of its own", HINT)
    return Module(kind, str(path))


def _types(kind: str) -> tuple[str, ...]:
    """What a module's class is called, in old versions of the library and in new ones."""
    own = "".join(f"_{one.lower()}" if one.isupper() else one for one in kind)[1:]
    old, base, new = (f"sentence_transformers.{name}" for name in
                      ("models", "base.modules", "sentence_transformer.modules"))  # fmt: skip
    return (
        f"{old}.{kind}", f"{old}.{kind}.{kind}", f"{base}.{kind}", f"{base}.{own}.{kind}",
        f"{new}.{kind}", f"{new}.{own}.{kind}",
    )  # fmt: skip


def _foreign(file: Path, kind: object) -> ModelError:
    return ModelError(
        f"{file} names code of its own ({str(kind)[:80]!r}), which is never run", HINT
    )


def plain(name: object) -> bool:
    """Whether something is the name of a file or folder, and no way out."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST
        and not name.startswith(".")
        and all(one.isalnum() or one in "_-." for one in name)
    )
