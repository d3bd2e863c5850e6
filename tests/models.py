"""Models made by code: small enough to be written in a test, whole enough to be loaded."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from pyrite_cli.core.embed.model import Files, locate
from pyrite_cli.core.embed.vetted import laid_out
from pyrite_schemas.errors import ModelError

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cats", "dogs", "text", "number", "a", "the")
MODULES = ("Transformer", "Pooling", "Normalize")

ABOUT, CONFIG, TOKENS, WHOLE, POOLING = (
    "sentence_bert_config.json", "config.json", "tokenizer_config.json",
    "config_sentence_transformers.json", "1_Pooling/config.json",
)  # fmt: skip

Tensors = dict[str, tuple[int, ...]]


def put(
    folder: Path, *, hidden: int = 8, seed: int = 0, modules: tuple[str, ...] = MODULES
) -> Path:
    """Write a BERT of one layer.

    Args:
        folder: Where; made.
        hidden: The length of its vectors.
        seed: Of its weights, which are random.
        modules: Classes of its modules.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        {"idx": at, "name": str(at), "path": f"{at}_{kind}" if at else "",
         "type": f"sentence_transformers.models.{kind}"}
        for at, kind in enumerate(modules)
    ]  # fmt: skip
    write(folder, "modules.json", listed)
    write(folder, "config.json", bert(hidden))
    write(folder, "sentence_bert_config.json", {"max_seq_length": 16, "do_lower_case": False})
    write(folder, "tokenizer.json", tokenizer())
    write(
        folder, "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "pad_token": "[PAD]"}
    )
    for at, kind in enumerate(modules):
        if kind == "Pooling":
            said = {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}
            write(folder, f"{at}_{kind}/config.json", said)
    put_weights(folder / "model.safetensors", layers(hidden), seed)
    return folder


def write(folder: Path, name: str, values: object) -> None:
    """Write a file of a model as JSON."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(values))


def change(folder: Path, name: str, **values: Any) -> None:
    """Change keys of a configuration."""
    file = folder / name
    write(folder, name, (json.loads(file.read_text()) if file.exists() else {}) | values)


def bert(hidden: int) -> dict[str, Any]:
    """The configuration of a BERT."""
    return {
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": hidden,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": hidden * 2,
        "max_position_embeddings": 32, "type_vocab_size": 2, "vocab_size": len(WORDS),
        "hidden_act": "gelu", "pad_token_id": 0, "layer_norm_eps": 1e-12,
    }  # fmt: skip


def tokenizer() -> dict[str, Any]:
    """A vocabulary of whole words."""
    special = [
        {"id": at, "content": word, "special": True, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False}
        for at, word in enumerate(WORDS[:5])
    ]  # fmt: skip
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "lowercase": True,
                       "handle_chinese_chars": True, "strip_accents": None},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100,
                  "vocab": {word: at for at, word in enumerate(WORDS)}},
    }  # fmt: skip


def layers(hidden: int) -> Tensors:
    """The tensors of a BERT of one layer."""
    wide = 2 * hidden
    sizes = {
        "embeddings.word_embeddings.weight": (len(WORDS), hidden),
        "embeddings.position_embeddings.weight": (32, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
        "encoder.layer.0.intermediate.dense.weight": (wide, hidden),
        "encoder.layer.0.intermediate.dense.bias": (wide,),
        "encoder.layer.0.output.dense.weight": (hidden, wide),
        "encoder.layer.0.output.dense.bias": (hidden,),
        "pooler.dense.weight": (hidden, hidden),
        "pooler.dense.bias": (hidden,),
    }
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        sizes[f"encoder.layer.0.attention.{part}.weight"] = (hidden, hidden)
        sizes[f"encoder.layer.0.attention.{part}.bias"] = (hidden,)
    norms = ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output")
    for norm in norms:
        for name in ("weight", "bias"):
            sizes[f"{norm}.LayerNorm.{name}"] = (hidden,)
    return sizes


def put_weights(file: Path, sizes: Tensors, seed: int = 0) -> None:
    """Write random float32 weights as safetensors."""
    chance = random.Random(seed)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, shape in sizes.items():
        count = 1
        for size in shape:
            count *= size
        values = struct.pack(f"<{count}f", *(chance.uniform(-1, 1) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": list(shape),
                        "data_offsets": [len(data), len(data) + len(values)]}  # fmt: skip
        data += values
    head = json.dumps(header).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<Q", len(head)) + head + data)


def look(model: Path) -> Files:
    """Locate a model as a repository beside it names it; its cache is there too."""
    return locate(f"./{model.name}", model.parent, model.parent / "cache")


def refused(model: Path, said: str) -> None:
    """Check what a model is refused with, by what looks for it and by what loads it."""
    with pytest.raises(ModelError) as caught:
        look(model)
    error = caught.value
    assert said in error.message
    assert error.hint
    assert "\n" not in error.message
    assert len(error.message) < 500 + len(str(model))
    with pytest.raises(ModelError), laid_out(model, model.parent):
        pass
