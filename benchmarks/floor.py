"""The least a keyword sync can do: read the blobs, one FTS5 transaction of their text.

Run as a program of its own, so that start-up counts on both sides.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def main(repository: str) -> None:
    """Print the seconds git and FTS5 took."""
    begun = time.perf_counter()
    sqlite = importlib.import_module("pysqlite3.dbapi2")
    git = ("git", "-C", repository)
    listing = subprocess.run([*git, "ls-tree", "-r", "-z", "HEAD"], capture_output=True, check=True)
    blobs = [
        record.split(b"\t")[0].split()[2]
        for record in listing.stdout.split(b"\0")
        if record.lower().endswith((b".md", b".markdown"))
    ]
    process = subprocess.Popen(
        [*git, "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=1 << 20,
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    def feed() -> None:
        stdin.write(b"\n".join(blobs) + b"\n")
        stdin.close()

    threading.Thread(target=feed).start()
    texts = []
    for _ in blobs:
        size = int(stdout.readline().split()[2])
        texts.append(stdout.read(size + 1)[:-1].decode(errors="replace"))
    process.wait()
    read = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite.connect(str(Path(folder) / "floor.db"), isolation_level=None)
        database.execute("CREATE VIRTUAL TABLE f USING fts5(t, tokenize='porter unicode61')")
        database.execute("BEGIN")
        database.executemany("INSERT INTO f(t) VALUES (?)", ((text,) for text in texts))
        database.execute("COMMIT")
        done = time.perf_counter()
    print(f"{read - begun:.3f} {done - read:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
