"""Models of strangers: what is let through of a folder, and that the rest is never even read."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed.model import locate
from pyrite_cli.core.embed.vetted import laid_out
from pyrite_schemas.errors import ModelError
from tests.models import (
    CONFIG,
    POOLING,
    TOKENS,
    layers,
    look,
    put,
    put_weights,
    refused,
    write,
)


class Payload:
    """What a pickle does that is read: it makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.canary),)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """What any code of a model would make."""
    return tmp_path / "CODE-WAS-RUN"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that there is nothing to say against."""
    return put(tmp_path / "model")


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def plant(file: Path, canary: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(Payload(canary)))


# Weights

PICKLED = ("pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "weights.pt", "model.pth",
           "model.pkl", "model.pickle", "model.joblib", "model.ckpt", "tf_model.h5",
           "flax_model.msgpack", "training_args.bin")  # fmt: skip


@pytest.mark.parametrize("name", PICKLED)
def test_weights_that_can_run_code_are_refused_by_name(
    model: Path, canary: Path, name: str
) -> None:
    (model / "model.safetensors").unlink()
    plant(model / name, canary)
    refused(model, f"{name!r} is never loaded")
    assert not canary.exists()


@pytest.mark.parametrize("kind", ["Dense", "LayerNorm"])
def test_weights_of_a_later_module_are_safetensors_too(
    tmp_path: Path, canary: Path, kind: str
) -> None:
    model = put(tmp_path / "model", modules=("Transformer", "Pooling", kind))
    said = {"in_features": 8, "out_features": 8, "dimension": 8}
    write(
        model,
        f"2_{kind}/config.json",
        {k: v for k, v in said.items() if ("_" in k) == (kind == "Dense")},
    )
    plant(model / f"2_{kind}" / "pytorch_model.bin", canary)
    refused(model, f"2_{kind} has no model.safetensors")
    put_weights(model / f"2_{kind}" / "model.safetensors", {"linear.weight": (8, 8)})
    assert look(model).model.dimensions == 8


def test_a_pickle_called_safetensors_is_none(model: Path, canary: Path) -> None:
    plant(model / "model.safetensors", canary)
    refused(model, "is no safetensors file")
    assert not canary.exists()


def header(values: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = values if isinstance(values, bytes) else json.dumps(values).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


TENSOR = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "weights",
    [
        b"", b"x" * 7, header({}, length=2**60), header({}, length=2**63 + 5), header({}, length=0),
        header([]), header(b"{"), header(b'{"a":' * 100_000), header(b"[" * 100_000),
        header({"a": 1}), header({"a": TENSOR}), header({"a": TENSOR}, b"abc"),
        header({"a": TENSOR | {"dtype": "OBJECT"}}, b"abcd"),
        header({"a": TENSOR | {"shape": [2**40, 2**40]}}, b"abcd"),
        header({"a": TENSOR | {"shape": [-1]}}, b"abcd"),
        header({"a": TENSOR | {"shape": "1"}}, b"abcd"),
        header({"a": TENSOR | {"data_offsets": [4, 0]}}, b"abcd"),
        header({"a": TENSOR | {"data_offsets": [2**60, 2**60 + 4]}}, b"abcd"),
        header({"a": TENSOR | {"data_offsets": [0]}}, b"abcd"),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_an_error(model: Path, weights: bytes) -> None:
    (model / "model.safetensors").write_bytes(weights)
    refused(model, "is no safetensors file")


def shard(model: Path, **parts: object) -> None:
    (model / "model.safetensors").rename(model / "model-00001-of-00001.safetensors")
    write(model, "model.safetensors.index.json", {"metadata": {}, "weight_map": parts})


def test_shards_are_loaded_from_the_folder(model: Path) -> None:
    shard(model, **dict.fromkeys(layers(8), "model-00001-of-00001.safetensors"))
    assert look(model).model.dimensions == 8
    with laid_out(model, model.parent) as place:
        assert (place / "model-00001-of-00001.safetensors").is_file()


@pytest.mark.parametrize(
    "name",
    ["../model.safetensors", "/etc/passwd", "pytorch_model.bin", ".safetensors", "a/b.safetensors",
     "a\0.safetensors", "x" * 5000 + ".safetensors", 1, None, ["a.safetensors"]],
)  # fmt: skip
def test_shards_lie_in_the_folder(model: Path, name: object) -> None:
    shard(model, a=name)
    refused(model, "names files outside of its folder")


def test_a_shard_that_is_not_there_is_named(model: Path) -> None:
    shard(model, a="model-00002-of-00002.safetensors")
    refused(model, "model-00002-of-00002.safetensors is not there")


# The folder


def test_only_what_was_let_through_is_laid_out(model: Path, canary: Path) -> None:
    for name in (*PICKLED, "1_Pooling/pytorch_model.bin"):
        plant(model / name, canary)
    for name in ("modeling_bert.py", "configuration.py", "1_Pooling/__init__.py"):
        (model / name).write_text(f"import os; os.mkdir({str(canary)!r})")
    for name in ("processor_config.json", "preprocessor_config.json", "generation_config.json",
                 "onnx/config.json", "chat_template.json"):  # fmt: skip
        write(model, name, {"auto_map": {"AutoProcessor": "mine.Processor"}})
    before = content(model)
    look(model)
    with laid_out(model, model.parent) as place:
        assert set(content(place)) == {
            "modules.json", "config.json", "sentence_bert_config.json", "tokenizer.json",
            "tokenizer_config.json", "1_Pooling/config.json", "model.safetensors",
        }  # fmt: skip
        assert (place / "model.safetensors").resolve() == model / "model.safetensors"
    assert not place.exists()
    assert content(model) == before
    assert not canary.exists()


def test_what_changes_after_it_was_looked_through_is_looked_through_again(model: Path) -> None:
    look(model)
    file = model / CONFIG
    about, text = file.stat(), file.read_text()
    file.write_text(text.replace('"gelu"', '"evil"'))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert file.stat().st_size == about.st_size
    look(model)  # remembered: nothing tells it from what was there before
    with pytest.raises(ModelError, match="hidden_act: 'evil'"), laid_out(model, model.parent):
        pass


LINKED = (CONFIG, "tokenizer.json", "model.safetensors", POOLING, "modules.json")


@pytest.mark.parametrize("name", LINKED)
def test_links_out_of_the_folder_are_not_followed(model: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    (model / name).rename(outside)
    (model / name).symlink_to(outside)
    refused(model, f"{name} leads out of the model's folder")


def test_a_folder_of_a_module_is_no_link_out_of_the_model(model: Path, tmp_path: Path) -> None:
    (model / "1_Pooling").rename(tmp_path / "outside")
    (model / "1_Pooling").symlink_to(tmp_path / "outside")
    refused(model, "leads out of the model's folder")


def test_weights_that_are_only_hashed_are_no_links_either(model: Path) -> None:
    (model / "pytorch_model.bin").symlink_to("/dev/zero")
    with pytest.raises(ModelError, match="leads out of the model's folder"):
        look(model)


@pytest.mark.parametrize(
    "name", [b"\xff.safetensors", b"a 0\nmodel.safetensors", b"\x1b.safetensors"]
)
def test_names_that_can_not_be_shown_are_refused(model: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(model) + b"/" + name)).write_bytes(b"")
    with pytest.raises(ModelError, match="unprintable name") as caught:
        look(model)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", LINKED)
def test_what_is_no_file_is_an_error(model: Path, name: str) -> None:
    (model / name).unlink()
    os.mkfifo(model / name)
    refused(model, f"{name} is no file")


def test_links_that_lead_nowhere_or_round_are_errors(model: Path) -> None:
    (model / TOKENS).unlink()
    (model / TOKENS).symlink_to("absent")
    refused(model, "is a link that leads nowhere")
    (model / TOKENS).unlink()
    (model / TOKENS).symlink_to(TOKENS)
    refused(model, "can't be read")


def test_links_inside_the_folder_are_files(model: Path) -> None:
    (model / CONFIG).rename(model / "other.json")
    (model / CONFIG).symlink_to("other.json")
    assert look(model).model.dimensions == 8


@pytest.fixture
def snapshot(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the Hugging Face cache keeps it: links to blobs."""
    hub = tmp_path / "hub"
    repository = hub / "models--some--model"
    place = repository / "snapshots" / "abc"
    (repository / "blobs").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    for number, file in enumerate(sorted(one for one in model.rglob("*") if one.is_file())):
        link = place / file.relative_to(model)
        link.parent.mkdir(parents=True, exist_ok=True)
        file.rename(repository / "blobs" / str(number))
        link.symlink_to(repository / "blobs" / str(number))
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    return place


def test_models_of_the_hub_s_own_cache_are_links_to_blobs(snapshot: Path, tmp_path: Path) -> None:
    files = locate("some/model", tmp_path, tmp_path / "cache", fetch=False)
    assert (files.folder, files.model.dimensions) == (snapshot, 8)
    with laid_out(snapshot, models.hub_cache()) as place:
        assert (place / CONFIG).is_file()
    (snapshot / TOKENS).unlink()
    (snapshot / TOKENS).symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match="leads out"):
        locate("some/model", tmp_path, tmp_path / "cache", fetch=False)


def test_blobs_that_all_models_of_the_hub_share_are_theirs_too(
    snapshot: Path, tmp_path: Path
) -> None:
    blob = (snapshot / "model.safetensors").resolve()
    shared = tmp_path / "hub" / "blobs" / "ab" / "abc"
    shared.parent.mkdir(parents=True)
    blob.rename(shared)
    blob.symlink_to(shared)
    files = locate("some/model", tmp_path, tmp_path / "cache", fetch=False)
    assert files.model.dimensions == 8


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ({}, "home/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "$HOME/x"}, "home/x/huggingface/hub"),
        ({"HF_HOME": "~/y", "XDG_CACHE_HOME": "/x"}, "home/y/hub"),
        ({"HUGGINGFACE_HUB_CACHE": "~/z", "HF_HOME": "/y"}, "home/z"),
        ({"HF_HUB_CACHE": "~/a", "HUGGINGFACE_HUB_CACHE": "/z"}, "home/a"),
    ],
)
def test_the_hub_s_cache_is_where_its_library_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: dict[str, str], place: str
) -> None:
    for name in ("HF_HOME", "XDG_CACHE_HOME", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert models.hub_cache() == tmp_path / place


def test_what_only_looks_like_the_hub_s_cache_is_not(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "another"))
    with pytest.raises(ModelError, match="leads out of the model's folder"):
        locate(str(snapshot), tmp_path, tmp_path / "cache")


@pytest.mark.parametrize(
    "name", ["./absent", "./a\0b", "./" + "x" * 5000, "~nobody-of-this-name/model", "./model/x"]
)
def test_a_name_that_is_no_folder_is_an_error(model: Path, name: str) -> None:
    with pytest.raises(ModelError, match="there is no model folder"):
        locate(name, model.parent, model.parent / "cache")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "a/../../b"])
def test_a_name_that_is_no_model_is_an_error(model: Path, name: str) -> None:
    with pytest.raises(ModelError, match="is not on this machine"):
        locate(name, model.parent, model.parent / "cache", fetch=False)


# Loading one

LOAD = """
import json, os, sys
from pathlib import Path
from pyrite_cli.core.embed.model import locate

seen = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "pickle.find_class", "os.system"):
        seen.append(f"{event} {arguments}")
    elif event == "open" and str(arguments[0]).startswith(sys.argv[1] + "/model/"):
        seen.append(f"{arguments[0]} {arguments[1]}")

root = Path(sys.argv[1])
files = locate("./model", root, root / "cache")
from pyrite_cli.core.embed.bulk import TorchRuntime, export
import torch, sentence_transformers
sys.addaudithook(watch)
folder = export(files, root / "cache")
length = TorchRuntime(files).documents(["cats"]).shape[1]
loaded = [one.__file__ for one in sys.modules.values() if getattr(one, "__file__", None)]
seen += [file for file in loaded if file.startswith(sys.argv[1])]
print(json.dumps([length, str(folder), seen]))
"""


@pytest.mark.skipif(not models.installed(), reason="needs the extra `semantic`")
def test_loading_a_model_reads_what_was_let_through_and_nothing_else(
    tmp_path: Path, canary: Path
) -> None:
    model = put(tmp_path / "model", modules=("Transformer", "Pooling", "Dense", "Normalize"))
    said = {"in_features": 8, "out_features": 4, "activation_function": "torch.nn.Tanh"}
    write(model, "2_Dense/config.json", said)
    put_weights(model / "2_Dense/model.safetensors", {"linear.weight": (4, 8), "linear.bias": (4,)})
    harmless = {str(model / name) for name in content(model)}
    for name in (*PICKLED, "2_Dense/pytorch_model.bin"):
        plant(model / name, canary)
    for name in ("modeling_bert.py", "sentence_transformers.py", "torch.py", "__init__.py"):
        (model / name).write_text(f"import os; os.mkdir({str(canary)!r})")
    write(model, "processor_config.json", {"auto_map": {"AutoProcessor": "modeling_bert.Evil"}})
    before = content(model)
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", HF_HUB_OFFLINE="0")
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path)],
        capture_output=True, text=True, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    length, folder, seen = json.loads(ran.stdout.splitlines()[-1])
    assert length == 4
    assert Path(folder).parent == tmp_path / "cache" / "models"
    assert {one.rpartition(" ")[0] for one in seen} <= harmless, seen
    assert {one.rpartition(" ")[2] for one in seen} <= {"r", "rb"}, seen
    assert content(model) == before
    assert not canary.exists()
