"""Sets of questions made of repositories, with what ought to be found: two that chose nothing.

- `endoflife`: what people ask a list of products: `when does support for golang 1.21 end`. One
  question for each product, in one of `ASKED` ways, about one of its releases, by its title or by
  another name that the site answers to (`alternate_urls`, which is no text and not searched). Its
  page is right.
- `eips`: what a proposal is about, in a sentence of its authors that is not indexed: the
  `description` of its frontmatter, else its "Simple Summary", which is cut out of the file. The
  proposal is right.

Which way and which release is told by a checksum of the product's name: a set is the same on every
machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks import common

ENDOFLIFE, EIPS = "endoflife", "eips"

ASKED = (
    "when does support for {name} {release} end",
    "is {name} {release} still supported?",
    "how long does {name} get security updates?",
    "what is the latest version of {name}",
    "{name} {release} end of life date",
    "which {name} release should I use in production?",
    "how often is a new version of {name} released?",
    "can I still get security fixes for {name} {release}?",
    "What's the release policy of {name}?",
    "how do I find out which version of {name} I have",
)
"""Ways to ask; each product is asked about in one of them."""

_SUMMARY = re.compile(r"^#+ Simple Summary\s+(.*?)(?=^#)", re.M | re.S)
_DESCRIPTION = re.compile(r"^description: *(.+)\n", re.M)
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s|$)|(.+)$", re.S)
_SHORT = 4
"""Words of a sentence that is too short to tell one proposal from another."""


class Question(NamedTuple):
    """A question and the one file that answers it."""

    id: str
    text: str
    path: str


def made(name: str, folder: Path) -> tuple[Path, Path]:
    """A set: a repository without an index, and the folder of its questions.

    Args:
        name: `ENDOFLIFE` or `EIPS`.
        folder: For both.
    """
    place = common.corpus(name, folder)
    found = list(_endoflife(place) if name == ENDOFLIFE else _eips(place))
    git = ("git", "-C", str(place), "-c", "user.name=b", "-c", "user.email=b@example.org")
    subprocess.run([*git, "commit", "-qam", "without what is asked", "--allow-empty"], check=True)
    data = folder / f"{name}-questions"
    data.mkdir()
    lines = [json.dumps({"_id": one.id, "text": one.text}, ensure_ascii=False) for one in found]
    (data / "queries.jsonl").write_text("\n".join(lines) + "\n")
    judged = "".join(f"{one.id}\t{one.path}\t1\n" for one in found)
    (data / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return place, data


def _endoflife(place: Path) -> Iterator[Question]:
    for file in sorted((place / "products").glob("*.md")):
        fields = next(yaml.safe_load_all(file.read_text()))
        releases = fields.get("releases") if isinstance(fields, dict) else None
        if not releases:
            continue
        number = zlib.crc32(file.stem.encode())
        others = [url.strip("/").replace("-", " ") for url in fields.get("alternate_urls") or ()]
        names = [fields["title"], *others]
        text = ASKED[number % len(ASKED)].format(
            name=names[number // 16 % len(names)],
            release=releases[number // 256 % len(releases)]["releaseCycle"],
        )
        yield Question(file.stem, text, f"products/{file.name}")


def _eips(place: Path) -> Iterator[Question]:
    for file in sorted((place / "EIPS").glob("*.md")):
        text = file.read_text()
        described, summary = _DESCRIPTION.search(text), _SUMMARY.search(text)
        if described:
            asked = described[1].strip("\"' ")
        elif summary and (sentence := _SENTENCE.match(summary[1].strip())):
            asked = " ".join(sentence[0].split())
        else:
            continue
        if len(asked.split()) < _SHORT:
            continue
        for found in filter(None, (described, summary)):
            text = text.replace(found[0], "", 1)
        file.write_text(text)
        yield Question(file.stem, asked, f"EIPS/{file.name}")
