"""Texts to vectors: the model, its two runtimes, and the vectors that are known already."""

import os

# Since 1.31, onnxruntime counts what it is used for in a database of its own, sends that home, and
# takes 20 ms for it as soon as it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
