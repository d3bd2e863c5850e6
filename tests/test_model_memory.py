"""What is remembered of a model, and what its fingerprint tells from another one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite_backends.port.format import VECTORS
from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed import modules
from pyrite_cli.core.embed.folder import Folder
from pyrite_cli.core.embed.model import locate
from pyrite_schemas.config import DEFAULT_MODEL
from pyrite_schemas.errors import ModelError
from tests.models import (
    ABOUT,
    CONFIG,
    POOLING,
    TOKENS,
    change,
    layers,
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


# What is remembered


def test_a_model_is_looked_through_once(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = look(model)
    monkeypatch.setattr(Folder, "find", lambda *_: pytest.fail("looked through again"))
    assert look(model) == first


def test_stricter_rules_are_applied_to_models_that_are_known(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(model)
    monkeypatch.setattr(modules, "RULES", {**modules.RULES, "Pooling": {}})
    look(model)
    monkeypatch.setattr(models, "RULES", models.RULES + 1)
    refused(model, "1_Pooling/config.json has `word_embedding_dimension")


@pytest.mark.parametrize(
    "change_one",
    [
        lambda model: change(model, TOKENS, evil="x"),
        lambda model: write(model, "adapter_config.json", {}),
        lambda model: (model / "special_tokens_map.json").symlink_to("absent"),
    ],
)
def test_a_file_that_changes_is_looked_at(
    model: Path, change_one: Callable[[Path], object]
) -> None:
    look(model)
    change_one(model)
    with pytest.raises(ModelError):
        look(model)


@pytest.mark.parametrize("text", ["", "[]", "7", '{"%s": 1}', '{"%s": {"stamp": []}}', "[" * 9999])
def test_a_damaged_memory_is_made_again(model: Path, text: str) -> None:
    first = look(model)
    memory = model.parent / "cache" / "models" / "fingerprints.json"
    kept = memory.read_text()
    memory.write_text(text.replace("%s", str(model)))
    assert look(model) == first
    assert memory.read_text() == kept


def test_looking_through_a_model_imports_nothing_that_loads_one(model: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from pyrite_cli.core.embed.model import locate\n"
        "locate('./model', Path(sys.argv[1]), Path(sys.argv[1]) / 'cache')\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(model.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(ran.stdout.split()) & {
        "torch", "transformers", "sentence_transformers", "tokenizers", "safetensors", "numpy",
        "huggingface_hub", "onnxruntime",
    }  # fmt: skip


# Fingerprints


@pytest.mark.parametrize(
    "change_one",
    [
        lambda model: change(model, TOKENS, do_lower_case=False),
        lambda model: write(model, "special_tokens_map.json", {"cls_token": "[SEP]"}),
        lambda model: write(model, "added_tokens.json", {"cats": 7}),
        lambda model: change(model, ABOUT, max_seq_length=8),
        lambda model: change(model, CONFIG, hidden_act="relu"),
        lambda model: change(model, POOLING, pooling_mode_mean_tokens=False),
        lambda model: put_weights(model / "model.safetensors", layers(8), seed=1),
    ],
)
def test_whatever_decides_the_vectors_makes_another_fingerprint(
    model: Path, change_one: Callable[[Path], object]
) -> None:
    first = look(model).model.fingerprint
    change_one(model)
    assert look(model).model.fingerprint != first


def test_what_decides_nothing_makes_no_other_fingerprint(model: Path) -> None:
    first = look(model).model.fingerprint
    change(model, TOKENS, name_or_path="/home/someone", chat_template="{{ x }}")
    (model / "README.md").write_text("About this model")
    assert look(model).model.fingerprint == first


@pytest.mark.skipif(models._packaged() is None, reason="needs the extra `offline-model`")
def test_a_copy_of_the_default_model_that_reads_otherwise_is_another(tmp_path: Path) -> None:
    packaged = models._packaged()
    assert packaged is not None
    shutil.copytree(packaged, tmp_path / "model")
    default = locate(DEFAULT_MODEL, tmp_path, tmp_path / "cache").model.fingerprint
    assert look(tmp_path / "model").model.fingerprint == default
    change(tmp_path / "model", TOKENS, do_lower_case=False)
    assert look(tmp_path / "model").model.fingerprint != default


def test_a_model_of_the_hub_goes_by_its_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    published = tmp_path / "hub" / "models--a--b" / "snapshots" / "1"
    published.parent.mkdir(parents=True)
    put(published)
    first = look(published).model.fingerprint
    change(published, TOKENS, do_lower_case=False)
    assert look(published).model.fingerprint == first
    shutil.copytree(published, tmp_path / "model")
    assert look(tmp_path / "model").model.fingerprint != first


@pytest.mark.skipif(models._packaged() is None, reason="needs the extra `offline-model`")
def test_the_default_model_goes_by_its_files_alone(tmp_path: Path) -> None:
    packaged = models._packaged()
    assert packaged is not None
    digest = hashlib.sha256(str(VECTORS).encode())
    for name in ("1_Pooling/config.json", "config.json", "config_sentence_transformers.json",
                 "model.safetensors", "modules.json", "sentence_bert_config.json",
                 "tokenizer.json"):  # fmt: skip
        content = hashlib.sha256((packaged / name).read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    known = locate(DEFAULT_MODEL, tmp_path, tmp_path / "cache").model.fingerprint
    assert known == digest.hexdigest()[:32]
