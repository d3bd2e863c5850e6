"""The query runtime: ONNX Runtime and `tokenizers`, no torch.

The whole pipeline (transformer, pooling, normalisation) is one exported graph in the cache folder.
Its weights lie in a file of their own, which is mapped instead of parsed: a session takes 10 ms
instead of 140.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrite_backends.port import owned
from pyrite_cli.core.embed.model import missing_extra
from pyrite_cli.core.embed.runtime import Matrix, failing, unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyrite_backends.port.vectors import Model

AGAIN = "delete it from the cache; the next sync exports it again"
GRAPH, WEIGHTS, TOKENIZER, ABOUT = "model.onnx", "model.onnx.data", "tokenizer.json", "about.json"


def folder_of(cache: Path, model: Model) -> Path:
    """Where a model's export is kept."""
    return cache / "models" / model.fingerprint


def is_exported(folder: Path, *, own: bool = True) -> bool:
    """Whether an export is there and complete: `about.json` is written last and knows the sizes of
    the other files.

    Args:
        folder: Of the export.
        own: Whether no repository can have put anything there; else it has to be stamped.
    """
    if not own and not owned.is_stamped(folder / ABOUT):
        return False
    try:
        sizes = json.loads((folder / ABOUT).read_bytes())["sizes"]
        return bool(sizes) and all(
            (folder / name).stat().st_size == size for name, size in sizes.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


class OnnxRuntime:
    """An exported model.

    Args:
        folder: Of the export.
        threads: Threads a batch is computed with.
        quick: Load for one query: no graph optimisation, no repacking of weights, no plan of which
            results may share memory (15 ms).

    Raises:
        ModelError: The export is broken or the packages are missing.
    """

    batch = 8

    def __init__(self, folder: Path, threads: int = 1, *, quick: bool = True) -> None:
        try:
            import onnxruntime as ort  # 20 ms
            from tokenizers import Tokenizer
        except ImportError as error:
            raise missing_extra() from error
        self.name = "ONNX Runtime, fp32"
        self.truncated = 0
        failed = f"the exported model in {folder} can't be loaded"
        with failing(failed, AGAIN):
            about = json.loads((folder / ABOUT).read_text())
            options = ort.SessionOptions()
            options.intra_op_num_threads = threads
            options.log_severity_level = 3
            if quick:
                options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
                options.add_session_config_entry("session.disable_prepacking", "1")
                options.enable_mem_reuse = False
            self._session: Any = ort.InferenceSession(
                str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._tokenizer.enable_truncation(about["max_length"])
            self._tokenizer.enable_padding(pad_id=about["pad_id"], pad_token=about["pad_token"])
            self._query_prompt: str = about["query_prompt"]
            self._document_prompt: str = about["document_prompt"]
            self._inputs = [wanted.name for wanted in self._session.get_inputs()]

    def documents(self, texts: Sequence[str]) -> Matrix:
        """See `Runtime.documents`; those that are too long are counted in `truncated`."""
        with failing("the exported model fails on a text", AGAIN):
            prompted = [self._document_prompt + text for text in texts]
            encoded = self._tokenizer.encode_batch(prompted)
        self.truncated += sum(bool(one.overflowing) for one in encoded)
        return self._embed(encoded)

    def query(self, text: str) -> Matrix:
        """See `Runtime.query`."""
        with failing("the exported model fails on a query", AGAIN):
            encoded = self._tokenizer.encode(self._query_prompt + text)
        vector: Matrix = self._embed([encoded])[0]
        return vector

    def _embed(self, encoded: Sequence[Any]) -> Matrix:
        columns = {
            "input_ids": [one.ids for one in encoded],
            "attention_mask": [one.attention_mask for one in encoded],
            "token_type_ids": [one.type_ids for one in encoded],
        }
        feed = {name: np.array(columns[name], dtype=np.int64) for name in self._inputs}
        with failing("the exported model fails on a text", AGAIN):
            return unit(self._session.run(None, feed)[0])
