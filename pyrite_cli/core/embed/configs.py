"""What the configuration of a model may say.

Whatever reads it (sentence-transformers, transformers) takes names of classes, of files and of
other models out of it, sets attributes and passes arguments by it. So only what is known to do
nothing but describe a text model is let through, key by key; new keys of new versions are refused
until they are known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

Rule: TypeAlias = "Callable[[object], bool]"

HINT = "set `embedding.model` to a model without it"

_MOST = 2**31 - 1
_LIST = 1024
_NAME = 256

FAMILIES = frozenset({
    "albert", "bert", "camembert", "convbert", "deberta", "deberta-v2", "distilbert", "electra",
    "ernie", "eurobert", "gemma3_text", "ibert", "megatron-bert", "mobilebert", "modernbert",
    "mpnet", "mt5", "nystromformer", "qwen2", "qwen3", "rembert", "roberta",
    "roberta-prelayernorm", "roformer", "squeezebert", "t5", "xlm-roberta", "xlm-roberta-xl",
})  # fmt: skip
"""Values of `model_type`: text models whose code is part of transformers and loads nothing else."""

_TOKENIZERS = (
    "Albert", "Bert", "BertJapanese", "Camembert", "ConvBert", "Deberta", "DebertaV2",
    "DistilBert", "Electra", "Ernie", "GPT2", "Gemma", "MPNet", "MobileBert", "PreTrained", "Qwen2",
    "RemBert", "RoFormer", "Roberta", "SqueezeBert", "T5", "XLMRoberta",
)  # fmt: skip
TOKENIZERS = frozenset({
    "TokenizersBackend",
    *(f"{name}Tokenizer{kind}" for name in _TOKENIZERS for kind in ("", "Fast")),
})  # fmt: skip
"""Values of `tokenizer_class`."""

_FUNCTIONS = frozenset({
    "gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python",
    "gelu_pytorch_tanh", "leaky_relu", "linear", "mish", "quick_gelu", "relu", "relu2", "relu6",
    "sigmoid", "silu", "swish", "tanh",
})  # fmt: skip


def number(value: object) -> bool:
    """Truth, or a number of a size that can be reckoned with."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and abs(value) <= _MOST


def whole(least: int, most: int) -> Rule:
    """A whole number in a range."""
    return lambda value: type(value) is int and least <= value <= most


def truth(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def nothing(value: object) -> bool:
    """What asks for nothing."""
    return value is None or value in ({}, [], "")


def one_of(values: Collection[str]) -> Rule:
    """One of some texts."""
    return lambda value: isinstance(value, str) and value in values


def list_of(rule: Rule) -> Rule:
    """A list that is not long, of what a rule lets through."""
    return lambda value: isinstance(value, list) and len(value) <= _LIST and all(map(rule, value))


def _mapping(rule: Rule, most: int = 100_000) -> Rule:
    return lambda value: (
        isinstance(value, dict) and len(value) <= most and all(map(rule, value.values()))
    )


def either(*rules: Rule) -> Rule:
    """What any of the rules lets through."""
    return lambda value: any(rule(value) for rule in rules)


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _NAME


def _word(value: object) -> bool:
    return _text(value) and str(value).replace("_", "a").isalnum() and str(value).isascii()


def _token(value: object) -> bool:
    """A token: its text, or that with how it is matched."""
    if isinstance(value, dict):
        content = value.get("content")
        return _text(content) and all(
            isinstance(flag, bool) or flag == "AddedToken"
            for key, flag in value.items()
            if key != "content"
        )
    return _text(value)


def _rope(value: object) -> bool:
    """How positions are encoded; ModernBERT and Gemma have one of these a kind of layer."""
    kinds = ("default", "dynamic", "linear", "llama3", "longrope", "yarn")
    plain = either(number, list_of(number), one_of(kinds))
    return _mapping(either(plain, _mapping(plain, 20)), 20)(value)


TRANSFORMER: Mapping[str, Rule] = {
    "_sliding_window_pattern": number,
    "activation": one_of(_FUNCTIONS),
    "architectures": list_of(_word),
    "classifier_activation": one_of(_FUNCTIONS),
    "classifier_pooling": one_of(("cls", "mean")),
    "dense_act_fn": one_of(_FUNCTIONS),
    "directionality": one_of(("bidi",)),
    "dtype": one_of(("bfloat16", "float16", "float32")),
    "embedding_type": one_of(("default",)),
    "feed_forward_proj": one_of(("gated-gelu", "gated-silu", "gelu", "relu")),
    "finetuning_task": _text,
    "hidden_act": one_of(_FUNCTIONS),
    "hidden_activation": one_of(_FUNCTIONS),
    "id2label": _mapping(either(_text, number)),
    "label2id": _mapping(number),
    "layer_types": list_of(one_of(("full_attention", "sliding_attention"))),
    "model_type": one_of(FAMILIES),
    "norm_type": one_of(("layer_norm", "no_norm")),
    "pooler_hidden_act": one_of(_FUNCTIONS),
    "pooler_type": one_of(("first_token_transform",)),
    "pos_att_type": either(list_of(one_of(("c2p", "p2c", "p2p"))), one_of(("c2p|p2c", "p2c|c2p"))),
    "position_embedding_type": one_of(
        ("absolute", "relative_key", "relative_key_query", "sans_pos")
    ),
    "problem_type": _text,
    "rope_parameters": _rope,
    "rope_scaling": _rope,
    "summary_activation": one_of(_FUNCTIONS),
    "summary_type": one_of(("attn", "cls_index", "first", "last", "mean")),
    "tokenizer_class": one_of(TOKENIZERS),
    "torch_dtype": one_of(("bfloat16", "float16", "float32")),
}
"""Of `config.json` what is no number: any other key may hold a number or a short list of them."""

TRANSFORMER_UNUSED = frozenset({
    "_name_or_path", "id2label", "label2id", "task_specific_params", "transformers_version",
})  # fmt: skip
"""What no vector depends on; a loader does not get to see it."""

_FORBIDDEN = (
    "attn_implementation", "auto_map", "custom_pipelines", "kernel_config", "local_files_only",
    "processor_class", "pruned_heads", "quantization_config", "trust_remote_code", "use_kernels",
)  # fmt: skip

TOKENIZER: Mapping[str, Rule] = {
    **dict.fromkeys(
        ("add_bos_token", "add_eos_token", "add_prefix_space", "clean_up_tokenization_spaces",
         "do_basic_tokenize", "do_lower_case", "do_subword_tokenize", "do_word_tokenize",
         "keep_accents", "legacy", "remove_space", "spaces_between_special_tokens",
         "split_by_punct", "split_special_tokens", "strip_accents", "tokenize_chinese_chars",
         "trim_offsets", "use_default_system_prompt", "wordpiece_simplify"), truth),
    **dict.fromkeys(
        ("bos_token", "cls_token", "eos_token", "mask_token", "pad_token", "sep_token",
         "unk_token"), _token),
    "added_tokens_decoder": _mapping(_token),
    "additional_special_tokens": list_of(_token),
    "backend": one_of(("tokenizers",)),
    "errors": one_of(("ignore", "replace", "strict")),
    "extra_ids": whole(0, 1000),
    "extra_special_tokens": either(list_of(_token), _mapping(_token, _LIST)),
    "max_length": number,
    "model_input_names": list_of(one_of(("attention_mask", "input_ids", "token_type_ids"))),
    "model_max_length": lambda value: number(value) or (type(value) is int and value > 0),
    "model_specific_special_tokens": either(list_of(_token), _mapping(_token, _LIST)),
    "never_split": list_of(_text),
    "pad_to_multiple_of": whole(1, 1024),
    "pad_token_type_id": number,
    "padding_side": one_of(("left", "right")),
    "sp_model_kwargs": nothing,
    "stride": number,
    "tokenizer_class": one_of(TOKENIZERS),
    "truncation_side": one_of(("left", "right")),
    "truncation_strategy": one_of(("longest_first", "only_first", "only_second")),
    "vocab_type": one_of(("spm",)),
    "word_tokenizer_type": one_of(("basic",)),
}  # fmt: skip
"""Of `tokenizer_config.json` and of `special_tokens_map.json`."""

TOKENIZER_UNUSED = frozenset({
    "chat_template", "is_local", "local_files_only", "max_len", "merges_file", "name_or_path",
    "special_tokens_map_file", "tokenizer_file", "transformers_version", "vocab_file",
})  # fmt: skip

WHOLE: Mapping[str, Rule] = {
    "default_prompt_name": _text,
    "model_type": one_of(("SentenceTransformer",)),
    "prompts": _mapping(lambda value: isinstance(value, str) and len(value) <= 4096, _LIST),
    "similarity_fn_name": one_of(("cosine", "dot", "euclidean", "manhattan")),
}
"""Of `config_sentence_transformers.json`."""

WHOLE_UNUSED = frozenset({"__version__", "requirements", "truncate_dim"})
"""Vectors are kept as long as the model makes them, whatever it would be cut to elsewhere."""


def checked(
    file: Path,
    values: Mapping[str, Any],
    rules: Mapping[str, Rule],
    unused: Collection[str] = (),
    *,
    numbers: bool = False,
) -> dict[str, Any]:
    """What a loader may be told of a configuration.

    Args:
        file: Where it was read.
        values: What it says.
        rules: What it may say, by key; null is always allowed, for it asks for nothing.
        unused: Keys that are left out, whatever they hold.
        numbers: Whether keys without a rule may hold numbers.

    Raises:
        ModelError: It says more than is known to be harmless.
    """
    told: dict[str, Any] = {}
    for key, value in values.items():
        rule = rules.get(key)
        if rule is None and numbers and _is_plain(key) and value not in ({}, ""):
            rule = either(number, list_of(number))
        asks_nothing = rule in (None, nothing) and (nothing(value) or value is False)
        if key in unused or asks_nothing:
            continue
        if rule is None or not (value is None or rule(value)):
            raise _refusal(file, key, value)
        told[key] = value
    return told


def _is_plain(key: str) -> bool:
    """Whether a key without a rule may be a setting of the transformer."""
    return _word(key) and key[0].isalpha() and key not in _FORBIDDEN


def _refusal(file: Path, key: str, value: object) -> ModelError:
    shown = repr(value) if isinstance(value, str | int | float) else type(value).__name__
    return ModelError(
        f"{file} has `{_shown(key)}: {shown[:80]}`, which a model here may not ask for", HINT
    )


def _shown(key: str) -> str:
    return repr(key)[1:-1][:80]
