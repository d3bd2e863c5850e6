"""What is remembered of a model, and what its fingerprint tells from another one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed import modules
from pyrite_cli.core.embed.folder import Folder
from pyrite_schemas.errors import ModelError
from tests.models import (
    TOKENS,
    change,
    look,
    put,
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
