"""What is embedded after the things people do: text seen before never is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks import common
from benchmarks.common import Figure


def measure(repository: Path, cache: Path) -> list[Figure]:
    """Chunks embedded after edits, a rename, a branch switch, a rebuild and a second clone.

    Args:
        repository: A work tree, which is embedded first if it was not.
        cache: The cache folder.
    """
    figures: list[Figure] = []
    git = ("git", "-C", str(repository), "-c", "user.name=b", "-c", "user.email=b@example.org")

    def embedded(*command: str, cwd: Path = repository) -> int:
        report = json.loads(common.run("index", *command, "--json", cwd=cwd, cache=cache).stdout)
        return sum(kb["embedded"] for kb in report["kbs"])

    def figure(what: str, count: int, low: int, high: int) -> None:
        must = str(low) if low == high else f"{low}-{high}"
        ok = low <= count <= high
        figures.append(
            Figure(f"embedded after {what}", repository.name, str(count), must=must, ok=ok)
        )

    embedded("sync")
    files = sorted(file for file in repository.rglob("*.md") if file.stat().st_size > 8_000)
    victim = files[len(files) // 2]
    original = victim.read_text()
    body = original.index("\n---", 3) + 5 if original.startswith("---") else 0

    lines = original.split("\n")
    long = max(range(len(lines) // 2, len(lines)), key=lambda place: len(lines[place]))
    lines[long] += " And one more thing."
    victim.write_text("\n".join(lines))
    figure("one line changed", embedded("sync"), 1, 3)
    victim.write_text(original[:body] + "\nA new line at the top.\n" + original[body:])
    figure("a line added at the top", embedded("sync"), 1, 3)
    victim.write_text(original)
    figure("both undone", embedded("sync"), 0, 0)
    victim.rename(victim.with_name("renamed.md"))
    figure("a rename", embedded("sync"), 0, 0)
    victim.with_name("renamed.md").rename(victim)
    embedded("sync")
    subprocess.run([*git, "checkout", "-q", "-b", "other", "HEAD~20"], check=True)
    embedded("sync")
    subprocess.run([*git, "checkout", "-q", "-"], check=True)
    figure("a branch switched and back", embedded("sync"), 0, 0)
    figure("index rebuild", embedded("rebuild"), 0, 0)
    second = repository.with_name(f"{repository.name}-again")
    subprocess.run(["git", "clone", "-q", str(repository), str(second)], check=True)
    figure("a second clone", embedded("sync", cwd=second), 0, 0)
    return figures
