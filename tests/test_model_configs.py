"""Models of strangers: what their configuration may ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyrite_cli.core.embed.vetted import laid_out
from tests.models import (
    ABOUT,
    CONFIG,
    POOLING,
    TOKENS,
    WHOLE,
    bert,
    change,
    look,
    put,
    put_weights,
    refused,
    write,
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that there is nothing to say against."""
    return put(tmp_path / "model")


# Modules


def of_type(name: object) -> list[dict[str, object]]:
    return [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": name},
    ]


@pytest.mark.parametrize(
    "kind",
    ["evil.Module", "sentence_transformers_evil.Module", "os.system", "modeling.Mine", None, 1, [],
     "sentence_transformers.models.", "sentence_transformers.models.Pooling.x",
     "sentence_transformers.models.WordEmbeddings", "sentence_transformers.models.WordWeights",
     "sentence_transformers.models.BoW", "sentence_transformers.models.CNN",
     "sentence_transformers.models.LSTM", "sentence_transformers.models.CLIPModel",
     "sentence_transformers.models.Router", "sentence_transformers.models.Asym",
     "sentence_transformers.models.StaticEmbedding",
     "sentence_transformers.models.WeightedLayerPooling",
     "sentence_transformers.base.modules.module.torch.load",
     "sentence_transformers.util.import_from_string",
     "sentence_transformers.sparse_encoder.modules.SpladePooling"],
)  # fmt: skip
def test_modules_with_code_of_their_own_are_refused(model: Path, kind: object) -> None:
    write(model, "modules.json", of_type(kind))
    refused(model, "names code of its own")


@pytest.mark.parametrize(
    "kind",
    ["sentence_transformers.models.Pooling", "sentence_transformers.models.Pooling.Pooling",
     "sentence_transformers.sentence_transformer.modules.Pooling",
     "sentence_transformers.sentence_transformer.modules.pooling.Pooling"],
)  # fmt: skip
def test_modules_go_by_their_old_names_and_their_new_ones(model: Path, kind: str) -> None:
    write(model, "modules.json", of_type(kind))
    assert look(model).model.dimensions == 8


@pytest.mark.parametrize(
    "path", ["..", "../model", "/etc", ".hidden", "a/b", "a\\b", "a\0b", "x" * 300, 1, None, []]
)
def test_modules_lie_in_the_folder(model: Path, path: object) -> None:
    listed = of_type("sentence_transformers.models.Pooling")
    listed[1]["path"] = path
    write(model, "modules.json", listed)
    refused(model, "outside of its folder")


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ({}, "is no list of modules"),
        ("x", "is no list of modules"),
        ([], "does not name one Transformer"),
        (["x"], "names code of its own"),
        (of_type("sentence_transformers.models.Pooling")[1:], "does not name one Transformer"),
        (of_type("sentence_transformers.models.Transformer"), "does not name one Transformer"),
        ([of_type("")[0], {**of_type("sentence_transformers.models.Pooling")[1], "path": ""}],
         "two modules in one place"),
        ([of_type("")[0] | {"kwargs": ["task"]}], "arguments of its own"),
    ],
)  # fmt: skip
def test_a_list_of_modules_is_one(model: Path, listed: object, said: str) -> None:
    write(model, "modules.json", listed)
    refused(model, said)


@pytest.mark.parametrize("name", ["adapter_config.json", "router_config.json"])
def test_what_is_made_of_other_models_is_refused(model: Path, name: str) -> None:
    write(model, name, {"base_model_name_or_path": "someone/else"})
    refused(model, f"{name} is of a model that is made of others")


# Configuration


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        (ABOUT, "model_args", {"weights_only": False}),
        (ABOUT, "model_kwargs", {"use_safetensors": False}),
        (ABOUT, "tokenizer_args", {"use_fast": False}),
        (ABOUT, "processor_kwargs", {"trust_remote_code": True}),
        (ABOUT, "config_args", {"auto_map": {}}),
        (ABOUT, "config_kwargs", ["x"]),
        (ABOUT, "backend", "openvino"),
        (ABOUT, "tokenizer_name_or_path", "someone/else"),
        (ABOUT, "transformer_task", "text-generation"),
        (ABOUT, "modality_config", {"text": {"method": "save_pretrained"}}),
        (ABOUT, "query_expansion", {"a": 1}),
        (ABOUT, "max_seq_length", -1),
        (ABOUT, "max_seq_length", 0),
        (ABOUT, "max_seq_length", 10**30),
        (ABOUT, "max_seq_length", "long"),
        (ABOUT, "max_seq_length", 12.5),
        (ABOUT, "max_seq_length", True),
        (ABOUT, "max_seq_length", [512]),
        (CONFIG, "auto_map", {"AutoModel": "modeling.Mine"}),
        (CONFIG, "auto_map", 1),
        (CONFIG, "quantization_config", {"quant_method": "bitsandbytes"}),
        (CONFIG, "attn_implementation", "someone/kernel"),
        (CONFIG, "_attn_implementation", "someone/kernel"),
        (CONFIG, "_attn_implementation_internal", "someone/kernel"),
        (CONFIG, "_experts_implementation", 1),
        (CONFIG, "custom_pipelines", {"x": {"impl": "mine.Pipeline"}}),
        (CONFIG, "model_type", "timm_wrapper"),
        (CONFIG, "model_type", 1),
        (CONFIG, "tokenizer_class", "Evil"),
        (CONFIG, "hidden_act", "evil.function"),
        (CONFIG, "torch_dtype", "load"),
        (CONFIG, "dtype", "hub"),
        (CONFIG, "backbone", "someone/else"),
        (CONFIG, "trust_remote_code", True),
        (CONFIG, "use_kernels", True),
        (CONFIG, "processor_class", "Processor"),
        (CONFIG, "encoder", {"model_type": "bert"}),
        (CONFIG, "rope_scaling", {"rope_type": "evil"}),
        (CONFIG, "architectures", ["../x"]),
        (CONFIG, "pruned_heads", {"0": [0]}),
        (CONFIG, "__class__", 1),
        (CONFIG, "new\nline", "x"),
        (CONFIG, "vocab_size", 10**12),
        (CONFIG, "numbers", list(range(5000))),
        (TOKENS, "auto_map", {"AutoTokenizer": ["mine.Tokenizer", None]}),
        (TOKENS, "tokenizer_class", "Evil"),
        (TOKENS, "processor_class", "Processor"),
        (TOKENS, "fast_tokenizer_files", ["../tokenizer.json"]),
        (TOKENS, "fix_mistral_regex", True),
        (TOKENS, "trust_remote_code", True),
        (TOKENS, "sp_model_kwargs", {"model_file": "/etc/passwd"}),
        (TOKENS, "pad_token", {"content": 1}),
        (TOKENS, "from_slow", True),
        ("special_tokens_map.json", "evil", "x"),
        ("special_tokens_map.json", "pad_token", ["x"]),
        (WHOLE, "model_type", "CrossEncoder"),
        (WHOLE, "prompts", {"query": 1}),
        (WHOLE, "prompts", {"query": "x" * 100_000}),
        (WHOLE, "evil", "x"),
        (POOLING, "pooling_mode", "evil"),
        (POOLING, "word_embedding_dimension", -8),
        (POOLING, "evil", "x"),
    ],
)  # fmt: skip
def test_a_configuration_that_asks_for_more_is_refused(
    model: Path, file: str, key: str, value: object
) -> None:
    change(model, file, **{key: value})
    refused(model, f"{file} has `{json.dumps(key)[1:-1]}: ")


@pytest.mark.parametrize(
    "name",
    ["torch.load", "torch.hub.load", "os.system", "evil.Function", "torch.nn.Module", "", 1,
     "torch.nn.modules.activation.torch.load"],
)  # fmt: skip
def test_a_dense_module_has_an_activation_of_torch(tmp_path: Path, name: object) -> None:
    model = dense(tmp_path / "model", activation_function=name)
    refused(model, "2_Dense/config.json has `activation_function: ")


def dense(model: Path, **said: object) -> Path:
    put(model, modules=("Transformer", "Pooling", "Dense", "Normalize"))
    known = {"in_features": 8, "out_features": 4, "bias": True,
             "activation_function": "torch.nn.modules.activation.Tanh"}  # fmt: skip
    write(model, "2_Dense/config.json", known | said)
    put_weights(model / "2_Dense/model.safetensors", {"linear.weight": (4, 8), "linear.bias": (4,)})
    return model


def test_a_dense_module_decides_the_length_of_the_vectors(tmp_path: Path) -> None:
    assert look(dense(tmp_path / "model")).model.dimensions == 4


@pytest.mark.parametrize("out", [5, 8, 65_536])
def test_a_dense_module_is_as_large_as_its_weights(tmp_path: Path, out: int) -> None:
    refused(dense(tmp_path / "model", out_features=out), "does not say what its weights are")


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_size", 16384), ("hidden_size", 9), ("num_hidden_layers", 1_000_000),
     ("num_hidden_groups", 40), ("inner_group_num", 100), ("vocab_size", 2**31 - 1),
     ("intermediate_size", 1_000_000), ("max_position_embeddings", 10**9), ("whatever", 10**9)],
)  # fmt: skip
def test_sizes_the_weights_do_not_have_are_refused(model: Path, key: str, value: int) -> None:
    change(model, CONFIG, **{key: value})
    refused(model, f"no weights are of the size `{key}: {value}`")


def test_vectors_are_as_long_as_those_before(model: Path) -> None:
    change(model, POOLING, word_embedding_dimension=4096)
    refused(model, "is for vectors of length 4096, and those before it are 8 long")


def test_two_ways_of_pooling_make_vectors_twice_as_long(model: Path) -> None:
    change(model, POOLING, pooling_mode_max_tokens=True)
    assert look(model).model.dimensions == 16


def test_texts_are_no_longer_than_there_are_positions(model: Path) -> None:
    change(model, ABOUT, max_seq_length=33)
    refused(model, "is for texts of 32 tokens, and `max_seq_length` is 33")
    change(model, ABOUT, max_seq_length=32)
    assert look(model).max_length == 32


JSONS = ("modules.json", ABOUT, CONFIG, TOKENS, WHOLE, POOLING, "special_tokens_map.json",
         "added_tokens.json")  # fmt: skip


@pytest.mark.parametrize("file", JSONS)
@pytest.mark.parametrize(
    "text",
    [b"{", b"\xff\xfe\xfd", b"[" * 100_000, b'{"a":' * 100_000, b'{"a": 1' + b"0" * 10_000 + b"}",
     b'"text"', b"7"],
)  # fmt: skip
def test_what_is_no_configuration_is_an_error(model: Path, file: str, text: bytes) -> None:
    (model / file).write_bytes(text)
    refused(model, file)


@pytest.mark.parametrize("file", [*JSONS, "tokenizer.json"])
def test_a_file_that_is_too_large_is_not_read(model: Path, file: str) -> None:
    with (model / file).open("wb") as made:
        made.truncate(300 << 20)
    refused(model, f"{file} is larger than")


@pytest.mark.parametrize("file", ["tokenizer.json", "modules.json", CONFIG])
def test_what_a_model_can_not_do_without_is_named(model: Path, file: str) -> None:
    (model / file).unlink()
    refused(model, "has no `model_type`" if file == CONFIG else f"has no {file}")


def test_what_is_of_no_use_to_an_embedding_is_not_passed_on(model: Path) -> None:
    change(model, CONFIG, _name_or_path="/home/someone", transformers_version="4.1",
           id2label={"0": "x"}, task_specific_params={"x": {"prefix": "y"}})  # fmt: skip
    change(model, TOKENS, chat_template="{{ evil }}", name_or_path="x", vocab_file="/etc/passwd",
           special_tokens_map_file="/root/x", tokenizer_file="/etc/passwd")  # fmt: skip
    change(model, WHOLE, __version__={"pytorch": "1"}, requirements={"evil": ">1"}, truncate_dim=4)
    assert look(model).model.dimensions == 8
    with laid_out(model, model.parent) as place:
        assert json.loads((place / CONFIG).read_text()) == bert(8)
        assert set(json.loads((place / TOKENS).read_text())) == {"tokenizer_class", "pad_token"}
        assert json.loads((place / WHOLE).read_text()) == {}
