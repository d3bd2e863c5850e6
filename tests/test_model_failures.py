"""Models that nothing is wrong with until they are used: one line, whatever a library raises."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed import onnx
from pyrite_cli.core.embed.runtime import failing
from pyrite_schemas.errors import ModelError
from tests.models import CONFIG, TOKENS, WORDS, change, look, put, tokenizer, write

needs_libraries = pytest.mark.skipif(not models.installed(), reason="needs the extra `semantic`")


class PanicException(BaseException):
    """What a panic of Rust code becomes, by name."""


@pytest.mark.parametrize(
    "error", [ValueError("bad\nworse"), PanicException("bad"), KeyError("bad")]
)
def test_what_libraries_raise_becomes_one_line(error: BaseException) -> None:
    with pytest.raises(ModelError) as caught, failing("it fails", "try another"):
        raise error
    assert caught.value.message in ("it fails: bad", "it fails: 'bad'")
    assert caught.value.hint == "try another"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), ModelError("own")])
def test_what_is_no_failure_of_a_library_passes(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, failing("it fails", "try another"):
        raise error
    assert caught.value is error


def ids_no_weight_has(model: Path) -> None:
    vocabulary = {word: at * 1000 for at, word in enumerate(WORDS)}
    known: dict[str, Any] = tokenizer()["model"]
    write(model, "tokenizer.json", tokenizer() | {"model": known | {"vocab": vocabulary}})


def no_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").write_text('{"a":' * 100_000)


@needs_libraries
@pytest.mark.parametrize(
    "damage",
    [
        ids_no_weight_has,
        no_tokenizer,
        lambda model: change(model, TOKENS, pad_token="nonesuch"),
        lambda model: change(model, CONFIG, num_attention_heads=0),
        lambda model: change(model, CONFIG, max_position_embeddings=100_000),
        lambda model: change(model, CONFIG, to_dict=1, forward=1),
        lambda model: change(model, CONFIG, chunk_size_feed_forward=7),
    ],
)
def test_a_model_that_can_not_work_is_an_error(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    from pyrite_cli.core.embed.bulk import TorchRuntime, export

    damage(put(tmp_path / "model"))
    files = look(tmp_path / "model")
    with pytest.raises(ModelError, match=r"model \./model ") as caught:
        TorchRuntime(files).documents(["cats and dogs " * 9, "cats"])
    assert "pyrite-model-" not in caught.value.message
    with pytest.raises(ModelError, match=r"model \./model "):
        export(files, tmp_path / "cache")
    assert not list((tmp_path / "cache" / "models").glob("export-*"))


@needs_libraries
def test_an_exported_model_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    from pyrite_cli.core.embed.bulk import export

    put(tmp_path / "model")
    before = os.umask(0)
    try:
        folder = export(look(tmp_path / "model"), tmp_path / "cache")
    finally:
        os.umask(before)
    made = [folder.parent, *folder.parent.rglob("*")]
    assert {place.name for place in made} >= {"fingerprints.json", onnx.ABOUT, onnx.GRAPH}
    assert [place for place in made if place.stat().st_mode & 0o077] == []


@needs_libraries
def test_an_export_that_lies_is_an_error(tmp_path: Path) -> None:
    from pyrite_cli.core.embed.bulk import export

    put(tmp_path / "model")
    folder = export(look(tmp_path / "model"), tmp_path / "cache")
    about = json.loads((folder / onnx.ABOUT).read_text())
    for lie in ({"max_length": "x"}, {"pad_id": -1}, {"query_prompt": 1}):
        (folder / onnx.ABOUT).write_text(json.dumps(about | lie))
        with pytest.raises(ModelError, match="exported model"):
            onnx.OnnxRuntime(folder).query("cats")
    (folder / onnx.ABOUT).write_text(json.dumps(about))
    ids_no_weight_has(folder)
    with pytest.raises(ModelError, match="the exported model fails on a text"):
        onnx.OnnxRuntime(folder).documents(["cats and dogs"])
