"""The real model, from the export to hybrid search. Needs the `semantic` and `offline-model`
extras; skipped where they are not installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyrite_backends.sqlite.cache import SqliteCache
from pyrite_cli.core.embed import model as models
from pyrite_cli.core.embed import onnx
from pyrite_cli.core.embed.fill import fill, runtime_for
from pyrite_cli.core.embed.model import Files, locate
from pyrite_schemas.config import DEFAULT_MODEL
from pyrite_schemas.errors import ModelError
from tests.conftest import Bench, Pyrite, Repo, Silent
from tests.embedder import HashEmbedder
from tests.program import Here, here, shape
from tests.test_imports import modules

pytestmark = pytest.mark.skipif(
    not models.installed() or models._packaged() is None,
    reason="needs the extras `semantic` and `offline-model`",
)

TEXTS = [
    "The pump stops when the valve is closed.",
    "Ein Satz in einer anderen Sprache, mit Umlauten: öäü.",
    "def add(a, b):\n    return a + b",
    "日本語の文章",
    "x",
    "A longer passage about seeds, which are dried to fifteen percent before they are frozen. " * 9,
]
LONG = " ".join(f"{number:x}{number * 7919:x}" for number in range(10_000, 10_400))

NOTES = {
    "cats": "# Cats\n\nFelines sleep most of the day and purr when they are content.",
    "money": "# Interest\n\nBanks pay a yearly rate on what customers deposit.",
    "pump": "# XK-417\n\nPart number of the gasket.",
    "garden": "# Compost\n\nKitchen scraps become soil within a year.",
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder in which the model is exported once."""
    return tmp_path_factory.mktemp("model-cache")


@pytest.fixture(scope="session")
def files(cache: Path) -> Files:
    return locate(DEFAULT_MODEL, Path("/"), cache)


@pytest.fixture(scope="session")
def export(files: Files, cache: Path) -> Path:
    """The exported model."""
    from pyrite_cli.core.embed.bulk import export

    return export(files, cache)


@pytest.fixture(autouse=True)
def _shared_cache(
    monkeypatch: pytest.MonkeyPatch, export: Path, cache: Path, _own_world: None
) -> None:
    monkeypatch.setenv("PYRITE_CACHE_DIR", str(cache))


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    repo.commit(**NOTES)
    return here(repo.root, monkeypatch, capsys)


def paths(run: Here, *arguments: str) -> list[str]:
    ran = run(*arguments, "--paths")
    assert ran.err == ""
    return ran.out.splitlines()


def test_sync_then_search_by_meaning(run: Here) -> None:
    report = shape("sync", run("index", "sync", "--json").out)["kbs"][0]
    assert report["embedded"] + report["reused"] == report["chunks"] == len(NOTES)
    assert report["pending"] == 0
    assert paths(run, "semantic-search", "what pets do at night")[0] == "cats.md"
    assert paths(run, "search", "--mode", "semantic", "saving account")[0] == "money.md"
    reply = shape("search", run("semantic-search", "recycling food waste", "--json").out)
    assert reply["results"][0]["path"] == "garden.md"
    assert 0 < reply["results"][0]["score"] <= 1
    status = shape("status", run("index", "status", "--json").out)
    assert status["model"]["name"] == DEFAULT_MODEL
    assert status["model"]["dimensions"] == 384
    assert run("index", "verify").code == 0


def test_hybrid_finds_what_either_leg_finds(run: Here) -> None:
    run("index", "sync")
    for query in ("XK-417", "furry animals", "gasket of the bank"):
        keyword = set(paths(run, "search", query)) if run("search", query).code == 0 else set()
        semantic = set(paths(run, "semantic-search", query))
        hybrid = shape("search", run("search", "--mode", "hybrid", query, "--json").out)
        assert {one["path"] for one in hybrid["results"]} == keyword | semantic
    assert paths(run, "search", "--mode", "hybrid", "XK-417")[0] == "pump.md"
    explained = run("search", "--mode", "hybrid", "gasket", "-n1", "--explain").out
    assert "keyword #1" in explained
    assert "semantic #" in explained


def test_what_meaning_can_not_be_looked_for_is_said(run: Here, repo: Repo) -> None:
    repo.commit(empty="", tagged="---\nstatus: open\n---\n# Tagged\n")
    run("index", "sync")
    assert (
        run("related", "empty").err
        == "nothing is related to empty\nby links only: empty has no text\n"
    )
    ran = run("semantic-search", "status:open")
    said = "no text to compare by meaning; conditions alone need --mode keyword"
    assert (ran.code, ran.err.splitlines()[-1]) == (1, said)
    assert run("search", "--mode", "hybrid", "status:open", "--paths") == (0, "tagged.md\n", "")


def test_a_query_needs_no_torch(run: Here, repo: Repo) -> None:
    run("index", "sync")
    for command in (("semantic-search", "cats"), ("search", "--mode", "hybrid", "cats")):
        found = {name.partition(".")[0] for name in modules(repo.root, *command)}
        assert "onnxruntime" in found
        assert found & {
            "torch", "transformers", "sentence_transformers", "sqlalchemy", "huggingface_hub",
            "git", "rich", "yaml",
        } == set()  # fmt: skip


def test_a_query_leaves_nothing_in_the_home_folder(
    run: Here, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index", "sync")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    modules(repo.root, "semantic-search", "felines")
    # Where onnxruntime keeps what it would send home of its use.
    assert list(home.rglob("*")) == []


def test_a_sync_with_nothing_to_do_loads_nothing(run: Here, repo: Repo) -> None:
    run("index", "sync")
    found = {name.partition(".")[0] for name in modules(repo.root, "index", "sync")}
    assert found & {
        "torch", "numpy", "onnxruntime", "tokenizers", "sqlalchemy", "git", "rich", "yaml",
    } == set()  # fmt: skip


def test_a_few_new_texts_need_no_torch(run: Here, repo: Repo) -> None:
    repo.write("new.md", "# Never embedded before\n\nTo be or not to be, in this file only.")
    found = {name.partition(".")[0] for name in modules(repo.root, "index", "sync")}
    assert "onnxruntime" in found
    assert "torch" not in found


def test_what_makes_embedding_long_is_named_before_it_begins(run: Here, repo: Repo) -> None:
    picture = "".join(f"{n:06x}" for n in range(2500))
    repo.commit(drawn=f"# Drawn\n\n![plan](data:image/png;base64,{picture})\n\nA plan.\n")
    ran = run("index", "sync")
    assert ran.code == 0, ran.err
    note = "drawn.md: 15,022 bytes of pictures or other data in the text"
    assert ran.err.count(note) == 2, "before embedding, and among the problems at the end"


def test_both_runtimes_make_the_same_vectors(files: Files, export: Path) -> None:
    from pyrite_cli.core.embed.bulk import TorchRuntime

    quick = onnx.OnnxRuntime(export).documents(TEXTS)
    bulk = onnx.OnnxRuntime(export, threads=2, quick=False).documents(TEXTS)
    torch = TorchRuntime(files)
    heavy = torch.documents(TEXTS)
    plain = _plain(files).encode(TEXTS, normalize_embeddings=True)
    assert np.abs(quick - plain).max() < 1e-5
    assert np.abs(bulk - plain).max() < 1e-5
    assert (heavy * plain).sum(axis=1).min() >= 0.999
    assert torch.documents(TEXTS[:1]) @ torch.query(TEXTS[0]) == pytest.approx(1, abs=1e-2)
    for vectors in (quick, bulk, heavy):
        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


def _plain(files: Files) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(files.folder), device="cpu", local_files_only=True)


def test_texts_the_model_cuts_are_counted(files: Files, export: Path) -> None:
    from pyrite_cli.core.embed.bulk import TorchRuntime

    for runtime in (onnx.OnnxRuntime(export), TorchRuntime(files)):
        runtime.documents([*TEXTS[:5], LONG])
        assert runtime.truncated == 1
        runtime.documents(TEXTS[:5])
        runtime.documents([LONG, f"{LONG} more"])
        assert runtime.truncated == 3


def test_texts_the_model_cuts_are_reported(run: Here, repo: Repo) -> None:
    repo.write("long.md", f"# Numbers\n\n{LONG}\n")
    ran = run("index", "sync")
    assert "longer than the model reads" in ran.err
    repo.write("longer.md", f"# More numbers\n\n{LONG} {LONG}\n")
    assert shape("sync", run("index", "sync", "--json").out)["truncated"] >= 1


def test_vectors_in_the_index_are_finite_and_of_unit_length(
    bench: Bench, repo: Repo, files: Files, cache: Path
) -> None:
    repo.commit(**NOTES)
    bench.sync()
    filled = fill(
        bench.index,
        ["kb"],
        files,
        SqliteCache(cache, files.model),
        Silent(),
        lambda n: runtime_for(n, files, cache),
    )
    assert filled.embedded + filled.reused == len(NOTES)
    with bench.index.reader() as reader:
        rows = [np.frombuffer(vector, np.float32) for _, vector in reader.vectors()]
    assert len(rows) == len(NOTES)
    for row in rows:
        assert row.shape == (files.model.dimensions,)
        assert np.isfinite(row).all()
        assert float(np.linalg.norm(row)) == pytest.approx(1, abs=1e-4)


def test_the_cache_survives_the_index(run: Here, repo: Repo) -> None:
    run("index", "sync")
    rebuilt = shape("sync", run("index", "rebuild", "--json").out)["kbs"][0]
    assert (rebuilt["embedded"], rebuilt["reused"]) == (0, len(NOTES))
    shutil.rmtree(repo.root / ".pyrite")
    again = shape("sync", run("index", "sync", "--json").out)["kbs"][0]
    assert (again["embedded"], again["reused"], again["pending"]) == (0, len(NOTES), 0)


def test_embedding_later(run: Here, repo: Repo) -> None:
    repo.write("later.md", "# Later\n\nA text that waits for its vector.")
    assert "1 without a vector)" in run("index", "sync", "--no-embed").out
    ran = run("index", "embed")
    assert ran.code == 0
    assert ran.out.endswith("5 chunks (1 embedded)\n")
    report = shape("sync", run("index", "embed", "--json").out)
    assert report["kbs"][0]["pending"] == 0
    assert paths(run, "semantic-search", "kittens")[0] == "cats.md"


def test_the_fingerprint_follows_the_weights(files: Files, tmp_path: Path) -> None:
    same, other = tmp_path / "same", tmp_path / "other"
    for folder in (same, other):
        shutil.copytree(files.folder, folder)
    weights = other / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    cache = tmp_path / "cache"
    assert locate(str(same), tmp_path, cache).model.fingerprint == files.model.fingerprint
    assert locate(str(other), tmp_path, cache).model.fingerprint != files.model.fingerprint
    (same / "1_Pooling/config.json").write_text('{"word_embedding_dimension": 384}')
    assert locate(str(same), tmp_path, cache).model.fingerprint != files.model.fingerprint


def test_packaged_weights_must_be_the_published_ones(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / models.PACKAGED / "model"
    shutil.copytree(files.folder, folder)
    monkeypatch.setattr(models, "_packaged", lambda: folder)
    assert locate(DEFAULT_MODEL, tmp_path, tmp_path).folder == folder
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="is not the published model"):
        locate(DEFAULT_MODEL, tmp_path, tmp_path)


def test_prompts_are_used(files: Files, export: Path, tmp_path: Path) -> None:
    from pyrite_cli.core.embed.bulk import TorchRuntime

    folder = tmp_path / "prompted"
    shutil.copytree(files.folder, folder)
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "query: ", "document": "passage: "}})
    )
    prompted = locate(str(folder), tmp_path, tmp_path)
    assert (prompted.query_prompt, prompted.document_prompt) == ("query: ", "passage: ")
    assert prompted.model.fingerprint != files.model.fingerprint

    exported = tmp_path / "export"
    shutil.copytree(export, exported)
    about = json.loads((exported / onnx.ABOUT).read_text())
    about |= {"query_prompt": "query: ", "document_prompt": "passage: "}
    (exported / onnx.ABOUT).write_text(json.dumps(about))
    plain = onnx.OnnxRuntime(export)
    for runtime in (onnx.OnnxRuntime(exported), TorchRuntime(prompted)):
        asked, told = runtime.query("cats"), runtime.documents(["cats"])[0]
        assert asked @ plain.query("query: cats") > 0.999
        assert told @ plain.query("passage: cats") > 0.999
        assert asked @ plain.query("cats") < 0.999


@pytest.mark.parametrize("damage", ["absent", "halved", "unfinished"])
def test_a_damaged_export_is_made_again(
    pyrite: Pyrite, run: Here, cache: Path, export: Path, damage: str
) -> None:
    run("index", "sync")
    if damage == "absent":
        shutil.rmtree(export)
    elif damage == "halved":
        weights = export / onnx.WEIGHTS
        weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    else:
        (export / onnx.ABOUT).unlink()
    assert not onnx.is_exported(export)
    assert paths(run, "semantic-search", "kittens")[0] == "cats.md"
    assert onnx.is_exported(export)
    assert list((cache / "models").glob("export-*")) == []


def test_vectors_of_a_wrong_length_are_refused(
    bench: Bench, repo: Repo, files: Files, tmp_path: Path
) -> None:
    repo.commit(a="# One\n\ntext")
    bench.sync()
    with pytest.raises(ModelError, match="has 64 dimensions, not 384"):
        fill(
            bench.index,
            ["kb"],
            files,
            SqliteCache(tmp_path, files.model),
            Silent(),
            lambda _: HashEmbedder(),
        )
    with bench.index.reader() as reader:
        assert list(reader.vectors()) == []


def test_a_cache_gives_only_sound_vectors(files: Files, tmp_path: Path) -> None:
    cache = SqliteCache(tmp_path, files.model)
    good = np.zeros(384, np.float32)
    good[0] = 1
    rows = {
        b"good": good.tobytes(),
        b"short": good[:10].tobytes(),
        b"zero": (good * 0).tobytes(),
        b"nan": (good * np.nan).tobytes(),
        b"long": (good * 2).tobytes(),
    }
    cache.put(list(rows.items()))
    assert cache.get(list(rows)) == [(b"good", good.tobytes())]


def test_an_index_of_another_model_says_so(run: Here, repo: Repo, files: Files) -> None:
    run("index", "sync")
    repo.write("pyrite.yaml", f"kbs: [{{name: repo}}]\nembedding:\n  model: {files.folder}\n")
    ran = run("semantic-search", "cats")
    assert ran.code == 2
    assert f"error: the index was made with model {DEFAULT_MODEL}, but" in ran.err
    assert run("index", "sync").code == 0
    assert run("semantic-search", "kittens", "-n1", "--paths").out == "cats.md\n"
