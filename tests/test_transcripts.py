"""The command line says the same whichever engine keeps the index."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Ran, Repo
from tests.program import Here, here

HANDBOOK = ROOT / "examples" / "handbook"

STORAGE = {"sqlite": "path: {folder}/index.db", "postgres": "backend: postgres\n  url: '{url}'"}

TRANSCRIPT = (
    "search seed",
    "index sync --no-embed",
    "index sync --no-embed",
    "index sync --no-embed --json",
    "index status",
    "index status --json",
    "index digest",
    "index verify",
    "search seed",
    "search seed --json",
    "search 'germination test' -n 3 --explain --json",
    "search '\"cold room\" -alarm' --json",
    "search germ* --paths",
    "search --tag seed --type runbook mains --json",
    "search 'type:decision count' --json",
    "search --since 2024 --until 2024-12 storm --json",
    "search --path 'meetings/*' winter --json",
    "search --where status=accepted lend --json",
    "search --offset 2 -n 2 the --json",
    "search '(tag:vault OR tag:seed) AND alarm -type:person' --json",
    "search 'generator NEAR/5 diesel' --json",
    "search '-tag:vault status:(accepted OR current) date:2024..2025' --json",
    "search 'review_by:>=2027 OR freezer' --json",
    "search --where 'review_by>=2027-01' safety --json",
    "search --where 'review_by>=soon' safety",
    "search 'stauts:accepted lend' -n 2",
    "search 'lend OR kb:nobody'",
    "search zzzzzzz",
    "search '\"unclosed OR AND NOT ( * : ^'",
    "search seed --mode semantic",
    "search --batch queries.jsonl -n 3 --type runbook",
    "eval --queries judged.jsonl --qrels qrels.tsv --json",
    "eval --queries judged.jsonl --qrels qrels.tsv --run-out {engine}.trec",
    "eval --queries judged.jsonl --qrels qrels.tsv --baseline sqlite.trec --json",
    "eval --queries judged.jsonl --qrels qrels.tsv --mode semantic",
    "list",
    "list --json",
    "list --type runbook -n 2 --offset 1 --json",
    "list --where 'title=Glossary'",
    "tags",
    "tags --json",
    "get glossary",
    "get glossary --json",
    "get handbook:glossary --json",
    "get nothing-like-it",
    "links glossary",
    "links glossary --json",
    "related glossary",
    "related glossary --json",
    "related glossary --type runbook -n 2 --json",
    "related nothing-like-it",
    "search 'germinashun test' --explain",
    "search sead --json",
    "search germinaton",
    "search seed --tag vualt --type runbok",
    "get glosary",
    "search seed --fresh --paths",
    "get glossary --fresh --json",
    "list --fresh --kb handbook --json",
    "tags --fresh",
    "links glossary --fresh --json",
    "search seed --embed",
    "kb list",
    "index sync --no-embed --dry-run",
    "index rebuild --no-embed",
    "index digest --json",
    "index sync --kb nobody",
    "search --kb nobody seed",
    "kb remove handbok",
    "kb remove handbook --json",
    "list",
)
"""Commands as typed, in order."""

JUDGED = """\
{"_id": "q1", "text": "alarm in the cold room", "exclude": ["glossary"]}
{"_id": "q2", "text": "the seed"}
"""

QUERIES = f"""{JUDGED}{{"_id": "q3", "text": "kb:nobody"}}
"seed"
"""

QRELS = "q1\tcold-room-alarm\t2\nq1\tloss-of-mains\t1\nq2\tdecisions/0003-two-places.md\t1\n"

UNEQUAL = {"seconds", "backend", "index", "bytes", "synced_at", "latency"}
"""What is said of the engine, the machine and the time."""


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    return here(tmp_path, monkeypatch, capsys)


def test_a_transcript_reads_the_same_on_both_engines(
    run: Here, tmp_path: Path, database_url: str
) -> None:
    repo = Repo(tmp_path / "handbook")
    shutil.copytree(HANDBOOK, repo.root, dirs_exist_ok=True)
    repo.write("faulty.md", "---\nid: glossary\ntags: [a, b\n---\n\n# Faulty\n\nseed\n")
    repo.commit()
    repo.write("more.md", "# More\n\nseed and more seed\n")
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "judged.jsonl").write_text(JUDGED)
    (tmp_path / "qrels.tsv").write_text(QRELS)
    said: dict[str, list[str]] = {}
    for engine, storage in STORAGE.items():
        config = tmp_path / f"{engine}.yaml"
        filled = storage.format(folder=tmp_path, url=database_url)
        # A shared index reads commits only; here both do.
        kb = f"kbs: [{{name: handbook, repo: {repo.root}, ref: HEAD}}]"
        config.write_text(f"{kb}\nstorage:\n  {filled}\n")
        said[engine] = [
            _plain(
                command,
                run("--config", str(config), *_words(command, engine)),
                engine,
            )
            for command in TRANSCRIPT
        ]
    one, other = ((tmp_path / f"{engine}.trec").read_text() for engine in STORAGE)
    assert one == other
    assert "q2 Q0 decisions/0003-two-places.md " in one
    for command, one, other in zip(TRANSCRIPT, *said.values(), strict=True):
        assert one == other, command


def _words(command: str, engine: str) -> list[str]:
    command = command.replace("{engine}", engine)
    return [quoted or word for quoted, word in re.findall(r"'((?:[^'\\]|\\.)*)'|(\S+)", command)]


def _plain(command: str, ran: Ran, engine: str) -> str:
    """What was said, without place, size, time and how long it took."""
    out = ran.out
    if "--json" in command and ran.code < 2:
        out = json.dumps(_timeless(json.loads(out)), indent=1)
    text = f"{ran.code}\n{out}\n{ran.err}"
    text = re.sub(r"\S*\d+(\.\d+)? (s|ms)\b( · .*)?", "TIME", text)
    text = re.sub(" +p(50|95)", r"  p\1", text)  # as wide as the times below
    text = re.sub(r"(?m)^index .*$", "INDEX", text)
    text = re.sub(r"there is no index (at|in) .+?;", "there is no index;", text)
    return re.sub(rf"\S*{engine}\.yaml\S*", "CONFIG", text)


def _timeless(value: Any) -> Any:
    """JSON without what may differ."""
    if isinstance(value, list):
        return [_timeless(one) for one in value]
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if key not in UNEQUAL}
    return value
