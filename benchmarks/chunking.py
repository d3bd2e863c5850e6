"""Whether chunk edges hold still: chunks that change when a line is inserted anywhere."""

from __future__ import annotations

import math
import random
import re
import statistics
from pathlib import Path

from benchmarks.common import Figure
from pyrite_cli.core.entry import frontmatter, parse

INSERTS = 1000
_HEADING = re.compile(r"#|=+\s*$|-+\s*$")


def measure(repository: Path, seed: int = 7) -> list[Figure]:
    """Median and 99th percentile over random inserts, headings and titles apart."""
    files = sorted(repository.rglob("*.md"))
    texts = {
        file: file.read_bytes().decode(errors="replace").replace("\r\n", "\n") for file in files
    }
    weights = [max(texts[file].count("\n"), 1) for file in files]
    words = re.findall(r"[a-z]{3,}", "".join(texts[file] for file in files[:200]))[:50_000]
    chance = random.Random(seed)
    changed: list[int] = []
    while len(changed) < INSERTS:
        file = chance.choices(files, weights)[0]
        text = texts[file]
        lines = text.split("\n")
        place = chance.randrange(text.count("\n", 0, frontmatter.split(text).skip), len(lines))
        if _HEADING.match(lines[place]):
            continue
        lines.insert(place, " ".join(chance.choices(words, k=chance.randint(4, 18))))
        before = parse.parse(file.name, "", text.encode(), ())
        after = parse.parse(file.name, "", "\n".join(lines).encode(), ())
        if before.title == after.title:
            old = {chunk.hash for chunk in before.chunks}
            changed.append(len({chunk.hash for chunk in after.chunks} - old))
    changed.sort()
    # The 99th percentile by nearest rank: the least value that 99 of 100 do not exceed.
    middle, high = statistics.median(changed), changed[math.ceil(len(changed) * 0.99) - 1]
    spread = ", ".join(f"{n}: {changed.count(n)}" for n in sorted(set(changed)))
    return [
        Figure(
            "chunks changed by a line, median / p99",
            repository.name,
            f"{middle:.0f} / {high}",
            f"({spread})",
            None,
            "1 / 3",
            middle <= 1 and high <= 3,
        )
    ]
