"""The bulk runtime: sentence-transformers, at the best precision the machine has; and the export
of a model for the query runtime. Importing this costs torch (5 s)."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyrite_backends.port import owned
from pyrite_cli.core.embed import onnx
from pyrite_cli.core.embed.model import Files, hub_cache, missing_extra
from pyrite_cli.core.embed.runtime import Matrix, failing, unit
from pyrite_cli.core.embed.vetted import laid_out
from pyrite_schemas.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


TRY_ANOTHER = "is the download complete? try another `embedding.model`"


class TorchRuntime:
    """A model loaded by sentence-transformers.

    Args:
        files: The model.

    Raises:
        ModelError: It can't be loaded or the packages are missing.
    """

    def __init__(self, files: Files) -> None:
        with _quiet():
            try:
                import torch
            except ImportError as error:
                raise missing_extra() from error
            device = "cuda" if torch.cuda.is_available() else "cpu"
            self._model: Any = _load(files, device)
        self._torch = torch
        self._name = files.model.name
        self._prompt = files.document_prompt
        self._query_prompt = files.query_prompt
        precision, self.batch = _best(torch, device)
        self._model = self._model.to(precision)
        self._model.eval()
        kind = str(precision).removeprefix("torch.").replace("float", "fp").replace("bfp", "bf")
        self.name = f"{'GPU' if device == 'cuda' else 'CPU'}, {kind}"
        self.truncated = 0
        self._full = 0
        self._model.register_forward_pre_hook(self._count_full)

    def documents(self, texts: Sequence[str]) -> Matrix:
        """See `Runtime.documents`; those that are too long are counted in `truncated`."""
        self._full = 0
        vectors = self._embed(texts, self._prompt)
        if self._full:
            self.truncated += self._longer(texts)
        return vectors

    def _count_full(self, _: Any, inputs: Any) -> None:
        """Before each batch: how many of its rows fill all that the model reads."""
        lengths = inputs[0]["attention_mask"].sum(dim=1)
        self._full += int((lengths >= self._model.max_seq_length).sum())

    def _longer(self, texts: Sequence[str]) -> int:
        """How many texts are longer than the model reads; tokenises them a second time."""
        with _quiet():
            ids = self._model.tokenizer([self._prompt + text for text in texts])["input_ids"]
        return sum(len(one) > self._model.max_seq_length for one in ids)

    def query(self, text: str) -> Matrix:
        """See `Runtime.query`."""
        vector: Matrix = self._embed([text], self._query_prompt)[0]
        return vector

    def _embed(self, texts: Sequence[str], prompt: str) -> Matrix:
        with _quiet(), failing(f"model {self._name} fails on a text", TRY_ANOTHER):
            vectors = self._model.encode(
                list(texts),
                prompt=prompt or None,
                batch_size=self.batch,
                convert_to_numpy=False,
                convert_to_tensor=True,
                show_progress_bar=False,
            )
        return unit(vectors.float().cpu().numpy())


def _best(torch: Any, device: str) -> tuple[Any, int]:
    """Precision and batch size, as measured by `benchmarks/embedding.py`.

    bf16 wins only where the CPU multiplies it in hardware (AVX-512 BF16, AMX, Arm BF16); elsewhere
    it is emulated and several times slower than fp32.
    """
    if device == "cuda":
        return torch.float16, 256
    return (torch.bfloat16 if has_bf16() else torch.float32), 8


def torch_is_quicker() -> bool:
    """Whether torch embeds quicker here than ONNX Runtime: on a GPU, or with bf16."""
    import torch

    return bool(torch.cuda.is_available()) or has_bf16()


def has_bf16() -> bool:
    """Whether this CPU multiplies bf16 in hardware."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split("\n\n", 1)[0].split()
    except OSError:
        return False
    return any(flag in flags for flag in ("amx_bf16", "avx512_bf16", "bf16"))


def export(files: Files, cache: Path, *, own: bool = True) -> Path:
    """Export a model for the query runtime, unless that was done; returns its folder.

    The export is written beside its place and moved there whole.

    Args:
        files: The model.
        cache: The cache folder.
        own: See `onnx.is_exported`.

    Raises:
        ModelError: It can't be exported.
    """
    folder = onnx.folder_of(cache, files.model)
    if onnx.is_exported(folder, own=own):
        return folder
    owned.make_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="export-") as place:
        beside = Path(place) / "whole"
        beside.mkdir(mode=0o700)
        failed = f"model {files.model.name} can't be exported for queries"
        with _quiet(), failing(failed, TRY_ANOTHER):
            try:
                _export(files, Path(place), beside)
            except ImportError as error:
                raise missing_extra() from error
        for file in beside.iterdir():
            owned.tighten(file)
        if folder.exists():
            shutil.rmtree(folder)
        with contextlib.suppress(FileExistsError, OSError):
            beside.rename(folder)
            owned.stamp(folder / onnx.ABOUT)
    if not onnx.is_exported(folder, own=own):
        raise ModelError(f"{folder} can't be written", "check its permissions and the disk")
    return folder


def _export(files: Files, scratch: Path, folder: Path) -> None:
    import onnxruntime as ort
    import torch

    model = _load(files, "cpu").float().eval()
    example = model.tokenizer(["a short text", "and one that is a little longer"],
                              padding=True, return_tensors="pt")  # fmt: skip
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in example]

    class Whole(torch.nn.Module):  # type: ignore[misc]
        """Token ids to sentence vector."""

        def __init__(self) -> None:
            super().__init__()
            self.steps = model  # registered, so that its weights count as parameters

        def forward(self, *inputs: Any) -> Any:
            features = dict(zip(names, inputs, strict=True))
            for step in self.steps:
                features = step(features)
            return features["sentence_embedding"]

    graph = scratch / "plain.onnx"
    torch.onnx.export(
        Whole().eval(),
        tuple(example[name] for name in names),
        str(graph),
        dynamo=False,
        input_names=names,
        output_names=["embedding"],
        dynamic_axes={
            **{name: {0: "texts", 1: "tokens"} for name in names},
            "embedding": {0: "texts"},
        },
        opset_version=18,
    )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / onnx.GRAPH)
    options.add_session_config_entry(
        "session.optimized_model_external_initializers_file_name", onnx.WEIGHTS
    )
    options.add_session_config_entry(
        "session.optimized_model_external_initializers_min_size_in_bytes", "8192"
    )
    ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    model.tokenizer.backend_tokenizer.save(str(folder / onnx.TOKENIZER))
    about = {
        "name": files.model.name,
        "fingerprint": files.model.fingerprint,
        "dimensions": files.model.dimensions,
        "max_length": min(files.max_length, int(model.max_seq_length or files.max_length)),
        "query_prompt": files.query_prompt,
        "document_prompt": files.document_prompt,
        "pad_id": int(model.tokenizer.pad_token_id or 0),
        "pad_token": str(model.tokenizer.pad_token or "[PAD]"),
        "sizes": {file.name: file.stat().st_size for file in sorted(folder.iterdir())},
    }
    (folder / onnx.ABOUT).write_text(json.dumps(about, indent=1))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, warnings and telemetry of the libraries; no network for local files."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _load(files: Files, device: str) -> Any:
    """Load a model, from what was let through of it and from nowhere else.

    No bar of its own is shown: the environment silences it only when no other library, such as the
    hub's client, was imported before.

    Raises:
        ModelError: It can't be loaded or the packages are missing.
    """
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as bars
    except ImportError as error:
        raise missing_extra() from error

    bars.disable_progress_bar()
    failed = f"model {files.model.name} can't be loaded"
    with (
        laid_out(files.folder, hub_cache()) as folder,
        failing(failed, TRY_ANOTHER, (str(folder), str(files.folder))),
    ):
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            backend="torch",
            model_kwargs={"use_safetensors": True, "weights_only": True},
        )
