"""Models as they are published, whose configuration must be let through. Their weights are empty
files of the right size: nothing here loads one."""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pyrite_cli.core.embed.vetted import Vetted, vet
from pyrite_schemas.errors import ModelError
from tests.models import ABOUT, CONFIG, POOLING, TOKENS, WHOLE, Tensors, tokenizer, write

BERT = {
    "_name_or_path": "nreimers/MiniLM-L6-H384-uncased", "architectures": ["BertModel"],
    "attention_probs_dropout_prob": 0.1, "classifier_dropout": None,
    "gradient_checkpointing": False,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 384, "initializer_range": 0.02,
    "intermediate_size": 1536, "layer_norm_eps": 1e-12, "max_position_embeddings": 512,
    "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 6, "pad_token_id": 0,
    "position_embedding_type": "absolute", "transformers_version": "4.8.2", "type_vocab_size": 2,
    "use_cache": True, "vocab_size": 30522,
}  # fmt: skip
XLMR = BERT | {
    "architectures": ["XLMRobertaModel"], "bos_token_id": 0, "eos_token_id": 2,
    "hidden_size": 1024, "intermediate_size": 4096, "max_position_embeddings": 514,
    "model_type": "xlm-roberta", "num_attention_heads": 16, "num_hidden_layers": 24,
    "output_past": True, "pad_token_id": 1, "type_vocab_size": 1, "vocab_size": 250002,
}  # fmt: skip
MPNET = {
    "_name_or_path": "microsoft/mpnet-base", "architectures": ["MPNetForMaskedLM"],
    "attention_probs_dropout_prob": 0.1, "bos_token_id": 0, "eos_token_id": 2,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 768,
    "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-05,
    "max_position_embeddings": 514, "model_type": "mpnet", "num_attention_heads": 12,
    "num_hidden_layers": 12, "pad_token_id": 1, "relative_attention_num_buckets": 32,
    "transformers_version": "4.8.2", "vocab_size": 30527,
}  # fmt: skip
DISTILBERT = {
    "activation": "gelu", "architectures": ["DistilBertModel"], "attention_dropout": 0.1,
    "dim": 768, "dropout": 0.1, "hidden_dim": 3072, "initializer_range": 0.02,
    "max_position_embeddings": 512, "model_type": "distilbert", "n_heads": 12, "n_layers": 6,
    "output_hidden_states": True, "output_past": True, "pad_token_id": 0, "qa_dropout": 0.1,
    "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": False, "tie_weights_": True,
    "vocab_size": 119547,
}  # fmt: skip
LABSE = BERT | {
    "directionality": "bidi", "hidden_size": 768, "intermediate_size": 3072,
    "num_hidden_layers": 12, "pooler_fc_size": 768, "pooler_num_attention_heads": 12,
    "pooler_num_fc_layers": 3, "pooler_size_per_head": 128,
    "pooler_type": "first_token_transform", "vocab_size": 501153,
}  # fmt: skip
MODERN = {
    "architectures": ["ModernBertModel"], "attention_bias": False, "attention_dropout": 0.0,
    "bos_token_id": 50281, "classifier_activation": "gelu", "classifier_bias": False,
    "classifier_dropout": 0.0, "classifier_pooling": "mean", "cls_token_id": 50281,
    "decoder_bias": True, "deterministic_flash_attn": False, "embedding_dropout": 0.0,
    "eos_token_id": 50282, "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0,
    "gradient_checkpointing": False, "hidden_activation": "gelu", "hidden_size": 768,
    "initializer_cutoff_factor": 2.0, "initializer_range": 0.02, "intermediate_size": 1152,
    "layer_norm_eps": 1e-05, "local_attention": 128, "local_rope_theta": 10000.0,
    "max_position_embeddings": 8192, "mlp_bias": False, "mlp_dropout": 0.0,
    "model_type": "modernbert", "norm_bias": False, "norm_eps": 1e-05, "num_attention_heads": 12,
    "num_hidden_layers": 22, "pad_token_id": 50283, "position_embedding_type": "absolute",
    "reference_compile": None, "repad_logits_with_grad": False, "sep_token_id": 50282,
    "sparse_pred_ignore_index": -100, "sparse_prediction": False, "torch_dtype": "float32",
    "transformers_version": "4.48.0.dev0", "vocab_size": 50368,
    "layer_types": ["full_attention", "sliding_attention"],
    "rope_parameters": {
        "full_attention": {"rope_theta": 160000.0, "rope_type": "default"},
        "sliding_attention": {"rope_theta": 10000.0, "rope_type": "default"},
    },
}  # fmt: skip
T5 = {
    "architectures": ["T5EncoderModel"], "d_ff": 3072, "d_kv": 64, "d_model": 768,
    "decoder_start_token_id": 0, "dropout_rate": 0.1, "eos_token_id": 1,
    "feed_forward_proj": "relu", "gradient_checkpointing": False, "initializer_factor": 1.0,
    "is_encoder_decoder": True, "layer_norm_epsilon": 1e-06, "model_type": "t5",
    "n_positions": 512, "num_decoder_layers": 12, "num_heads": 12, "num_layers": 12,
    "output_past": True, "pad_token_id": 0, "relative_attention_num_buckets": 32,
    "task_specific_params": {"summarization": {"prefix": "summarize: "}}, "torch_dtype": "float32",
    "use_cache": True, "vocab_size": 32128,
}  # fmt: skip

MASK = {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "normalized": True,
        "rstrip": False, "single_word": False}  # fmt: skip
BERT_TOKENS = {
    "do_lower_case": True, "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]",
    "cls_token": "[CLS]", "mask_token": "[MASK]", "tokenize_chinese_chars": True,
    "strip_accents": None, "name_or_path": "nreimers/MiniLM-L6-H384-uncased",
    "special_tokens_map_file": "/root/.cache/huggingface/transformers/a1b2",
    "do_basic_tokenize": True, "never_split": None, "tokenizer_class": "BertTokenizer",
    "model_max_length": 512, "clean_up_tokenization_spaces": True,
    "added_tokens_decoder": {
        "0": {"content": "[PAD]", "lstrip": False, "normalized": False, "rstrip": False,
              "single_word": False, "special": True},
    },
}  # fmt: skip
XLMR_TOKENS = {
    "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
    "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": MASK, "sp_model_kwargs": {},
    "model_max_length": 512, "special_tokens_map_file": None, "name_or_path": "xlm-roberta-base",
    "tokenizer_class": "XLMRobertaTokenizer", "additional_special_tokens": [],
}  # fmt: skip
FAST_TOKENS = {
    "clean_up_tokenization_spaces": True, "cls_token": "[CLS]", "extra_special_tokens": {},
    "mask_token": "[MASK]", "model_input_names": ["input_ids", "attention_mask"],
    "model_max_length": 1000000000000000019884624838656, "pad_token": "[PAD]",
    "sep_token": "[SEP]", "tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]",
    "stride": 0, "max_length": 128, "pad_to_multiple_of": None, "pad_token_type_id": 0,
    "padding_side": "right", "truncation_side": "right", "truncation_strategy": "longest_first",
}  # fmt: skip


class Layout(NamedTuple):
    """A model, as its files say what it is; `widths` are those of its Dense modules."""

    config: dict[str, Any]
    tokens: dict[str, Any]
    about: dict[str, Any]
    dimensions: int
    pooling: str = "mean_tokens"
    whole: dict[str, Any] = {}  # noqa: RUF012
    dense: tuple[str, int, int] | None = None


VERSIONS = {"__version__": {"sentence_transformers": "2.0.0", "transformers": "4.6.1",
                            "pytorch": "1.8.1"}}  # fmt: skip
LAYOUTS = {
    "all-MiniLM-L6-v2": Layout(
        BERT, BERT_TOKENS, {"max_seq_length": 256, "do_lower_case": False}, 384, whole=VERSIONS
    ),
    "all-mpnet-base-v2": Layout(
        MPNET, BERT_TOKENS | {"tokenizer_class": "MPNetTokenizer", "bos_token": "<s>"},
        {"max_seq_length": 384, "do_lower_case": False}, 768,
    ),
    "bge-small-en-v1.5": Layout(
        BERT | {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}, "torch_dtype": "float32"},
        BERT_TOKENS, {"max_seq_length": 512, "do_lower_case": True}, 384, pooling="cls_token",
    ),
    "gte-small": Layout(
        BERT | {"torch_dtype": "float16"}, BERT_TOKENS, {"max_seq_length": 512}, 384
    ),
    "arctic-embed": Layout(
        BERT, BERT_TOKENS, {"max_seq_length": 512}, 384, pooling="cls_token",
        whole=VERSIONS | {"prompts": {"query": "Represent this: "}, "default_prompt_name": None,
                          "similarity_fn_name": "cosine"},
    ),
    "multilingual-e5-small": Layout(
        BERT | {"vocab_size": 250037, "tokenizer_class": "XLMRobertaTokenizer"}, XLMR_TOKENS,
        {"max_seq_length": 512, "do_lower_case": False}, 384,
    ),
    "multilingual-e5-large": Layout(XLMR, XLMR_TOKENS, {"max_seq_length": 512}, 1024),
    "paraphrase-multilingual-MiniLM-L12-v2": Layout(
        BERT | {"vocab_size": 250037, "num_hidden_layers": 12}, FAST_TOKENS,
        {"max_seq_length": 128, "do_lower_case": False}, 384,
    ),
    "LaBSE": Layout(
        LABSE, BERT_TOKENS | {"do_lower_case": False, "full_tokenizer_file": None},
        {"max_seq_length": 256, "do_lower_case": False}, 768, pooling="cls_token",
        dense=("torch.nn.modules.activation.Tanh", 768, 768),
    ),
    "distiluse-base-multilingual-cased-v2": Layout(
        DISTILBERT, BERT_TOKENS | {"tokenizer_class": "DistilBertTokenizer"},
        {"max_seq_length": 128, "do_lower_case": False}, 512,
        dense=("torch.nn.modules.activation.Tanh", 768, 512),
    ),
    "modernbert-embed-base": Layout(MODERN, FAST_TOKENS, {"max_seq_length": 8192}, 768),
    "sentence-t5-base": Layout(
        T5, {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "extra_ids": 100,
             "additional_special_tokens": [f"<extra_id_{number}>" for number in range(100)],
             "sp_model_kwargs": {}, "tokenizer_class": "T5Tokenizer"},
        {"max_seq_length": 256}, 768, dense=("torch.nn.modules.linear.Identity", 768, 768),
    ),
    "as saved today": Layout(
        BERT | {"dtype": "float32", "is_decoder": False, "tie_word_embeddings": True},
        BERT_TOKENS | {"backend": "tokenizers", "is_local": True, "local_files_only": True},
        {"transformer_task": "feature-extraction", "module_output_name": "token_embeddings",
         "modality_config":
             {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}},
        384, whole=VERSIONS | {"model_type": "SentenceTransformer", "default_prompt_name": None,
                               "prompts": {"document": "", "query": ""}},
    ),
}  # fmt: skip


def hollow(file: Path, sizes: Tensors) -> None:
    """Weights of these sizes that take no room."""
    header: dict[str, Any] = {}
    at = 0
    for name, shape in sizes.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * prod(shape)]}
        at += 4 * prod(shape)
    text = json.dumps(header).encode()
    with file.open("wb") as made:
        made.write(struct.pack("<Q", len(text)) + text)
        made.truncate(8 + len(text) + at)


def put_layout(folder: Path, layout: Layout) -> Path:
    kinds = ["Transformer", "Pooling", *(["Dense"] if layout.dense else []), "Normalize"]
    write(folder, "modules.json", [
        {"idx": at, "name": str(at), "path": f"{at}_{kind}" if at else "",
         "type": f"sentence_transformers.models.{kind}"}
        for at, kind in enumerate(kinds)
    ])  # fmt: skip
    for name, said in ((CONFIG, layout.config), (TOKENS, layout.tokens), (ABOUT, layout.about),
                       (WHOLE, layout.whole), ("tokenizer.json", tokenizer())):  # fmt: skip
        write(folder, name, said)
    special = {"mask_token": MASK, "pad_token": "<pad>", "additional_special_tokens": []}
    write(folder, "special_tokens_map.json", special)
    config = layout.config
    width = config.get("hidden_size") or config.get("dim") or config["d_model"]
    ways = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    write(folder, POOLING, {"word_embedding_dimension": width}
          | {f"pooling_mode_{way}": way == layout.pooling for way in ways})  # fmt: skip
    layers = config.get("num_hidden_layers") or config.get("n_layers") or config["num_layers"]
    sizes: Tensors = {"words": (config["vocab_size"], width)}
    sizes |= {f"layer.{number}": (width,) for number in range(layers)}
    hollow(folder / "model.safetensors", sizes)
    if layout.dense:
        activation, before, after = layout.dense
        write(folder, "2_Dense/config.json", {"in_features": before, "out_features": after,
              "bias": True, "activation_function": activation})  # fmt: skip
        hollow(folder / "2_Dense/model.safetensors",
               {"linear.weight": (after, before), "linear.bias": (after,)})  # fmt: skip
    return folder


def looked_through(folder: Path, layout: Layout) -> Vetted:
    return vet(put_layout(folder, layout), folder)


@pytest.mark.parametrize("name", LAYOUTS)
def test_published_models_are_let_through(tmp_path: Path, name: str) -> None:
    layout = LAYOUTS[name]
    found = looked_through(tmp_path / "model", layout)
    assert found.dimensions == layout.dimensions
    length = layout.about.get("max_seq_length") or layout.config["max_position_embeddings"]
    assert found.max_length == length
    assert found.query_prompt == layout.whole.get("prompts", {}).get("query", "")
    kept = json.loads(found.texts[CONFIG])
    assert kept.items() <= layout.config.items()
    assert layout.config.keys() - kept.keys() <= {
        "_name_or_path", "id2label", "label2id", "task_specific_params", "transformers_version",
    }  # fmt: skip


def test_a_model_that_needs_code_of_its_own_is_refused(tmp_path: Path) -> None:
    needs = {"auto_map": {"AutoModel": "nomic-ai/nomic-bert-2048--modeling.NomicBertModel"}}
    layout = LAYOUTS["all-MiniLM-L6-v2"]
    with pytest.raises(ModelError, match=r"config.json has `auto_map"):
        looked_through(tmp_path / "model", layout._replace(config=layout.config | needs))
