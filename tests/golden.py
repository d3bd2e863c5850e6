"""What an index is made of, written down: a fixed corpus, and prints of all that is made of it.

`tests/golden.json` holds the numbers of `pyrite_backends.port.format` and prints of what each of
them stands for. When a print changes and its number does not, indexes made before would be taken
for current and answer otherwise: `tests/test_golden.py` fails and says which number to raise.
`make generate` writes prints down, and refuses to where a number had to be raised and was not.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import Stemmer

from pyrite_backends.port import format as numbers
from pyrite_backends.port import scoring
from pyrite_backends.port.vectors import Model
from pyrite_backends.postgres import semantic as nearest
from pyrite_backends.postgres.fulltext import Encoder
from pyrite_backends.sql import fulltext
from pyrite_backends.sqlite.sketches import bits
from pyrite_backends.sqlite.store import SqliteIndex
from pyrite_cli.core.entry.chunk import embed_text
from pyrite_cli.core.entry.parse import parse
from pyrite_cli.core.entry.rules import Rules
from pyrite_cli.core.index.verify import logical
from pyrite_cli.core.search import ranking
from pyrite_cli.core.text.tokens import Analyzer, fold
from pyrite_schemas.entry import Entry
from pyrite_schemas.search import LogicalEntry
from tests.documents import RULED, documents
from tests.rules import DECISION, rules_of

PLACE = Path(__file__).with_name("golden.json")
DATE_FIELDS = ("date", "created", "updated", "published")

Prints = dict[str, dict[str, str]]
"""By the name of a number, then by what it is a print of."""

WHAT = {
    "layout": "The tables of an index, or what only one engine has, changed",
    "parser": "What files become (entries, chunks or the texts that are embedded) changed",
    "rules": "What is found wrong with entries that have rules changed",
    "tokens": "The tokens that text is found by changed",
    "fulltext": "What full text is given of an entry changed",
    "digest": "What the digest is over changed",
    "ranking": "What entries are ranked by changed",
}
RAISE = """\
{what}, and {number} in backends/pyrite_backends/port/format.py did not:
  {names}
Indexes that were made before would be taken for current and answer otherwise. If it was meant,
raise {number} by one and run `make generate`; else it is a mistake."""
UNSEEN = """\
{number} in backends/pyrite_backends/port/format.py is {own}, but {recorded} is written down.
If what it stands for changed, run `make generate`. If nothing here shows the change, first give
tests/documents.py something that does."""
UNKNOWN = """\
tests/documents.py has changed: run `make generate` to write down
  {names}"""
MEASURE = """\
{what}:
  {names}
Weights of full text are part of what an index says it was made by, so that it is made anew; the
others are applied to each query. Measure what the change does (`python -m benchmarks ranking`), say
so in docs/ranking.md, then run `make generate`."""


def prints() -> Prints:
    """Prints of everything as it is now."""
    entries = [parsed(path, data) for path, data in documents().items()]
    decision = rules_of(DECISION)
    ruled = [
        (parsed(path, data), parsed(path, data, decision))
        for path, data in {**documents(), **RULED}.items()
    ]
    english = Analyzer("english")
    return {
        "layout": dict(_layout()),
        "parser": {entry.path: _print(_said(entry), _embedded(entry)) for entry in entries},
        "rules": {
            held.path: _print(held.diagnostics[len(free.diagnostics) :], held.references)
            for free, held in ruled
        },
        "tokens": dict(_tokens()),
        "fulltext": dict(_fulltext(entries, english)),
        "digest": {"fields of an entry": _print(LogicalEntry.__struct_fields__)},
        "ranking": dict(_ranking()),
    }


def parsed(path: str, data: bytes, rules: Rules | None = None) -> Entry:
    """A document as the program reads it."""
    return parse(path, hashlib.sha1(data).hexdigest(), data, DATE_FIELDS, rules)


def _said(entry: Entry) -> object:
    return msgspec.structs.astuple(logical(entry, entry.claim))


def _embedded(entry: Entry) -> list[str]:
    title = "" if entry.title_source == "path" else entry.title
    return [embed_text(title, chunk.heading, chunk.passage) for chunk in entry.chunks]


def _layout() -> Iterator[tuple[str, str]]:
    for language in ("english", "german"):
        with tempfile.TemporaryDirectory() as folder:
            index = SqliteIndex(Path(folder) / "index.db", Analyzer(language))
            with index.writer() as writer:
                entry = parsed("a.md", b"A text.")
                writer.add("kb", [entry])
                writer.use_model(Model("model", "0" * 32, 2))
                writer.put_vectors(
                    [(entry.chunks[0].hash, np.array([0.6, 0.8], np.float32).tobytes())]
                )
            with closing(index._open_to_read()) as connection:
                made = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
                said = connection.execute("SELECT name FROM setting ORDER BY name").fetchall()
        yield f"tables on SQLite, {language}", _print(made)
    yield "settings on SQLite", _print(said)
    shipped = files("pyrite_backends.postgres")
    for name in ("tables.sql", "native.sql"):
        lines = shipped.joinpath(name).read_text().splitlines()
        statements = [line for line in lines if not line.startswith("--")]
        yield f"tables on PostgreSQL, {name}", _print(statements)
    rows = np.sin(np.arange(8 * 384, dtype=np.float64)).reshape(8, 384)
    unit = (rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))).round(3).astype(np.float32)
    yield "bits of vectors on SQLite", _print([row.hex() for row in bits([*map(bytes, unit)])])
    yield "graph of vectors on PostgreSQL", _print((nearest.M, nearest.EF_CONSTRUCTION))


LANGUAGES = ("english", "simple", "german")
_STEMS = """relat hop happ troubl siz fall agre plaster motor bl logi connect probat rat ceas
control roll y fly di electric formal triplic sensit analog able cogni be th xyz ab"""
_ENDINGS = """e s es ed ing ational tional enci anci izer bli alli entli eli ousli ization ation
ator alism iveness fulness ousness aliti iviti biliti logi logy ly ement ment ent ion ou ism ate
iti ous ive ize eed eeds ies sses bly tted lling l"""
_NAMES = """createBackend create_backend create-backend HTTPServer XMLHttpRequest2 getX86Name p53
std::unordered_map C++ c++17 C# F# .NET .net ASP.NET iOS IDs v1.2.3 eip-4844 EIP4844 sha256sum aB
a1b2c3d4e5f6 parseURLsFast UTF8 utf8Decoder __init__ Foo.Bar.baz naïveBayes ÜberKlasse"""

_EDGES = """revved trekking ivved avving evvs Ab12Cd34Ef Ab12Cd34Ef56 aBcDeFgHiJkL aBcDeFgHiJkLm
слов0словами кафеed ýes ыed éxing"""


def _tokens() -> Iterator[tuple[str, str]]:
    words = [stem + end for stem in _STEMS.split() for end in ("", *_ENDINGS.split())]
    texts = {path: data.decode(errors="replace") for path, data in documents().items()}
    for language in LANGUAGES:
        analyzer = Analyzer(language)
        stemmer = "" if analyzer.in_engine else f", stemmer {Stemmer.version()}"
        yield f"words in {language}{stemmer}", _print([analyzer.tokens(word) for word in words])
        for path in texts if language == "english" else ("docs/words.md", "docs/code.md"):
            text = texts[path]
            seen = analyzer.tokens(text), analyzer.prepare(text), analyzer.parts(text)
            yield f"{path} in {language}{stemmer}", _print(seen)
    names = [*_NAMES.split(), "x" * 80 + "Yz", "aBcDeFgHiJkLmNoPqRsT"]
    analyzer = Analyzer("english")
    yield "names from code", _print([(n, analyzer.names(n), analyzer.inner(n)) for n in names])
    edges = {text: (analyzer.tokens(text), analyzer.parts(text)) for text in _EDGES.split()}
    yield "words and names at the edge of a rule", _print(edges)
    plane = [(code, fold(chr(code))) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    more = [(code, fold(chr(code))) for code in (*range(0x1D400, 0x1F900), 0x20000, 0x323AF)]
    yield f"characters of Unicode {unicodedata.unidata_version}", _print(plane, more)


def _fulltext(entries: Sequence[Entry], analyzer: Analyzer) -> Iterator[tuple[str, str]]:
    encoder = Encoder(analyzer)
    for entry in entries:
        given = list(fulltext.of(entry, analyzer.words))
        prepared = [tuple(map(analyzer.prepare, fields)) for fields in given]
        packed = [(one.length, one.tsvector.hex()) for one in encoder.encode(given)]
        yield f"{entry.path} on SQLite", _print(prepared)
        yield f"{entry.path} on PostgreSQL", _print(packed)


def _ranking() -> Iterator[tuple[str, str]]:
    """The constants themselves, so that they can be read."""
    for name in ("WEIGHTS", "K1", "B", "LEAST_IDF", "SCORE_DIGITS"):
        yield name, str(getattr(scoring, name))
    for name in ("RERANKED", "WHOLE", "TITLE", "DEPTH", "SHARES"):
        yield name, str(getattr(ranking, name))


def _print(*values: object) -> str:
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()[:16]


def recorded() -> dict[str, Any]:
    """What is written down."""
    found: dict[str, Any] = json.loads(PLACE.read_text())
    return found


def record(now: Prints) -> dict[str, Any]:
    """What is written down of prints."""
    return {"numbers": own_numbers(), "prints": now}


def own_numbers() -> dict[str, int]:
    """The numbers of the program."""
    return {name: getattr(numbers, name.upper()) for name in WHAT if name != "ranking"}


def complaint(name: str, now: Prints, held: dict[str, Any]) -> str:
    """What is wrong with a number or, for `ranking`, with the record; empty when nothing is."""
    changed = changes(name, now, held["prints"])
    if name == "ranking":
        return MEASURE.format(what=WHAT[name], names=_listed(changed)) if changed else ""
    number, own, before = name.upper(), own_numbers()[name], held["numbers"][name]
    if own != before:
        return UNSEEN.format(number=number, own=own, recorded=before)
    if changed:
        return RAISE.format(what=WHAT[name], number=number, names=_listed(changed))
    odd = [one for one in now[name].keys() ^ held["prints"][name] if not _VERSIONED.search(one)]
    return UNKNOWN.format(names=_listed(sorted(odd))) if odd else ""


def changes(name: str, now: Prints, held: Prints) -> list[str]:
    """Names of prints that are others than they were, and not merely because of what they are made
    from: full text is given entries and their tokens, and what has a number of its own needs none
    here."""
    before = held.get(name, {})  # a number may be new here
    both = now[name].keys() & before.keys()
    changed = sorted(one for one in both if now[name][one] != before[one])
    if name == "fulltext" and changes("tokens", now, held):
        return []
    if name in ("rules", "fulltext"):
        parsed_otherwise = {*changes("parser", now, held)}
        changed = [one for one in changed if one.split(" on ")[0] not in parsed_otherwise]
    if name == "fulltext" and "WEIGHTS" in changes("ranking", now, held):
        # They are in the rows of one engine, and part of what an index says besides.
        changed = [one for one in changed if not one.endswith("PostgreSQL")]
    return changed


_VERSIONED = re.compile("Unicode|stemmer")
"""Prints that are compared only with those of the same version of what they depend on."""


def _listed(names: Iterable[str]) -> str:
    some = list(names)
    more = f"\n  and {len(some) - 5} more" if len(some) > 5 else ""
    return "\n  ".join(some[:5]) + more


def main() -> int:
    """Write down what is made now; the exit code."""
    now = prints()
    held = recorded() if PLACE.exists() else None
    for name in own_numbers():
        if held is None:
            break
        if changes(name, now, held["prints"]) and own_numbers()[name] == held["numbers"][name]:
            print(complaint(name, now, held), file=sys.stderr)
            return 1
    content = json.dumps(record(now), indent=1) + "\n"
    if not PLACE.exists() or PLACE.read_text() != content:
        PLACE.write_text(content)
        print(f"wrote: {PLACE.relative_to(Path.cwd())}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
