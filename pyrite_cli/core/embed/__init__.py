"""Texts to vectors: the model, its two runtimes, and the vectors that are known already."""

import os

# onnxruntime (1.31 does) records what it is used for in a database of its own, to send it home, and
# takes 20 ms to begin with it when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
